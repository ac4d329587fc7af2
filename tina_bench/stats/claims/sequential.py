"""Verdicts that may be looked at after every run: stop when decided, and stay honest.

A fixed design's test is wrong far more often than it says where the number of runs is chosen by
looking at the results. The methods here hold at every number of runs at once, whatever the reason
to stop, to go on, or to add runs to a result that has already been seen.

Each answer is a bet against a candidate score (`tina_bench.stats.methods.betting`); the candidates
that the bets have not refuted are a confidence sequence, whose bounds only tighten as runs come in.
They depend on the order of runs, which is that of the seeds, and on nothing else.

Validity: every n, every k, every p_i; no asymptotics. It ends where runs are not independent
draws: greedy decoding, or seeds that were left out for what they gave.
"""

from scipy import special

from tina_bench.catalog.schema import Claim, Task
from tina_bench.errors import UsageError
from tina_bench.stats.claims.p_values import SIZE, printed_totals
from tina_bench.stats.methods.betting import Capital
from tina_bench.stats.outcome_matrix import BoolMatrix, correct_answers
from tina_bench.stats.types import Interval, Question, Shape, Verdict
from tina_bench.store.records import ResultRecord, UntilDecided

METHOD = (
    "confidence sequence by betting (Waudby-Smith & Ramdas 2024, arXiv 2010.01686) on every answer "
    "against guesses by problem (Hoeffding 1956; Ville 1939)"
)


class SequentialDecision(Shape):
    """What runs that were looked at as they came say of one claim."""

    verdict: Verdict | None
    """`REPRODUCED` or `NOT_REPRODUCED`; `None` while it is open."""
    decided_after: int | None
    """Runs after which it was decided; later ones do not change it."""
    runs: int
    """Runs seen."""
    measured_percent: float
    """Share of right answers over all runs, percent."""
    low_percent: float
    """Lower bound of our expected score, percent: wrong at any time with chance 5 % at most."""
    high_percent: float
    """Upper bound, likewise."""
    claim_low_percent: float
    """Least expected score of which k0 fresh runs may plausibly print the claim, percent."""
    claim_high_percent: float
    """Largest such score."""
    family_low_percent: float
    """Lower bound of our expected score at the family's level, percent: beside the claim's."""
    family_high_percent: float
    """Upper bound at the family's level, percent."""
    k0: int
    """Runs of the claim."""
    margin_points: float
    """Margin of equivalence."""
    family: int
    """Claims among which the size of NOT_REPRODUCED is divided."""

    @property
    def interval(self) -> Interval:
        """Our expected score's 90 % confidence sequence as it stands, percent."""
        return Interval(
            low=self.low_percent,
            high=self.high_percent,
            level=1 - 2 * SIZE,
            question=Question.SAME_PROBLEMS,
            method=METHOD,
        )


def confidence_sequence(correct: BoolMatrix, level: float, *, resolution: float) -> Interval:
    """Return where the expected score lies, percent, by a bound that holds at every k at once.

    `correct`, shape (n problems, k runs), runs in the order in which they were made. `level` is two
    one-sided ones together: each bound is wrong at any time with chance (1 - level) / 2 at most.
    `resolution`, points: the half-width that should be reached soonest; it must not be chosen by
    looking at the answers.
    """
    capital = Capital(correct, resolution / 100)
    low, high = capital.bounds((1 - level) / 2)
    return Interval(
        low=100 * low,
        high=100 * high,
        level=level,
        question=Question.SAME_PROBLEMS,
        method=METHOD,
    )


def decide_claim(
    claim: Claim, task: Task, record: ResultRecord, declared: UntilDecided
) -> SequentialDecision:
    """`decide` for a result whose family was declared before the first look."""
    return decide(
        correct_answers(record),
        claimed_percent=claim.value_percent,
        decimals=claim.decimals,
        k0=claim.runs or 1,
        margin_points=task.margin_points,
        family=declared.family,
    )


