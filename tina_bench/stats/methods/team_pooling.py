"""What several teams' measurements of one score say together, when teams differ, too.

y_j = theta + u_j + e_j: team j's score, its shift u_j ~ N(0, tau^2) (hardware, prompt, grader, and
whatever else is not stated), and the chance e_j ~ N(0, v_j) of its runs. theta has a flat prior,
tau a half-t with 4 degrees of freedom (Gelman 2006, Bayesian Anal. 1:515; Roever, Bender, Dias et
al. 2021, Res. Synth. Methods 12:448), summed over a grid, so that a single team's score carries the
doubt that one team leaves. With W_j = 1 / (v_j + tau^2) and mu = sum W y / sum W, a value of tau
has the weight

    prior(tau) sqrt(prod W / sum W) exp(-1/2 sum W (y - mu)^2),

and given it theta is N(mu, 1 / sum W). A further team's score is N(mu, 1 / sum W + tau^2 + v).

Validity: the v_j are taken as known, and teams as exchangeable. Simulated and held against
published scores left out one by one: `tests/validation/test_validation_others.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

FREEDOM = 4.0
"""Of the half-t prior."""
TAUS: Floats = np.concatenate([[0.0], np.geomspace(0.05, 30.0, 45)])
"""Points between teams that are summed over."""
HALVINGS = 40
"""Of the interval that a quantile lies in: to some 1e-10 of it."""


@cache
def prior_masses(scale: float) -> Floats:
    """Return the half-t's mass of each value of `TAUS`: of all that is nearest to it.

    Not to be written to.
    """
    edges = (TAUS[1:] + TAUS[:-1]) / 2
    below = 2 * special.stdtr(FREEDOM, edges / scale) - 1
    masses: Floats = np.diff(np.concatenate([[0.0], below, [1.0]]))
    masses.flags.writeable = False
    return masses


@dataclass(frozen=True)
class TeamPool:
    """Posterior of the score that teams have in common: a mixture of normals over tau."""

    weights: Floats
    """Of each value of `TAUS`; they sum to 1."""
    means: Floats
    """Of theta, given it."""
    variances: Floats
    """Of theta, given it."""

    @property
    def mean(self) -> float:
        """Posterior mean of theta."""
        return float(self.weights @ self.means)

    @property
    def tau_median(self) -> float:
        """Posterior median of the SD between teams."""
        return float(TAUS[int(np.searchsorted(np.cumsum(self.weights), 0.5))])

    def tau_above(self, points: float) -> float:
        """Return the posterior chance that teams differ by an SD of more than so many points."""
        return float(self.weights[points < TAUS].sum())

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval of theta."""
        return self._interval(level, self.variances)

    def predictive(self, level: float, variance: float) -> tuple[float, float]:
        """Return the interval of a further team's score, whose own chance has that variance."""
        return self._interval(level, self.variances + TAUS**2 + variance)

    def above(self, value: float) -> float:
        """Return the posterior chance that theta exceeds a value."""
        return self._above(value, self.variances)

    def further_above(self, value: float, variance: float) -> float:
        """Return the chance that a further team's score exceeds a value."""
        return self._above(value, self.variances + TAUS**2 + variance)

    def _above(self, value: float, variances: Floats) -> float:
        return float(self.weights @ special.ndtr((self.means - value) / np.sqrt(variances)))

    def _interval(self, level: float, variances: Floats) -> tuple[float, float]:
        sds = np.sqrt(variances)
        shares = np.array([(1 - level) / 2, (1 + level) / 2])
        reach = special.ndtri(1 - 1e-12) * sds
        low = np.full(2, float((self.means - reach).min()))
        high = np.full(2, float((self.means + reach).max()))
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            below = special.ndtr((middle[:, None] - self.means) / sds) @ self.weights < shares
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        ends = (low + high) / 2
        return float(ends[0]), float(ends[1])


def pool_teams(values: Sequence[float], variances: Sequence[float], scale: float) -> TeamPool:
    """Return the posterior of at least one team's score, each with a variance above zero.

    `scale`: of the prior of tau, in the unit of the values.
    """
    pairs = np.array(sorted(zip(values, variances, strict=True)), dtype=np.float64)
    y, v = pairs[:, 0], pairs[:, 1]
    precision = 1 / (v[None, :] + TAUS[:, None] ** 2)
    total = precision.sum(axis=1)
    means = precision @ y / total
    squares = (precision * (y - means[:, None]) ** 2).sum(axis=1)
    log = np.log(prior_masses(scale)) + 0.5 * (
        np.log(precision).sum(axis=1) - np.log(total) - squares
    )
    weights = np.exp(log - log.max())
    return TeamPool(weights / weights.sum(), means, 1 / total)
