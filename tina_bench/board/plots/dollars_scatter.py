"""The drawing of scores against dollars: points, fronts, and names where they fit."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from tina_bench.board.output.elements import Row
from tina_bench.board.plots.frame import (
    POINTS_AN_INCH,
    SMALL_POINTS,
    WIDTH_INCHES,
    limits,
    linear_ticks,
    log_ticks,
    marks,
    plain_axes,
    set_ticks,
    words,
)
from tina_bench.board.plots.labels import ems, shortened
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import round_dollars

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT_INCHES = 4.6
MOST_LABELS = 40
LABEL_EMS = 15.0
LABEL_POINTS = 8.5


def scatter(rows: Sequence[Row], titles: dict[str, str]) -> "Figure":
    """Points by kind, each kind with its front."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES))
    figure.patch.set_visible(False)
    axes = figure.add_axes(
        (0.55 / WIDTH_INCHES, 0.55 / HEIGHT_INCHES, 1 - 1.0 / WIDTH_INCHES, 1 - 0.7 / HEIGHT_INCHES)
    )
    plain_axes(axes)
    x_limits = limits((math.log10(row["train_usd"]) for row in rows), least=0.5, margin=0.07)
    y_limits = limits((row["score_percent"] for row in rows), least=2, margin=0.08)
    axes.set_xlim(*x_limits)
    axes.set_ylim(*y_limits)
    set_ticks(axes, {math.log10(t): round_dollars(t) for t in log_ticks(*x_limits)})
    set_ticks(axes, linear_ticks(*y_limits, most=6), upright=True)
    axes.set_xlabel("training, US dollars", color=PALETTE["muted"], fontsize=SMALL_POINTS)
    for kind, line, colour, marker in (
        ("published", "--", "published", "s"),
        ("measured", "-", "measured", "o"),
    ):
        own = [row for row in rows if row["kind"] == kind]
        front = sorted(
            {(math.log10(r["train_usd"]), r["score_percent"]) for r in own if r["is_on_front"]}
        )
        if len(front) > 1:
            (drawn,) = axes.step(
                [x for x, _ in front], [y for _, y in front], line, where="post",
                color=PALETTE[colour], lw=1.3, clip_on=False,
            )  # fmt: skip
            named(drawn, f"{kind}-front")
        marks(axes, [math.log10(r["train_usd"]) for r in own], [r["score_percent"] for r in own],
              marker, colour, kind, size=7, hollow=kind == "published")  # fmt: skip
    _label(axes, rows, titles, x_limits, y_limits)
    return figure


def _label(
    axes: "Axes",
    rows: Sequence[Row],
    titles: dict[str, str],
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
) -> None:
    """Names beside the points, those on a front first; a name that finds no room is left out."""
    wide = (WIDTH_INCHES - 1.0) * POINTS_AN_INCH / (x_limits[1] - x_limits[0])
    high = (HEIGHT_INCHES - 0.7) * POINTS_AN_INCH / (y_limits[1] - y_limits[0])

    def place(row: Row) -> tuple[float, float]:
        x = (math.log10(row["train_usd"]) - x_limits[0]) * wide
        return x, (row["score_percent"] - y_limits[0]) * high

    taken = [(x - 4.0, y - 4.0, x + 4.0, y + 4.0) for x, y in map(place, rows)]
    for kind in ("published", "measured"):
        front = sorted({place(r) for r in rows if r["kind"] == kind and r["is_on_front"]})
        for (x, y), (end, top) in pairwise(front):
            taken += [(x, y - 1, end, y + 1), (end - 1, y, end + 1, top)]
    edge = (WIDTH_INCHES - 1.0) * POINTS_AN_INCH + 24
    ordered = sorted(
        rows,
        key=lambda r: (
            not r["is_on_front"],
            r["kind"] != "measured",
            -r["score_percent"],
            r["model"],
        ),
    )
    named_before: set[tuple[str, str]] = set()
    for row in ordered[:MOST_LABELS]:
        key = (row["model"], row["kind"])
        if key in named_before and not row["is_on_front"]:
            continue
        text = shortened(titles[row["model"]], LABEL_EMS)
        x, y = place(row)
        length = ems(text) * LABEL_POINTS
        for dx, dy, side in (
            (7, 0, "left"), (-7, 0, "right"), (0, 10, "center"), (0, -10, "center"),
            (6, 8, "left"), (6, -8, "left"), (-6, 8, "right"), (-6, -8, "right"),
        ):  # fmt: skip
            left = x + dx - {"left": 0.0, "right": length, "center": length / 2}[side]
            box = (left, y + dy - 5, left + length, y + dy + 5)
            apart = all(
                box[2] < t[0] or box[0] > t[2] or box[3] < t[1] or box[1] > t[3] for t in taken
            )
            if apart and left > 0 and box[2] < edge:
                words(axes, math.log10(row["train_usd"]), row["score_percent"], text, dx=dx, dy=dy,
                      side=side, size=LABEL_POINTS)  # fmt: skip
                taken.append(box)
                named_before.add(key)
                break
