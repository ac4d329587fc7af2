"""What a comparison could have seen: minimum detectable difference, power, and what more it takes.

All of it rests on the pair's own spread of differences over problems, none on the difference that
was observed: "observed power" only restates the p-value (Hoenig & Heisey 2001, Am. Stat. 55:19).
"""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from scipy import special

from tina_bench.stats.comparisons.paired import PairDifferences
from tina_bench.stats.methods.distributions import normal_quantile, t_quantile
from tina_bench.stats.methods.sign_flip import Floats
from tina_bench.stats.types import Shape

SIZE = 0.05
"""Two-sided level of one comparison."""
TARGET = 0.8
"""Power that a difference must be found with to count as detectable."""
DIFFERENCES_POINTS = (1.0, 2.0, 5.0, 10.0)
"""Differences that power is computed for."""


class Needed(Shape):
    """What it takes to find a given difference, and how often it would be found now."""

    difference_points: float = Field(gt=0)
    """True difference over problems like these, points."""
    power: float | None
    """Chance that this comparison finds it at the level, as it is now; `None` where the spread over
    problems is not known."""
    problems: int | None
    """Problems like these for 80 % power with the runs that there are, tasks growing alike; `None`
    where the spread is not known."""
    runs: int | None
    """Runs of each model for 80 % power on these many problems; `None` where no number is enough,
    or where it is not known (see `runs_known`)."""
    runs_known: bool
    """Whether `runs` could be found: with one run of a model its chance cannot be told from how
    problems differ."""


class Power(Shape):
    """What a comparison can find out."""

    level: float
    """Two-sided level of the test."""
    target: float
    """Power asked for, as 0.8."""
    minimum_detectable_points: float | None
    """Least true difference found with the power asked for; `None` where it exceeds 100 points or
    the spread over problems is not known."""
    corrected_points: float | None
    """The same when the test must pass the first step of Holm's correction in its family."""
    needed: tuple[Needed, ...]
    """For differences of 1, 2, 5 and 10 points, unless others were asked for."""


def powers(
    found: PairDifferences,
    *,
    hypotheses: int = 1,
    differences_points: Sequence[float] = DIFFERENCES_POINTS,
) -> list[Power]:
    """Return the power of each pair; `hypotheses` is the number of comparisons in their family.

    With a true mean difference d, standard error s and v degrees of freedom (`differ`), the paired
    t statistic is noncentral t around d / s (Johnson & Kotz 1970, ch. 31). The exact sign-flip test
    has the same power in the limit (Hoeffding 1952, Ann. Math. Stat. 23:169); on its lattice it
    falls short by about half a step h, as McNemar's test does (Edwards 1948, Psychometrika 13:185):

        power = P(T_v((d - h) / s) > t) + P(T_v((d + h) / s) < -t),   t = t_v(1 - level / 2),
        detectable d = s nc + h, nc solving P(T_v(nc) > t) = 0.8.

    Problems: m = (z(1 - level / 2) + z(0.8))^2 s^2 n / d^2 without h; with it m (1 + sqrt(1 + 4 h n
    / (m d)))^2 / 4 (Casagrande, Pike & Smith 1978, Biometrics 34:483); and z(1 - level / 2)^2 / 2
    more for Student's tails (Guenther 1981, Am. Stat. 35:243). Runs: s^2 is split into what fresh
    answers would change, by the unbiased x (k - x) / (k (k - 1)) a problem, which r runs make
    smaller, as they do h, and the rest, which stays (as in Miller 2024, arXiv 2411.00640,
    section 3).

    In simulations the exact test had the computed power within 3 points, at n of 30 and 500, k of
    1, 4 and 10 (docs/statistics.md).

    Validity ends where that of the pair's interval does: a spread learnt from few problems that
    differ is itself uncertain, and so is everything here. The pseudo-answers in s make it err to
    the side of less power.
    """
    error = np.sqrt(found.variance)
    detectable = _noncentrality(found.freedom, SIZE) * error + found.half_step
    corrected = _noncentrality(found.freedom, SIZE / hypotheses) * error + found.half_step
    critical = t_quantile(1 - SIZE / 2, found.freedom)
    needed = [_needed(found, error, critical, float(points)) for points in differences_points]
    return [
        Power(
            level=SIZE,
            target=TARGET,
            minimum_detectable_points=_points(float(alone)),
            corrected_points=_points(float(within)),
            needed=tuple(column[pair] for column in needed),
        )
        for pair, (alone, within) in enumerate(zip(detectable, corrected, strict=True))
    ]


def _points(share: float) -> float | None:
    # Not finite where the spread is unknown; above 1 no two scores can lie that far apart.
    return 100 * share if share <= 1 else None


def _noncentrality(freedom: Floats, level: float) -> Floats:
    """Noncentrality at which a two-sided test reaches the target (its far tail is negligible)."""
    critical = t_quantile(1 - level / 2, freedom)
    return np.asarray(special.nctdtrinc(freedom, 1 - TARGET, critical))


def _needed(found: PairDifferences, error: Floats, critical: Floats, points: float) -> list[Needed]:
    share = points / 100
    # scipy has no value for some tails below 1e-15: they are none.
    missed, wrong_way = (
        np.nan_to_num(special.nctdtr(found.freedom, (share + half) / error, limit))
        for half, limit in ((-found.half_step, critical), (found.half_step, -critical))
    )
    power = 1 - missed + wrong_way
    upper, reach = normal_quantile(1 - SIZE / 2), normal_quantile(TARGET)
    smooth = (upper + reach) ** 2 * found.variance * found.n / share**2
    steps = 1 + np.sqrt(1 + 4 * found.half_step * found.n / (smooth * share))
    problems = np.ceil(smooth * steps**2 / 4 + upper**2 / 2)
    runs = _runs(found, share)
    made = []
    for pair in range(len(error)):
        spread_known = bool(np.isfinite(error[pair]))
        known = spread_known and bool(np.isfinite(found.noise[pair]))
        made.append(
            Needed(
                difference_points=points,
                power=min(1.0, max(0.0, float(power[pair]))) if spread_known else None,
                problems=int(problems[pair]) if spread_known else None,
                runs=int(runs[pair]) if known and np.isfinite(runs[pair]) else None,
                runs_known=known,
            )
        )
    return made


def _runs(found: PairDifferences, share: float) -> Floats:
    """Runs of each model; infinite where no number is enough.

    With u = 1 / runs, lasting variance L, noise N and half step h of one run: the u at which
    (d - h u)^2 = nc^2 (L + N u), the lesser root of a quadratic.
    """
    squared = _noncentrality(found.freedom, SIZE) ** 2
    lasting = np.maximum(found.variance - found.noise, 0.0)
    room = share**2 - squared * lasting
    half = found.half_step_of_one_run
    slope = squared * found.noise_of_one_run + 2 * half * share
    with np.errstate(divide="ignore", invalid="ignore"):
        root = slope + np.sqrt(slope**2 - 4 * half**2 * room)
        runs = np.ceil(root / (2 * room))
    return np.where(room > 0, np.maximum(runs, 1.0), np.inf)
