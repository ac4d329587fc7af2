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
NEGLIGIBLE = 1e-6
"""Weight that a difference may leave out in all."""
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
class Mixture:
    """A mixture of normals: what is known of a score, or of a difference."""

    weights: Floats
    """They sum to 1."""
    means: Floats
    variances: Floats

    @property
    def mean(self) -> float:
        """Its mean."""
        return float(self.weights @ self.means)

    def above(self, value: float) -> float:
        """Return the chance of more than a value."""
        return float(self.weights @ special.ndtr((self.means - value) / np.sqrt(self.variances)))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval."""
        sds = np.sqrt(self.variances)
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

    def minus(self, other: "Mixture") -> "Mixture":
        """Return the difference from another that is independent of it.

        Components that together weigh less than a millionth are left out.
        """
        weights = np.outer(self.weights, other.weights).ravel()
        means = np.subtract.outer(self.means, other.means).ravel()
        variances = np.add.outer(self.variances, other.variances).ravel()
        order = np.argsort(weights)
        kept = np.sort(order[np.cumsum(weights[order]) > NEGLIGIBLE])
        total = weights[kept].sum()
        return Mixture(weights[kept] / total, means[kept], variances[kept])


@dataclass(frozen=True)
class TeamPool:
    """Posterior of the score that teams have in common, over the values of `TAUS`."""

    theta: Mixture
    """A component for each value of `TAUS`."""

    @property
    def mean(self) -> float:
        """Posterior mean of theta."""
        return self.theta.mean

    @property
    def tau_median(self) -> float:
        """Posterior median of the SD between teams."""
        return float(TAUS[int(np.searchsorted(np.cumsum(self.theta.weights), 0.5))])

    def tau_above(self, points: float) -> float:
        """Return the posterior chance that teams differ by an SD of more than so many points."""
        return float(self.theta.weights[points < TAUS].sum())

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval of theta."""
        return self.theta.interval(level)

    def predictive(self, level: float, variance: float) -> tuple[float, float]:
        """Return the interval of a further team's score, whose own chance has that variance."""
        return self._further(variance).interval(level)

    def above(self, value: float) -> float:
        """Return the posterior chance that theta exceeds a value."""
        return self.theta.above(value)

    def further_above(self, value: float, variance: float) -> float:
        """Return the chance that a further team's score exceeds a value."""
        return self._further(variance).above(value)

    def _further(self, variance: float) -> Mixture:
        theta = self.theta
        return Mixture(theta.weights, theta.means, theta.variances + TAUS**2 + variance)


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
    return TeamPool(Mixture(weights / weights.sum(), means, 1 / total))
