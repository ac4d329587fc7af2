"""The site's plots: each answers one question and is drawn from a table of the site.

Each says in words what it shows, for those who cannot see it. Verdicts are told by the marker's
shape as well as by its colour. matplotlib is imported where it is used: `import tina_bench.board`
must not take a second.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tina_bench.board.curves import Curve
from tina_bench.board.evidence import Evidence
from tina_bench.board.numbers import fixed, p_value, plural, signed
from tina_bench.board.plot import Plot
from tina_bench.board.svg import PALETTE, inline
from tina_bench.board.visible import visible
from tina_bench.stats.shapes import Comparison, Judgement, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_INCHES = 0.3
FONT_POINTS = 10.5
RIGHT_INCHES = 1.75
CHARACTER_INCHES = 0.08
"""Width of a label's character, on average and generous: the page's font is not known here."""
LABEL_CHARACTERS = 58
"""A longer label is cut, so that a quarter of the width is left to draw in."""
MARKERS = {
    Verdict.REPRODUCED: ("o", "reproduced"),
    Verdict.NOT_REPRODUCED: ("s", "not-reproduced"),
    Verdict.INCONCLUSIVE: ("^", "inconclusive"),
    Verdict.NOT_COMPARABLE: ("D", "not-comparable"),
}
"""Marker and palette name; the same shapes as the pages' marks."""
_SERIES = ((PALETTE["series-a"], "-"), (PALETTE["series-b"], "--"), (PALETTE["series-c"], ":"))


def _axis_style(axes: "Axes") -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PALETTE["rule"])
    axes.tick_params(colors=PALETTE["muted"], length=0, labelsize=FONT_POINTS - 1)
    axes.grid(color=PALETTE["rule"], linewidth=0.8)
    axes.set_axisbelow(True)


def _right_text(axes: "Axes", row: float, text: str) -> None:
    axes.annotate(
        visible(text),
        (1, row),
        (10, 0),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        va="center",
        fontsize=FONT_POINTS - 1,
        color=PALETTE["ink"],
        annotation_clip=False,
        parse_math=False,
    )


def _shortened(label: str) -> str:
    """A label that stays inside the picture; the text alternative has it whole."""
    fits = len(label) <= LABEL_CHARACTERS
    return label if fits else f"{label[: LABEL_CHARACTERS - 1].rstrip()}…"


@contextmanager
def _rows(labels: Sequence[str], x_label: str) -> Iterator[tuple["Figure", "Axes"]]:
    """A figure with one labelled row an entry, top to bottom."""
    from matplotlib.figure import Figure

    height = ROW_INCHES * len(labels) + 0.75
    width = 8.6
    figure = Figure(figsize=(width, height))
    shown = [_shortened(visible(label)) for label in labels]
    label_inches = CHARACTER_INCHES * max(map(len, shown)) + 0.1
    left, right = label_inches / width, 1 - RIGHT_INCHES / width
    axes = figure.add_axes((left, 0.55 / height, right - left, 1 - 0.65 / height))
    _axis_style(axes)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)), shown)
    for tick in axes.get_yticklabels():
        tick.set(parse_math=False, color=PALETTE["ink"], fontsize=FONT_POINTS)
    axes.set_xlabel(x_label, color=PALETTE["muted"], fontsize=FONT_POINTS - 1)
    yield figure, axes


def published_against_measured(evidence: Evidence) -> Plot | None:
    """A dumbbell a claim: the published score, ours with its interval, and the verdict's mark."""
    judged: list[Judgement] = [
        found
        for model in evidence.models
        for task in evidence.tasks
        for found in evidence.judgements(model, task)
        if found.measured_percent is not None and found.verdict in MARKERS
    ]
    if not judged:
        return None
    labels = [f"{evidence.model_title(j.model)} · {evidence.task_title(j.task)}" for j in judged]
    with _rows(labels, "score, percent") as (figure, axes):
        for row, found in enumerate(judged):
            measured = evidence.estimates[found.model, found.task]
            marker, name = MARKERS[found.verdict]
            colour, score = PALETTE[name], measured.avg_percent
            axes.plot([found.claimed_percent, score], [row] * 2, color=PALETTE["rule"], lw=5)
            low, high = measured.same_problems.low, measured.same_problems.high
            axes.plot([low, high], [row] * 2, color=colour, lw=1.6)
            axes.plot(score, row, marker, color=colour, ms=7.5, clip_on=False)
            axes.plot(
                found.claimed_percent, row, "|", color=PALETTE["ink"], ms=14, mew=2, clip_on=False
            )
            word = found.verdict.value.replace("_", " ").lower()
            _right_text(axes, row, f"{signed(score - found.claimed_percent)}  {word}")
        axes.margins(x=0.04)
        label = "Published and measured scores. " + " ".join(
            f"{title}: published {fixed(j.claimed_percent, j.decimals)}, measured "
            f"{fixed(evidence.estimates[j.model, j.task].avg_percent)}, "
            f"{j.verdict.value.replace('_', ' ').lower()}."
            for title, j in zip(labels, judged, strict=True)
        )
        return Plot(
            name="published-and-measured",
            svg=inline(figure, name="published-and-measured", label=label),
            caption="Upright bar: the published score. Mark and line: our avg@k and its interval "
            "for the same problems sampled afresh; the mark's shape is the verdict. Right: ours "
            "minus published, points.",
            data="data/claims.csv",
        )


