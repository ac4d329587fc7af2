"""maj@k: the score of the answer that most of k runs agree on."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb

from tina_bench.store.outcomes import NO_ANSWER, RIGHT_ANSWER
from tina_bench.store.records import ResultRecord

MOST_RUNS = 16
"""Runs up to which every k' is counted: with 64 runs of 500 problems that would take seconds."""
Polynomial = list[list[int]]
"""Number of ways by answers drawn (first index) and by wrong answers that reach the top (second)"""


def majority(record: ResultRecord) -> dict[int, float] | None:
    """maj@k', percent, for every k' from 1 to k; `None` where the record has no groups of answers.

    Self-consistency (Wang et al. 2022, arXiv 2203.11171, section 2, unweighted): of k' answers to a
    problem the most frequent one is given, and it is right or not. A tie is broken by a fair draw
    and counts by its expectation, so that nothing here is random. Answers without anything to read,
    and those the grader came to no decision on, have no vote; without any vote the answer is wrong.

    For k' below k it is the mean over all subsets of k' of the k runs: the unbiased estimator
    (Hoeffding 1948, Ann. Math. Stat. 19:293) of what k' fresh runs would score on these problems,
    from counting how often each answer can be drawn (multivariate hypergeometric), exactly, in
    whole numbers. maj@1 is avg@k. For k' = k it is the one score that these runs have, and says
    nothing of its own spread. Beyond `MOST_RUNS` runs only maj@1 and maj@k are given.

    Ends where groups do: wrong answers that are equal but spelled unlike split their votes, so it
    is an upper bound there (`tina_bench.store.outcomes.answer_groups`); and by majority only right
    answers of the same problem are pooled, as they all equal its gold answer.
    """
    rows = [problem.answer_group for problem in record.problems]
    if not rows or record.k == 0 or any(len(row) != record.k for row in rows):
        return None
    # Problems with the same counts have the same score; the sum is of exact fractions.
    shapes = Counter(_counts(row) for row in rows)
    if record.k > MOST_RUNS:
        whole = sum(_share_of_all(right, wrong) * times for (right, wrong), times in shapes.items())
        first = sum(right * times for (right, _), times in shapes.items())
        return {
            1: 100 * first / (record.n * record.k),
            record.k: float(100 * whole / record.n),
        }
    total = [Fraction(0)] * (record.k + 1)
    for (right, wrong), problems in shapes.items():
        for size, share in enumerate(majority_shares(right, wrong, record.k)):
            total[size] += problems * share
    return {size: float(100 * total[size] / record.n) for size in range(1, record.k + 1)}


def _share_of_all(right: int, wrong: tuple[int, ...]) -> Fraction:
    """The chance that the right answer wins among all answers."""
    most = max(wrong, default=0)
    if right < most or right == 0:
        return Fraction(0)
    return Fraction(1, 1 + sum(size == right for size in wrong))


def _counts(row: Sequence[int]) -> tuple[int, tuple[int, ...]]:
    votes = Counter(group for group in row if group != NO_ANSWER)
    right = votes.pop(RIGHT_ANSWER, 0)
    return right, tuple(sorted(votes.values()))


@lru_cache(maxsize=4096)
def majority_shares(right: int, wrong: tuple[int, ...], k: int) -> tuple[Fraction, ...]:
    """The chance that the right answer wins among k' of k answers, for every k' from 0 to k.

    `right` of the k answers are right, `wrong` counts each wrong answer; the rest has no vote.
    Summed over m, how often the right answer is drawn: every wrong one may be drawn at most m
    times, and with t of them at m the right one wins with chance 1 / (t + 1).
    """
    silent = k - right - sum(wrong)
    wins = [Fraction(0)] * (k + 1)
    for top in range(1, right + 1):
        ways = _drawn_at_most(top, wrong, silent)
        chosen = comb(right, top)
        for drawn, by_ties in enumerate(ways):
            for ties, count in enumerate(by_ties):
                if count:
                    wins[top + drawn] += Fraction(chosen * count, ties + 1)
    return tuple(win / comb(k, size) for size, win in enumerate(wins))


def _drawn_at_most(top: int, wrong: tuple[int, ...], silent: int) -> Polynomial:
    """Ways to draw from wrong and silent answers with no wrong one drawn more than `top` times."""
    ways: Polynomial = [[comb(silent, drawn)] for drawn in range(silent + 1)]
    for size in wrong:
        highest = min(top, size)
        ties = len(ways[0]) + (highest == top)
        grown = [[0] * ties for _ in range(len(ways) + highest)]
        for drawn, by_ties in enumerate(ways):
            for tied, count in enumerate(by_ties):
                if not count:
                    continue
                for more in range(highest + 1):
                    grown[drawn + more][tied + (more == top)] += count * comb(size, more)
        ways = grown
    return ways
