"""One model on one task, or on several: its score, two intervals, and rates."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tina_bench.errors import UsageError
from tina_bench.stats.outcome_matrix import (
    BoolMatrix,
    Counts,
    column,
    correct_answers,
    flags,
    independent_answers,
    repeats_itself,
)
from tina_bench.stats.scores.intervals import average, same_problems, similar_problems
from tina_bench.stats.scores.majority import majority
from tina_bench.stats.types import AverageEstimate, Rate, TaskEstimate, TotalsEstimate, Validity
from tina_bench.store.records import ResultRecord


def estimate(record: ResultRecord) -> TaskEstimate:
    """Return the record's estimate. Deterministic; both intervals contain the score.

    An undecided answer counts as not correct. Answers in which the grader found nothing and answers
    that it came to no decision on are counted apart: an answer is never in both rates. Greedy runs
    that repeat themselves count as one: intervals are then wide, and say that they are bounds.

    Raises `UsageError` for a record without answers or with rows of different lengths.
    """
    correct = correct_answers(record)
    undecided = flags(record, "undecided")
    runs = 100 * correct.mean(axis=0)
    solved, independent = independent_answers(record)
    return TaskEstimate(
        model=record.model,
        task=record.task,
        n=record.n,
        k=record.k,
        n_correct=int(correct.sum()),
        avg_percent=100 * float(correct.mean()),
        same_problems=same_problems(solved, independent),
        similar_problems=similar_problems(solved, independent),
        run_percents=tuple(runs.tolist()),
        sd_over_runs_points=float(runs.std(ddof=1)) if record.k > 1 else None,
        pass_at_k_percent=pass_at_k(correct),
        majority_percent=majority(record),
        truncated=_rate(record, flags(record, "truncated")),
        unanswered=_rate(record, ~flags(record, "answered") & ~undecided),
        undecided=_rate(record, undecided),
        mean_tokens_out=float(column(record, "tokens_out").astype(np.float64).mean()),
    )


def estimate_average(estimates: Sequence[TaskEstimate]) -> AverageEstimate:
    """Return the mean over tasks of one model, each with the same weight, ordered by task name.

    A task of 30 problems moves it as much as one of 500: so papers average, and so the small tasks
    make most of its interval. Raises `UsageError` for several models or a task named twice.
    """
    ordered = sorted(estimates, key=lambda made: made.task)
    tasks = tuple(made.task for made in ordered)
    models = sorted({made.model for made in ordered})
    if len(models) != 1 or len(set(tasks)) != len(tasks):
        raise UsageError(
            f"an average takes one estimate a task of one model; found {', '.join(models)} on "
            f"{', '.join(tasks)}"
        )
    scores = [made.avg_percent for made in ordered]
    return AverageEstimate(
        model=models[0],
        tasks=tasks,
        avg_percent=sum(scores) / len(scores),
        same_problems=average(scores, [made.same_problems for made in ordered]),
        similar_problems=average(scores, [made.similar_problems for made in ordered]),
    )


def estimate_totals(n: int, k: int, n_correct: int) -> TotalsEstimate:
    """Return what n problems, k runs and the total of right answers support, all else unknown.

    Both intervals take the largest variance that the total allows. On the same problems: n k
    answers of one chance each (the total of unlike chances varies less: Hoeffding 1956, Ann. Math.
    Stat. 27:713). On problems like these: every problem solved in all runs or in none, so that k
    runs say no more than one.

    Raises `UsageError` where the total is not between 0 and n k.
    """
    if n < 1 or k < 1 or not 0 <= n_correct <= n * k:
        raise UsageError(
            f"found {n_correct} right answers of {n} problems × {k} runs; expected 0 to {n * k}"
        )
    one_run = np.zeros(n * k, dtype=np.int64)
    one_run[:n_correct] = 1
    same = same_problems(one_run, 1)
    # Whole problems, the share kept as near as n allows and never made more sure than it is.
    sure = np.full(n, 0, dtype=np.int64)
    whole, rest = divmod(n_correct, k)
    sure[:whole] = k
    if rest:
        sure[whole] = rest
    similar = similar_problems(sure, k)
    reason = "only totals are known: the spread over problems is taken at its largest"
    return TotalsEstimate(
        n=n,
        k=k,
        avg_percent=100 * n_correct / (n * k),
        same_problems=same.model_copy(
            update={"validity": Validity.CONSERVATIVE, "validity_reason": reason}
        ),
        similar_problems=similar.model_copy(
            update={
                "validity": max(similar.validity, Validity.CONSERVATIVE, key=_doubt),
                "validity_reason": similar.validity_reason or reason,
            }
        ),
    )


def _doubt(validity: Validity) -> int:
    return list(Validity).index(validity)


def _log_choices(n: Counts | int, k: Counts) -> NDArray[np.float64]:
    """Logarithm of the number of ways to choose k of n."""
    return np.asarray(-special.betaln(n - k + 1, k + 1) - np.log1p(n))


def pass_at_k(correct: BoolMatrix) -> dict[int, float]:
    """Return pass@k', percent, for every k' from 1 to k: at least one of k' answers is right.

    `correct` has shape (n, k). The unbiased estimator of Chen et al. 2021 (arXiv 2107.03374,
    eq. 1): one minus the chance that k' of the k answers, drawn without replacement, are all
    wrong, which is the hypergeometric probability of zero. Averaged over problems.
    """
    k = correct.shape[1]
    solved, problems = np.unique(correct.sum(axis=1), return_counts=True)
    draws = np.arange(1, k + 1)
    wrong = (k - solved)[:, None]
    chosen = np.minimum(draws[None, :], wrong)
    none_right = np.exp(_log_choices(wrong, chosen) - _log_choices(k, draws))
    none_right[draws[None, :] > wrong] = 0.0
    # Clipped: a sum of logarithms may miss 0 or 1 by a rounding error.
    share = np.average(1 - np.clip(none_right, 0, 1), axis=0, weights=problems)
    return dict(zip(draws.tolist(), (100 * share).tolist(), strict=True))


def _rate(record: ResultRecord, mask: BoolMatrix) -> Rate:
    runs = mask[:, :1] if repeats_itself(record) else mask
    return Rate(
        count=int(mask.sum()),
        total=mask.size,
        interval=same_problems(runs.sum(axis=1, dtype=np.int64), runs.shape[1]),
    )
