"""How far a result lies from a claim, and how far chance could have put it.

Under the hypothesis that claim and result come from the same model on the same problems, the two
scores differ by chance alone, with variance

    V / (n k)  +  V / (n k0)  +  s^2 (1 + 1/m)

where V is the answer variance (`tina_bench.stats.spread`), k our runs, k0 the claim's, and, only
for a claim about a recipe, s the standard deviation between trainings and m the trainings averaged:
ours is one more training. Lengths here are points, variances points squared.
"""

from dataclasses import dataclass
from math import ceil, inf

import numpy as np
from scipy import stats

from tina_bench.catalog.schema import Claim
from tina_bench.stats.answers import correct_answers
from tina_bench.stats.shapes import Interval, Question
from tina_bench.stats.spread import Variance, answer_variance
from tina_bench.store.records import ResultRecord

SIZE = 0.05
"""Of each test: equivalence of a claim, and difference over the family of claims."""

EQUIVALENCE_LEVEL = 1 - 2 * SIZE
"""Two one-sided tests at 5 % pass when the 90 % interval lies within the margin (Schuirmann 1987,
J. Pharmacokinet. Biopharm. 15:657)."""


@dataclass(frozen=True)
class Evidence:
    """A result against a claim."""

    measured: float
    """Our avg@k, percent."""
    difference: float
    """Ours minus claimed, points."""
    rounding: float
    """Half a unit of the last printed digit: the claim may be off by that much."""
    n: int
    """Problems."""
    k: int
    """Our runs."""
    k0: int
    """The claim's runs; 1 where it does not say."""
    answer: Variance
    """Of one answer, averaged over problems."""
    training: Variance
    """Of one training against the claim's mean of several; zero for fixed weights."""

    def variance(self, k: float | None = None) -> Variance:
        """Return the variance of the difference, with `k` runs of ours instead of those we have."""
        runs = self.k if k is None else k
        return self.answer.scaled((1 / runs + 1 / self.k0) / self.n).plus(self.training)

    @property
    def p_value(self) -> float:
        """Two-sided, with the claim at whichever end of its rounding is nearest to ours."""
        variance = self.variance()
        excess = max(abs(self.difference) - self.rounding, 0.0)
        t = excess / np.sqrt(variance.value)
        return float(2 * stats.t.sf(t, variance.degrees_of_freedom))

    @property
    def interval(self) -> Interval:
        """The 90 % interval of the difference, widened by the claim's rounding."""
        half = self.variance().half_width(EQUIVALENCE_LEVEL) + self.rounding
        return Interval(
            low=self.difference - half,
            high=self.difference + half,
            level=EQUIVALENCE_LEVEL,
            question=Question.SAME_PROBLEMS,
            method="Student-t on the variance of our runs, the claim's runs and, for a recipe, "
            "trainings, widened by the claim's rounding",
        )

    def is_equivalent(self, margin: float) -> bool:
        """Whether ours and the claim differ by less than `margin` points, tested at 5 %."""
        return -margin <= self.interval.low and self.interval.high <= margin

    @property
    def least_half_width(self) -> float:
        """Half the width of the 90 % interval that is left with endless runs of ours, points."""
        return self._quantile(EQUIVALENCE_LEVEL) * self._least_error + self.rounding

    def further_runs_to_decide(self, margin: float, family: int) -> int | None:
        """Return about how many more runs of ours would settle the claim; `None` if none can.

        Settled is equivalent, or different at Bonferroni's level in a family of that size (Holm's
        is at least as easy), whichever is nearer. About, because it takes our score, the answer
        variance and its degrees of freedom to stay as they are. With k = 1 that variance is an
        upper bound, and a second run may show that far fewer are needed.
        """
        apart = abs(self.difference)
        largest_error = max(
            (margin - apart - self.rounding) / self._quantile(EQUIVALENCE_LEVEL),
            (apart - self.rounding) / self._quantile(1 - SIZE / family),
        )
        if largest_error <= self._least_error:
            return None
        runs = self.answer.value / self.n / (largest_error**2 - self._least_error**2)
        return max(1, ceil(runs - self.k))

    @property
    def _least_error(self) -> float:
        return float(np.sqrt(self.variance(inf).value))

    def _quantile(self, level: float) -> float:
        return self.variance().quantile(level)


def weigh(claim: Claim, record: ResultRecord) -> Evidence:
    """Return the evidence that a record holds on a claim; both must be of the same model and task.

    A claim that does not state its runs is taken to rest on one, which makes both tests harder to
    pass. The standard deviation between m trainings is taken to be estimated from those same m, so
    it brings m - 1 degrees of freedom; with m = 1 it cannot be, and is taken as known.
    """
    correct = correct_answers(record)
    measured = 100 * float(correct.mean())
    training = Variance(0.0, inf)
    if claim.trainings is not None and claim.training_sd_points is not None:
        training = Variance(
            claim.training_sd_points**2 * (1 + 1 / claim.trainings),
            claim.trainings - 1 if claim.trainings > 1 else inf,
        )
    return Evidence(
        measured=measured,
        difference=measured - claim.value_percent,
        rounding=0.5 * 10.0**-claim.decimals,
        n=record.n,
        k=record.k,
        k0=claim.runs or 1,
        answer=answer_variance(correct).scaled(100**2),
        training=training,
    )
