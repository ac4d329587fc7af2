"""Differences of models on the same problems, for many pairs of models at once.

Comparisons of two models, all pairs of a board, rank bands and power all stand on what is computed
here, so that one pair alone and the same pair among 496 get the same numbers.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from tina_bench.errors import UsageError
from tina_bench.stats.methods.best_sign_flip import Flips, mcnemar
from tina_bench.stats.methods.distributions import t_tail
from tina_bench.stats.methods.sign_flip import Floats, Integers, SignFlip
from tina_bench.stats.outcome_matrix import independent_answers
from tina_bench.store.records import ResultRecord

PROMPT_HASH = re.compile(r"[0-9a-f]{16}")
"""A problem id that is the hash of a prompt: equal ids are equal prompts, in whatever task."""


class Weighting(StrEnum):
    """What counts equally in a mean over several tasks."""

    PROBLEMS = "every problem counts equally"
    """A task counts by its size."""
    TASKS = "every task counts equally"
    """As in the averages that papers print."""


@dataclass(frozen=True)
class PairedOutcomes:
    """One task: right answers of models on the same problems."""

    task: str
    """Task."""
    models: tuple[str, ...]
    """Models, in the order of the rows."""
    problems: tuple[str, ...]
    """Problem ids, ascending."""
    solved: Integers
    """Right answers, shape (models, problems)."""
    runs: Integers
    """Independent runs that they are out of, shape (models,)."""


@dataclass(frozen=True)
class PairDifferences:
    """What each of P pairs differs by; differences are A minus B, in shares."""

    n: int
    """Problems."""
    difference: Floats
    """Mean difference, shape (P,)."""
    variance: Floats
    """Of the mean difference over problems like these, shape (P,); infinite where one problem (or
    one cluster) is all there is of a task."""
    freedom: Floats
    """Degrees of freedom of `variance`, shape (P,)."""
    noise: Floats
    """The part of `variance` that more runs would lessen, shape (P,); NaN where unknown."""
    noise_of_one_run: Floats
    """What `noise` would be with one run of each model, shape (P,); NaN where unknown."""
    discordant: Integers
    """Problems (clusters) on which the two differ, shape (P,)."""
    half_step: Floats
    """Half the distance between values that the mean can have under the test, shape (P,): what an
    exact test loses to one whose statistic is continuous; 0 for tasks of equal weight, whose sums
    lie too close to matter."""
    half_step_of_one_run: float
    """What `half_step` would be with one run of each model."""
    least_problems: int
    """Problems of the smallest task; of all tasks where every problem counts equally."""
    least_runs: Integers
    """Runs of the model with fewest, on the task with fewest, shape (P,)."""
    tests: tuple[SignFlip, ...]
    """The test of no difference, one per pair."""


CachedTest = Callable[[int, Callable[[], SignFlip]], SignFlip]
"""Gives the test of the pair with this number, by the call that computes it if need be."""


def not_cached(_: int, make: Callable[[], SignFlip]) -> SignFlip:
    """Compute every test."""
    return make()


def sheet(task: str, records: Iterable[ResultRecord]) -> PairedOutcomes:
    """Align the records of a task by problem id; models stay in the order given.

    Raises `UsageError` where two were given different problems, and for a malformed record.
    """
    ordered = list(records)
    rows: list[Integers] = []
    runs: list[int] = []
    ids: list[str] = []
    for record in ordered:
        solved, k = independent_answers(record)
        names = [problem.problem for problem in record.problems]
        by_id = sorted(range(len(names)), key=names.__getitem__)
        found = [names[i] for i in by_id]
        if rows and found != ids:
            raise UsageError(
                f"{ordered[0].model} and {record.model} were given different problems of {task}: "
                f"{len(set(ids) - set(found))} only the first, "
                f"{len(set(found) - set(ids))} only the second; they cannot be paired"
            )
        ids = found
        rows.append(solved[by_id])
        runs.append(k)
    models = tuple(record.model for record in ordered)
    return PairedOutcomes(
        task, models, tuple(ids), np.array(rows, np.int64), np.array(runs, np.int64)
    )


def same_prompts(sheets: Sequence[PairedOutcomes]) -> dict[tuple[str, str], str]:
    """Return the problems that stand in several tasks with the same prompt, as clusters.

    By (task, problem). Only ids that are hashes of prompts say so; "7" in two tasks says nothing.
    """
    seen: dict[str, list[str]] = {}
    for one in sheets:
        for problem in one.problems:
            if PROMPT_HASH.fullmatch(problem):
                seen.setdefault(problem, []).append(one.task)
    return {
        (task, problem): problem
        for problem, tasks in seen.items()
        if len(tasks) > 1
        for task in tasks
    }


def paired_differences(
    sheets: Sequence[PairedOutcomes],
    first: Integers,
    second: Integers,
    weights: Weighting = Weighting.PROBLEMS,
    clusters: Mapping[tuple[str, str], str] | None = None,
    cached_test: CachedTest = not_cached,
) -> PairDifferences:
    """Compare models number `first` of the sheets with models number `second`, pair by pair.

    The sheets hold the same models. `clusters`, by (task, problem), names problems that are no
    independent draws (near-duplicates, parts of one question; `same_prompts`): a cluster's signs
    are flipped together, and its differences are added before they are squared (Liang & Zeger 1986,
    Biometrika 73:13; for benchmarks Miller 2024, arXiv 2411.00640, section 2.2). A problem that is
    not named is a cluster by itself.

    With e_c the deviation of problem c's difference from its task's mean over n_t problems in G_t
    clusters, and W_t the task's weight (1 over the number of tasks),

        variance = sum over clusters of (sum over c of W_t e_c sqrt(G_t / (G_t - 1)) / n_t)^2,

    which for single problems is sum W_t^2 s_t^2 / n_t. Degrees of freedom by Satterthwaite (1946,
    Biom. Bull. 2:110). With `Weighting.PROBLEMS` all problems are one task of weight 1.

    To each sum of squares one answer of A and one of B is added that no other answer agrees with,
    1/k_a^2 + 1/k_b^2 (or a cluster of mean size of them): so the variance is above zero when all
    differences are equal. With one run each it is the correction of Bonett & Price (2012, J. Educ.
    Behav. Stat. 37:479), with more runs it fades as it should.

    Equal models asked differently often do not have symmetric differences: with one run against
    ten over 30 easy problems the sign-flip test was seen to reject 0.7 % at 0.2 %. There the
    p-value is the greater one of its own and of Student's t with the variance above.

    `cached_test` may give a pair's sign-flip test from a cache; it depends on that pair, the tasks,
    the clusters and the weights.
    """
    sizes = [len(one.problems) for one in sheets]
    group = np.repeat(np.arange(len(sheets)), sizes)
    k_a = np.stack([one.runs[first] for one in sheets])
    k_b = np.stack([one.runs[second] for one in sheets])
    # All shares right are whole multiples of 1 / lattice: the exact test needs whole numbers.
    lattice = np.lcm.reduce(np.concatenate([k_a, k_b]), axis=0)
    differences = np.concatenate(
        [
            one.solved[first] * (lattice // a)[:, None]
            - one.solved[second] * (lattice // b)[:, None]
            for one, a, b in zip(sheets, k_a, k_b, strict=True)
        ],
        axis=1,
    )
    joint = _clusters(sheets, clusters or {})
    one_answer = 1 / k_a.astype(np.float64) ** 2 + 1 / k_b.astype(np.float64) ** 2
    noise, noise_one = _noise(sheets, first, second, k_a, k_b)
    by_size = np.array(sizes) / sum(sizes)
    if weights is Weighting.PROBLEMS:
        # The mean over problems is the mean over tasks with the tasks' sizes for weights.
        noise, noise_one = (by_size**2) @ noise, (by_size**2) @ noise_one
        one_answer = (by_size @ one_answer)[None, :]
        group = np.zeros_like(group)
    else:
        noise, noise_one = (
            noise.sum(axis=0) / len(sizes) ** 2,
            noise_one.sum(axis=0) / len(sizes) ** 2,
        )
    mean, variance, freedom = _moments(differences / lattice[:, None], group, joint, one_answer)
    flips = Flips(group, joint)
    answers_once = bool((k_a == 1).all() and (k_b == 1).all()) and flips.is_plain
    tests = [
        mcnemar(row)
        if answers_once and weights is Weighting.PROBLEMS
        else cached_test(pair, partial(flips.test, row))
        for pair, row in enumerate(differences)
    ]
    asymmetric = np.flatnonzero((k_a != k_b).any(axis=0))
    for pair in asymmetric.tolist():
        tests[pair] = _or_student(tests[pair], mean[pair], variance[pair], freedom[pair])
    # Flipping one problem moves the sum by twice its difference, a whole multiple of 1 / lattice.
    half_step = 1 / sum(sizes) if len(sheets) == 1 or weights is Weighting.PROBLEMS else 0.0
    return PairDifferences(
        n=sum(sizes),
        difference=mean,
        variance=variance,
        freedom=freedom,
        noise=noise,
        noise_of_one_run=noise_one,
        discordant=flips.discordant(differences),
        half_step=half_step / lattice,
        half_step_of_one_run=half_step,
        least_problems=sum(sizes) if weights is Weighting.PROBLEMS else min(sizes),
        least_runs=np.minimum(k_a, k_b).min(axis=0),
        tests=tuple(tests),
    )


def _or_student(test: SignFlip, mean: float, variance: float, freedom: float) -> SignFlip:
    """Return the greater p-value of the sign-flip test's and Student's."""
    p = 2 * t_tail(abs(mean) / math.sqrt(variance), freedom)
    greater = f"{test.method}, or Student's t if greater, as runs differ in number"
    return SignFlip(min(1.0, max(test.p_value, p)), greater)


def _clusters(sheets: Sequence[PairedOutcomes], named: Mapping[tuple[str, str], str]) -> Integers:
    """Return a number for each problem of all sheets, equal within a cluster."""
    numbers: dict[tuple[str, ...], int] = {}
    keys: list[tuple[str, ...]] = []
    for one in sheets:
        for problem in one.problems:
            cell = (one.task, problem)
            keys.append((named[cell],) if cell in named else cell)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _noise(
    sheets: Sequence[PairedOutcomes],
    first: Integers,
    second: Integers,
    k_a: Integers,
    k_b: Integers,
) -> tuple[Floats, Floats]:
    """Return chance's part in the variance of each task's mean, and the same for one run each.

    Shape (tasks, pairs). Unbiased from x_i of k answers: mean of x_i (k - x_i) / (k (k - 1)); with
    one run it is not known (NaN).
    """
    now, once = [], []
    for one, a, b in zip(sheets, k_a, k_b, strict=True):
        k = one.runs[:, None].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            answer = (one.solved * (k - one.solved) / (k * (k - 1))).mean(axis=1)
        answer = np.where(one.runs > 1, answer, np.nan)
        n = len(one.problems)
        now.append((answer[first] / a + answer[second] / b) / n)
        once.append((answer[first] + answer[second]) / n)
    return np.stack(now), np.stack(once)


def _moments(
    shares: Floats, group: Integers, joint: Integers, one_answer: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return mean, its variance and degrees of freedom, each of shape (pairs,)."""
    tasks = int(group[-1]) + 1
    columns = [np.flatnonzero(group == task) for task in range(tasks)]
    means = np.stack([shares[:, at].mean(axis=1) for at in columns])
    mean = means.sum(axis=0) / tasks
    clusters = np.array([len(np.unique(joint[at])) for at in columns])
    if (clusters == 1).any():
        return mean, np.full(len(shares), np.inf), np.ones(len(shares))
    freedom = (clusters - 1).astype(np.float64)
    sizes = np.array([len(at) for at in columns])
    scale = np.sqrt(clusters / freedom) / sizes / tasks
    deviations = (shares - means[group].T) * scale[group]
    pseudo = one_answer * (scale * sizes / clusters)[:, None] ** 2
    own = pseudo + np.stack(
        [(_sum_clusters(deviations[:, at], joint[at]) ** 2).sum(axis=1) for at in columns]
    )
    variance = (_sum_clusters(deviations, joint) ** 2).sum(axis=1) + pseudo.sum(axis=0)
    return mean, variance, own.sum(axis=0) ** 2 / (own**2 / freedom[:, None]).sum(axis=0)


def _sum_clusters(values: Floats, joint: Integers) -> Floats:
    """Sum columns that belong to one cluster."""
    _, number = np.unique(joint, return_inverse=True)
    if len(number) == number.max() + 1:
        return values
    order = np.argsort(number, kind="stable")
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    return np.add.reduceat(values[:, order], starts, axis=1)
