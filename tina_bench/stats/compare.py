"""Model A against model B on the same problems."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from tina_bench.errors import UsageError
from tina_bench.stats.answers import by_cell, correct_answers
from tina_bench.stats.shapes import Comparison, Interval, Question
from tina_bench.stats.signflip import sign_flip_test
from tina_bench.store.records import ResultRecord

LEVEL = 0.95


def compare(model_a: Sequence[ResultRecord], model_b: Sequence[ResultRecord]) -> Comparison:
    """Compare two models, paired by problem, over the tasks that both have records of.

    Every problem has equal weight, so a task counts by its size. Tasks that only one model has are
    left out. The result does not depend on the order of records or problems.

    The p-value answers for equal models (`sign_flip_test`), the interval for the mean difference on
    problems like these: Student-t over problem differences, which holds for n of about 30 and more;
    near its edge the two may disagree.

    Raises `UsageError` when a side holds several models, or two records of a task; when there is no
    common task; when the problem ids of a common task differ.
    """
    sides = [_one_model(model_a), _one_model(model_b)]
    tasks = tuple(sorted(set(sides[0]) & set(sides[1])))
    if not tasks:
        raise UsageError(
            f"{model_a[0].model} and {model_b[0].model} have no task in common to compare them on"
        )
    cells = [(_by_problem(sides[0][task]), _by_problem(sides[1][task])) for task in tasks]
    for task, (a, b) in zip(tasks, cells, strict=True):
        if a.keys() != b.keys():
            raise UsageError(
                f"{model_a[0].model} and {model_b[0].model} were given different problems of "
                f"{task}: {len(a.keys() - b.keys())} only the first, "
                f"{len(b.keys() - a.keys())} only the second; they cannot be paired"
            )
    runs = [(sides[0][task].k, sides[1][task].k) for task in tasks]
    # All shares correct are whole multiples of 1 / lattice: the exact test needs whole numbers.
    lattice = math.lcm(*(k for pair in runs for k in pair))
    differences = np.array(
        [
            a[problem] * (lattice // k_a) - b[problem] * (lattice // k_b)
            for (a, b), (k_a, k_b) in zip(cells, runs, strict=True)
            for problem in a
        ],
        dtype=np.int64,
    )
    one_answer = [
        1 / k_a**2 + 1 / k_b**2 for (a, _), (k_a, k_b) in zip(cells, runs, strict=True) for _ in a
    ]
    test = sign_flip_test(differences)
    shares = differences / lattice
    return Comparison(
        model_a=model_a[0].model,
        model_b=model_b[0].model,
        tasks=tasks,
        n=len(shares),
        difference_points=100 * float(shares.mean()),
        interval=_interval(shares, float(np.mean(one_answer))),
        p_value=test.p_value,
        method=test.method,
    )


def _interval(shares: np.ndarray[tuple[int], np.dtype[np.float64]], pseudo: float) -> Interval:
    """Return the interval of the mean difference, points.

    `shares`: differences of shares correct, shape (n,). `pseudo` is added to their sum of squares:
    one answer of A and one of B that no other answer agrees with, 1/k_a^2 + 1/k_b^2. It keeps the
    width above zero when all differences are equal; with one run each it is the correction of
    Bonett & Price (2012, J. Educ. Behav. Stat. 37:479), with more runs it fades as it should.
    It allows for the chance of sampling, not for kinds of problem that none of the n resembles:
    with all differences equal the interval is a lower bound of what is not known.
    """
    n = len(shares)
    mean = float(shares.mean())
    low, high = -1.0, 1.0
    if n > 1:
        squares = float(((shares - mean) ** 2).sum()) + pseudo
        half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * math.sqrt(squares / (n - 1) / n)
        low, high = max(low, mean - half), min(high, mean + half)
    return Interval(
        low=100 * low,
        high=100 * high,
        level=LEVEL,
        question=Question.SIMILAR_PROBLEMS,
        method="Student-t over problem differences, one pseudo-answer a model "
        "(after Bonett & Price 2012)",
    )


def _one_model(records: Sequence[ResultRecord]) -> dict[str, ResultRecord]:
    models = sorted({record.model for record in records})
    if len(models) != 1:
        raise UsageError(f"a comparison takes records of one model a side, not of {models}")
    return {task: record for (_, task), record in by_cell(records).items()}


def _by_problem(record: ResultRecord) -> dict[str, int]:
    """Return correct answers by problem id, ordered by id."""
    counts = correct_answers(record).sum(axis=1).tolist()
    ids = [problem.problem for problem in record.problems]
    return dict(sorted(zip(ids, counts, strict=True)))
