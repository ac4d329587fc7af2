"""Every model against every other, task by task and on the average over tasks."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tina_bench.errors import UsageError
from tina_bench.stats.cache import NO_CACHE, RecordCache
from tina_bench.stats.comparisons.paired import (
    CachedTest,
    PairDifferences,
    PairedOutcomes,
    Weighting,
    not_cached,
    paired_differences,
    same_prompts,
    sheet,
)
from tina_bench.stats.comparisons.power import SIZE, Power, powers
from tina_bench.stats.comparisons.settings_differences import made_differently
from tina_bench.stats.comparisons.two_models import intervals
from tina_bench.stats.methods.holm import holm_both_ways
from tina_bench.stats.methods.sign_flip import SignFlip
from tina_bench.stats.outcome_matrix import by_cell
from tina_bench.stats.types import Comparison, Shape
from tina_bench.store.records import ResultRecord

AVERAGE = "average"
"""Scope of the mean over tasks."""


class PairVerdict(StrEnum):
    """What a pair's test found after correction."""

    A_BETTER = "A better"
    B_BETTER = "B better"
    NOT_TOLD_APART = "not told apart"


class PairComparison(Comparison):
    """One pair of a family of comparisons."""

    adjusted_p: float
    """`p_value` after Holm's correction over the family, the direction covered too."""
    finding: PairVerdict
    """Which is better at a family-wise 5 %, if the test decides it."""
    power: Power
    """What this pair's test could have seen."""


class PairTable(Shape):
    """All pairs of models on one task, or on the average over tasks: one family."""

    scope: str
    """The task, or `average`."""
    tasks: tuple[str, ...]
    """Tasks behind it."""
    weights: Weighting
    """What counts equally."""
    n: int
    """Problems."""
    models: tuple[str, ...]
    """Models compared, by name."""
    scores_percent: dict[str, float]
    """Score of each model on these tasks, percent."""
    family: str
    """What the correction is over."""
    comparisons: tuple[PairComparison, ...]
    """Each model with each later one, by name."""
    left_out: dict[str, str]
    """Models that were not compared here, and why."""
    made_differently: tuple[str, ...] = ()
    """Settings that not all models were measured with; with any, more than models is compared."""


def compare_all(
    records: Sequence[ResultRecord],
    *,
    models: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
    cache: RecordCache = NO_CACHE,
) -> tuple[PairTable, ...]:
    """Compare all models on each task, and where there are several tasks on their average.

    One table per task by name, then the average, in which every task has equal weight. Only tables
    of two models and more. `models` and `tasks` restrict what is compared; each table is a family
    by itself, so p-values after correction depend on which models are asked for, and `family`
    says so.

    No model is left out silently: `left_out` names those that were not measured, and models that
    were given other problems than most (in a tie, than the group with the first name). The average
    is over the tasks asked for; if none were, over that set of tasks, held by at least two models,
    with the most results (models times tasks).

    Correction: Holm (1979, Scand. J. Stat. 6:65) over both one-sided hypotheses of every pair, "A
    is no better" and "B is no better", with half the two-sided p-value in the direction seen. Its
    first step is Bonferroni's over the pairs; later ones are a little stricter than Holm's over
    two-sided tests, which does not protect what one then concludes, the direction (Shaffer 1980,
    Ann. Stat. 8:1342). So the chance of any wrong "better" in a table is at most 5 % whatever the
    dependence between pairs, where the single tests hold.

    The result does not depend on the order of records. Raises `UsageError` for two records of one
    model and task, malformed records, and names that no record has.
    """
    cells = by_cell(records)
    names = _asked("model", models, {model for model, _ in cells})
    chosen = _asked("task", tasks, {task for _, task in cells})
    places = {task: _align(task, names, cells) for task in chosen}
    tables = [
        _cached_table(cache, cells, task, [place.sheet], place.left_out)
        for task, place in places.items()
        if len(place.sheet.models) > 1
    ]
    averaged = tuple(chosen) if tasks is not None else _most_results(places)
    if len(averaged) > 1:
        absent = {
            name: f"not comparable on {', '.join(missing)}"
            for name in names
            if (missing := [t for t in averaged if name not in places[t].sheet.models])
        }
        kept = [name for name in names if name not in absent]
        if len(kept) > 1:
            sheets = [_only(places[task].sheet, kept) for task in averaged]
            tables.append(_cached_table(cache, cells, AVERAGE, sheets, absent))
    return tuple(tables)


def _cached_table(
    cache: RecordCache,
    cells: Mapping[tuple[str, str], ResultRecord],
    scope: str,
    sheets: Sequence[PairedOutcomes],
    left_out: dict[str, str],
) -> PairTable:
    records = [cells[model, one.task] for one in sheets for model in one.models]

    pairs = list(combinations(sheets[0].models, 2))

    def cached_test(number: int, make: Callable[[], SignFlip]) -> SignFlip:
        pair = [cells[model, one.task] for one in sheets for model in pairs[number]]
        found = cache.of_records("pair", pair, scope, _Test, lambda: _Test(**asdict(make())))
        return SignFlip(found.p_value, found.method)

    # On a single task computing a test takes no longer than reading it from the cache.
    test = cached_test if len(sheets) > 1 else not_cached
    return cache.of_records(
        "pairs", records, [scope, left_out], PairTable,
        lambda: pair_table(scope, sheets, left_out, _unlike(cells, sheets), test),
    )  # fmt: skip


