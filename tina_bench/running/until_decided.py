"""Sampling until every claim is decided: what the runs so far say, what is next, when to end.

Guarantees: the rule is fixed before the first answer is looked at, and each result says that it was
made by it, before it is looked at; a cell (model x task) gets more runs only while a claim about it
is open; the next number of runs follows from the existing number, so that a command that was
killed and is repeated goes on as if it had not been. Traded away: batches grow by half, so a cell
may get up to half as many runs again as its decision needed; in return engines start seldom.

A result is judged by what its provenance says, so the rule is written there before any look: by the
grading that is to come, or into an existing result. Once written it stays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil

from tina_bench.catalog.schema import Catalog, Claim, Profile
from tina_bench.errors import UsageError
from tina_bench.files.atomic import write_model
from tina_bench.planning.plan import resolve_profile
from tina_bench.planning.types import CellSeeds, Request
from tina_bench.running.job_inputs import is_retrained
from tina_bench.stats.claims.protocol import protocol_differences
from tina_bench.stats.claims.sequential import SequentialDecision, decide_claim
from tina_bench.store.home import Home, read_record
from tina_bench.store.records import RETRAINED, ResultRecord, UntilDecided

GROWTH = 1.5
"""Of a cell's runs from look to look."""
FIRST_SEEDS = 4
"""The first batch: on 500 problems that often decides, and on 30 it shows how far it is."""
MAX_SEEDS = 64
"""Runs of a cell at most; 64 runs of 30 problems bring the 90 % bounds to about 2 points."""
ModelTask = tuple[str, str]
"""Model and task."""


class CellStatus(StrEnum):
    """Where a cell stands."""

    DECIDED = "decided"
    OPEN = "open"
    AT_MAXIMUM = "open, at --max-seeds"
    NO_CLAIM = "no claim to decide"
    STUCK = "not sampled as planned"


