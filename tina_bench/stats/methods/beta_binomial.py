"""How chances of success spread over problems, learnt from a result: a Beta-Binomial hierarchy.

    x_i | p_i ~ Binomial(k, p_i),   p_i ~ Beta(M mu, M (1 - mu)),   M = 1 / rho - 1

with mu the mean chance and rho the intraclass correlation: 0 for coins that are all alike, 1 for
problems that are sure or hopeless. It is the hierarchy that Bowyer et al. 2025 (arXiv 2503.01747)
recommend for repeated answers to few problems. Priors: Jeffreys' Beta(1/2, 1/2) for mu, uniform for
rho. The posterior is summed over a grid; nothing is drawn at random.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

LARGEST = 8.0
"""Logits: chances and correlations within 1 in 3000 of 0 or 1 are taken as that near."""
FINAL = (7, 9)
"""Points of rho and of mu in the posterior: spaced by about one standard deviation, at which the
trapezoidal sum of a smooth density is off by less than 1 in 1000."""


@dataclass(frozen=True)
class Posterior:
    """The posterior of (mu, M) as points with weights that sum to 1, each of shape (points,)."""

    mean: Floats
    """mu."""
    concentration: Floats
    """M: what is known of a problem before its answers weighs as much as M of them."""
    weight: Floats
    """Probability."""


def fit(solved: NDArray[np.int64], k: int) -> Posterior:
    """Return what k answers to each problem say of mu and M; `solved` are counts, shape (n,).

    With k = 1 nothing separates coins from sure problems (the likelihood does not depend on M). M
    is then taken as endless, all problems as equal coins: of all p_i with one mean these vary most
    (Jensen), which errs to the side of chance.
    """
    x, times = np.unique(solved, return_counts=True)
    right, wrong = int(solved.sum()), int(len(solved) * k - solved.sum())
    centre = special.logit((right + 0.5) / (right + wrong + 1))
    width = 5 * np.sqrt(k / (right + 0.5) + k / (wrong + 0.5))
    mu = np.clip(np.linspace(centre - width, centre + width, 17), -LARGEST, LARGEST)
    rho = np.array([-LARGEST]) if k == 1 else np.linspace(-LARGEST, LARGEST, 17)
    for points in ((15, 15), FINAL):
        weight = _weights(x, times, k, mu, rho)
        mu = _around(mu, weight.sum(axis=0), points[1])
        rho = rho if k == 1 else _around(rho, weight.sum(axis=1), points[0])
    weight = _weights(x, times, k, mu, rho)
    correlations, means = np.meshgrid(special.expit(rho), special.expit(mu), indexing="ij")
    return Posterior(means.ravel(), 1 / correlations.ravel() - 1, weight.ravel())


def _weights(
    x: NDArray[np.int64], times: NDArray[np.int64], k: int, mu: Floats, rho: Floats
) -> Floats:
    """Posterior on a grid of logits, shape (rho, mu), summing to 1."""
    mean, correlation = special.expit(mu)[None, :], special.expit(rho)[:, None]
    m = 1 / correlation - 1
    a, b = (m * mean)[..., None], (m * (1 - mean))[..., None]
    answers = times * (special.betaln(a + x, b + k - x) - special.betaln(a, b))
    # Priors in logits: Beta(1/2, 1/2) becomes sqrt(mu (1 - mu)), uniform rho (1 - rho).
    prior = 0.5 * np.log(mean * (1 - mean)) + np.log(correlation * (1 - correlation))
    log_weight = answers.sum(axis=-1) + prior
    weight: Floats = np.exp(log_weight - log_weight.max())
    total: Floats = weight / weight.sum()
    return total


def _around(grid: Floats, weight: Floats, points: int) -> Floats:
    """A grid of equal steps over 3.5 standard deviations to either side of the mean."""
    step = float(grid[1] - grid[0])
    centre = float((grid * weight).sum())
    deviation = max(float(np.sqrt((((grid - centre) ** 2) * weight).sum())), step / 3)
    reach = 3.5 * deviation
    return np.clip(np.linspace(centre - reach, centre + reach, points), -LARGEST, LARGEST)
