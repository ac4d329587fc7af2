"""Does a printed average follow from the numbers printed beside it?

Every printed number stands for an interval of one unit of its last digit. The mean of the cells is
then an interval, too, and an average follows where the two overlap: otherwise no cells that print
as these do can have it. A missing cell may be anything from 0 to 100, and what the average implies
for it is reported; an average that would need more than that does not follow either.

The same for the runs behind one number: their mean, and their SD, which may be the sample's
(n - 1) or the population's (n).
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import product
from math import sqrt

from tina_bench.catalog.schema import AverageClaim, Catalog, Claim
from tina_bench.stats.types import Shape

HAIR = 1e-9
"""Slack for sums of binary fractions, points."""
ALL_CORNERS = 12
"""Runs up to which the SD's range over roundings is found by trying every corner."""


class Follows(StrEnum):
    """What was found."""

    YES = "follows"
    NO = "does not follow"
    UNKNOWN = "cannot be checked"


class AverageAudit(Shape):
    """One printed average or one number with its runs."""

    name: str
    """Catalog name of the average, or of the claim whose runs are printed."""
    model: str
    """Model."""
    who: str
    """Who says so."""
    source: str
    """Where."""
    what: str
    """What is checked against what, such as `mean of 6 tasks`."""
    printed: float
    """As printed: percent for a mean, points for an SD."""
    follows: Follows
    """The finding."""
    low: float | None
    """Least value that the parts allow; `None` where nothing is known of them."""
    high: float | None
    """Greatest."""
    off_by: float
    """How far the print lies outside what the parts and its own rounding allow; 0 if inside."""
    missing: tuple[str, ...] = ()
    """Tasks whose cells are not known."""
    sentence: str
    """The finding, for people."""


def _unit(decimals: int) -> float:
    return 0.5 * 10.0**-decimals


def mean_range(parts: Sequence[tuple[float, float]], missing: int = 0) -> tuple[float, float]:
    """Return least and greatest mean of parts given as intervals, and of `missing` unknown ones."""
    count = len(parts) + missing
    low = sum(low for low, _ in parts) / count
    high = (sum(high for _, high in parts) + 100 * missing) / count
    return low, high


def sd_range(values: Sequence[float], half: float) -> tuple[float, float]:
    """Return least and greatest SD, sample or population, of values each known to +- `half`.

    An SD is convex in the values, so its greatest value lies at a corner of the box of roundings;
    the least is bounded below by the triangle inequality, sd(x + e) >= sd(x) - sd(e).
    """
    count = len(values)

    def sd(parts: Sequence[float], by: int) -> float:
        mean = sum(parts) / len(parts)
        return sqrt(sum((part - mean) ** 2 for part in parts) / by)

    widest = half * sqrt(count / (count - 1))
    least = max(0.0, sd(values, count) - half)
    if half > 0 and count <= ALL_CORNERS:
        greatest = max(
            sd([v + s * half for v, s in zip(values, signs, strict=True)], count - 1)
            for signs in product((-1, 1), repeat=count)
        )
    else:
        greatest = sd(values, count - 1) + widest
    return least, greatest


def cells_of(catalog: Catalog, average: AverageClaim) -> dict[str, Claim]:
    """Return the claims that stand beside an average, by task: same people, model and source."""
    found = {}
    for _, claim in sorted(catalog.claims.items()):
        same = (claim.who, claim.model, claim.source) == (
            average.who, average.model, average.source,
        )  # fmt: skip
        if same and (average.tasks is None or claim.task in average.tasks):
            found[claim.task] = claim
    return found


