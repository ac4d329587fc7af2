"""Sums of estimates: what is known of them, what is not, and what each model has of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tina_bench.planning.types import Amounts, Estimate, PlannedJob, Total
from tina_bench.store.records import JobKind

ENDS: tuple[Callable[[Estimate], Amounts], ...] = (
    lambda estimate: estimate.low,
    lambda estimate: estimate.central,
    lambda estimate: estimate.high,
)
SILENT = ("fixed", "unknown")
"""Bases that say nothing about where a sum comes from."""


def _plus(one: float | None, other: float | None, times: int) -> float | None:
    return None if one is None or other is None else one + times * other


def add(sum_: Amounts, part: Amounts, times: int) -> Amounts:
    """The sum and so many times the part; what is unknown in either is unknown."""
    return Amounts(
        _plus(sum_.seconds, part.seconds, times),
        _plus(sum_.gpu_hours, part.gpu_hours, times),
        _plus(sum_.cost_usd, part.cost_usd, times),
    )


def _known(part: Amounts) -> Amounts:
    return Amounts(part.seconds or 0.0, part.gpu_hours or 0.0, part.cost_usd or 0.0)


def _words(kind: JobKind, n: int) -> str:
    one, many = {
        JobKind.FETCH: ("the time of 1 download", "the time of {} downloads"),
        JobKind.TRAIN: ("1 training", "{} trainings"),
        JobKind.MERGE: ("the merging of 1 adapter", "the merging of {} adapters"),
        JobKind.EVALUATE: ("1 run", "{} runs"),
        JobKind.GRADE: ("the grading of 1 run", "the grading of {} runs"),
    }[kind]
    return one if n == 1 else many.format(n)


def total(jobs: Iterable[PlannedJob]) -> Total:
    """The sum over these jobs. Jobs that share one estimate are multiplied, not added one by one.

    A quantity is unknown as soon as one part of it is; beside it stands the sum of what is known.
    """
    planned = list(jobs)
    by_id = {id(job.estimate): job.estimate for job in planned}
    times = Counter((id(job.estimate), job.job.kind) for job in planned)
    whole, known = [Amounts(0.0, 0.0, 0.0)] * 3, [Amounts(0.0, 0.0, 0.0)] * 3
    unknown: Counter[JobKind] = Counter()
    bases: dict[str, None] = {}
    for (key, kind), n in times.items():
        estimate = by_id[key]
        for place, end in enumerate(ENDS):
            whole[place] = add(whole[place], end(estimate), n)
            known[place] = add(known[place], _known(end(estimate)), n)
        central = estimate.central
        if None in (central.seconds, central.gpu_hours, central.cost_usd):
            unknown[kind] += n
        if estimate.basis not in SILENT:
            bases[estimate.basis] = None
    words = tuple(_words(kind, unknown[kind]) for kind in JobKind if unknown[kind])
    return Total(
        low=whole[0],
        central=whole[1],
        high=whole[2],
        known_low=known[0],
        known_central=known[1],
        known_high=known[2],
        unknown=words,
        bases=tuple(sorted(bases)),
    )


@dataclass(slots=True)
class ModelPart:
    """What of a plan is for one model; `model` is empty for data that several need."""

    model: str
    steps: dict[JobKind, int] = field(default_factory=dict)
    """Jobs by kind."""
    seeds: int = 0
    """Runs of the task with most of them."""
    total: Total | None = None
    """Everything that is still to do for it."""
    evaluation: Total | None = None
    """Of that, runs and their grading."""


def by_model(jobs: Iterable[PlannedJob]) -> list[ModelPart]:
    """The parts of a plan, in its order. An adapter's base is fetched once, on its own line."""
    groups: dict[str, list[PlannedJob]] = {}
    for planned in jobs:
        name = "" if planned.job.dataset is not None else planned.job.model
        groups.setdefault(name, []).append(planned)
    parts = []
    for name, group in groups.items():
        runs = Counter(p.job.task for p in group if p.job.kind is JobKind.EVALUATE)
        parts.append(
            ModelPart(
                model=name,
                steps=dict(Counter(p.job.kind for p in group)),
                seeds=max(runs.values(), default=0),
                total=total(group),
                evaluation=total(p for p in group if p.job.task is not None),
            )
        )
    return parts
