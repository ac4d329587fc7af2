"""Rewards, completion length, KL and the rest over the steps of one training."""

import math
from typing import TYPE_CHECKING, Any

from tina_bench.board.content.training_curves import Curve, thinned
from tina_bench.board.output.cache import Cache
from tina_bench.board.output.elements import Plot
from tina_bench.board.plots.frame import (
    FONT_POINTS,
    SMALL_POINTS,
    WIDTH_INCHES,
    cached_svg,
    limits,
    linear_ticks,
    plain_axes,
    set_ticks,
    words,
)
from tina_bench.board.plots.labels import shortened, text_of
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 150
"""Of a curve; with more steps, each point is the mean of its neighbours."""
PANEL_INCHES = 2.0
_SERIES = (("series-a", "-"), ("series-b", "--"), ("series-c", ":"))
_PANELS = (
    ("total reward, weighted", "reward"),
    ("mean reward per function", ""),
    ("completion length, tokens", "completion_length"),
    ("KL to the base", "kl"),
    ("loss", "loss"),
    ("learning rate", "learning_rate"),
)
"""Heading, and the logged field; the rewards by function have fields of their own."""


def training(curve: Curve, number: int, cache: Cache | None = None) -> Plot | None:
    """The curves that a training logged; `number` counts the trainings of one model.

    Drawn from its rows of `data/training.csv`, which the caption names by their folder.
    """
    panels: list[tuple[str, tuple[str, ...]]] = [
        (title, fields)
        for title, field in _PANELS
        if (fields := _logged(curve, (field,) if field else curve.rewards))
    ]
    if not panels:
        return None
    drawn = {
        field: thinned(*curve.series(field), POINTS)
        for field in dict.fromkeys(field for _, found in panels for field in found)
    }
    steps = plural(len(curve.steps), "logged step")
    sentences = [f"Training of {curve.model}, {steps}: {', '.join(title for title, _ in panels)}."]
    for name, field in (("Reward", "reward"), ("Completion length", "completion_length")):
        if field in drawn:
            _, values = drawn[field]
            sentences.append(f"{name} goes from {values[0]:.3g} to {values[-1]:.3g}.")
    caption = f"{curve.folder}, {steps}{'' if curve.finished else ', not finished'}. "
    caption += "Horizontal: optimizer step."
    if max(len(curve.series(field)[0]) for field in drawn) > POINTS:
        caption += " Each point is the mean of neighbouring steps; the data have every step."
    name = f"training-{curve.model}-{number}"
    drawn_from = {"panels": [[title, list(fields)] for title, fields in panels], "curves": drawn}
    svg = cached_svg(
        cache or Cache(), name, text_of(*sentences), drawn_from, lambda: _panels(panels, drawn)
    )
    return Plot(name=name, svg=svg, caption=caption, data="data/training.csv")


def _logged(curve: Curve, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field for field in fields if curve.series(field)[0])


def _panels(
    panels: list[tuple[str, tuple[str, ...]]], drawn: dict[str, tuple[list[float], list[float]]]
) -> "Figure":
    from matplotlib.figure import Figure

    lines = math.ceil(len(panels) / 2)
    height = PANEL_INCHES * lines + 0.1
    figure = Figure(figsize=(WIDTH_INCHES, height))
    figure.patch.set_visible(False)
    steps = [step for xs, _ in drawn.values() for step in xs]
    x_limits = limits(steps, margin=0.02)
    for place, (title, fields) in enumerate(panels):
        line, side = divmod(place, 2)
        axes = figure.add_axes(
            (
                (0.65 + side * WIDTH_INCHES / 2) / WIDTH_INCHES,
                1 - (PANEL_INCHES * (line + 1) - 0.3) / height,
                (WIDTH_INCHES / 2 - 0.75) / WIDTH_INCHES,
                (PANEL_INCHES - 0.65) / height,
            )
        )
        plain_axes(axes)
        values = [value for field in fields for value in drawn[field][1]]
        # A curve that stays where it is stays level: its last digits are no trend.
        least = 1e-3 * max(map(abs, values)) or 1.0
        y_limits = limits(values, least=least, margin=0.06)
        axes.set_xlim(*x_limits)
        axes.set_ylim(*y_limits)
        whole: dict[float, str] = {x: t for x, t in linear_ticks(*x_limits, most=6).items()
                                   if x == round(x)}  # fmt: skip
        set_ticks(axes, whole)
        set_ticks(axes, linear_ticks(*y_limits, most=4), upright=True)
        words(axes, 0, y_limits[1], title, dy=8, upright="bottom", size=FONT_POINTS, across=True)
        _curves(axes, fields, drawn)
    return figure


def _curves(
    axes: Any, fields: tuple[str, ...], drawn: dict[str, tuple[list[float], list[float]]]
) -> None:
    for place, field in enumerate(fields):
        colour, line = _SERIES[place % len(_SERIES)]
        (curve,) = axes.plot(
            *drawn[field], line, color=PALETTE[colour], lw=1.6, clip_on=False,
            label=shortened(field.removeprefix("reward_"), 14), solid_joinstyle="round",
        )  # fmt: skip
        named(curve, field)
    if len(fields) > 1:
        legend = axes.legend(
            frameon=False, fontsize=SMALL_POINTS - 0.5, labelcolor="linecolor", loc="best",
            handlelength=1.8, borderaxespad=0.1, labelspacing=0.2,
        )  # fmt: skip
        for text in legend.get_texts():
            text.set_parse_math(False)
