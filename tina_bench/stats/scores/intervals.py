"""The two intervals of a score, and how intervals of several tasks make one of their average.

What they cover in simulations, cell by cell, is in docs/statistics.md.
"""

import math
from collections.abc import Sequence

import numpy as np

from tina_bench.stats.methods.distributions import t_quantile
from tina_bench.stats.methods.score_variance import answer_variance
from tina_bench.stats.outcome_matrix import Counts
from tina_bench.stats.types import Interval, Question, Validity

LEVEL = 0.95
LEAST_PROBLEMS = 30
"""From here on the Student quantile of problem means was seen to hold."""
LEAST_OF_EACH = 5.0
"""Solved and unsolved problems, in sums of shares, below which score intervals are rough: the usual
rule for counts (Brown, Cai & DasGupta 2001, Stat. Sci. 16:101)."""


def same_problems(solved: Counts, k: int, *, level: float = LEVEL) -> Interval:
    """Return where the score of endless fresh runs over the same problems lies, percent.

    `solved`, shape (n,): right answers out of k independent runs. Student-t around the score with
    the variance V / (n k) of the mean of n k answers, of which each problem has its own chance
    (`answer_variance`). It contains the score, and is cut at 0 and 100.

    Validity: nominal for k of 4 and more. With fewer runs, or when no problem had answers of both
    kinds, the variance is an upper bound and the interval conservative.
    """
    n = len(solved)
    score = float(solved.sum()) / (n * k)
    half = answer_variance(solved, k).scaled(1 / (n * k)).half_width(level)
    validity, reason = Validity.NOMINAL, ""
    if k == 1:
        validity = Validity.CONSERVATIVE
        reason = "one run cannot tell coins from a mix of sure and hopeless problems"
    elif not ((solved > 0) & (solved < k)).any():
        validity = Validity.CONSERVATIVE
        reason = "no problem had answers of both kinds"
    elif k < 4:
        validity = Validity.CONSERVATIVE
        reason = "fewer than 4 runs tell too little of each problem's own chance"
    return Interval(
        low=100 * max(0.0, score - half),
        high=100 * min(1.0, score + half),
        level=level,
        question=Question.SAME_PROBLEMS,
        method=(
            "Student-t on the within-problem binomial variance, one dissenting pseudo-answer "
            "(after Agresti & Coull 1998; Satterthwaite 1946)"
        ),
        validity=validity,
        validity_reason=reason,
    )


def similar_problems(solved: Counts, k: int, *, level: float = LEVEL) -> Interval:
    """Return where the mean over endless problems drawn like these lies, percent.

    `solved` as in `same_problems`. Wilson's score interval (1927, J. Am. Stat. Assoc. 22:209) with
    the quantile of Student's t for n - 1 degrees of freedom and, in place of n, the effective
    number of yes-or-no problems n P (1 - P) / s^2, where s^2 is the sample variance of problem
    means over n - 1 (the design effect of Kish 1965; Korn & Graubard 1998, Surv. Methodol. 24:193).
    It is never more than n k: even problems that are all alike leave the chance of n k answers.
    Bowyer et al. 2025 (arXiv 2503.01747) show why not the central limit at n = 30: it gives no
    width at all to a model that solves everything.

    One problem says nothing of others: the interval is then 0 to 100.

    Validity: n of 30 and more, with at least 5 problems' worth of right and of wrong answers; for
    k = 1 n of 100 and more, as the coverage of any interval for a count swings by 1 to 3 points
    with its true share (Brown, Cai & DasGupta 2001). A kind of problem rarer than one in n can be
    in none of them, and no interval knows of it.
    """
    n = len(solved)
    low, high = 0.0, 1.0
    share = float(solved.sum()) / (n * k)
    if n > 1:
        t = t_quantile((1 + level) / 2, n - 1)
        effective = float(n)
        if 0 < share < 1:
            spread = float(np.var(np.sort(solved) / k))
            largest = share * (1 - share)
            effective = n * k if spread * k <= largest else n * largest / spread
        low, high = _wilson(share, effective, t)
    validity, reason = Validity.NOMINAL, ""
    least = min(share, 1 - share) * n
    if n < LEAST_PROBLEMS:
        validity, reason = Validity.ROUGH, f"fewer than {LEAST_PROBLEMS} problems"
    elif least < LEAST_OF_EACH:
        kind = "solved" if share < 0.5 else "unsolved"
        validity, reason = Validity.ROUGH, f"only {least:.1f} problems' worth of {kind} answers"
    elif k == 1 and n < 100:
        validity, reason = Validity.ROUGH, "one run of fewer than 100 problems is a small count"
    return Interval(
        low=100 * low,
        high=100 * high,
        level=level,
        question=Question.SIMILAR_PROBLEMS,
        method=(
            "Wilson score interval (1927) over problems, with their design effect and Student's "
            "quantile (Korn & Graubard 1998)"
        ),
        validity=validity,
        validity_reason=reason,
    )


def _wilson(share: float, n: float, z: float) -> tuple[float, float]:
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    # A rounding error must not put 0 of n or n of n outside its own interval.
    return min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share)


def average(scores: Sequence[float], parts: Sequence[Interval]) -> Interval:
    """Return the interval of the mean of independent scores, percent, each of equal weight.

    `scores` and their intervals `parts`, in the same order, of one level and question. Zou & Donner
    (2008, Stat. Med. 27:1693), MOVER: the distance from each score to its own lower end, squared,
    stands for its variance in the lower direction, and the upper one likewise,

        low = mean - sqrt(sum (x_t - l_t)^2) / T,   high = mean + sqrt(sum (u_t - x_t)^2) / T,

    so that skewed parts keep their skew. Conservative where parts are, as validity then says.
    """
    count = len(scores)
    below = sorted(score - part.low for score, part in zip(scores, parts, strict=True))
    above = sorted(part.high - score for score, part in zip(scores, parts, strict=True))
    mean = math.fsum(scores) / count
    worst = [
        kind
        for kind in (Validity.ROUGH, Validity.CONSERVATIVE)
        for p in parts
        if p.validity is kind
    ]
    return Interval(
        low=max(0.0, mean - math.hypot(*below) / count),
        high=min(100.0, mean + math.hypot(*above) / count),
        level=parts[0].level,
        question=parts[0].question,
        method=f"MOVER (Zou & Donner 2008) over {count} tasks of equal weight; each a "
        f"{parts[0].method}",
        validity=worst[0] if worst else Validity.NOMINAL,
        validity_reason=f"{len(worst)} of {count} tasks are not nominal" if worst else "",
    )
