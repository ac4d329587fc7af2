"""Holm's correction of a family of p-values (1979, Scand. J. Stat. 6:65).

Written out although statsmodels has it: its `multipletests` collects the garbage of the whole
process at each call, which took longer than the tests that were corrected.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the corrected p-values, in the order given: the s-th smallest of N, times N - s + 1.

    Never less than that of a smaller p-value, and at most 1. Rejecting those below 5 % rejects any
    true hypothesis of the family with a chance of at most 5 %, whatever the dependence.
    """
    p = np.asarray(p_values, dtype=np.float64)
    return [float(q) for q in _stepped(p, len(p) - np.arange(len(p)))]


def holm_both_ways(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return two-sided p-values of pairs after Holm over both directions of each.

    The hypothesis in the direction that was not seen has a p-value of at least a half and is never
    rejected. So with N pairs, the s-th smallest of p_values / 2 is multiplied by 2 N - s + 1.
    """
    return _stepped(p_values / 2, 2 * len(p_values) - np.arange(len(p_values)))


def _stepped(p_values: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float64]:
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps * p_values[order]))
    return corrected
