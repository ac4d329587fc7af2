"""Testing by betting: capital that refutes a candidate score, valid after every run.

Runs are independent; in a run, problem i is solved with chance p_i, independently of the others,
and theta is the mean of the p_i: the expected score on these problems. Against a candidate theta a
gambler starts with capital 1 and bets on every answer X_ij of run j,

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

The capital that bets upwards falls as theta rises, so the candidates that it ever refutes are those
below a bound; betting downwards gives the bound above. Bounds only tighten as runs come in (the
running intersection). They depend on the order of runs; nothing is drawn at random.

Validity: every n, every k, every p_i; no asymptotics. It ends where runs are not independent draws.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

STAKES = {0.8: 0.7, 0.4: 0.2, 1.6: 0.1}
"""Bets in units of the one that suits the resolution, and their weights in the mixture. Most on one
near it (a shade less, since scores are never quite the claim); some on its half, without which a
score half a margin off the claim would never be found within it; some on its double, for claims
that are far off. Simulated: of seven mixtures the one with most decisions at 30 and 500 problems,
with scores 0 to half a margin off."""
LARGEST_BET = 0.9
"""Below 1, so that no single answer can take all of the capital."""
CONCENTRATIONS = (0.5, 100.0)
"""Least and largest pseudo-answers that a guess is shrunk by; 2 before there is a second run."""
STEPS = 17
"""Halvings of 0 to 1 in the search for a bound: to a thousandth of a point, and never too tight."""


@dataclass(frozen=True, eq=False)
class Capital:
    """The capital of bets on every answer of a matrix (n, k), against any candidate."""

    correct: NDArray[np.bool_]
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
    """All bets, one column per group of problems with the same guess and answer."""

    guess: Floats
    right: Floats
    times: Floats
    """Problems in the group."""
    mean_guess: Floats
    """Of the group's run."""
    stake: Floats
    """One row per stake of the mixture."""
    weight: Floats
    starts: NDArray[np.int64]
    """First column of each run."""


def _place_bets(correct: NDArray[np.bool_], resolution: float) -> _Bets:
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
