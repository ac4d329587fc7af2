"""How far the runs of one model scatter: the reason why one run settles nothing."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import limits, plot, rows_figure, table
from tina_bench.board.plots.labels import text_of
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import fixed, plural

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LATTICE_PROBLEMS = 60
"""With more problems, possible scores lie too close to be seen apart."""
_COLUMNS = ("model", "task", "n_problems", "seed", "run_percent", "mean_percent")


def seeds(evidence: SiteContext, task: str) -> Plot | None:
    """The score of every run on a task, one strip per model, the highest mean first.

    Runs with the same score stand on each other. With few problems every possible score has a line.
    """
    found = evidence.estimates_on(task)
    if not found:
        return None
    found.sort(key=lambda e: (-e.avg_percent, e.model))
    rows: list[Row] = [
        {
            "model": e.model,
            "task": task,
            "n_problems": e.n,
            "seed": seed,
            "run_percent": percent,
            "mean_percent": e.avg_percent,
        }
        for e in found
        for seed, percent in zip(evidence.records[e.model, task].seeds, e.run_percents, strict=True)
    ]
    titles = {e.model: evidence.model_title(e.model) for e in found}
    right = [
        f"{fixed(e.avg_percent)}  "
        + ("one run" if e.sd_over_runs_points is None else f"SD {fixed(e.sd_over_runs_points)}")
        for e in found
    ]
    sizes = {e.n for e in found}
    step = 100 / min(sizes) if len(sizes) == 1 and min(sizes) <= LATTICE_PROBLEMS else None
    widest = max(found, key=lambda e: (max(e.run_percents) - min(e.run_percents), e.model))
    caption = (
        "Each dot is one run, runs with the same score one above the other; the upright bar is "
        "their mean. Right: mean, and the SD over runs, a dispersion and not an interval."
    )
    if step is not None:
        caption += (
            f" Light lines: the scores that are possible with {plural(min(sizes), 'problem')}, "
            f"{fixed(step)} points apart."
        )
    return plot(
        evidence.cache,
        table(f"seeds-{task}", "One row a run.", rows, _COLUMNS, kind="seeds"),
        label=text_of(
            f"Scores of single runs on {evidence.task_title(task)}, "
            f"{plural(len(found), 'model')}, {plural(len(rows), 'run')}.",
            f"Widest spread: {titles[widest.model]}, runs from "
            f"{fixed(min(widest.run_percents))} to {fixed(max(widest.run_percents))} percent "
            f"around a mean of {fixed(widest.avg_percent)}.",
        ),
        caption=caption,
        options={"titles": titles, "right": right, "step": step},
        draw=lambda: _strips(rows, titles, right, step),
    )


def _strips(
    rows: Sequence[Row], titles: dict[str, str], right: Sequence[str], step: float | None
) -> "Figure":
    by_model = [list(group) for _, group in groupby(rows, key=lambda row: row["model"])]
    x_limits = limits((row["run_percent"] for row in rows), least=step * 3 if step else 2)
    x_limits = (max(x_limits[0], -2.0), min(x_limits[1], 102.0))
    stacks = [Counter(round(row["run_percent"], 6) for row in strip) for strip in by_model]
    highest = max(max(stack.values()) for stack in stacks)
    canvas = rows_figure(
        [titles[strip[0]["model"]] for strip in by_model], "score of one run, percent", x_limits,
        row_inches=0.34 if highest < 3 else 0.44,
    )  # fmt: skip
    if step is not None:
        low, high = math.ceil(x_limits[0] / step), math.floor(x_limits[1] / step)
        possible = [number * step for number in range(low, high + 1)]
        top, foot = -0.6, len(by_model) - 0.4
        (lines,) = canvas.axes.plot(
            [x for percent in possible for x in (percent, percent, math.nan)],
            [top, foot, math.nan] * len(possible), color=PALETTE["rule"], lw=0.5, clip_on=False,
        )  # fmt: skip
        named(lines, "possible")
        canvas.axes.grid(visible=False)
    rise = 0.62 / max(highest - 1, 3)
    xs: list[float] = []
    ys: list[float] = []
    for row, stack in enumerate(stacks):
        for percent, times in sorted(stack.items()):
            xs += [percent] * times
            ys += [row + 0.22 - rise * place for place in range(times)]
    means = [strip[0]["mean_percent"] for strip in by_model]
    canvas.marks(means, list(range(len(means))), "|", "ink", "mean", size=20)
    canvas.marks(xs, ys, "o", "measured", "run", size=5.2)
    canvas.right(dict(enumerate(right)))
    return canvas.figure
