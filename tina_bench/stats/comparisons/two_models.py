"""Model A against model B on the same problems."""

from collections.abc import Mapping, Sequence

import numpy as np

from tina_bench.errors import UsageError
from tina_bench.stats.comparisons.paired import (
    PairDifferences,
    Weighting,
    paired_differences,
    same_prompts,
    sheet,
)
from tina_bench.stats.methods.distributions import t_quantile
from tina_bench.stats.outcome_matrix import by_cell
from tina_bench.stats.types import Comparison, Interval, Question, Validity
from tina_bench.store.records import ResultRecord

LEVEL = 0.95
LEAST_PROBLEMS = 30
"""Problems from which on the interval was seen to hold."""
LEAST_RUNS = 4
"""Runs of each model from which on the pseudo-answers were seen to widen it no longer, or"""
MANY_PROBLEMS = 100
"""problems from which on they do not with fewer runs either."""
LEAST_DIFFERING = 12
"""Problems on which the two differ, below which it covers more than it says."""


def compare(
    model_a: Sequence[ResultRecord],
    model_b: Sequence[ResultRecord],
    *,
    weights: Weighting = Weighting.PROBLEMS,
    clusters: Mapping[tuple[str, str], str] | None = None,
) -> Comparison:
    """Compare two models, paired by problem, over the tasks that both have records of.

    `weights` says whether every problem or every task counts equally. Tasks that only one model has
    are left out. The result does not depend on the order of records or problems.

    The p-value answers for equal models (`sign_flip_test`; McNemar's exact test where every answer
    was given once; `weighted_sign_flip_test` for tasks of equal weight), the interval for the mean
    difference on problems like these: Student-t over problem differences, which holds for n of
    about 30 and more; near its edge the two may disagree. Several runs of a problem are one
    observation, its mean. A prompt that stands in several of the tasks is one observation too
    (`same_prompts`); `clusters`, by (task, problem), names more that belong together, as near-
    duplicates do, which no id shows.

    Raises `UsageError` when a side holds several models, or two records of a task; when there is no
    common task; when the problem ids of a common task differ; when `clusters` names a problem that
    is in no common task.
    """
    sides = [_one_model(model_a), _one_model(model_b)]
    tasks = tuple(sorted(set(sides[0]) & set(sides[1])))
    if not tasks:
        raise UsageError(
            f"{model_a[0].model} and {model_b[0].model} have no task in common to compare them on"
        )
    sheets = [sheet(task, [side[task] for side in sides]) for task in tasks]
    known = {(one.task, problem) for one in sheets for problem in one.problems}
    for task, problem in sorted(set(clusters or {}) - known):
        raise UsageError(
            f"clusters name problem {problem!r} of {task}, which is none of the problems of "
            f"{', '.join(tasks)} that are compared; correct the name"
        )
    joint = {**same_prompts(sheets), **(clusters or {})}
    first, second = np.array([0]), np.array([1])
    found = paired_differences(sheets, first, second, weights, joint)
    return Comparison(
        model_a=model_a[0].model,
        model_b=model_b[0].model,
        tasks=tasks,
        n=found.n,
        difference_points=100 * float(found.difference[0]),
        interval=intervals(found)[0],
        p_value=found.tests[0].p_value,
        method=found.tests[0].method,
    )


def intervals(found: PairDifferences) -> list[Interval]:
    """Return the interval of each pair's mean difference, points, at 95 %.

    Difference ± t sqrt(variance), with the variance and degrees of freedom of `paired_differences`,
    cut at ±100. It allows for the chance of sampling, not for kinds of problem that none of the n
    resembles: with all differences equal the interval is a lower bound of what is not known.
    """
    half = t_quantile((1 + LEVEL) / 2, found.freedom) * np.sqrt(found.variance)
    half = np.where(np.isfinite(half), half, 2.0)
    low = 100 * np.maximum(-1.0, found.difference - half)
    high = 100 * np.minimum(1.0, found.difference + half)
    judged = (
        _validity(found.least_problems, differing, runs)
        for differing, runs in zip(
            found.discordant.tolist(), found.least_runs.tolist(), strict=True
        )
    )
    return [
        Interval(
            low=below,
            high=above,
            level=LEVEL,
            question=Question.SIMILAR_PROBLEMS,
            method="Student-t over problem differences, one pseudo-answer a model "
            "(after Bonett & Price 2012)",
            validity=validity,
            validity_reason=reason,
        )
        for below, above, (validity, reason) in zip(
            low.tolist(), high.tolist(), judged, strict=True
        )
    ]


def _validity(problems: int, differing: int, runs: int) -> tuple[Validity, str]:
    """Return how an interval can be taken, and why; no reason where at its word."""
    if problems < LEAST_PROBLEMS:
        return Validity.ROUGH, f"fewer than {LEAST_PROBLEMS} problems"
    if differing < LEAST_DIFFERING:
        return Validity.CONSERVATIVE, f"the two differ on only {differing} problems"
    if runs < LEAST_RUNS and problems < MANY_PROBLEMS:
        return Validity.CONSERVATIVE, (
            f"fewer than {LEAST_RUNS} runs of fewer than {MANY_PROBLEMS} problems"
        )
    return Validity.NOMINAL, ""


def _one_model(records: Sequence[ResultRecord]) -> dict[str, ResultRecord]:
    models = sorted({record.model for record in records})
    if len(models) != 1:
        raise UsageError(f"a comparison takes records of one model a side, not of {models}")
    return {task: record for (_, task), record in by_cell(records).items()}
