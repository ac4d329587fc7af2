"""The paired randomisation test of Fisher (1935, The Design of Experiments, section 21)."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

MAX_STEPS = 200_000_000
"""Additions that an exact distribution may take: about a fifth of a second."""


@dataclass(frozen=True)
class SignFlip:
    """Outcome of a test."""

    p_value: float
    """Two-sided, above 0."""
    method: str
    """How it was found."""


def sign_flip_test(differences: NDArray[np.int64]) -> SignFlip:
    """Test that paired differences are as likely to be positive as negative, by their sum.

    `differences`, shape (n,), are counted in any common unit: as whole numbers they lie on a
    lattice, on which the distribution of the sum over all 2^n flips of signs is a product of n
    two-term polynomials (Pagano & Tritchler 1983, J. Am. Stat. Assoc. 78:435). So the p-value is
    exact where scipy's `permutation_test` must draw at random beyond n of about 15, and
    `wilcoxon` would rank, and so weigh, problems by how many others are tied with them.

    Exact at any n when each difference is symmetric around zero, as when two equal models are asked
    equally often. When they are asked differently often, or are equal only on average over
    problems, it holds for large n (Romano 1990, J. Am. Stat. Assoc. 85:686).

    Beyond `MAX_STEPS` additions, which takes thousands of problems or numbers of runs without
    common divisors, the normal limit of the same distribution replaces it, and `method` says so.
    """
    sizes = np.abs(differences)
    sizes = np.sort(sizes[sizes > 0])
    if len(sizes) == 0:
        return SignFlip(1.0, "exact sign-flip test (no problem differs)")
    unit = math.gcd(*sizes.tolist())
    sizes //= unit
    total = int(sizes.sum())
    observed = abs(int(differences.sum())) // unit
    tiny = float(np.finfo(np.float64).tiny)  # a p-value of 0 would be a lie about underflow
    if len(sizes) * total > MAX_STEPS:
        scale = float(np.sqrt((sizes.astype(np.float64) ** 2).sum()))
        p = 2 * float(stats.norm.sf(observed / scale))
        return SignFlip(max(p, tiny), "sign-flip test, normal limit of its distribution")
    # chance[j]: that the sizes seen so far whose sign is positive add up to j.
    chance = np.zeros(total + 1)
    chance[0] = 1.0
    reach = 0
    for size in sizes.tolist():
        half = chance[: reach + 1] / 2
        chance[: reach + 1] = half
        chance[size : size + reach + 1] += half
        reach += size
    sums = 2 * np.arange(total + 1) - total
    p = float(chance[np.abs(sums) >= observed].sum())
    return SignFlip(min(max(p, tiny), 1.0), "exact sign-flip test over problems (Fisher 1935)")