class _Test(Shape):
    """A pair's test, as it is cached."""

    p_value: float
    method: str


@dataclass(frozen=True)
class _Place:
    """A task's models on common problems, and who is not among them."""

    sheet: PairedOutcomes
    left_out: dict[str, str]


def _asked(what: str, asked: Collection[str] | None, known: set[str]) -> list[str]:
    unknown = sorted(set(asked or ()) - known)
    if unknown:
        raise UsageError(
            f"there is no result of the {what} {unknown[0]!r} here; there are results of "
            f"{', '.join(sorted(known)) or 'none'}."
        )
    return sorted(known if asked is None else set(asked))


def _align(
    task: str, names: Iterable[str], cells: Mapping[tuple[str, str], ResultRecord]
) -> _Place:
    groups: dict[tuple[str, ...], list[ResultRecord]] = defaultdict(list)
    left_out = {}
    for name in names:
        record = cells.get((name, task))
        if record is None:
            left_out[name] = f"not measured on {task}"
        else:
            ids = tuple(sorted(problem.problem for problem in record.problems))
            groups[ids].append(record)
    kept = min(groups, key=lambda ids: (-len(groups[ids]), groups[ids][0].model), default=())
    for ids, records in groups.items():
        if ids != kept:
            shared = len(set(ids) & set(kept))
            for record in records:
                left_out[record.model] = (
                    f"measured on other problems of {task}: {len(ids)}, of which {shared} are "
                    f"among the {len(kept)} of the others"
                )
    return _Place(sheet(task, groups.get(kept, [])), dict(sorted(left_out.items())))


def _most_results(places: Mapping[str, _Place]) -> tuple[str, ...]:
    """Return the tasks to average over: of models' task sets the one with the most results."""
    held: dict[str, set[str]] = defaultdict(set)
    for task, place in places.items():
        for model in place.sheet.models:
            held[model].add(task)
    sets = {tuple(sorted(tasks)) for tasks in held.values()}
    results = {
        tasks: len(tasks) * sum(set(tasks) <= have for have in held.values()) for tasks in sets
    }
    common = [tasks for tasks in sets if results[tasks] >= 2 * len(tasks)]
    return min(common, key=lambda tasks: (-results[tasks], -len(tasks), tasks), default=())


def _unlike(
    cells: Mapping[tuple[str, str], ResultRecord], sheets: Sequence[PairedOutcomes]
) -> tuple[str, ...]:
    return made_differently(cells[model, one.task] for one in sheets for model in one.models)


def _only(full: PairedOutcomes, models: Sequence[str]) -> PairedOutcomes:
    rows = [full.models.index(model) for model in models]
    return PairedOutcomes(
        full.task, tuple(models), full.problems, full.solved[rows], full.runs[rows]
    )


def pair_table(
    scope: str,
    sheets: Sequence[PairedOutcomes],
    left_out: dict[str, str],
    unlike: tuple[str, ...] = (),
    cached_test: CachedTest = not_cached,
) -> PairTable:
    """Compare all models of the sheets, which hold the same models, as one family.

    `cached_test` may give the test of a pair from a cache, by its number in `comparisons`.
    """
    models = sheets[0].models
    tasks = tuple(one.task for one in sheets)
    weights = Weighting.TASKS if len(sheets) > 1 else Weighting.PROBLEMS
    first, second = np.triu_indices(len(models), 1)
    found = paired_differences(sheets, first, second, weights, same_prompts(sheets), cached_test)
    shares = [one.solved.mean(axis=1) / one.runs for one in sheets]
    on = f"the average over {', '.join(tasks)}" if scope == AVERAGE else scope
    pairs = len(first)
    return PairTable(
        scope=scope,
        tasks=tasks,
        weights=weights,
        n=found.n,
        models=models,
        scores_percent=dict(zip(models, (100 * np.mean(shares, axis=0)).tolist(), strict=True)),
        family=(
            f"{'the only pair' if pairs == 1 else f'all {pairs} pairs'} of {len(models)} models on "
            f"{on}, both directions of each"
        ),
        comparisons=_comparisons(models, tasks, first, second, found),
        left_out=left_out,
        made_differently=unlike,
    )


def _comparisons(
    models: Sequence[str],
    tasks: tuple[str, ...],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    found: PairDifferences,
) -> tuple[PairComparison, ...]:
    p_values = np.array([test.p_value for test in found.tests])
    adjusted = holm_both_ways(p_values)
    parts = zip(
        first.tolist(),
        second.tolist(),
        (100 * found.difference).tolist(),
        intervals(found),
        found.tests,
        adjusted.tolist(),
        powers(found, hypotheses=len(p_values)),
        strict=True,
    )
    return tuple(
        PairComparison(
            model_a=models[a],
            model_b=models[b],
            tasks=tasks,
            n=found.n,
            difference_points=difference,
            interval=interval,
            p_value=test.p_value,
            method=test.method,
            adjusted_p=corrected,
            finding=_finding(difference, corrected),
            power=power,
        )
        for a, b, difference, interval, test, corrected, power in parts
    )


def _finding(difference: float, adjusted_p: float) -> PairVerdict:
    if adjusted_p >= SIZE:
        return PairVerdict.NOT_TOLD_APART
    return PairVerdict.A_BETTER if difference > 0 else PairVerdict.B_BETTER
