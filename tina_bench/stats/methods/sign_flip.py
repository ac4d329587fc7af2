"""The paired randomisation test of Fisher (1935, The Design of Experiments, section 21)."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tina_bench.stats.methods.distributions import normal_tail

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_CHOICES = 1000
"""Coins up to which the number of ways they may fall is a float."""
MAX_STEPS = 200_000_000
"""Additions that an exact distribution may take: about a fifth of a second."""
TINY = float(np.finfo(np.float64).tiny)
"""The least p-value: 0 would be a lie about underflow."""


@dataclass(frozen=True)
class SignFlip:
    """Outcome of a test."""

    p_value: float
    """Two-sided, above 0."""
    method: str
    """How it was found."""


def sign_flip_test(differences: Integers) -> SignFlip:
    """Test that paired differences are as likely to be positive as negative, by their sum.

    `differences`, shape (n,), are counted in any common unit: as whole numbers they lie on a
    lattice, on which the distribution of the sum over all 2^n flips of signs is a product of n
    two-term polynomials (Pagano & Tritchler 1983, J. Am. Stat. Assoc. 78:435). So the p-value is
    exact where scipy's `permutation_test` must draw at random beyond n of about 15, and
    `wilcoxon` would rank, and so weigh, problems by how many others are tied with them.

    The sum of squares is the same under every flip, so the test by the sum is also the test by
    Student's t (Lehmann & Romano 2005, Testing Statistical Hypotheses, section 5.8). With answers
    of one run each it is McNemar's exact test.

    Exact at any n when each difference is symmetric around zero, as when two equal models are asked
    equally often. When they are asked differently often, or are equal only on average over
    problems, it holds for large n (Romano 1990, J. Am. Stat. Assoc. 85:686): docs/statistics.md has
    what that means for n of 30.

    Beyond `MAX_STEPS` additions, which takes thousands of problems or numbers of runs without
    common divisors, the normal limit of the same distribution replaces it, and `method` says so.
    """
    sizes, counts = np.unique(np.abs(differences), return_counts=True)
    return sign_flip_by_counts(sizes, counts, int(differences.sum()))


def sign_flip_by_counts(sizes: Integers, counts: Integers, observed: int) -> SignFlip:
    """The same from how many differences have which absolute size, and their observed sum.

    `sizes` are distinct, ascending and not negative, `counts` of the same shape.
    """
    kept = (sizes > 0) & (counts > 0)
    if not kept.any():
        return SignFlip(1.0, "exact sign-flip test (no problem differs)")
    sizes, counts = sizes[kept], counts[kept]
    unit = math.gcd(*sizes.tolist())
    sizes = sizes // unit
    reached = abs(observed) // unit
    total = int(sizes @ counts)
    if int(counts.sum()) * total > MAX_STEPS:
        scale = math.sqrt(float((sizes.astype(np.float64) ** 2) @ counts))
        p = 2 * normal_tail(reached / scale)
        return SignFlip(max(p, TINY), "sign-flip test, normal limit of its distribution")
    chance = flip_distribution(sizes, counts)
    # Sums are 2 j - total, symmetric around 0, so both tails are one of them doubled.
    p = 1.0 if reached == 0 else 2 * float(chance[(total + reached + 1) // 2 :].sum())
    return SignFlip(min(max(p, TINY), 1.0), "exact sign-flip test over problems (Fisher 1935)")


def flip_distribution(sizes: Integers, counts: Integers) -> Floats:
    """Return the chance that the sizes whose sign came out positive add up to j, for j from 0.

    `sizes` are distinct and above 0. The signs of c differences of equal size s add a Binomial(c,
    1/2) multiple of s, so a convolution a size is enough. Every term is positive: each entry has
    nearly full relative precision, however far in the tail it lies.
    """
    chance: Floats = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        chance = _spread(chance, size, _coins(count))
    return chance


def _spread(chance: Floats, size: int, coins: Floats) -> Floats:
    """Convolve with a distribution on 0, size, 2 size, ..."""
    reach, count = len(chance), len(coins) - 1
    if count < 3 * size:  # where a shifted sum a coin is less work than a convolution a remainder
        out = np.zeros(reach + size * count)
        for taken, weight in enumerate(coins.tolist()):
            out[size * taken : size * taken + reach] += weight * chance
        return out
    rows = -(-reach // size)
    padded = np.zeros((rows, size))
    padded.ravel()[:reach] = chance
    whole = np.empty((rows + count, size))
    for rest in range(size):
        whole[:, rest] = np.convolve(padded[:, rest], coins)
    return whole.ravel()[: reach + size * count]


@lru_cache(maxsize=4096)
def _coins(count: int) -> Floats:
    """Binomial(count, 1/2), shape (count + 1,)."""
    if count > MOST_CHOICES:
        from scipy import stats  # half a second of import that few need

        return np.asarray(stats.binom.pmf(np.arange(count + 1), count, 0.5))
    return np.asarray(special.binom(count, np.arange(count + 1)) * 0.5**count)
