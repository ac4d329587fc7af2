"""How long answers are, right ones and wrong ones, and how many were cut at the limit."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import (
    limits,
    linear_ticks,
    log_ticks,
    plot,
    rows_figure,
    table,
    words,
)
from tina_bench.board.plots.labels import text_of
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import count, fixed, plural
from tina_bench.stats.outcome_matrix import column, correct_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FINEST = 40
"""Bins a decade that answers are counted in; fewer are drawn where lengths differ much."""
_LENGTH_COLUMNS = ("model", "task", "from_tokens", "below_tokens", "n_right", "n_wrong")
_CUT_COLUMNS = (
    "model",
    "task",
    "n_truncated",
    "n_answers",
    "truncated_percent",
    "interval_low",
    "interval_high",
    "interval_level",
)


def _counted(evidence: SiteContext, model: str, task: str) -> dict[str, Any]:
    """Right and wrong answers by length, in bins that are the same for every model and task.

    Bin b holds lengths from 10^(b/40) tokens to below 10^((b+1)/40); an answer without a token is
    counted with those of one.
    """

    def make() -> bytes:
        record = evidence.records[model, task]
        tokens = np.maximum(column(record, "tokens_out").astype(np.int64), 1)
        right = correct_answers(record)
        bins = np.floor(np.log10(tokens) * FINEST + 1e-9).astype(np.int64)
        made: dict[str, Any] = {}
        for name, chosen in (("right", right), ("wrong", ~right)):
            places, numbers = np.unique(bins[chosen], return_counts=True)
            made[name] = dict(zip(map(str, places.tolist()), numbers.tolist(), strict=True))
            middle = float(np.median(tokens[chosen])) if chosen.any() else None
            made[f"median_{name}"] = middle
        return json.dumps(made, sort_keys=True).encode()

    key = [evidence.record_sha256[model, task], FINEST]
    found: dict[str, Any] = json.loads(evidence.cache.get("plot-lengths", key, make))
    return found


def _edge(place: int) -> int:
    """The smallest whole number of tokens in a bin or in one above."""
    return int(np.ceil(10 ** (place / FINEST) - 1e-6))


def _width(found: dict[str, dict[str, Any]]) -> int:
    """How many of the finest bins make one that is drawn: the less, the closer lengths lie."""
    places = [int(p) for counted in found.values() for n in ("right", "wrong") for p in counted[n]]
    decades = (max(places) - min(places)) / FINEST
    return 1 if decades < 0.5 else 2 if decades < 1 else 4


def _binned(model: str, task: str, counted: dict[str, Any], width: int) -> list[Row]:
    rows: dict[int, Row] = {}
    for name in ("right", "wrong"):
        for place, number in counted[name].items():
            first = int(place) // width * width
            row = rows.setdefault(
                first,
                {
                    "model": model,
                    "task": task,
                    "from_tokens": _edge(first),
                    "below_tokens": _edge(first + width),
                    "n_right": 0,
                    "n_wrong": 0,
                },
            )
            row[f"n_{name}"] += number
    return [rows[first] for first in sorted(rows)]


def lengths(evidence: SiteContext, task: str) -> Plot | None:
    """How long the answers to a task are: right ones above the line, wrong ones below it."""
    models = [model for model in evidence.models if (model, task) in evidence.records]
    if not models:
        return None
    found = {model: _counted(evidence, model, task) for model in models}
    width = _width(found)
    rows = [row for model, counted in found.items() for row in _binned(model, task, counted, width)]
    middles = {
        model: [counted["median_right"], counted["median_wrong"]]
        for model, counted in found.items()
    }
    titles = {model: evidence.model_title(model) for model in models}
    both = {m: v for m, v in middles.items() if None not in v}
    longer = sum(wrong > right for right, wrong in both.values())
    sentences = [
        f"Lengths of the answers to {evidence.task_title(task)}, {plural(len(models), 'model')}."
    ]
    if both:
        sentences.append(
            f"The median wrong answer is longer than the median right one for {longer} of "
            f"{plural(len(both), 'model')}."
        )
        first = next(iter(both))
        sentences.append(
            f"{titles[first]}: right {_tokens(both[first][0])}, wrong {_tokens(both[first][1])} "
            "tokens."
        )
    return plot(
        evidence.cache,
        table(f"lengths-{task}", "One row a model and range of lengths: answers in it, by whether "
              "they are right.", rows, _LENGTH_COLUMNS, kind="lengths"),
        label=text_of(*sentences),
        caption="Filled, above the line: right answers. Outlined, below it: wrong ones, cut ones "
        "included. Height: number of answers, each model to a scale of its own, the same above and "
        "below; horizontal: generated tokens, a logarithmic scale. Right: medians, tokens.",
        options={"titles": titles, "medians": middles},
        draw=lambda: _lengths(rows, titles, middles),
    )  # fmt: skip


def _tokens(value: float | None) -> str:
    if value is None:
        return "none"
    return count(round(value)) if value < 10_000 else f"{fixed(value / 1000)}k"


def _lengths(
    rows: Sequence[Row], titles: dict[str, str], middles: dict[str, list[float | None]]
) -> "Figure":
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    low = np.log10(min(row["from_tokens"] for row in rows))
    high = np.log10(max(row["below_tokens"] for row in rows))
    x_limits = float(low) - 0.02, float(high) + 0.02
    shown = {float(np.log10(t)): count(round(t)) for t in log_ticks(float(low), float(high))}
    canvas = rows_figure(
        list(titles.values()),
        "generated tokens",
        x_limits,
        row_inches=0.52,
        right_inches=2.1,
        x_ticks=shown,
    )
    for side, colour, filled in ((-1, "series-a", True), (1, "series-b", False)):
        name = "right" if side < 0 else "wrong"
        points: list[tuple[float, float]] = []
        codes: list[Any] = []
        for number, model in enumerate(titles):
            own = [row for row in rows if row["model"] == model]
            most = max(max(row["n_right"], row["n_wrong"]) for row in own)
            outline = [(np.log10(own[0]["from_tokens"]), 0.0)]
            end = own[0]["from_tokens"]
            for row in own:
                start, below = np.log10(row["from_tokens"]), np.log10(row["below_tokens"])
                if row["from_tokens"] != end:  # no answer of these lengths
                    outline += [(np.log10(end), 0.0), (start, 0.0)]
                share = 0.44 * row[f"n_{name}"] / most
                outline += [(start, share), (below, share)]
                end = row["below_tokens"]
            outline.append((np.log10(end), 0.0))
            points += [(x, number + side * y) for x, y in outline]
            codes += [Path.MOVETO, *[Path.LINETO] * (len(outline) - 1)]
        patch = PathPatch(
            Path(points, codes), clip_on=False, lw=1.1, ec=PALETTE[colour],
            fc=PALETTE[colour] if filled else "none", alpha=None,
        )  # fmt: skip
        canvas.axes.add_patch(named(patch, name))  # type: ignore[arg-type]
        text = "right ↑" if side < 0 else "wrong ↓"
        words(canvas.axes, x_limits[0], side * 0.24, text, dx=2, colour=colour, size=8.5)
    canvas.right(
        {
            n: ", ".join(
                f"{_tokens(v)} {w}" for v, w in zip(middles[m], ("right", "wrong"), strict=True)
            )
            for n, m in enumerate(titles)
        }
    )
    return canvas.figure


def truncation(evidence: SiteContext, task: str) -> Plot | None:
    """The share of answers that were cut at the generation limit, with its interval, by model."""
    found = evidence.estimates_on(task)
    if not found:
        return None
    found.sort(key=lambda e: (-e.truncated.percent, e.model))
    rows: list[Row] = []
    for estimate in found:
        rate = estimate.truncated
        rows.append(
            {
                "model": estimate.model,
                "task": task,
                "n_truncated": rate.count,
                "n_answers": rate.total,
                "truncated_percent": rate.percent,
                "interval_low": rate.interval.low if rate.interval else None,
                "interval_high": rate.interval.high if rate.interval else None,
                "interval_level": rate.interval.level if rate.interval else None,
            }
        )
    labels = [evidence.model_title(estimate.model) for estimate in found]
    most = rows[0]
    return plot(
        evidence.cache,
        table(f"truncation-{task}", "One row a model: answers cut at the limit.", rows,
              _CUT_COLUMNS, kind="truncation"),
        label=text_of(
                f"Answers to {evidence.task_title(task)} that were cut at the limit, "
                f"{plural(len(rows), 'model')}.",
                f"Most: {labels[0]}, {fixed(most['truncated_percent'])} percent "
                f"({count(most['n_truncated'])} of {count(most['n_answers'])}).",
),
        caption="Dot: share of answers cut at the generation limit, which count as they are "
        "graded, mostly as wrong. Line: the interval for the same problems sampled afresh. Right: "
        "cut answers of all.",
        options={"labels": labels},
        draw=lambda: _truncation(rows, labels),
    )  # fmt: skip


def _truncation(rows: Sequence[Row], labels: Sequence[str]) -> "Figure":
    ends = [(r["interval_low"], r["interval_high"], n) for n, r in enumerate(rows)
            if r["interval_low"] is not None]  # fmt: skip
    rates = [row["truncated_percent"] for row in rows]
    x_limits = 0.0, limits([0.0, *rates, *(high for _, high, _ in ends)], least=4)[1]
    canvas = rows_figure(
        labels, "answers cut at the limit, percent", x_limits, x_ticks=linear_ticks(*x_limits)
    )
    canvas.spans(ends, "measured", "interval")
    canvas.marks(rates, list(range(len(rows))), "o", "measured", "rate", size=6.5)
    canvas.right(
        {n: f"{count(r['n_truncated'])} of {count(r['n_answers'])}" for n, r in enumerate(rows)}
    )
    return canvas.figure
