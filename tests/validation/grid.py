"""The cells that every method is validated over, and how a share of hits is counted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Chances = NDArray[np.float64]
"""p_i: each problem's chance of a right answer, shape (n,)."""

N_PROBLEMS = (30, 40, 198, 272, 500)
"""AIME, AMC23, GPQA-diamond, Minerva, MATH-500."""
N_RUNS = (1, 4, 10, 64)


@dataclass(frozen=True)
class Population:
    """Where problems come from."""

    name: str
    draw: Callable[[np.random.Generator, int], Chances]
    mean: float
    """Mean of p_i over endless problems."""


def _mix(*parts: tuple[float, float, float]) -> Population:
    """Problems of several kinds, each (share, alpha, beta) of a Beta; 0 is a sure kind."""
    shares = np.array([share for share, _, _ in parts])
    a = np.array([alpha for _, alpha, _ in parts])
    b = np.array([beta for _, _, beta in parts])

    def draw(rng: np.random.Generator, n: int) -> Chances:
        kind = rng.choice(len(parts), size=n, p=shares)
        sure = (a[kind] == 0) | (b[kind] == 0)
        drawn = rng.beta(np.where(sure, 1, a[kind]), np.where(sure, 1, b[kind]))
        return np.where(sure, (b[kind] == 0).astype(float), drawn)

    means = np.where(a + b > 0, a / (a + b), 0)
    return Population("", draw, float((shares * means).sum()))


def _named(name: str, made: Population) -> Population:
    return Population(name, made.draw, made.mean)


POPULATIONS = (
    _named("coins", _mix((1, 400, 600))),
    _named("spread", _mix((1, 1.2, 1.8))),
    _named("hard, U-shaped (AIME)", _mix((1, 0.35, 0.85))),
    _named("hopeless, sure and between", _mix((0.45, 0, 1), (0.15, 1, 0), (0.4, 2, 2))),
    _named("easy with a tail (MATH-500)", _mix((0.6, 1, 0), (0.3, 6, 1.5), (0.1, 0.7, 2))),
    _named("choices (GPQA)", _mix((1, 1.4, 2.7))),
)
"""Shapes seen in published per-problem results: spread wide, with many sure and hopeless ones."""


def share_interval(hits: int, draws: int) -> tuple[float, float]:
    """The 99.9 % interval of a simulated share (Clopper & Pearson 1934)."""
    found = stats.binomtest(hits, draws).proportion_ci(0.999)
    return float(found.low), float(found.high)