@dataclass(frozen=True, slots=True)
class SeedLimits:
    """Seeds of one model on one task, when their number is chosen by looking at the answers."""

    first_seeds: int | None = None
    """Of the first batch; `None`: `FIRST_SEEDS`, and not more than `max_seeds`."""
    max_seeds: int = MAX_SEEDS
    """At most."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many runs there will be, declared before the first."""

    first_seeds: int
    max_seeds: int
    family: int
    """Claims among which the size of NOT_REPRODUCED is divided."""

    def runs_after(self, runs: int) -> int:
        """Runs of a cell at its next look, when it has `runs` and is open."""
        if runs < self.first_seeds:
            return min(self.first_seeds, self.max_seeds)
        return min(self.max_seeds, ceil(runs * GROWTH))


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A claim on a cell, and what the runs so far say of it."""

    name: str
    claim: Claim
    decision: SequentialDecision | None
    """`None` where further seeds cannot decide it."""
    cannot: str = ""
    """Why not."""

    @property
    def is_open(self) -> bool:
        """Whether further seeds may decide it."""
        return self.decision is not None and self.decision.verdict is None


@dataclass(frozen=True, slots=True)
class CellLook:
    """A model on a task at one look."""

    model: str
    task: str
    runs: int
    """Runs that its result holds; 0 without a result."""
    claims: tuple[LookedAt, ...]
    status: CellStatus


def declared_family(catalog: Catalog, profile: Profile) -> int:
    """The number of claims that NOT_REPRODUCED is corrected for, known before any answer is.

    Every claim on a model and task of the request that is decided by seeds and was not made on
    another stack. Some may turn out not comparable; counting them too is on the safe side. At
    least 1.
    """
    counted = [
        claim
        for claim in catalog.claims.values()
        if claim.model in profile.models
        and claim.task in profile.tasks
        and claim.stack in (None, profile.stack)
        and claim.trainings is None
    ]
    return max(len(counted), 1)


def make_rule(catalog: Catalog, request: Request, home: Home, limits: SeedLimits) -> Rule:
    """The rule for a request; raises `UsageError` where it cannot hold.

    The family is never smaller than what existing results were declared with.
    """
    if request.seeds is not None:
        raise UsageError(
            "--seeds sets the number of seeds and --until-decided chooses it; leave one out, or "
            "bound it with --first-seeds and --max-seeds."
        )
    max_seeds, first_seeds = limits.max_seeds, limits.first_seeds
    if first_seeds is None:
        first_seeds = min(FIRST_SEEDS, max_seeds)
    if first_seeds < 1:
        raise UsageError(f"--first-seeds: found {first_seeds}, expected 1 or more.")
    if first_seeds > max_seeds:
        raise UsageError(
            f"--first-seeds: found {first_seeds}, expected not more than --max-seeds ({max_seeds})."
        )
    profile = resolve_profile(catalog, request)
    if profile.sampling.temperature == 0:
        raise UsageError(
            f"profile {request.profile} decodes greedily, so further seeds repeat one answer and "
            "decide nothing; leave --until-decided out."
        )
    records = read_cells(catalog, request, home).values()
    for record in records:
        if record.seeds != tuple(range(record.k)):
            raise UsageError(
                f"the result of {record.model} on {record.task} holds other seeds than 0 to "
                f"{record.k - 1}, and runs that are looked at must count in order; use another "
                "home, or fill the gap with --seeds first."
            )
    known = [r.provenance.until_decided.family for r in records if r.provenance.until_decided]
    return Rule(first_seeds, max_seeds, max([declared_family(catalog, profile), *known]))


def first_targets(
    catalog: Catalog, request: Request, home: Home, rule: Rule
) -> dict[ModelTask, int]:
    """Runs by cell before the first look: the first batch, or as many as exist."""
    profile, records = resolve_profile(catalog, request), read_cells(catalog, request, home)
    return {
        (model, task): max(rule.first_seeds, records[model, task].k)
        if (model, task) in records
        else rule.first_seeds
        for model in profile.models
        for task in profile.tasks
    }


def at_most(request: Request, catalog: Catalog, rule: Rule) -> dict[ModelTask, int]:
    """Runs by cell if every claim that seeds can decide stayed open to the end."""
    profile = resolve_profile(catalog, request)
    claimed = {
        (claim.model, claim.task) for claim in catalog.claims.values() if claim.trainings is None
    }
    return {
        (model, task): rule.max_seeds if (model, task) in claimed else rule.first_seeds
        for model in profile.models
        for task in profile.tasks
    }


def with_targets(request: Request, targets: Mapping[ModelTask, int]) -> Request:
    """The request for exactly so many runs per cell, seeds 0 and up."""
    models = tuple(dict.fromkeys(model for model, _ in targets))
    cells = tuple(
        CellSeeds(model, task, tuple(range(runs))) for (model, task), runs in targets.items()
    )
    return replace(request, models=models, cells=cells)


def look(
    catalog: Catalog, request: Request, home: Home, rule: Rule, targets: Mapping[ModelTask, int]
) -> list[CellLook]:
    """Where every cell of the request stands, in its order; the answers are looked at here."""
    records, profile = read_cells(catalog, request, home), resolve_profile(catalog, request)
    by_cell: dict[ModelTask, list[tuple[str, Claim]]] = {}
    for name, claim in catalog.claims.items():
        by_cell.setdefault((claim.model, claim.task), []).append((name, claim))
    cells = []
    for model in profile.models:
        for task in profile.tasks:
            record = records.get((model, task))
            cell = model, task
            of_cell = by_cell.get(cell, [])
            if record is None:
                cells.append(CellLook(model, task, 0, (), CellStatus.STUCK))
                continue
            claims = tuple(_look(catalog, name, claim, record) for name, claim in of_cell)
            status = _status(claims, record.k, targets.get(cell, 0), rule.max_seeds)
            cells.append(CellLook(model, task, record.k, claims, status))
    return cells


def _look(catalog: Catalog, name: str, claim: Claim, record: ResultRecord) -> LookedAt:
    task = catalog.tasks[claim.task]
    if claim.trainings is not None:
        return LookedAt(
            name, claim, None, "it is about a recipe: trainings decide it, and not seeds"
        )
    differences = protocol_differences(claim, task, record)
    if differences:
        return LookedAt(name, claim, None, f"not comparable: {differences[0]}")
    declared = record.provenance.until_decided
    assert declared is not None, "a result is declared before it is looked at"
    return LookedAt(
        name,
        claim,
        decide_claim(claim, task, record, declared),
    )


def _status(claims: Iterable[LookedAt], runs: int, target: int, most: int) -> CellStatus:
    decided_by_seeds = [claim for claim in claims if claim.decision is not None]
    if runs < target:
        return CellStatus.STUCK
    if not decided_by_seeds:
        return CellStatus.NO_CLAIM
    if not any(claim.is_open for claim in decided_by_seeds):
        return CellStatus.DECIDED
    return CellStatus.AT_MAXIMUM if runs >= most else CellStatus.OPEN


def next_targets(cells: Iterable[CellLook], rule: Rule) -> dict[ModelTask, int]:
    """Runs by cell at the next look: more for those that are open, and nothing for the others."""
    return {
        (cell.model, cell.task): rule.runs_after(cell.runs)
        for cell in cells
        if cell.status is CellStatus.OPEN
    }


def read_cells(catalog: Catalog, request: Request, home: Home) -> dict[ModelTask, ResultRecord]:
    """The results of a request's cells, as far as there are any."""
    profile = resolve_profile(catalog, request)
    found = {}
    for model in profile.models:
        apart = is_retrained(catalog.models[model], retrain=request.retrain)
        name = request.profile + (RETRAINED if apart else "")
        for task in profile.tasks:
            path = home.result_file(name, model, task)
            if path.exists():
                found[model, task] = read_record(path, ResultRecord)
    return found


def carried_on(catalog: Catalog, request: Request, home: Home) -> dict[ModelTask, UntilDecided]:
    """What results that were once looked at keep saying, by whatever rule runs are added."""
    return {
        cell: record.provenance.until_decided
        for cell, record in read_cells(catalog, request, home).items()
        if record.provenance.until_decided is not None
    }


def declarations(
    catalog: Catalog, request: Request, home: Home, family: int, targets: Mapping[ModelTask, int]
) -> dict[ModelTask, UntilDecided]:
    """What the results of these cells will say of how their number of runs was chosen."""
    known = carried_on(catalog, request, home)
    return {cell: _declared(known.get(cell), family, runs) for cell, runs in targets.items()}


def _declared(before: UntilDecided | None, family: int, runs: int) -> UntilDecided:
    looks = {runs, *(k for k in before.looks if k <= runs)} if before else {runs}
    return UntilDecided(family=family, looks=tuple(sorted(looks)))


def declare(catalog: Catalog, request: Request, home: Home, family: int) -> None:
    """Write into existing results that they are looked at; before they are."""
    for record in read_cells(catalog, request, home).values():
        made = record.provenance
        declared = _declared(made.until_decided, family, record.k)
        if made.until_decided != declared:
            changes = {"stopping": "until-decided", "until_decided": declared}
            changed = record.model_copy(update={"provenance": made.model_copy(update=changes)})
            write_model(home.result_file(made.profile, record.model, record.task), changed)
