"""What all plots share: rows, axes, marks, words, and the cache of drawings.

Everything shows in two ways: a mark's shape as well as its colour, a line's dashes as well as its
colour. matplotlib is imported where it draws, so that a page whose plots are all cached never waits
for it.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tina_bench.board.output.cache import Cache
from tina_bench.board.output.elements import Plot, Row, Table
from tina_bench.board.plots.labels import ems, shortened
from tina_bench.board.plots.svg import PALETTE, inline, named
from tina_bench.formatting.escape import visible
from tina_bench.stats.claims.labels import LABELS
from tina_bench.stats.types import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

POINTS_AN_INCH = 72
WIDTH_INCHES = 8.6
ROW_INCHES = 0.3
CLOSE_ROW_INCHES = 0.24
"""Of a row where there are more than twenty."""
FONT_POINTS = 10.5
SMALL_POINTS = 9.5
RIGHT_INCHES = 1.75
MARKERS = {
    verdict: (LABELS[verdict].marker, LABELS[verdict].role)
    for verdict in (
        Verdict.REPRODUCED,
        Verdict.INCONCLUSIVE,
        Verdict.NOT_COMPARABLE,
        Verdict.NOT_REPRODUCED,
        Verdict.NOT_MEASURED,
    )
}
"""Marker and palette name, in the order of drawing; the same shapes as the pages' marks: hollow
where nothing was measured."""


def plot(
    cache: Cache,
    table: Table,
    *,
    label: str,
    caption: str,
    draw: Callable[[], "Figure"],
    options: Mapping[str, Any] | None = None,
    unseen: Collection[str] = (),
) -> Plot:
    """The plot of a table, cached by its rows and options.

    `draw` may use nothing but the options and the table's rows without the columns in `unseen`. The
    table's name is `plots/<name>`.
    """
    name = table.name.removeprefix("plots/")
    rows = [{k: v for k, v in row.items() if k not in unseen} for row in table.rows]
    svg = cached_svg(cache, name, label, {"rows": rows, "options": dict(options or {})}, draw)
    return Plot(name=name, svg=svg, caption=caption, data=f"data/{table.name}.csv", table=table)


def cached_svg(
    cache: Cache, name: str, label: str, drawn_from: Mapping[str, Any], draw: Callable[[], "Figure"]
) -> Markup:
    """The drawing of exactly this, from the cache if it is there."""
    key = {"name": name, "label": label, **drawn_from}
    svg = cache.get("plots", key, lambda: inline(draw(), name=name, label=label).encode())
    return Markup(svg.decode())  # noqa: S704 - kept as `inline` made it, under its hash


def table(
    name: str, about: str, rows: Iterable[Row], columns: Sequence[str], *, kind: str = ""
) -> Table:
    """The data behind a plot; `kind` is the name that plots with these columns have in common."""
    return Table.of(f"plots/{name}", about, rows, columns, f"plots/{kind or name}")


@dataclass(frozen=True)
class Rows:
    """A figure with one labelled row per entry, top to bottom; y is the row's number."""

    figure: "Figure"
    axes: "Axes"
    font: float

    def right(self, texts: Mapping[float, str]) -> None:
        """Words at the right end of rows."""
        for row, text in texts.items():
            words(self.axes, 1, row, text, dx=10, across=True)

    def marks(
        self,
        xs: Sequence[float],
        rows: Sequence[float],
        marker: str,
        colour: str,
        what: str,
        *,
        size: float = 7.0,
        hollow: bool = False,
    ) -> None:
        """Marks of one kind."""
        marks(self.axes, xs, rows, marker, colour, what, size=size, hollow=hollow)

    def spans(
        self,
        ends: Iterable[tuple[float, float, float]],
        colour: str,
        what: str,
        *,
        width: float = 1.8,
        line: str = "-",
    ) -> None:
        """Level lines from low to high, each `(low, high, row)`, as one path."""
        xs: list[float] = []
        ys: list[float] = []
        for low, high, row in ends:
            xs += [low, high, math.nan]
            ys += [row, row, math.nan]
        if xs:
            (drawn,) = self.axes.plot(
                xs, ys, line, color=PALETTE[colour], lw=width, clip_on=False,
                solid_capstyle="butt", dash_capstyle="butt",
            )  # fmt: skip
            named(drawn, what)


def marks(
    axes: "Axes",
    xs: Sequence[float],
    ys: Sequence[float],
    marker: str,
    colour: str,
    what: str,
    *,
    size: float = 7.0,
    hollow: bool = False,
) -> None:
    """Marks of one kind; a hollow one shows what is behind it."""
    if not xs:
        return
    flat = marker in "|_"
    (drawn,) = axes.plot(
        list(xs), list(ys), marker, ls="none", ms=size, clip_on=False,
        mfc=PALETTE["ground"] if hollow else PALETTE[colour],
        mec=PALETTE[colour if hollow or flat else "ground"],
        mew=2.2 if flat else 1.3 if hollow else 0.6,
    )  # fmt: skip
    named(drawn, what)