def gains(evidence: Evidence) -> Plot | None:
    """What each adapter adds to its base, all tasks pooled, then task by task."""
    rows: list[tuple[str, Comparison, bool]] = []
    for model in evidence.models:
        pooled = evidence.pooled.get(model)
        if pooled is None:
            continue
        title = evidence.model_title(model)
        if len(pooled.tasks) > 1:
            rows.append((f"{title} · pooled", pooled, True))
        tasks = evidence.gains_by_task(model)
        named = [task for task in evidence.tasks if task in tasks]
        rows += [(f"{title} · {evidence.task_title(t)}", tasks[t], False) for t in named]
    if not rows:
        return None
    with _rows([label for label, _, _ in rows], "adapter minus base, points") as (figure, axes):
        axes.axvline(0, color=PALETTE["muted"], lw=1)
        for row, (_, found, strong) in enumerate(rows):
            colour = PALETTE["measured"] if strong else PALETTE["muted"]
            low, high = found.interval.low, found.interval.high
            axes.plot([low, high], [row] * 2, color=colour, lw=2.4 if strong else 1.4)
            axes.plot(found.difference_points, row, "D" if strong else "o", color=colour, ms=6.5)
            _right_text(axes, row, f"{signed(found.difference_points)}  {p_value(found.p_value)}")
        axes.margins(x=0.04)
        label = "Gain of each adapter over its base. " + " ".join(
            f"{title}: {signed(c.difference_points)} points, interval {signed(c.interval.low)} to "
            f"{signed(c.interval.high)}, {p_value(c.p_value)}."
            for title, c, _ in rows
        )
        return Plot(
            name="gains",
            svg=inline(figure, name="gains", label=label),
            caption="Diamond: all tasks pooled, each problem with equal weight. Lines: the "
            "interval for problems like these. A line that crosses zero leaves open whether "
            "there is a gain.",
            data="data/comparisons.csv",
        )


def training(curve: Curve, number: int) -> Plot | None:
    """Rewards, completion length, KL and loss over the steps of one training."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels: list[tuple[str, list[tuple[str, str]]]] = [
        ("total reward, weighted", [("", "reward")]),
        (
            "mean reward per function",
            [(n.removeprefix("reward_"), n) for n in curve.rewards],
        ),
        ("completion length, tokens", [("", "completion_length")]),
        ("KL to the base", [("", "kl")]),
        ("loss", [("", "loss")]),
        ("learning rate", [("", "learning_rate")]),
    ]
    shown = [(title, f) for title, f in panels if any(curve.series(name)[0] for _, name in f)]
    if not shown:
        return None
    height = 2.0 * math.ceil(len(shown) / 2)
    figure = Figure(figsize=(8.6, height), layout="constrained")
    grid = figure.subplots(math.ceil(len(shown) / 2), 2, squeeze=False)
    for axes, (title, fields) in zip(grid.flat, shown, strict=False):
        _axis_style(axes)
        axes.set_title(title, loc="left", fontsize=FONT_POINTS, color=PALETTE["ink"])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
        for place, (name, field) in enumerate(fields):
            colour, line = _SERIES[place % len(_SERIES)]
            axes.plot(*curve.series(field), line, color=colour, lw=1.6, label=visible(name))
        if len(fields) > 1:
            legend = axes.legend(frameon=False, fontsize=FONT_POINTS - 1.5, labelcolor="linecolor")
            for text in legend.get_texts():
                text.set_parse_math(False)
    for axes in list(grid.flat)[len(shown) :]:
        axes.set_axis_off()
    steps, rewards = curve.series("reward")
    change = f" Reward goes from {rewards[0]:.3g} to {rewards[-1]:.3g}." if steps else ""
    return Plot(
        name=f"training-{number}",
        svg=inline(
            figure,
            name=f"training-{number}",
            label=f"Training of {curve.model}: {', '.join(title for title, _ in shown)}, over "
            f"{plural(len(curve.steps), 'step')}.{change}",
        ),
        caption=f"{curve.folder}, {plural(len(curve.steps), 'logged step')}"
        f"{'' if curve.finished else ', not finished'}. Horizontal: optimizer step.",
        data="data/training.csv",
    )
