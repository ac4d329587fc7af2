"""The paired randomisation test of an average in which every task has a weight of its own."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import fft

from tina_bench.stats.methods.distributions import normal_tail
from tina_bench.stats.methods.sign_flip import (
    MAX_STEPS,
    TINY,
    Floats,
    Integers,
    SignFlip,
    flip_distribution,
)


@dataclass(frozen=True)
class Stratum:
    """Differences that count in a sum with one weight."""

    sizes: Integers
    """Distinct absolute differences above 0."""
    counts: Integers
    """How many have which."""
    weight: int
    """What each unit of them adds to the sum; above 0."""


SLACK = 1 / 100
"""Standard deviations that a weighted sum may be overstated by, at most."""
EXACT = "exact sign-flip test, tasks weighted equally (Fisher 1935)"
ROUNDED = "sign-flip test, tasks weighted equally, exact but for rounding p up (Fisher 1935)"
MOST_POINTS = 2**13
"""Pairs of values up to which two distributions are joined value by value."""
FEW_FLIPS = 64
"""Differences up to which four times as many are: single sums then have a weight that rounding
would be seen by."""


@dataclass(frozen=True)
class _Spread:
    """A distribution over some whole numbers, ascending."""

    sums: Integers
    chances: Floats


def weighted_sign_flip_test(strata: Iterable[Stratum], observed: int) -> SignFlip:
    """Test paired differences by a sum in which each stratum has a weight of its own.

    For averages that give every task equal weight whatever its size. Signs are flipped within
    strata as in `sign_flip_test`, so the test is valid where that is; `observed` is the weighted
    sum of the differences as they are.

    Each stratum's distribution is exact, small ones are joined value by value and large ones on
    their common lattice where it is small: then the p-value is exact. But weights such as 1/30,
    1/198 and 1/272 have no common lattice of a size that can be summed over. So what is left, T
    large distributions, is joined on a coarser one: each sum is rounded up, and none is overstated
    by more than T steps, `SLACK` of the standard deviation. The p-value is then never below the
    exact one, with hundreds of problems mostly within 2 % of it, and `method` says so.

    That joining is a product of Fourier transforms of distributions tilted by exp(theta x), with
    theta such that the observed sum is the mean (Esscher 1932; Robinson 1982, J. R. Stat. Soc. B
    44:91, uses the same theta): so rounding errors are small beside the tail, not beside 1.
    """
    parts = [stratum for stratum in strata if len(stratum.sizes)]
    if not parts or observed == 0:
        return SignFlip(1.0, EXACT)
    # All sums are multiples of this unit, but for an observed one that was made less extreme.
    unit = math.gcd(*(_unit(part) * part.weight for part in parts))
    reached = -(-abs(observed) // unit)
    sizes = np.concatenate([part.sizes * (part.weight / unit) for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    deviation = math.sqrt(float(sizes**2 @ counts))
    if sum(_steps(part) for part in parts) > MAX_STEPS:
        p = 2 * normal_tail(reached / deviation)
        return SignFlip(max(p, TINY), "sign-flip test, tasks weighted equally, normal limit")
    most = MOST_POINTS * (4 if counts.sum() <= FEW_FLIPS else 1)
    joined = _join_small([_distribution(part, unit) for part in parts], most)
    step = max(1, math.floor(SLACK * deviation / len(joined)))
    if len(joined) == 1:
        p = 2 * float(joined[0].chances[joined[0].sums >= reached].sum())
    else:
        p = 2 * _rounded_tail(joined, step, _tilt(sizes, counts, reached), reached)
    method = EXACT if len(joined) == 1 or step == 1 else ROUNDED
    return SignFlip(min(max(p, TINY), 1.0), method)


def _unit(part: Stratum) -> int:
    return math.gcd(*part.sizes.tolist())


def _steps(part: Stratum) -> int:
    return int(part.counts.sum()) * int(part.sizes @ part.counts) // _unit(part)


def _distribution(part: Stratum, unit: int) -> _Spread:
    own = _unit(part)
    chances = flip_distribution(part.sizes // own, part.counts)
    sums = 2 * np.arange(len(chances), dtype=np.int64) - (len(chances) - 1)
    return _Spread(sums * (own * part.weight // unit), chances)


def _join_small(parts: list[_Spread], most: int) -> list[_Spread]:
    """Join the smallest two for as long as that is little work; all values stay as they are."""
    left = sorted(parts, key=lambda part: len(part.sums))
    while len(left) > 1 and len(left[0].sums) * len(left[1].sums) <= most:
        one, other, *left = left
        sums, where = np.unique(np.add.outer(one.sums, other.sums), return_inverse=True)
        weights = np.multiply.outer(one.chances, other.chances).ravel()
        chances = np.asarray(np.bincount(where.ravel(), weights), dtype=np.float64)
        left = sorted([*left, _Spread(sums, chances)], key=lambda part: len(part.sums))
    return left


def _rounded_tail(parts: list[_Spread], step: int, theta: float, reached: int) -> float:
    """Return the chance of a sum of at least `reached`, each part rounded up to whole steps."""
    tilted: list[Floats] = []
    first, log_scale = 0, 0.0
    for part in parts:
        cells = -(-part.sums // step)
        low = int(cells[0])
        with np.errstate(divide="ignore"):
            logs = np.log(np.bincount(cells - low, weights=part.chances))
        logs += theta * step * np.arange(len(logs))
        top = float(logs.max())
        tilted.append(np.exp(logs - top))
        log_scale += top
        first += low
    whole = _convolve(tilted)
    needed = max(0, -(-reached // step) - first)
    tail = whole[needed:]
    mass = float((tail * np.exp(-theta * step * np.arange(len(tail)))).sum())
    if mass <= 0:
        return 0.0
    return math.exp(min(0.0, math.log(mass) + log_scale - theta * step * needed))


def _tilt(sizes: Floats, counts: Integers, reached: int) -> float:
    """Return about the theta at which the tilted mean is the observed sum.

    Newton from below: the tilted mean is concave in theta, so no step goes too far. A theta that is
    a little off costs precision, not truth.
    """
    theta = reached / float(sizes**2 @ counts)
    most = 20 / float(sizes.max())
    for _ in range(8):
        if theta >= most:
            return most
        pull = np.tanh(theta * sizes)
        slope = float(((1 - pull**2) * sizes**2) @ counts)
        theta += (reached - float((pull * sizes) @ counts)) / slope
    return min(theta, most)


def _convolve(parts: list[Floats]) -> Floats:
    """Return the distribution of the sum of independent parts."""
    length = sum(len(part) - 1 for part in parts) + 1
    padded = fft.next_fast_len(length, real=True)
    product = fft.rfft(parts[0], padded)
    for part in parts[1:]:
        product *= fft.rfft(part, padded)
    return np.clip(fft.irfft(product, padded)[:length], 0.0, None)