def words(
    axes: "Axes",
    x: float,
    y: float,
    text: str,
    *,
    dx: float = 0,
    dy: float = 0,
    side: str = "left",
    upright: str = "center_baseline",
    colour: str = "ink",
    size: float = SMALL_POINTS,
    bold: bool = False,
    across: bool = False,
) -> None:
    """Text at a place, moved by points; hostile text is spelled and never read as a formula.

    `across`: x counts from the left (0) to the right edge (1) of the axes.
    """
    axes.annotate(
        visible(text),
        (x, y),
        (dx, dy),
        xycoords=("axes fraction", "data") if across else "data",
        textcoords="offset points",
        ha=side,
        va=upright,
        fontsize=size,
        fontweight="bold" if bold else "normal",
        color=PALETTE[colour],
        annotation_clip=False,
        parse_math=False,
    )


def plain_axes(axes: "Axes") -> None:
    """A rule below and a light grid; nothing else."""
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALETTE["rule"])
    axes.tick_params(
        colors=PALETTE["muted"], length=0, labelsize=SMALL_POINTS, bottom=False, left=False
    )
    axes.grid(color=PALETTE["rule"], linewidth=0.8, clip_on=False)
    axes.set_axisbelow(True)


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round places on a linear axis, both ends within."""
    width = (high - low) / most
    scale = 10.0 ** math.floor(math.log10(width))
    step = next(s * scale for s in (1, 2, 2.5, 5, 10) if s * scale >= width * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Round places on an axis that is drawn in powers of ten; `low` and `high` are such powers."""
    decades = high - low
    steps: tuple[int, ...] = (1,) if decades > 4 else (1, 3) if decades > 2 else (1, 2, 5)
    found = [
        step * 10.0**power
        for power in range(math.floor(low), math.ceil(high) + 1)
        for step in steps
        if low - 1e-9 <= math.log10(step * 10.0**power) <= high + 1e-9
    ]
    # Less than three to read by: round places between the ends do better than powers of ten.
    return found if len(found) > 2 else ticks(10.0**low, 10.0**high, most=4)


def limits(
    values: Iterable[float], *, least: float = 1.0, margin: float = 0.04
) -> tuple[float, float]:
    """Ends of an axis with some room; at least `least` wide."""
    found = list(values)
    low, high = min(found), max(found)
    lacking = max(0.0, least - (high - low)) / 2
    room = margin * max(high - low, least)
    return low - lacking - room, high + lacking + room


def rows_figure(
    labels: Sequence[str],
    x_label: str,
    x_limits: tuple[float, float],
    *,
    headings: Iterable[int] = (),
    row_inches: float | None = None,
    right_inches: float = RIGHT_INCHES,
    x_ticks: Mapping[float, str] | None = None,
) -> Rows:
    """A figure with one labelled row per entry; rows in `headings` are set in bold."""
    from matplotlib.figure import Figure

    close = len(labels) > 20
    row_inches = row_inches or (CLOSE_ROW_INCHES if close else ROW_INCHES)
    font = SMALL_POINTS if close else FONT_POINTS
    height = row_inches * len(labels) + 0.75
    figure = Figure(figsize=(WIDTH_INCHES, height))
    figure.patch.set_visible(False)
    shown = [shortened(label) for label in labels]
    label_inches = max(map(ems, shown)) * font / POINTS_AN_INCH + 0.2
    left, right = label_inches / WIDTH_INCHES, 1 - right_inches / WIDTH_INCHES
    axes = figure.add_axes((left, 0.55 / height, right - left, 1 - 0.65 / height))
    plain_axes(axes)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(x_limits[0], x_limits[1])
    axes.set_yticks([])
    bold = set(headings)
    for row, text in enumerate(shown):
        words(axes, 0, row, text, dx=-10, side="right", size=font, bold=row in bold, across=True)
    set_ticks(axes, x_ticks or linear_ticks(*x_limits))
    axes.set_xlabel(x_label, color=PALETTE["muted"], fontsize=SMALL_POINTS)
    return Rows(figure, axes, font)


def linear_ticks(low: float, high: float, most: int = 7) -> dict[float, str]:
    """Places on a linear axis with what stands there, a true minus sign included."""
    places = ticks(low, high, most)
    step = min((b - a for a, b in pairwise(places)), default=high - low)
    largest = max(map(abs, places), default=1.0)
    if step < 1e-4 or largest >= 1e6:
        digits = math.ceil(math.log10(max(largest / step, 1))) + 2
        shown = [re.sub(r"e([+-])0*", r"e\1", f"{place:.{digits}g}") for place in places]
    else:
        # 2.5 needs a digit more than its size says.
        decimals = max(0, math.ceil(-math.log10(step) - 1e-9))
        exact = all(abs(round(p, decimals) - p) < 1e-3 * step for p in places)
        shown = [f"{place:.{decimals if exact else decimals + 1}f}" for place in places]
    return {
        place: ("0" if not text.strip("-0.") else text).replace("-", "\N{MINUS SIGN}")
        for place, text in zip(places, shown, strict=True)
    }


def set_ticks(axes: "Axes", shown: Mapping[float, str], *, upright: bool = False) -> None:
    """Ticks at these places with these words."""
    axis = axes.yaxis if upright else axes.xaxis
    axis.set_ticks(list(shown), list(shown.values()))
