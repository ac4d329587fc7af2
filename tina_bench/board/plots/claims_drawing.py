"""The drawing of published scores against ours: dumbbells, or panels where there are many rows.

Our score is one bar with one interval however many claims there are about it, so claims about the
same thing stand in one row; each claim's mark has the shape of its verdict.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tina_bench.board.output.elements import Row
from tina_bench.board.plots.frame import (
    FONT_POINTS,
    MARKERS,
    SMALL_POINTS,
    WIDTH_INCHES,
    limits,
    linear_ticks,
    marks,
    plain_axes,
    rows_figure,
    set_ticks,
    words,
)
from tina_bench.board.plots.labels import shortened
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import fixed, plural, signed
from tina_bench.stats.claims.labels import LABELS
from tina_bench.stats.types import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ClaimRow:
    """One row of the picture: all claims about one model and task."""

    label: str
    rows: tuple[Row, ...]

    @property
    def measured(self) -> float | None:
        """Our score."""
        found: float | None = self.rows[0]["measured_percent"]
        return found

    @property
    def published(self) -> tuple[float, ...]:
        """Every published score."""
        return tuple(row["published_percent"] for row in self.rows)

    @property
    def height(self) -> float:
        """What it is sorted by: our score, else the mean of what was published."""
        ours = self.measured
        return sum(self.published) / len(self.published) if ours is None else ours

    @property
    def right(self) -> str:
        """The words at the right end: the difference and the verdict."""
        verdicts = Counter(row["verdict"] for row in self.rows)
        if self.measured is None:
            low, high = fixed(min(self.published)), fixed(max(self.published))
            return low if low == high else f"{low}–{high}, {len(self.rows)} claims"
        if len(self.rows) == 1:
            (row,) = self.rows
            return f"{signed(row['difference_points'])}  {LABELS[row['verdict']].word}"
        if len(verdicts) == 1:
            return f"{len(self.rows)} × {LABELS[self.rows[0]['verdict']].word}"
        return f"{verdicts[Verdict.REPRODUCED]} of {len(self.rows)} reproduced"


def labelled_figure(groups: Sequence[ClaimRow]) -> "Figure":
    """One row per model and task, a mark per claim."""
    values = [v for g in groups for v in g.published]
    values += [v for g in groups for v in (_ends(g) or ())]
    values += [g.measured for g in groups if g.measured is not None]
    canvas = rows_figure(
        [group.label for group in groups], "score, percent", limits(values, least=2)
    )
    canvas.spans(
        ((min(all_), max(all_), row) for row, group in enumerate(groups)
         if len(all_ := [*group.published, *([] if group.measured is None else [group.measured])])
         > 1),
        "rule", "gap", width=5,
    )  # fmt: skip
    canvas.spans(
        ((*ends, row) for row, group in enumerate(groups) if (ends := _ends(group))),
        "measured", "interval",
    )  # fmt: skip
    measured = {row: g.measured for row, g in enumerate(groups) if g.measured is not None}
    canvas.marks(list(measured.values()), list(measured), "|", "measured", "measured", size=13)
    for verdict, (marker, name) in MARKERS.items():
        places = [
            (claim["published_percent"], row)
            for row, group in enumerate(groups)
            for claim in group.rows
            if claim["verdict"] == verdict
        ]
        canvas.marks(
            [x for x, _ in places], [y for _, y in places], marker, name, name,
            size=7.5 if marker != "D" else 6.5, hollow=verdict is Verdict.NOT_MEASURED,
        )  # fmt: skip
    canvas.right({row: group.right for row, group in enumerate(groups)})
    return canvas.figure


def _ends(group: ClaimRow) -> tuple[float, float] | None:
    return next(
        ((r["measured_low"], r["measured_high"]) for r in group.rows
         if r["measured_low"] is not None), None,
    )  # fmt: skip


def panels_figure(groups: Sequence[ClaimRow], panels: dict[str, str]) -> "Figure":
    """One panel per task, one column per model: no labels fit, but the verdicts still show."""
    from matplotlib.figure import Figure

    height = 1.5 * len(panels) + 0.3
    figure = Figure(figsize=(WIDTH_INCHES, height))
    figure.patch.set_visible(False)
    left, across = 0.5 / WIDTH_INCHES, 1 - 0.7 / WIDTH_INCHES
    for number, (task, title) in enumerate(panels.items()):
        bottom = 1 - (1.5 * (number + 1) - 0.1) / height
        found = sorted((g for g in groups if g.rows[0]["task"] == task), key=lambda g: g.height)
        axes = figure.add_axes((left, bottom, across, 1.1 / height))
        plain_axes(axes)
        axes.grid(visible=False, axis="x")
        values = [v for g in found for v in (*g.published, g.height, *(_ends(g) or ()))]
        y_limits = limits(values, least=2)
        axes.set_ylim(*y_limits)
        axes.set_xlim(-1, len(found))
        axes.set_xticks([])
        set_ticks(axes, linear_ticks(*y_limits, most=4), upright=True)
        claims = plural(sum(len(group.rows) for group in found), "claim")
        heading = f"{shortened(title)}, {plural(len(found), 'model')}, {claims}"
        words(axes, 0, y_limits[1], heading, dy=7, upright="bottom", size=FONT_POINTS, across=True)
        _columns(axes, found)
    figure.text(
        left, 0.06 / height, "score, percent; one model a column, our lowest score first",
        fontsize=SMALL_POINTS, color=PALETTE["muted"],
    )  # fmt: skip
    return figure


def _columns(axes: "Axes", groups: Sequence[ClaimRow]) -> None:
    """Our score and its interval as a cross, published scores as marks, all of a task."""
    ends = [(x, *found) for x, group in enumerate(groups) if (found := _ends(group))]
    ours = [(x, group.height) for x, group in enumerate(groups) if group.measured is not None]
    half = min(0.3, 0.004 * len(groups))
    for name, lines in (
        ("interval", [((x, low), (x, high)) for x, low, high in ends]),
        ("measured", [((x - half, y), (x + half, y)) for x, y in ours]),
    ):
        if lines:
            places = [place for line in lines for place in (*line, (math.nan, math.nan))]
            (drawn,) = axes.plot(
                [x for x, _ in places], [y for _, y in places], color=PALETTE["measured"],
                lw=1.2 if name == "interval" else 2, clip_on=False, solid_capstyle="butt",
            )  # fmt: skip
            named(drawn, name)
    for verdict, (marker, name) in MARKERS.items():
        at = [
            (x, row["published_percent"])
            for x, group in enumerate(groups)
            for row in group.rows
            if row["verdict"] == verdict
        ]
        hollow = verdict is Verdict.NOT_MEASURED
        marks(
            axes, [x for x, _ in at], [y for _, y in at], marker, name, name, size=4.4,
            hollow=hollow,
        )  # fmt: skip
