"""The resolution of a single run: one problem in points, and the chance around a score.

A score of one run of n problems comes in steps of 100 / n points, but chance moves it by more: its
variance is (1/n) mean p_i (1 - p_i) <= P (1 - P) / n, with p_i each problem's chance of a right
answer and P their mean (Jensen's inequality). How much less it is follows from
published spreads (`tina_bench.stats.evidence.chance`).

Validity: normal approximation, for n of 30 and more and scores not near 0 or 100 %, where the bound
tends to zero and says nothing.
"""

from collections.abc import Sequence
from math import sqrt

from tina_bench.catalog.schema import Catalog, Claim
from tina_bench.stats.evidence.chance import Basis, Chance
from tina_bench.stats.methods.distributions import normal_quantile
from tina_bench.stats.types import Shape

LEVEL = 0.95


class Resolution(Shape):
    """What a single run of a task can resolve, at the score that was claimed."""

    claim: str
    """Catalog name of the claim."""
    model: str
    """Model."""
    task: str
    """Task."""
    who: str
    """Who says so."""
    value_percent: float
    """As printed."""
    runs_stated: int | None
    """1, or `None` where the source does not say and one is assumed."""
    points_per_problem: float
    """One problem of n, points."""
    sd_bound_points: float
    """The most that chance can scatter a run: sqrt(P (1 - P) / n), points. The mean of
    p_i (1 - p_i) is at most that for any problems with mean P (Jensen's inequality)."""
    half_width_bound_points: float
    """Half of the 95 % interval by that bound, points."""
    sd_points: float | None
    """SD of one run by published spreads, points; `None` where the task has none."""
    basis: Basis
    """What that SD rests on."""
    half_width_points: float
    """Half of the 95 % interval of one run by the best known SD, points."""
    least_difference_points: float
    """Smallest difference between two such runs that chance alone does not give in 95 % of
    cases, points."""


class TaskResolution(Shape):
    """What a single run of a task can resolve, over all such claims."""

    task: str
    """Task."""
    n: int
    """Problems."""
    claims: int
    """Claims of one run, or of a number that is not stated."""
    points_per_problem: float
    """One problem of n, points."""
    half_width_points: tuple[float, float]
    """Half of the 95 % interval of one run: least and greatest over the claims."""
    half_width_bound_points: tuple[float, float]
    """The same by the binomial bound."""
    least_difference_points: tuple[float, float]
    """Smallest difference between two runs that is more than chance: least and greatest."""
    basis: Basis
    """What it rests on, where the model has no published SD of its own."""


def resolution(name: str, claim: Claim, n: int, chance: Chance) -> Resolution:
    """Return what a single run can resolve at the claimed score."""
    share = claim.value_percent / 100
    bound = 100 * sqrt(share * (1 - share) / n)
    one = chance.of_run(claim.model, claim.task, claim.value_percent, n)
    best = sqrt(one.variance)
    quantile = normal_quantile((1 + LEVEL) / 2)
    return Resolution(
        claim=name,
        model=claim.model,
        task=claim.task,
        who=claim.who,
        value_percent=claim.value_percent,
        runs_stated=claim.runs,
        points_per_problem=100 / n,
        sd_bound_points=bound,
        half_width_bound_points=quantile * bound,
        sd_points=None if one.basis is Basis.BOUND else best,
        basis=one.basis,
        half_width_points=quantile * best,
        least_difference_points=quantile * sqrt(2) * best,
    )


def resolutions(catalog: Catalog, chance: Chance) -> tuple[Resolution, ...]:
    """Return the resolution of every claim of one run, or of an unknown number, by claim name."""
    return tuple(
        resolution(name, claim, catalog.tasks[claim.task].n_problems, chance)
        for name, claim in sorted(catalog.claims.items())
        if claim.runs in (None, 1)
    )


def task_resolutions(
    catalog: Catalog, single: Sequence[Resolution], chance: Chance
) -> tuple[TaskResolution, ...]:
    """Return the resolutions by task: least and greatest over its claims."""
    by_task: dict[str, list[Resolution]] = {}
    for one in single:
        by_task.setdefault(one.task, []).append(one)

    def ends(values: list[float]) -> tuple[float, float]:
        return min(values), max(values)

    return tuple(
        TaskResolution(
            task=task,
            n=catalog.tasks[task].n_problems,
            claims=len(found),
            points_per_problem=found[0].points_per_problem,
            half_width_points=ends([one.half_width_points for one in found]),
            half_width_bound_points=ends([one.half_width_bound_points for one in found]),
            least_difference_points=ends([one.least_difference_points for one in found]),
            basis=Basis.TASK if task in chance.ratios else Basis.BOUND,
        )
        for task, found in sorted(by_task.items())
    )
