"""How far chance alone moves a score on fixed problems, and how well that is known.

Write p_i for the chance that a fresh answer to problem i is right. The mean of n x k answers has
variance V / (n k), where V = (1/n) sum p_i (1 - p_i). Everything that asks about "these problems,
sampled afresh" (the interval of an estimate, every verdict) needs V and nothing else of the p_i.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from tina_bench.stats.answers import BoolMatrix

PSEUDO_ANSWERS = 2
"""Half of "plus four" (Agresti & Coull 1998): about z^2 / 2 dissenting answers at 95 %."""


@dataclass(frozen=True)
class Variance:
    """An estimated variance and how well it is known."""

    value: float
    """The variance, in the square of the unit of what varies."""
    degrees_of_freedom: float
    """Of the chi-square that its estimate is like; infinite for a variance taken as known."""

    def scaled(self, factor: float) -> "Variance":
        """Return the variance times a constant, known as well as before."""
        return Variance(self.value * factor, self.degrees_of_freedom)

    def plus(self, other: "Variance") -> "Variance":
        """Return the variance of the sum of independent parts with separately estimated variances.

        Degrees of freedom by Welch (1947, Biometrika 34:28) and Satterthwaite (1946).
        """
        total = self.value + other.value
        parts = sum(part.value**2 / part.degrees_of_freedom for part in (self, other))
        return Variance(total, total**2 / parts if parts > 0 else np.inf)

    def half_width(self, level: float) -> float:
        """Return half the width of a two-sided Student-t interval at `level`, such as 0.95."""
        return self.quantile(level) * float(np.sqrt(self.value))

    def quantile(self, level: float) -> float:
        """Return the two-sided Student-t quantile at `level`."""
        return float(stats.t.ppf((1 + level) / 2, self.degrees_of_freedom))


def answer_variance(correct: BoolMatrix) -> Variance:
    """Return V, the mean over problems of p_i (1 - p_i), in shares squared, never zero.

    `correct` has shape (n problems, k runs).

    For k of 2 and more: the mean of the unbiased U_i = x_i (k - x_i) / (k (k - 1)), which is also
    the value at the method-of-moments Beta-Binomial, plus `PSEUDO_ANSWERS` dissenting answers (each
    is worth U = 1/k). The unbiased mean alone is zero when no problem has answers of both kinds,
    and then claims a certainty that n k answers cannot give; with the pseudo-answers an all-correct
    task gets the width of Agresti & Coull (1998). Jeffreys' prior a problem was not taken: it puts
    p_i (1 - p_i) = 0.125 on every problem with k = 1, half of what coins need, and adds variance
    for every unanimous problem, of which real tasks have many.

    For k = 1 nothing tells a coin from a mix of sure and hopeless problems. V is then the largest
    value the score allows, P (1 - P) by Jensen's inequality, with P as in Agresti & Coull. That
    is right for coins and too wide, often by a factor of two, for anything else. The same bound
    caps V for larger k.

    Degrees of freedom are 2 E[V]^2 / Var[V] (Satterthwaite 1946) with Var from the sum of U_i^2, as
    for rare independent dissents: 4 when there is no dissent at all, about twice the number of
    mixed problems otherwise. They thicken the tails that Holm's correction reaches into, where the
    normal quantile was seen to reject up to 2 % instead of 0.8 %.

    Validity: runs must be independent draws. Greedy decoding repeats one answer, and V then says
    nothing about chance.
    """
    n, k = correct.shape
    x = correct.sum(axis=1)
    rate = (x.sum() + PSEUDO_ANSWERS) / (n * k + 2 * PSEUDO_ANSWERS)
    bound = float(rate * (1 - rate))
    if k == 1:
        dissent = min(x.sum(), n - x.sum())
        return Variance(bound, float(2 * (dissent + PSEUDO_ANSWERS)))
    unbiased = x * (k - x) / (k * (k - 1))
    total = unbiased.sum() + PSEUDO_ANSWERS / k
    squares = (unbiased**2).sum() + PSEUDO_ANSWERS / k**2
    return Variance(min(float(total / n), bound), float(2 * total**2 / squares))
