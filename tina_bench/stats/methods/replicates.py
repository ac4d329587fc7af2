"""What k0 fresh runs of a model would score, given our runs of it.

For given (mu, M) of the hierarchy (`tina_bench.stats.methods.beta_binomial`) the chance p_i of a
problem with x of k answers right is Beta(M mu + x, M (1 - mu) + k - x), so its fresh right answers
out of k0 are Beta-Binomial, and the total over problems is a sum of n independent ones:
Poisson-binomial for k0 = 1 (Hong 2013, Comput. Stat. Data Anal. 59:41), whose distribution is found
exactly from the product of characteristic functions. The totals are then mixed over the posterior
of (mu, M). So both what chance does to fresh answers and what is not known of the p_i are in it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, special

from tina_bench.stats.methods.beta_binomial import Floats, Posterior, fit

MOST_ANSWERS = 2048
"""Fresh answers up to which the total's distribution is exact. Beyond it each component is normal
with its exact mean and variance and a continuity correction: with so many answers in the total the
two differ by less than the mixture's own error."""
LEAST = 1e-12
"""p-values below this are rounding errors of the transform."""


@dataclass(frozen=True)
class Fresh:
    """Distribution of the right answers in k0 fresh runs."""

    answers: int
    """n k0."""
    mean: float
    """Of the share of right answers."""
    sd: float
    """Of the share of right answers."""
    exact: bool
    """Whether `at_most` was summed exactly."""
    at_most: Floats
    """P(total <= s) for s = 0 .. n k0."""

    def p_value(self, low: int, high: int) -> float:
        """Two-sided, of a total known to lie in low .. high: twice the lesser inclusive tail.

        With the total at whichever end is more likely. Conservative on a lattice: the chance of a
        p-value of at most a is at most a.
        """
        below = float(self.at_most[min(high, self.answers)])
        above = 1.0 - float(self.at_most[low - 1]) if low > 0 else 1.0
        return min(1.0, max(2 * min(below, above), LEAST))


def fresh_runs(solved: NDArray[np.int64], k: int, k0: int) -> Fresh:
    """Return what k0 fresh runs would give; `solved` of k answers a problem, shape (n,)."""
    return predict(fit(solved, k), solved, k, k0)


def predict(known: Posterior, solved: NDArray[np.int64], k: int, k0: int) -> Fresh:
    """The same from a posterior at hand."""
    x, times = np.unique(solved, return_counts=True)
    answers = len(solved) * k0
    m = known.concentration[:, None]
    a = m * known.mean[:, None] + x
    b = m * (1 - known.mean[:, None]) + k - x
    share = a / (a + b)
    means = k0 * (share * times).sum(axis=1)
    one = k0 * share * (1 - share) * (1 + (k0 - 1) / (a + b + 1))
    variances = (one * times).sum(axis=1)
    mean = float(known.weight @ means)
    variance = float(known.weight @ (variances + (means - mean) ** 2))
    exact = answers <= MOST_ANSWERS
    if exact:
        at_most = _exact(known.weight, a, b, times, k0, answers)
    else:
        ends = np.arange(answers + 1) + 0.5
        z = (ends[None, :] - means[:, None]) / np.sqrt(variances)[:, None]
        at_most = known.weight @ special.ndtr(z)
    return Fresh(answers, mean / answers, math.sqrt(variance) / answers, exact, at_most)


def _exact(
    weight: Floats, a: Floats, b: Floats, times: NDArray[np.int64], k0: int, answers: int
) -> Floats:
    counts = np.arange(k0 + 1)
    one = np.exp(
        -np.log(k0 + 1)
        - special.betaln(k0 - counts + 1, counts + 1)
        + special.betaln(a[..., None] + counts, b[..., None] + k0 - counts)
        - special.betaln(a, b)[..., None]
    )
    length = fft.next_fast_len(answers + 1, real=True)
    total = np.zeros(length // 2 + 1, dtype=np.complex128)
    for share, row in zip(weight, one, strict=True):
        if share > 1e-9:
            total += share * np.prod(fft.rfft(row, length, axis=-1) ** times[:, None], axis=0)
    chance = np.clip(fft.irfft(total, length)[: answers + 1], 0, None)
    at_most: Floats = np.cumsum(chance) / chance.sum()
    return at_most
