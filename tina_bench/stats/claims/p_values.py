"""How far a result lies from a claim, and how far chance could have put it.

Two questions, and two tests.

- Is the claimed value a plausible outcome of the claim's k0 fresh runs, if the model is ours? The
  distribution of such an outcome is found from our answers (`tina_bench.stats.methods.replicates`),
  on the lattice of k0 runs of n problems; every value that rounds to what was printed counts for
  the claim. Student-t on the variances guards against chances that are spread unlike a Beta: the
  greater p-value of the two stands.
- Is the claimed value, taken as the number it is, within the margin of our expected score? Only our
  own uncertainty enters: a claim from one run is hard to contradict, but no harder to confirm.

A claim about a recipe, with a standard deviation s between m trainings, is about the mean of
trainings of which ours is one: s^2 (1 + 1/m) and s^2 join the two variances, and Student-t on the
sum stands for the exact distribution. Lengths here are points, variances points squared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, sqrt

from tina_bench.catalog.schema import AverageClaim, Claim
from tina_bench.stats.cache import NO_CACHE, RecordCache
from tina_bench.stats.methods.distributions import normal_tail, t_tail
from tina_bench.stats.methods.replicates import fresh_runs
from tina_bench.stats.methods.score_variance import Variance, answer_variance
from tina_bench.stats.outcome_matrix import Counts, correct_answers, independent_answers
from tina_bench.stats.types import Interval, Question, Shape
from tina_bench.store.records import ResultRecord

SIZE = 0.05
"""Of each test: equivalence of a claim, and difference over the family of claims."""

EQUIVALENCE_LEVEL = 1 - 2 * SIZE
"""Two one-sided tests at 5 % pass when the 90 % interval lies within the margin (Schuirmann 1987,
J. Pharmacokinet. Biopharm. 15:657)."""

POWER = 0.8
"""Chance of a decision that further seeds are counted for."""
TAIL_GUARD = 1.2
"""Where Holm's correction reaches, at 0.001, both tests were seen to reject up to a tenth too often
(four runs of ours, ten of the claim's); p is taken this much larger, so that families keep 5 %."""
MOST_RUNS = 100_000
"""No more runs than these are ever suggested."""


@dataclass(frozen=True)
class ClaimTest:
    """A result against a claim."""

    measured: float
    """Our avg@k, percent."""
    difference: float
    """Ours minus claimed, points."""
    rounding: float
    """Half a unit of the last printed digit: the claim may be off by that much."""
    n: int
    """Problems; 1 for an average, whose `answer` is then that of one run of all its tasks."""
    k: float
    """Our independent runs; for an average over tasks with unequal numbers of them, a mean."""
    k0: int
    """The claim's runs; 1 where it does not say."""
    answer: Variance
    """Of one answer, averaged over problems."""
    training: Variance
    """Of one training against the claim's mean of several; zero for fixed weights."""
    own_training: Variance
    """Of one training against the mean of endless ones; zero for fixed weights."""
    p_value: float
    """Two-sided: that k0 fresh runs would print a value this far from ours or farther."""
    p_method: str
    """How it was found."""

    @property
    def interval(self) -> Interval:
        """The 90 % interval of our expected score minus the claim, widened by its rounding."""
        half = self._own().half_width(EQUIVALENCE_LEVEL) + self.rounding
        return Interval(
            low=self.difference - half,
            high=self.difference + half,
            level=EQUIVALENCE_LEVEL,
            question=Question.SAME_PROBLEMS,
            method="Student-t on the within-problem binomial variance of our runs and, for a "
            "recipe, of trainings, widened by the claim's rounding",
        )

    def is_equivalent(self, margin: float) -> bool:
        """Whether our expected score and the claim differ by less than `margin` points, at 5 %."""
        return -margin <= self.interval.low and self.interval.high <= margin

    def is_beyond(self, margin: float) -> bool:
        """Whether our expected score lies outside the margin whatever chance did to our runs."""
        return self.interval.low > margin or self.interval.high < -margin

    @property
    def chance_of_claim(self) -> float:
        """Standard deviation of the claim's own k0 runs, and of trainings, points."""
        return sqrt(self.answer.value / self.n / self.k0 + self.training.value)

    @property
    def least_half_width(self) -> float:
        """Half the width of the 90 % interval that is left with endless runs of ours, points."""
        return self.own_training.half_width(EQUIVALENCE_LEVEL) + self.rounding

    def chance_to_decide(self, runs: float, margin: float, family: int) -> float:
        """Return the chance that `runs` runs of ours in all, more than now, decide the claim.

        Decided is equivalent, or different at Bonferroni's level in a family of that size (Holm's
        is at least as easy). Our score then is normal around ours now with variance
        V/n (1/k - 1/k'): what the runs so far leave open, less what will still be open (predictive
        power: Spiegelhalter, Freedman & Blackburn 1986, Control. Clin. Trials 7:8). V and its
        degrees of freedom are taken to stay as they are.
        """
        own, of_claim = self._own(runs), self._fresh(runs)
        inside = margin - own.half_width(EQUIVALENCE_LEVEL) - self.rounding
        outside = of_claim.half_width(1 - SIZE / family) + self.rounding
        if inside >= outside:
            return 1.0
        deviation = sqrt(self.answer.value / self.n * (1 / self.k - 1 / runs))
        if deviation == 0:
            return float(abs(self.difference) <= inside or abs(self.difference) >= outside)

        def above(bound: float) -> float:
            return normal_tail((bound - self.difference) / deviation)

        contradicted = 1 - above(-outside) + above(outside)
        return contradicted + max(above(-inside) - above(inside), 0.0)

    def further_runs_to_decide(self, margin: float, family: int) -> int | None:
        """Return about how many more runs of ours decide with 80 % power; `None` if none do.

        With k = 1 the variance is an upper bound, and a second run may show that far fewer are
        needed.
        """
        if self.chance_to_decide(MOST_RUNS, margin, family) < POWER:
            return None
        low, high = 0, 1
        while self.chance_to_decide(self.k + high, margin, family) < POWER:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            if self.chance_to_decide(self.k + middle, margin, family) < POWER:
                low = middle
            else:
                high = middle
        return high

    def _own(self, k: float | None = None) -> Variance:
        """Of our score around its expectation, with `k` runs instead of those we have."""
        return self.answer.scaled(1 / (self.k if k is None else k) / self.n).plus(self.own_training)

    def _fresh(self, k: float | None = None) -> Variance:
        """Of the difference between our score and the claim's."""
        runs = self.k if k is None else k
        return self.answer.scaled((1 / runs + 1 / self.k0) / self.n).plus(self.training)


def claim_p_value(claim: Claim, record: ResultRecord, cache: RecordCache = NO_CACHE) -> ClaimTest:
    """Return the evidence that a record holds on a claim; both must be of the same model and task.

    A claim that does not state its runs is taken to rest on one, which makes it harder to
    contradict. The standard deviation between m trainings is taken to be estimated from those same
    m, so it brings m - 1 degrees of freedom; with m = 1 it cannot be, and is taken as known.
    """
    solved, k = independent_answers(record)
    measured = 100 * float(correct_answers(record).mean())
    training = own_training = Variance(0.0, inf)
    answer = answer_variance(solved, k).scaled(100**2)
    n, k0, rounding = record.n, claim.runs or 1, 0.5 * 10.0**-claim.decimals
    if claim.trainings is not None and claim.training_sd_points is not None:
        freedom = claim.trainings - 1 if claim.trainings > 1 else inf
        own_training = Variance(claim.training_sd_points**2, freedom)
        training = own_training.scaled(1 + 1 / claim.trainings)
        variance = answer.scaled((1 / k + 1 / k0) / n).plus(training)
        p_value = _student_p(measured - claim.value_percent, rounding, variance)
        p_method = "Student-t on the variances of both sides' runs and trainings (Welch 1947)"
    else:
        asked = (claim.value_percent, rounding, k0)
        found = cache.of_records(
            "outcome", [record], asked, OutcomeP, lambda: _outcome(solved, k, *asked)
        )
        p_value, p_method = found.p_value, found.method
    return ClaimTest(
        measured=measured,
        difference=measured - claim.value_percent,
        rounding=rounding,
        n=n,
        k=k,
        k0=k0,
        answer=answer,
        training=training,
        own_training=own_training,
        p_value=p_value,
        p_method=p_method,
    )


class OutcomeP(Shape):
    """What `outcome_p` returns."""

    p_value: float
    """At most 1."""
    method: str
    """How it was found."""


def _outcome(solved: Counts, k: int, claimed: float, rounding: float, k0: int) -> OutcomeP:
    p_value, method = outcome_p(solved, k, claimed, rounding, k0)
    return OutcomeP(p_value=p_value, method=method)


def outcome_p(
    solved: Counts, k: int, claimed_percent: float, rounding: float, k0: int
) -> tuple[float, str]:
    """Return the p-value of a claim as an outcome of k0 fresh runs, and how it was found.

    The greater one of two: of the distribution of fresh runs, which is exact on the lattice but
    takes chances to be spread like a Beta, and of Student's t, which knows no lattice but assumes
    nothing of how chances are spread.
    Times `TAIL_GUARD`, at most 1. `solved`, shape (n,): right answers of each problem out of k.
    """
    n = len(solved)
    variance = answer_variance(solved, k).scaled(100**2 * (1 / k + 1 / k0) / n)
    by_student = _student_p(100 * solved.sum() / (n * k) - claimed_percent, rounding, variance)
    fresh = fresh_runs(solved, k, k0)
    by_lattice = fresh.p_value(*printed_totals(claimed_percent, rounding, n * k0))
    sum_of = "exact Poisson-binomial sum (Hong 2013)" if fresh.exact else "normal components"
    return min(1.0, TAIL_GUARD * max(by_lattice, by_student)), (
        "twice the tail of k0 fresh runs' total under a Beta-Binomial hierarchy (after Bowyer "
        f"et al. 2025, arXiv 2503.01747), {sum_of}; or Student-t on the variances (Welch 1947), if "
        "that is greater"
    )


def average_p_value(claim: AverageClaim, records: Sequence[ResultRecord]) -> ClaimTest:
    """Return the evidence of our results on all tasks of a published average, equally weighted.

    One run of all T tasks has variance sum V_t / n_t / T^2. Totals of tasks of different sizes lie
    on no common lattice, so Student-t on that variance stands for the exact distribution; over six
    tasks with a thousand problems it is close. k0 counts runs of every task.
    """
    ordered = sorted(records, key=lambda record: record.task)
    answers = [independent_answers(record) for record in ordered]
    parts = [
        (answer_variance(solved, k).scaled(100**2 / len(solved) / len(records) ** 2), k)
        for solved, k in answers
    ]
    one_run, own = Variance(0.0, inf), Variance(0.0, inf)
    for part, k in parts:
        one_run, own = one_run.plus(part), own.plus(part.scaled(1 / k))
    measured = 100 * sum(float(correct_answers(r).mean()) for r in ordered) / len(ordered)
    k0, rounding = claim.runs or 1, 0.5 * 10.0**-claim.decimals
    fresh = own.plus(one_run.scaled(1 / k0))
    return ClaimTest(
        measured=measured,
        difference=measured - claim.value_percent,
        rounding=rounding,
        n=1,
        k=one_run.value / own.value,
        k0=k0,
        answer=one_run,
        training=Variance(0.0, inf),
        own_training=Variance(0.0, inf),
        p_value=_student_p(measured - claim.value_percent, rounding, fresh),
        p_method="Student-t on the variances of both sides' runs, summed over tasks (Welch 1947)",
    )


def _student_p(difference: float, rounding: float, variance: Variance) -> float:
    """Two-sided, with the claim at whichever end of its rounding is nearest to ours."""
    excess = max(abs(difference) - rounding, 0.0)
    return 2 * t_tail(excess / sqrt(variance.value), variance.degrees_of_freedom)


def printed_totals(value_percent: float, rounding: float, answers: int) -> tuple[int, int]:
    """Return the lowest and highest number of right answers that print as the value, both incl.

    Where none does (the value is impossible for that many answers), the nearest ones to either
    side, so that the claim gets the benefit of the doubt; the audits say that it is impossible.
    """
    slack = 1e-9 * answers
    low = ceil((value_percent - rounding) / 100 * answers - slack)
    high = floor((value_percent + rounding) / 100 * answers + slack)
    if low > high:
        low, high = high, low
    return max(low, 0), min(high, answers)