def decide(
    correct: BoolMatrix,
    *,
    claimed_percent: float,
    decimals: int,
    k0: int,
    margin_points: float,
    family: int,
) -> SequentialDecision:
    """Return what the runs so far say of a claim; the first decision in their order stands.

    `correct`, shape (n, k), in the order of seeds, of which none is left out. A decision that fell
    after some run falls after the same run whatever was added later, so a verdict never changes on
    more data.

    REPRODUCED: both bounds lie within the margin of every value that prints as the claim. Two
    one-sided tests need no more than each of them at 5 %, since theta cannot lie beyond both ends
    of the margin: so each bound is wrong at any time with chance 5 % at most, which together is a
    90 % confidence sequence. If theta is the margin or more away from the claim, the verdict is
    ever reached with chance 5 % at most; it is not corrected for the number of claims.

    NOT_REPRODUCED: for no theta within our bounds is a score at the claim's nearer end a plausible
    outcome of k0 fresh runs. Of 0.05 / family, one quarter goes to each of our two bounds and one
    to each tail of the fresh runs (union bound; Bonferroni over the family, which was declared
    before the first look). Their total of N = n k0 answers is Poisson-binomial, and where it is
    an answer or more beyond its mean its tail is at most the binomial one (Hoeffding 1956, Ann.
    Math. Stat. 27:713, theorem 4). So the scores that leave the claim plausible are those of the
    interval of Clopper & Pearson (1934, Biometrika 26:404), and the claim is contradicted when ours
    and it have no score in common. It may be that the two differ by less than the margin.

    Raises `UsageError` for no answers, no runs of the claim, or no margin.
    """
    _check(correct, k0=k0, margin_points=margin_points, family=family)
    n, k = correct.shape
    capital = Capital(correct, margin_points / 100)
    rounding = 0.5 * 10.0**-decimals
    slack = (margin_points - rounding) / 100
    claim_low, claim_high = plausible_scores(
        *printed_totals(claimed_percent, rounding, n * k0), n * k0, SIZE / family / 4
    )
    inside = _first_run_of_both(
        capital.first_refuted(claimed_percent / 100 - slack, SIZE, upwards=True),
        capital.first_refuted(claimed_percent / 100 + slack, SIZE, upwards=False),
    )
    if slack <= 0:
        inside = None
    beyond = _earlier(
        capital.first_refuted(claim_low, SIZE / family / 4, upwards=False),
        capital.first_refuted(claim_high, SIZE / family / 4, upwards=True),
    )
    decided = _earlier(inside, beyond)
    verdict = None
    if decided is not None:
        verdict = Verdict.REPRODUCED if decided == inside else Verdict.NOT_REPRODUCED
    low, high = capital.bounds(SIZE)
    family_low, family_high = capital.bounds(SIZE / family / 4)
    return SequentialDecision(
        verdict=verdict,
        decided_after=decided,
        runs=k,
        measured_percent=100 * float(correct.mean()),
        low_percent=100 * low,
        high_percent=100 * high,
        claim_low_percent=100 * claim_low,
        claim_high_percent=100 * claim_high,
        family_low_percent=100 * family_low,
        family_high_percent=100 * family_high,
        k0=k0,
        margin_points=margin_points,
        family=family,
    )


def _check(correct: BoolMatrix, *, k0: int, margin_points: float, family: int) -> None:
    if 0 in correct.shape:
        raise UsageError(
            f"found {correct.shape[0]} problems and {correct.shape[1]} runs, expected at least one "
            "of each; there is nothing to decide by"
        )
    for name, value in (("k0", k0), ("margin_points", margin_points), ("family", family)):
        if not value > 0:
            raise UsageError(f"{name}: found {value}, expected more than 0")


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((run for run in (one, other) if run is not None), default=None)


def _first_run_of_both(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def plausible_scores(low: int, high: int, answers: int, tail: float) -> tuple[float, float]:
    """Return the expected scores that leave a total known to lie in low .. high plausible.

    Clopper & Pearson's limits: below the first, `low` right answers or more have chance `tail` at
    most; above the second, `high` or fewer. Each is moved outwards until the total is an answer or
    more beyond its mean, where the limit holds for unequal chances, too.
    """
    least = float(special.betaincinv(low, answers - low + 1, tail)) if low > 0 else 0.0
    most = float(special.betainccinv(high + 1, answers - high, tail)) if high < answers else 1.0
    return min(least, max(0.0, (low - 1) / answers)), max(most, min(1.0, (high + 1) / answers))
