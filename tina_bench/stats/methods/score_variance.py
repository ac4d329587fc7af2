"""How far chance alone moves a score on fixed problems, and how well that is known.

Write p_i for the chance that a fresh answer to problem i is right. The mean of n x k answers has
variance V / (n k), where V = (1/n) sum p_i (1 - p_i). Everything that asks about "these problems,
sampled afresh" (the interval of an estimate, every verdict) needs V and nothing else of the p_i.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tina_bench.stats.methods.distributions import t_quantile

PSEUDO_ANSWERS = 1
"""Dissenting answers that are added to those seen: one, without which no dissent would mean no
doubt. Agresti & Coull (1998, Am. Stat. 52:119) add two of each kind to a plain count; one was seen
to suffice here, where Student's quantile widens few dissents already."""


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
        return t_quantile((1 + level) / 2, self.degrees_of_freedom)


def answer_variance(solved: NDArray[np.int64], k: int) -> Variance:
    """Return V, the mean over problems of p_i (1 - p_i), in shares squared, never zero.

    `solved`, shape (n,): right answers of each problem out of k.

    For k of 2 and more: the mean of the unbiased U_i = x_i (k - x_i) / (k (k - 1)), plus
    `PSEUDO_ANSWERS` dissenting answers (each is worth U = 1/k). The unbiased mean alone is zero
    when no problem has answers of both kinds, and then claims a certainty that n k answers cannot
    give. Jeffreys' prior a problem was not taken: it adds variance for every unanimous problem, of
    which real tasks have many.

    For k = 1 nothing separates a coin from a mix of sure and hopeless problems. V is then the
    largest value the score allows, P (1 - P) by Jensen's inequality, with a pseudo-answer of
    each kind in P. That is right for coins and too wide, often by a factor of two, for anything
    else. The same bound caps V for larger k.

    Degrees of freedom are 2 V^2 / Var[V] (Satterthwaite 1946, Biometrics Bull. 2:110), where U_i is
    a sample variance of k yes-or-no answers, so that with v = p (1 - p)

        Var[U_i] = (v (1 - 3 v) - v^2 (k - 3) / (k - 1)) / k

    estimated without bias from factorial moments for k of 4 and more; below that, and never above
    it, by U_i^2, which is Var[U_i] for rare dissents and too much for frequent ones.

    Validity: runs must be independent draws. Greedy decoding repeats one answer; callers count such
    runs as one.
    """
    n = len(solved)
    x = np.sort(solved).astype(np.float64)  # sorted: the sum must not depend on the order
    rate = (x.sum() + PSEUDO_ANSWERS) / (n * k + 2 * PSEUDO_ANSWERS)
    bound = float(rate * (1 - rate))
    if k == 1:
        dissent = min(x.sum(), n - x.sum())
        return Variance(bound, float(2 * (dissent + PSEUDO_ANSWERS)))
    unbiased = x * (k - x) / (k * (k - 1))
    variance = float((unbiased**2).sum())
    if k > 3:
        squared = x * (x - 1) * (k - x) * (k - x - 1) / (k * (k - 1) * (k - 2) * (k - 3))
        exact = (unbiased.sum() - (3 + (k - 3) / (k - 1)) * squared.sum()) / k
        variance = min(variance, max(float(exact), 0.0))
    total = unbiased.sum() + PSEUDO_ANSWERS / k
    freedom = 2 * total**2 / (variance + PSEUDO_ANSWERS / k**2)
    return Variance(min(float(total / n), bound), float(freedom))