def audit_average(name: str, average: AverageClaim, cells: dict[str, Claim]) -> AverageAudit:
    """Check one average against its cells, each task with the same weight."""
    base = {
        "name": name,
        "model": average.model,
        "who": average.who,
        "source": average.source,
        "printed": average.value_percent,
    }
    said = f"{average.value_percent:.{average.decimals}f}"
    if average.tasks is None:
        return AverageAudit(
            **base, what="mean of tasks that the source does not name", follows=Follows.UNKNOWN,
            low=None, high=None, off_by=0.0,
            sentence=f"{said}: the source does not say which tasks it is the mean of.",
        )  # fmt: skip
    missing = tuple(task for task in average.tasks if task not in cells)
    what = f"mean of {len(average.tasks)} tasks"
    if len(missing) == len(average.tasks):
        return AverageAudit(
            **base, what=what, follows=Follows.UNKNOWN, low=None, high=None, off_by=0.0,
            missing=missing, sentence=f"{said}: none of its {len(missing)} cells is known.",
        )  # fmt: skip
    parts = [
        (
            max(0.0, cells[task].value_percent - _unit(cells[task].decimals)),
            min(100.0, cells[task].value_percent + _unit(cells[task].decimals)),
        )
        for task in average.tasks
        if task in cells
    ]
    low, high = mean_range(parts, len(missing))
    off = _off(average.value_percent, _unit(average.decimals), low, high)
    follows = Follows.NO if off else (Follows.UNKNOWN if missing else Follows.YES)
    if off:
        sentence = (
            f"{said} does not follow from its cells: they give {low:.3f} to {high:.3f}, "
            f"{off:.3f} points away with its own rounding allowed for."
        )
    elif missing:
        rest = len(average.tasks) * average.value_percent - sum((a + b) / 2 for a, b in parts)
        sentence = (
            f"{said}: {', '.join(missing)} not known; their mean would have to be about "
            f"{rest / len(missing):.2f}."
        )
    else:
        sentence = f"{said} follows from its {len(parts)} cells ({low:.3f} to {high:.3f})."
    return AverageAudit(
        **base, what=what, follows=follows, low=low, high=high, off_by=off, missing=missing,
        sentence=sentence,
    )  # fmt: skip


def _off(printed: float, half: float, low: float, high: float) -> float:
    gap = max(low - (printed + half), (printed - half) - high, 0.0)
    return gap if gap > HAIR else 0.0


def audit_runs(name: str, claim: Claim | AverageClaim) -> tuple[AverageAudit, ...]:
    """Check a number against the runs printed behind it: their mean, their SD, their number."""
    runs = claim.per_run_percent
    if len(runs) < 2:
        return ()
    half = _unit(claim.decimals)
    base = {"name": name, "model": claim.model, "who": claim.who, "source": claim.source}
    low, high = mean_range([(run - half, run + half) for run in runs])
    made = [_checked(base, f"mean of {len(runs)} runs", claim.value_percent, half, (low, high))]
    if claim.spread_points is not None:
        digits = len(repr(claim.spread_points).partition(".")[2])
        made.append(
            _checked(
                base,
                f"SD of {len(runs)} runs",
                claim.spread_points,
                _unit(digits),
                sd_range(runs, half),
            )
        )
    if claim.runs is not None and claim.runs != len(runs):
        made.append(
            AverageAudit(
                **base,
                what="number of runs",
                printed=claim.runs,
                follows=Follows.NO,
                low=len(runs),
                high=len(runs),
                off_by=abs(claim.runs - len(runs)),
                sentence=f"{claim.runs} runs are stated and {len(runs)} printed.",
            )
        )
    return tuple(made)


def _checked(
    base: dict[str, str], what: str, printed: float, half: float, allowed: tuple[float, float]
) -> AverageAudit:
    off = _off(printed, half, *allowed)
    return AverageAudit(
        **base,
        what=what,
        printed=printed,
        follows=Follows.NO if off else Follows.YES,
        low=allowed[0],
        high=allowed[1],
        off_by=off,
        sentence=(
            f"{printed:g} {'does not follow' if off else 'follows'} as the {what}: they give "
            f"{allowed[0]:.3f} to {allowed[1]:.3f}."
        ),
    )


def audit_averages(catalog: Catalog) -> tuple[AverageAudit, ...]:
    """Return every printed average, then every number with its runs printed, by name."""
    made: list[AverageAudit] = []
    for name, average in sorted(catalog.averages.items()):
        made.append(audit_average(name, average, cells_of(catalog, average)))
    everything: dict[str, Claim | AverageClaim] = {**catalog.claims, **catalog.averages}
    for name, claim in sorted(everything.items()):
        made.extend(audit_runs(name, claim))
    return tuple(made)
