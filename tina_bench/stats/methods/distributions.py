"""Student's t and the normal distribution, from `scipy.special`.

To the last bit what `scipy.stats` gives, which calls these functions and adds half a second
of import and some 50 microseconds a call: most of what a small change to a large board would take.
Infinite degrees of freedom are the normal distribution; NaN stays NaN. Arrays broadcast.
"""

from typing import overload

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


@overload
def t_quantile(share: float, freedom: float) -> float: ...
@overload
def t_quantile(share: float, freedom: Floats) -> Floats: ...
def t_quantile(share: float, freedom: float | Floats) -> float | Floats:
    """Return the value that a share of Student's t lies below."""
    found = special.stdtrit(freedom, share)
    return float(found) if np.ndim(found) == 0 else np.asarray(found)


def t_tail(value: float, freedom: float) -> float:
    """Return the share of Student's t above the value."""
    return float(special.stdtr(freedom, -value))


def normal_quantile(share: float) -> float:
    """Return the value that a share of the normal distribution lies below."""
    return float(special.ndtri(share))


def normal_tail(value: float) -> float:
    """Return the share of the normal distribution above the value."""
    return float(special.ndtr(-value))
