"""How much of an adapter's printed gain over its base does the published evidence support?

The printed gain is one average minus another, of few runs each. The base has been measured by many
since; here every task's base score is what all of them say together (random effects, Hartung-Knapp-
Sidik-Jonkman, `tina_bench.stats.methods.pooling`), and so is the adapter's where more than one
measured it. The gain is the mean over tasks of the differences, each task with the same weight as
in the printed average. Its variance adds up, task by task,

    adapter: V / k0 (chance of its runs)  +  tau^2 (variance between measurers of the base there)
    base:    variance of the pooled score

tau^2 stands on the adapter's side because its only measurer is one of those who may differ from
each other. Degrees of freedom by Welch (1947) and Satterthwaite (1946); Student's t.

The luck of picking the best of m checkpoints is not in these numbers. The most that it can be on
average is reported with them (`tina_bench.stats.audits.selection`), and the gain less that much.

Validity: the evidence on the base is by other protocols, too (temperature, length, hardware); what
that does is in tau^2 only as far as measurers differ. An adapter measured by a friend of its own
protocol may have gained from the protocol. Coverage: `tests/validation/test_validation_audits.py`.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, sqrt

from tina_bench.catalog.schema import AverageClaim, Catalog
from tina_bench.files.hashing import digest
from tina_bench.stats.audits.averages import cells_of
from tina_bench.stats.audits.disagreement import with_variances
from tina_bench.stats.audits.gain_sentences import gain_sentence
from tina_bench.stats.audits.gain_types import Gain, GainTask, Sensitivity
from tina_bench.stats.audits.selection_types import PickBound
from tina_bench.stats.cache import NO_CACHE, RecordCache
from tina_bench.stats.evidence.chance import Chance
from tina_bench.stats.evidence.measurement_types import Evidence, Measurement, SetAside
from tina_bench.stats.methods.score_variance import Variance

LEVEL = 0.95

SUSPECT = {
    "64-runs-r1-distill-qwen-1.5b-gpqa": (
        "the order of that table's columns is inferred, and 40.3 is far above everyone else's 32 "
        "to 38: another prompt, or another column"
    ),
}
"""Claims that are not pooled, with the reason; what they would change is reported."""


Pieces = dict[str, list[Measurement]]
"""Measurements of one model by task."""


@dataclass(frozen=True)
class _Supported:
    """A gain by one choice of evidence."""

    reference: float
    gain: float
    low: float
    high: float
    tasks: tuple[GainTask, ...]

    def called(self, choice: str) -> Sensitivity:
        return Sensitivity(choice=choice, gain_points=self.gain, low=self.low, high=self.high)


def audit_gains(
    catalog: Catalog,
    evidence: Evidence,
    chance: Chance,
    picks: Sequence[PickBound],
    cache: RecordCache = NO_CACHE,
) -> tuple[Gain, ...]:
    """Return every adapter whose average is printed beside its base's, the largest gain first.

    An average of which a cell is not known, on either side, is left out: nothing can be pooled.
    With a `cache`, chance and picks must be what follows from the catalog.
    """
    made = []
    content = functools.cache(lambda: digest(catalog.model_dump(mode="json")))
    for name, average in sorted(catalog.averages.items()):
        base = catalog.models[average.model].base
        if base is None or average.tasks is None or not cells_of(catalog, average):
            continue
        for reference, kind in _references(catalog, average, base):
            printed = _printed_reference(catalog, average, reference)
            measured = all(
                evidence.of(model, task)
                for task in average.tasks
                for model in (average.model, reference)
            )
            if printed is not None and measured:
                make = functools.partial(
                    _gain, catalog, evidence, chance, picks, name, average, printed, kind
                )
                key = functools.partial(_key, content, evidence, name, average, printed, kind)
                made.append(cache.of_key("gain", key, Gain, make))
    return tuple(sorted(made, key=lambda g: (g.reference_is, -g.printed_gain_points, g.average)))


def _key(
    content: Callable[[], str],
    evidence: Evidence,
    name: str,
    average: AverageClaim,
    printed: AverageClaim,
    kind: str,
) -> list[object]:
    """Names everything that a gain depends on; `content` names the catalog."""
    pieces = [
        piece.model_dump(mode="json")
        for model in (average.model, printed.model)
        for task in average.tasks or ()
        for piece in evidence.of(model, task)
    ]
    return [content(), name, printed.model, kind, pieces]


def _references(catalog: Catalog, average: AverageClaim, base: str) -> list[tuple[str, str]]:
    """The base, and the baseline that the same source sets beside this row, if it says so."""
    found = [(base, "base")]
    title = re.escape(catalog.models[average.model].title)
    for _, other in sorted(catalog.averages.items()):
        beside = any(re.search(rf"baseline column of {title}$", place) for place in other.also_in)
        if beside and other.who == average.who and other.model != base:
            found.append((other.model, "baseline"))
    return found


def _printed_reference(
    catalog: Catalog, average: AverageClaim, reference: str
) -> AverageClaim | None:
    """The reference's average by the same people over the same tasks; the same k0 if there is."""
    found = [
        other
        for _, other in sorted(catalog.averages.items())
        if other.model == reference
        and other.who == average.who
        and other.tasks is not None
        and average.tasks is not None
        and set(other.tasks) == set(average.tasks)
    ]
    return next((o for o in found if o.runs == average.runs), found[0] if found else None)


