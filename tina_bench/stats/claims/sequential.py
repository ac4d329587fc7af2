"""Verdicts that may be looked at after every run: stop when decided, and stay honest.

A fixed design's test is wrong far more often than it says where the number of runs is chosen by
looking at the results. The methods here hold at every number of runs at once, whatever the reason
to stop, to go on, or to add runs to a result that somebody has already seen.

**Capital.** Runs are independent; in a run, problem i is solved with chance p_i, independently of
the others, and theta is the mean of the p_i: the expected score on these problems. Against a
candidate theta a gambler starts with capital 1 and bets on every answer X_ij of run j,

    capital *= prod_i (1 + b_j (X_ij - m_ij)),     0 <= m_ij <= 1,    mean_i m_ij = theta,

where the bet b_j, 0 < b_j < 1, and the guesses m_ij of each problem's chance stem from earlier runs
alone. If theta is the truth, the factor has expectation prod_i (1 + b_j (p_i - m_ij)), which is at
most exp(b_j sum_i (p_i - m_ij)) = exp(0) = 1, for 1 + x <= exp x: the capital is a nonnegative
supermartingale, and by Ville's inequality (1939) ever reaches 1/a with chance a at most. That is
testing by betting (Waudby-Smith & Ramdas 2024, J. R. Stat. Soc. B 86:1, arXiv 2010.01686), with two
changes that answers of several problems allow. A run is no single number between 0 and 1, of which
n problems' mean uses little, but n bets. And the guesses differ by problem, so that the variance
the gambler fights is that within problems, mean p_i (1 - p_i), and not theta (1 - theta), which is
twice as large on tasks with many sure and hopeless problems. With equal guesses m_ij = theta the
factor is a ratio of binomial likelihoods, and the inequality is that of Hoeffding (1956) for sums
of unequal chances. For given alternative chances such products are the growth-optimal bets
(Gruenwald, de Heide & Koolen 2024, J. R. Stat. Soc. B 86:1091): a mean held fixed makes the nearest
null have guesses from which all alternatives are tilted by one common b.

Nothing is lost of validity by bad guesses; only speed. Guesses are what problem i showed so far,
shrunk towards the mean of all by a Beta whose concentration is estimated by moments, then stretched
so that their mean is theta. Bets aim at a half-width w, the `resolution`: w over the guessed
variance is the bet that grows fastest against an error of w. Several bets, of w times `STAKES`, are
mixed with weights; mixtures of supermartingales are one.

**Confidence sequence.** The capital that bets upwards falls as theta rises, so the candidates that
it ever refutes are those below a bound; betting downwards gives the bound above. Bounds only ever
tighten as runs come in (the running intersection). They depend on the order of runs, which is that
of the seeds, and on nothing else; nothing is drawn at random.

Validity: every n, every k, every p_i; no asymptotics. It ends where runs are not independent
draws: greedy decoding, or seeds that were left out for what they gave.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from tina_bench.errors import UsageError
from tina_bench.stats.claims.p_values import SIZE, printed_totals
from tina_bench.stats.outcome_matrix import BoolMatrix
from tina_bench.stats.types import Interval, Question, Shape, Verdict

Floats = NDArray[np.float64]

STAKES = {0.8: 0.7, 0.4: 0.2, 1.6: 0.1}
"""Bets in units of the one that suits the resolution, and their weights in the mixture. Most on one
near it (a shade less, since scores are never quite the claim); some on its half, without which a
score half a margin off the claim could never be told to be within; some on its double, for claims
that are far off. Simulated: of seven mixtures the one with most decisions at 30 and 500 problems,
with scores 0 to half a margin off."""
LARGEST_BET = 0.9
"""Below 1, so that no single answer can take all of the capital."""
CONCENTRATIONS = (0.5, 100.0)
"""Least and largest pseudo-answers that a guess is shrunk by; 2 before a second run tells."""
STEPS = 17
"""Halvings of 0 to 1 in the search for a bound: to a thousandth of a point, and never too tight."""
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


@dataclass(frozen=True, eq=False)
class Capital:
    """The capital of bets on every answer of a matrix (n, k), against any candidate."""

    correct: BoolMatrix
    """Which answers are right, runs in order."""
    resolution: float
    """The difference, a share, that the bets aim to refute."""

    @cached_property
    def _bets(self) -> "_Bets":
        return _place_bets(self.correct, self.resolution)

    def log_history(self, theta: float, *, upwards: bool) -> Floats:
        """Return the logarithm of the capital after each run, shape (k,), against `theta`.

        Upwards: of the bet that theta is too small, which falls as theta rises.
        """
        bets = self._bets
        centre = bets.mean_guess
        # Stretched towards 0 or towards 1, whichever is needed to make their mean theta.
        with np.errstate(invalid="ignore"):
            guesses = np.where(
                theta <= centre,
                bets.guess * (theta / centre),
                1 - (1 - bets.guess) * ((1 - theta) / (1 - centre)),
            )
        surprise = bets.right - guesses
        if not upwards:
            surprise = -surprise
        growth = np.log1p(bets.stake * surprise) * bets.times
        history = np.add.reduceat(growth, bets.starts, axis=1).cumsum(axis=1)
        mixed: Floats = special.logsumexp(history, axis=0, b=bets.weight)
        return mixed

    def first_refuted(self, theta: float, error: float, *, upwards: bool) -> int | None:
        """Return after how many runs every score up to (or from) theta was refuted, if ever.

        What no score can be, below 0 or above 1, counts as refuted from the first run on.
        """
        if theta < 0 or theta > 1:
            return 1 if (theta < 0) == upwards else None
        reached = self.log_history(theta, upwards=upwards) >= -np.log(error)
        return int(reached.argmax()) + 1 if reached.any() else None

    def bounds(self, error: float) -> tuple[float, float]:
        """Return the two bounds, shares, each wrong at any time with chance `error` at most."""
        return self._bound(error, upwards=True), 1 - self._bound(error, upwards=False)

    def _bound(self, error: float, *, upwards: bool) -> float:
        """The largest distance from 0 (or from 1) that is refuted, found by halving."""
        low, high = 0.0, 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            theta = middle if upwards else 1 - middle
            refuted = self.first_refuted(theta, error, upwards=upwards) is not None
            low, high = (middle, high) if refuted else (low, middle)
        return low


@dataclass(frozen=True, eq=False)
class _Bets:
    """All bets, one column a group of problems that look alike: guess and answer are the same."""

    guess: Floats
    right: Floats
    times: Floats
    """Problems in the group."""
    mean_guess: Floats
    """Of the group's run."""
    stake: Floats
    """One row a stake of the mixture."""
    weight: Floats
    starts: NDArray[np.int64]
    """First column of each run."""


