"""Which of a comparison's differences change sign together, and the test that follows from it."""

import math

import numpy as np

from tina_bench.stats.methods.sign_flip import TINY, Integers, SignFlip, sign_flip_by_counts
from tina_bench.stats.methods.stratified_sign_flip import Stratum, weighted_sign_flip_test

MOST_COMMON = 2**40
"""Least common multiple of task sizes up to which tasks have exact weights. Beyond it, as for six
sizes without common divisors, weights are rounded to 40 bits: whole sums must fit into 64."""


class Flips:
    """Which differences change sign together, and with which weight."""

    def __init__(self, group: Integers, joint: Integers) -> None:
        _, number, times = np.unique(joint, return_inverse=True, return_counts=True)
        self.is_plain = bool((times == 1).all())
        self._number, self._clusters = number, len(times)
        sizes = np.bincount(group)
        common = math.lcm(*sizes.tolist())
        self._is_rounded = common > MOST_COMMON
        if self._is_rounded:
            self._weights = np.rint(MOST_COMMON / sizes).astype(np.int64)
        else:
            self._weights = common // sizes
        single = times[number] == 1
        self._alone = [np.flatnonzero(single & (group == task)) for task in range(len(sizes))]
        self._shared = np.flatnonzero(~single)
        self._weight_of = self._weights[group]

    def _joined(self, row: Integers) -> Integers:
        """Sums of the clusters of several problems, weights included."""
        sums = np.zeros(self._clusters, dtype=np.int64)
        shared = self._shared
        np.add.at(sums, self._number[shared], (row * self._weight_of)[shared])
        kept: Integers = sums[sums != 0]
        return kept

    def test(self, row: Integers) -> SignFlip:
        """Test one pair's differences."""
        joined = self._joined(row)
        if len(self._alone) == 1:
            values = np.concatenate([row[self._alone[0]], joined])
            sizes, counts = np.unique(np.abs(values), return_counts=True)
            return sign_flip_by_counts(sizes, counts, int(values.sum()))
        strata = [
            _stratum(row[at], weight)
            for at, weight in zip(self._alone, self._weights.tolist(), strict=True)
        ]
        strata += [_stratum(joined[i : i + 1], 1) for i in range(len(joined))]
        # What rounded weights may have moved is given away, so that no tie counts as less extreme.
        given_away = -(-int(np.abs(row).sum()) // 2) if self._is_rounded else 0
        observed = abs(int((row * self._weight_of).sum()))
        return weighted_sign_flip_test(strata, max(0, observed - given_away))

    def discordant(self, differences: Integers) -> Integers:
        """Count the clusters whose difference is not zero, shape (pairs,)."""
        if self.is_plain:
            return np.asarray(np.count_nonzero(differences, axis=1), dtype=np.int64)
        alone = np.concatenate(self._alone)
        plain = np.count_nonzero(differences[:, alone], axis=1)
        joined = [len(self._joined(row)) for row in differences]
        return np.asarray(plain + joined, dtype=np.int64)


def _stratum(values: Integers, weight: int) -> Stratum:
    sizes, counts = np.unique(np.abs(values), return_counts=True)
    kept = sizes > 0
    return Stratum(sizes[kept], counts[kept], weight)


def mcnemar(row: Integers) -> SignFlip:
    """McNemar's exact test (1947, Psychometrika 12:153): wins among the problems that differ.

    The sign-flip test of differences that are -1, 0 or 1 is the same test.
    """
    wins, losses = int((row > 0).sum()), int((row < 0).sum())
    if wins + losses == 0:
        return SignFlip(1.0, "exact McNemar test (no problem differs)")
    from scipy import stats  # half a second of import that few need

    p = float(stats.binomtest(wins, wins + losses).pvalue)
    return SignFlip(max(p, TINY), "exact McNemar test (1947)")
