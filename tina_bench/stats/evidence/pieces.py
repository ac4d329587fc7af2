"""One piece a team: what a team measured of a score, and how far chance moves it.

Variance of a measurement of k runs of n problems, points squared; `ratio` is the task's, `bound`
the binomial bound at the score that all have in common (`tina_bench.stats.evidence.chance`):

(a) answers by problem:  10^4 V / (n k) max(1, Q / (k - 1)), V the mean of p (1 - p) and Q Cochran's
    over the runs, so that runs that are not independent weigh less;
(b) right answers of each run, and (c) a printed SD over runs, which are the same thing:
    (64 ratio bound + (k - 1) SD^2) / (63 + k) / k, or max(bound, SD^2) / k for a task without a
    ratio; an SD that chance cannot reach (chi-square, 0.1 %) is taken as none;
(d) a score alone:       ratio bound / k, or bound / k.

(c) and (d) have the variance of their rounding besides. A number of runs that is not stated is one.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import fsum, sqrt

import numpy as np
from scipy import special

from tina_bench.stats.evidence.chance import Basis, Chance, binomial_bound
from tina_bench.stats.evidence.measurement_types import Measurement, group_of
from tina_bench.stats.evidence.types import Piece, PieceMeasurement
from tina_bench.stats.methods.score_variance import answer_variance

IMPOSSIBLE_SD = 0.001
"""Chance below which runs do not scatter so far by chance, even at the binomial bound."""
SMALL_TASK = 200
"""Up to so many problems a task's teams differ more."""
SCALES = (3.0, 2.0)
"""Scale of the prior of the SD between teams, points: of small tasks and of large ones. The
catalog's own root mean squares are 3.8 (AIME24), 3.2 (AMC23), 2.8 (GPQA) and 0.7 (MATH-500)."""
AVERAGE_SCALE = 1.5
"""The same of an average over tasks, whose teams' shifts cancel in part."""


def scale_of(n: int) -> float:
    """Return the prior's scale for a task of n problems, points."""
    return SCALES[0] if n <= SMALL_TASK else SCALES[1]


def common_percent(found: Sequence[Measurement]) -> float:
    """Return the mean of all runs, percent.

    At one's own score a run of 0 of 30 would weigh most of all, by the luck that made it so low.
    """
    runs = [piece.runs or 1 for piece in found]
    total = fsum(sorted(k * piece.percent for k, piece in zip(runs, found, strict=True)))
    return total / sum(runs)


def chance_variance(piece: Measurement, common: float, chance: Chance) -> tuple[float, Basis]:
    """Return the variance of a measurement by the chance of its runs, and what it rests on."""
    k = piece.runs or 1
    if piece.correct_by_problem and k > 1:
        return _by_problem(piece, k), Basis.ANSWERS
    sd, exact = _sd_over_runs(piece, k), bool(piece.correct_by_run)
    bound = binomial_bound(common, piece.n)
    if sd is not None and (k - 1) * sd**2 / bound > special.chdtri(k - 1, IMPOSSIBLE_SD):
        sd = None
    one = chance.moderated(piece.task, common, piece.n, sd=sd, freedom=0.0 if sd is None else k - 1)
    variance = one.variance
    if one.basis is Basis.BOUND and sd is not None:
        variance = max(bound, sd**2)
    printed = None if exact else piece.decimals
    rounding = 0.0 if printed is None else 10.0 ** (-2 * printed) / 12
    return variance / k + rounding, one.basis


def _by_problem(piece: Measurement, k: int) -> float:
    solved = np.array(piece.correct_by_problem, dtype=np.int64)
    one_run = 1e4 * answer_variance(solved, k).value / piece.n
    excess = 1.0
    if len(piece.correct_by_run) == k:
        scores = 100 * np.sort(np.array(piece.correct_by_run, dtype=np.float64)) / piece.n
        q = float(((scores - scores.mean()) ** 2).sum()) / one_run
        excess = max(1.0, q / (k - 1))
    return one_run * excess / k


def _sd_over_runs(piece: Measurement, k: int) -> float | None:
    """SD of one run, points: as counted, else as printed."""
    if k == 1:
        return None
    if len(piece.correct_by_run) == k:
        scores = 100 * np.sort(np.array(piece.correct_by_run, dtype=np.float64)) / piece.n
        return float(scores.std(ddof=1))
    return piece.spread_points


def by_team(
    found: Sequence[Measurement],
    chance: Chance,
    *,
    common: float | None = None,
    corrections: Mapping[str, tuple[float, float]] | None = None,
    spread_between: Mapping[str, float] | None = None,
) -> tuple[Piece, ...]:
    """Return one piece a team, by team; the same for any order of the measurements.

    `common`: the score that the bound is taken at, if not the mean of these; `corrections`: points
    to take off a measurement, and a variance to add, by name; `spread_between`: variance that all
    measurements of one model share, by model, as those of one training do.
    """
    if not found:
        return ()
    middle = common_percent(found) if common is None else common
    teams: dict[str, list[Measurement]] = {}
    for one in sorted(found, key=lambda m: m.name):
        teams.setdefault(group_of(one.who), []).append(one)
    made = []
    for team, members in sorted(teams.items()):
        models: dict[str, list[tuple[float, float, PieceMeasurement]]] = {}
        for one in members:
            variance, basis = chance_variance(one, middle, chance)
            points, further = (corrections or {}).get(one.name, (0.0, 0.0))
            part = PieceMeasurement(
                name=one.name,
                percent=one.percent - points,
                runs=one.runs,
                se_points=sqrt(variance + further),
                basis=str(basis),
                protocol_stated=one.protocol.stated,
            )
            models.setdefault(one.model, []).append(
                (one.percent - points, variance + further, part)
            )
        rows = []
        for model, parts in models.items():
            value, variance = weighted((y, v) for y, v, _ in parts)
            rows.append((value, variance + (spread_between or {}).get(model, 0.0)))
        value, variance = weighted(rows)
        made.append(
            Piece(
                team=team,
                percent=value,
                se_points=sqrt(variance),
                runs=sum(one.runs or 1 for one in members),
                parts=tuple(part for parts in models.values() for _, _, part in parts),
            )
        )
    return tuple(made)


def weighted(rows: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the mean of (value, variance) weighted by precision, and its variance."""
    pairs = sorted(rows)
    total = fsum(1 / variance for _, variance in pairs)
    return fsum(value / variance for value, variance in pairs) / total, 1 / total