def _place_bets(correct: BoolMatrix, resolution: float) -> _Bets:
    n, k = correct.shape
    # Sorted, so that a sum over problems does not depend on their order.
    solved = np.zeros(n, dtype=np.int64)
    columns: list[Floats] = []
    starts = [0]
    for run in range(k):
        answers = correct[:, run].astype(np.int64)
        seen, guess = np.unique(solved), _guesses(solved, run)
        kinds, times = np.unique(2 * solved + answers, return_counts=True)
        guesses = guess[np.searchsorted(seen, kinds // 2)]
        mean = float(guesses @ times) / n
        variance = float((guesses * (1 - guesses)) @ times) / n
        columns.append(
            np.stack([
                guesses,
                kinds % 2,
                times,
                np.full(len(kinds), mean),
                np.full(len(kinds), resolution / variance),
            ])
        )  # fmt: skip
        starts.append(starts[-1] + len(kinds))
        solved += answers
    guess, right, times, mean_guess, stake = np.concatenate(columns, axis=1)
    return _Bets(
        guess=guess,
        right=right,
        times=times,
        mean_guess=mean_guess,
        stake=np.minimum(np.array(list(STAKES))[:, None] * stake, LARGEST_BET),
        weight=np.array(list(STAKES.values()))[:, None],
        starts=np.array(starts[:-1]),
    )


def _guesses(solved: NDArray[np.int64], runs: int) -> Floats:
    """The guessed chance of each distinct number solved out of so many earlier runs, ascending.

    Mean of a Beta posterior with M pseudo-answers at the mean score. For chances spread like
    Beta(M mu, M (1 - mu)) the variance within problems is M times that between them.
    """
    x, times = np.unique(solved, return_counts=True)
    n = len(solved)
    mean = (float(x @ times) + 1) / (n * runs + 2)
    pseudo = 2.0
    if runs > 1:
        within = float((x * (runs - x)) @ times) / (n * runs * (runs - 1))
        between = mean * (1 - mean) - within
        least, most = CONCENTRATIONS
        pseudo = most if between <= 0 else min(max(within / between, least), most)
    return np.asarray((x + pseudo * mean) / (runs + pseudo), dtype=np.float64)
