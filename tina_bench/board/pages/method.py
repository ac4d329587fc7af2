"""How to read the board: every figure on it is computed from the evidence, none is retyped."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.model_rows import embedded_task
from tina_bench.board.output.elements import Page
from tina_bench.catalog.schema import AverageClaim, Claim
from tina_bench.stats.audits.disagreement import LEVEL
from tina_bench.stats.audits.report import Kind
from tina_bench.stats.evidence.measurement_types import group_of
from tina_bench.stats.types import Interval


@dataclass(frozen=True, slots=True)
class TaskLine:
    """What the page says of one task."""

    task: str
    """Catalog name."""
    title: str
    """As people print it."""
    n: int
    """Problems."""
    margin_points: float
    """Differences up to this are of no practical weight, points."""
    points_per_problem: float
    """One problem in one run, points."""
    half_width_points: tuple[float, float] | None
    """Half of the 95 % interval of a single run, least and greatest over such claims; `None` where
    no single run was published."""
    chance_ratio: float | None
    """Variance of a run over its binomial bound, by published spreads; `None` where there are too
    few."""
    access: str
    """`open` or `gated`."""
    caveats: tuple[str, ...]
    """In what it differs from the published protocol."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source of published scores."""

    who: str
    """Name, as the catalog has it."""
    claims: int
    """Scores and averages."""
    models: int
    """Models they are of."""
    sources: tuple[str, ...]
    """Where they stand."""


@dataclass(frozen=True, slots=True)
class Audited:
    """Numbers of the audits."""

    lattice: int
    """Scores held against the numbers of right answers that are possible."""
    impossible: int
    """Scores that no number of right answers gives."""
    averages: int
    """Averages, and scores with their runs, that were recomputed."""
    not_following: int
    """Of these, those that do not follow."""
    cells: int
    """Models and tasks with several measurements."""
    disagreeing: int
    """Of these, those that differ by more than chance."""
    single_runs: int
    """Scores of one run, or of a number that is not stated."""
    picks: int
    """Rows that say they are the best of several checkpoints."""
    set_aside: int
    """What looked like evidence and was not counted as a piece of its own."""
    level: float
    """Of the tests."""


def _tasks(evidence: SiteContext) -> Iterator[TaskLine]:
    half = {r.task: r.half_width_points for r in evidence.audits.task_resolutions}
    for name in sorted(evidence.all_tasks, key=lambda name: embedded_task(evidence, name)):
        task = evidence.catalog.tasks.get(name)
        if task is not None:
            yield TaskLine(
                task=name,
                title=task.title,
                n=task.n_problems,
                margin_points=task.margin_points,
                points_per_problem=100 / task.n_problems,
                half_width_points=half.get(name),
                chance_ratio=evidence.audits.chance_ratios.get(name),
                access=task.access,
                caveats=task.caveats,
            )


def _sources(evidence: SiteContext) -> list[SourceLine]:
    claims: list[Claim | AverageClaim] = [
        *evidence.catalog.claims.values(),
        *evidence.catalog.averages.values(),
    ]
    number = Counter(claim.who for claim in claims)
    lines = [
        SourceLine(
            who=who,
            claims=number[who],
            models=len({claim.model for claim in claims if claim.who == who}),
            sources=tuple(dict.fromkeys(claim.source for claim in claims if claim.who == who)),
        )
        for who in number
    ]
    return sorted(lines, key=lambda line: (-line.claims, line.who))


def _intervals(evidence: SiteContext) -> dict[str, tuple[str, ...]]:
    """By question: the methods that made the intervals of this board, by name."""
    found: dict[str, set[str]] = {}
    made: list[Interval] = []
    for score in evidence.report.estimates:
        made += [score.same_problems, score.similar_problems]
    for average in evidence.report.averages:
        made += [average.same_problems, average.similar_problems]
    for interval in made:
        found.setdefault(interval.question.value, set()).add(interval.method)
    return {question: tuple(sorted(methods)) for question, methods in found.items()}


def _audited(evidence: SiteContext) -> Audited:
    audits = evidence.audits
    kinds = Counter(finding.kind for finding in audits.findings)
    return Audited(
        lattice=len(audits.lattice),
        impossible=kinds[Kind.IMPOSSIBLE],
        averages=len(audits.averages),
        not_following=kinds[Kind.AVERAGE],
        cells=len(audits.disagreement),
        disagreeing=kinds[Kind.DISAGREEMENT],
        single_runs=len(audits.resolutions),
        picks=len(audits.picks),
        set_aside=len(audits.set_aside),
        level=LEVEL,
    )


def pages(evidence: SiteContext) -> Iterator[Page]:
    """One page."""
    sources = _sources(evidence)
    yield Page(
        "method.html",
        "method.html",
        {
            "tasks": tuple(_tasks(evidence)),
            "sources": sources,
            "groups": len({group_of(line.who) for line in sources}),
            "intervals": _intervals(evidence),
            "families": sorted({j.family for j in evidence.report.judgements if j.family}),
            "audited": _audited(evidence),
            "ranks": next(iter(evidence.ranks.values()), None),
        },
    )
