"""By how much the highest of m equal runs exceeds their mean."""

from functools import cache

import numpy as np
from scipy import special


@cache
def expected_maximum(m: int) -> float:
    """Return the expected highest of m independent standard normal values."""
    # The trapezoidal rule is exact to rounding for what is smooth and vanishes at both ends.
    x = np.linspace(-12, 12, 4801)
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return float(np.trapezoid(x * m * density * special.ndtr(x) ** (m - 1), x))


@cache
def binomial_excess(n: int, share: float, m: int) -> float:
    """Return E[max] - mean, points, of m runs of n problems that are each solved with `share`."""
    counts = np.arange(n)
    below = special.bdtr(counts, n, share)
    return float(100 * ((1 - below**m).sum() / n - share))