def _gain(
    catalog: Catalog,
    evidence: Evidence,
    chance: Chance,
    picks: Sequence[PickBound],
    name: str,
    average: AverageClaim,
    printed: AverageClaim,
    kind: str,
) -> Gain:
    tasks = average.tasks or ()
    own = _pieces(evidence, average.model, tasks)
    everything = _pieces(evidence, printed.model, tasks)
    reference, left_out = _trusted(everything)
    beside = {task: claim.value_percent for task, claim in cells_of(catalog, printed).items()}
    found = _supported(own, reference, chance, beside)
    sensitivity = []
    if left_out:
        other = _supported(own, everything, chance, beside)
        sensitivity.append(other.called("with what was left out"))
    several = {
        task: [piece for piece in pieces if (piece.runs or 1) > 1]
        for task, pieces in reference.items()
    }
    if all(several.values()):
        other = _supported(own, several, chance, beside)
        sensitivity.append(other.called("only measurements of several runs of the reference"))
    bounded = _supported(own, reference, Chance(ratios={}, spreads={}), beside)
    sensitivity.append(bounded.called("with the binomial bound as the variance of every run"))
    alone = _alone(catalog, chance, average, printed)
    bound = next(
        (
            pick
            for pick in picks
            if (pick.model, pick.who) == (average.model, average.who)
            and set(pick.tasks) == set(tasks)
        ),
        None,
    )
    printed_gain = average.value_percent - printed.value_percent
    made = Gain(
        average=name,
        model=average.model,
        reference=printed.model,
        reference_is=kind,
        who=average.who,
        tasks=tasks,
        printed_percent=average.value_percent,
        printed_reference_percent=printed.value_percent,
        printed_gain_points=printed_gain,
        printed_low=alone[0],
        printed_high=alone[1],
        reference_percent=found.reference,
        supported_gain_points=found.gain,
        supported_low=found.low,
        supported_high=found.high,
        share_percent=100 * found.gain / printed_gain if printed_gain > 0 else None,
        best_of=None if bound is None else bound.best_of,
        selection_points=None if bound is None else bound.average_points,
        after_selection_points=None if bound is None else found.gain - bound.average_points,
        after_selection_low=None if bound is None else found.low - bound.average_points,
        by_task=found.tasks,
        left_out=left_out,
        sensitivity=tuple(sensitivity),
        sentence="",
    )
    return made.model_copy(update={"sentence": gain_sentence(catalog, made)})


def _pieces(evidence: Evidence, model: str, tasks: Sequence[str]) -> Pieces:
    return {task: list(evidence.of(model, task)) for task in tasks}


def _trusted(pieces: Pieces) -> tuple[Pieces, tuple[SetAside, ...]]:
    """Evidence less what is suspect or picked for its height, unless a task has nothing else."""
    kept: Pieces = {}
    left_out: list[SetAside] = []
    for task, found in pieces.items():
        reasons = {piece.name: _distrust(piece) for piece in found}
        kept[task] = [piece for piece in found if reasons[piece.name] is None]
        if kept[task]:
            left_out += [
                SetAside(name=name, counted_as=None, reason=why)
                for name, why in sorted(reasons.items())
                if why
            ]
        else:
            kept[task] = found
    return kept, tuple(left_out)


def _distrust(piece: Measurement) -> str | None:
    if piece.best_of is not None:
        return f"picked out of {piece.best_of} checkpoints by such scores: its luck came with it"
    return SUSPECT.get(piece.name)


def _supported(
    adapter: Pieces, reference: Pieces, chance: Chance, beside: dict[str, float]
) -> _Supported:
    """The gain by all these pieces, each task with the same weight."""
    count = len(reference)
    gain, middle, variance, rows = 0.0, 0.0, Variance(0.0, inf), []
    for task in sorted(reference):
        ours = with_variances(adapter[task], chance).pool()
        theirs = with_variances(reference[task], chance).pool()
        gain += (ours.mean - theirs.mean) / count
        middle += theirs.mean / count
        for side in (ours, theirs):
            variance = variance.plus(Variance(side.variance, side.degrees_of_freedom))
        if ours.count == 1 and theirs.tau_squared > 0:
            # The only measurer of the adapter is one of those who may differ from each other.
            variance = variance.plus(Variance(theirs.tau_squared, theirs.degrees_of_freedom))
        rows.append(
            GainTask(
                task=task,
                adapter_percent=ours.mean,
                adapter_se_points=sqrt(ours.variance),
                printed_reference_percent=beside.get(task),
                reference_percent=theirs.mean,
                reference_se_points=sqrt(theirs.variance),
                tau_points=sqrt(theirs.tau_squared),
                measurements=theirs.count,
                runs=sum(piece.runs or 1 for piece in reference[task]),
            )
        )
    half = variance.scaled(1 / count**2).half_width(LEVEL)
    return _Supported(middle, gain, gain - half, gain + half, tuple(rows))


def _alone(
    catalog: Catalog, chance: Chance, average: AverageClaim, printed: AverageClaim
) -> tuple[float, float]:
    """The printed gain with the chance of its own runs, and nothing else known."""
    variance, count = Variance(0.0, inf), 0
    for side in (average, printed):
        for task, claim in sorted(cells_of(catalog, side).items()):
            n = catalog.tasks[task].n_problems
            one = chance.of_run(claim.model, task, claim.value_percent, n)
            variance = variance.plus(
                Variance(one.variance / (claim.runs or 1), one.degrees_of_freedom)
            )
            count += side is average
    half = variance.scaled(1 / count**2).half_width(LEVEL)
    gain = average.value_percent - printed.value_percent
    return gain - half, gain + half
