"""Which measurements by other teams each claim is held against, and which are only listed.

Not the claimant's and not ours; none that was picked out of several checkpoints; none whose stated
protocol differs from the stated one of the claim: what is not stated is taken to be alike, and each
piece says whether its source states it. Second-hand numbers are listed.
"""

from collections.abc import Iterable

from tina_bench.catalog.schema import AverageClaim, Catalog, Claim
from tina_bench.stats.evidence.averages import whole_averages
from tina_bench.stats.evidence.chance import Chance
from tina_bench.stats.evidence.estimates import (
    by_cell,
    left_out,
    picked,
    second_hand,
)
from tina_bench.stats.evidence.measurement_types import (
    OURS,
    Evidence,
    MeasuredHow,
    Measurement,
    group_of,
)
from tina_bench.stats.evidence.measurements import measurement_of, protocol_of
from tina_bench.stats.evidence.others import OthersCase
from tina_bench.stats.evidence.pieces import (
    AVERAGE_SCALE,
    by_team,
    chance_variance,
    common_percent,
    scale_of,
)
from tina_bench.stats.evidence.types import NotPooled

Cell = tuple[str, str]


def cases_of(
    catalog: Catalog, evidence: Evidence, chance: Chance, measured: frozenset[Cell]
) -> list[OthersCase]:
    """Return every claim with the others' pieces, in the catalog's order, averages last.

    `measured`: models and tasks that we have a result of.
    """
    cells = _Cells(catalog, evidence, chance, measured)
    cases = [cells.case(name, claim) for name, claim in catalog.claims.items()]
    return cases + [cells.average_case(name, claim) for name, claim in catalog.averages.items()]


class _Cells:
    """All measurements by model and task, and by the model whose recipe was trained anew."""

    def __init__(
        self, catalog: Catalog, evidence: Evidence, chance: Chance, measured: frozenset[Cell]
    ) -> None:
        self._catalog, self._chance, self._measured = catalog, chance, measured
        self._pooled = by_cell(evidence.measurements)
        self._second_hand = by_cell(evidence.not_pooled)
        self._retrained: dict[str, list[str]] = {}
        for name, model in catalog.models.items():
            if model.retraining_of is not None:
                self._retrained.setdefault(model.retraining_of, []).append(name)

    def case(self, name: str, claim: Claim) -> OthersCase:
        task = self._catalog.tasks[claim.task]
        model = self._catalog.models[claim.model].published_as or claim.model
        scale = scale_of(task.n_problems)
        left: list[NotPooled] = []
        usable = self._usable((model, claim.task), claim.who, protocol_of(claim), left)
        spread: dict[str, float] = {}
        training = scale**2 if claim.training_sd_points is None else claim.training_sd_points**2
        if not usable or claim.trainings is not None:
            retrained = self._trained_anew(model, claim, left)
            if retrained or claim.trainings is not None:
                usable = [*usable, *retrained]
                spread = dict.fromkeys([model, *(piece.model for piece in usable)], training)
        own = measurement_of(self._catalog, name, claim)
        common = common_percent(usable) if usable else claim.value_percent
        variance = chance_variance(own, common, self._chance)[0]
        if spread:
            variance += training / (claim.trainings or 1)
        return OthersCase(
            name=name,
            percent=claim.value_percent,
            decimals=claim.decimals,
            margin=task.margin_points,
            best_of=claim.best_of,
            variance=variance,
            scale=scale,
            about="the recipe" if spread else "these weights",
            measured=(claim.model, claim.task) in self._measured,
            pieces=by_team(usable, self._chance, spread_between=spread),
            left_out=_ordered(left),
        )

    def average_case(self, name: str, average: AverageClaim) -> OthersCase:
        tasks = average.tasks or ()
        model = self._catalog.models[average.model].published_as or average.model
        cells: dict[str, Claim] = {
            claim.task: claim
            for claim in self._catalog.claims.values()
            if (claim.model, claim.who, claim.source)
            == (average.model, average.who, average.source)
        }
        left: list[NotPooled] = []
        by_task, variances = [], []
        for task in tasks:
            cell = cells.get(task)
            asked = MeasuredHow() if cell is None else protocol_of(cell)
            found = self._usable((model, task), average.who, asked, left)
            by_task.append(by_team(found, self._chance))
            common = common_percent(found) if found else average.value_percent
            n = self._catalog.tasks[task].n_problems
            one = self._chance.moderated(task, common, n).variance
            variances.append(one / (average.runs or 1))
        margins = [self._catalog.tasks[task].margin_points for task in tasks]
        pieces = whole_averages(by_task) if by_task else ()
        rounding = 10.0 ** (-2 * average.decimals) / 12
        picks = {cells[task].best_of for task in tasks if task in cells}
        return OthersCase(
            name=name,
            percent=average.value_percent,
            decimals=average.decimals,
            margin=sum(margins) / len(margins) if margins else 0.0,
            best_of=max((m for m in picks if m is not None), default=None),
            variance=sum(variances) / max(1, len(tasks)) ** 2 + rounding,
            scale=AVERAGE_SCALE,
            about="these weights",
            measured=bool(tasks) and all((average.model, t) in self._measured for t in tasks),
            pieces=pieces,
            left_out=_ordered(left),
        )

    def _usable(
        self, cell: Cell, claimant: str, asked: MeasuredHow, left: list[NotPooled]
    ) -> list[Measurement]:
        """Others' measurements of one model and task that can be held against the claim."""
        left += [
            second_hand(piece)
            for piece in self._second_hand.get(cell, [])
            if not _same_people(piece.who, claimant)
        ]
        usable = []
        for piece in self._pooled.get(cell, []):
            if _same_people(piece.who, claimant) or piece.who == OURS:
                continue
            differences = stated_differences(asked, piece.protocol)
            if piece.best_of is not None:
                left.append(picked(piece))
            elif differences:
                left.append(left_out(piece, f"measured otherwise: {'; '.join(differences)}"))
            else:
                usable.append(piece)
        return usable

    def _trained_anew(self, model: str, claim: Claim, left: list[NotPooled]) -> list[Measurement]:
        """Others' measurements of what they trained by the recipe of this model."""
        found = []
        own = self._catalog.models[model]
        for name in self._retrained.get(model, []):
            trained = self._catalog.models[name]
            why = trained.retraining_differs
            step, published = trained.checkpoint_step, own.checkpoint_step
            if not why and step is not None and published is not None and step != published:
                why = f"step {step}, and the published row stands on step {published}"
            usable = self._usable((name, claim.task), claim.who, protocol_of(claim), left)
            if why:
                left += [left_out(piece, f"trained otherwise: {why}") for piece in usable]
            else:
                found += usable
        return found


def stated_differences(asked: MeasuredHow, other: MeasuredHow) -> tuple[str, ...]:
    """Return in what two protocols differ, where both say it.

    The harness is named and not compared: what it asks and how it grades is what counts, and few
    say that.
    """
    names = {
        "temperature": "temperature",
        "top_p": "top_p",
        "max_new_tokens": "longest answer in tokens",
        "prompts_sha256": "prompts (sha256)",
        "grader": "grader",
    }
    found = []
    for key, said in names.items():
        one, two = getattr(asked, key), getattr(other, key)
        if one is not None and two is not None and one != two:
            found.append(f"{said} {two} instead of {one}")
    return tuple(found)


def _same_people(who: str, other: str) -> bool:
    return group_of(who) == group_of(other)


def _ordered(left: Iterable[NotPooled]) -> tuple[NotPooled, ...]:
    return tuple(sorted(set(left), key=lambda one: (one.name, one.reason)))
