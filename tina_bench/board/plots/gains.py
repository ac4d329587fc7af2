"""What an adapter adds to its base: by our own measurements, and by all published evidence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import limits, plot, rows_figure, table
from tina_bench.board.plots.labels import LABEL_EMS, ems, shortened, text_of
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import fixed, p_value, plural, signed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 40
"""With more, only what is pooled over all tasks is drawn, and of that the first so many."""
_GAIN_COLUMNS = (
    "model", "base", "scope", "tasks", "n_problems", "gain_points", "interval_low",
    "interval_high", "interval_level", "interval_question", "p_value",
)  # fmt: skip
_AUDIT_COLUMNS = (
    "model", "reference_name", "kind", "who", "average_name", "tasks", "printed_gain_points",
    "printed_low", "printed_high", "supported_gain_points", "supported_low", "supported_high",
    "share_percent", "n_checkpoints", "after_selection_points",
)  # fmt: skip


def gains(evidence: SiteContext) -> Plot | None:
    """What each adapter adds to its base, all tasks pooled, then task by task."""
    rows: list[Row] = []
    for model in evidence.models:
        pooled = evidence.pooled.get(model)
        if pooled is None:
            continue
        tasks = evidence.gains_by_task(model)
        found = [("pooled", pooled)] if len(pooled.tasks) > 1 else []
        found += [(task, tasks[task]) for task in evidence.tasks if task in tasks]
        rows += [
            {
                "model": model,
                "base": comparison.model_b,
                "scope": scope,
                "tasks": list(comparison.tasks),
                "n_problems": comparison.n,
                "gain_points": comparison.difference_points,
                "interval_low": comparison.interval.low,
                "interval_high": comparison.interval.high,
                "interval_level": comparison.interval.level,
                "interval_question": comparison.interval.question.value,
                "p_value": comparison.p_value,
            }
            for scope, comparison in found
        ]
    if not rows:
        return None
    drawn = rows
    if len(rows) > MOST_ROWS:
        first: dict[str, Row] = {}
        for row in rows:
            first.setdefault(row["model"], row)
        drawn = list(first.values())[:MOST_ROWS]
    labels = [
        f"{evidence.model_title(row['model'])} · "
        + ("pooled" if row["scope"] == "pooled" else evidence.task_title(row["scope"]))
        for row in drawn
    ]
    whole = [row for row in rows if row["scope"] == "pooled"] or rows
    best = max(whole, key=lambda row: (row["gain_points"], row["model"]))
    sure = sum(row["interval_low"] > 0 for row in whole)
    adapters = len({row["model"] for row in rows})
    hidden = len(rows) - len(drawn)
    caption = (
        "Diamond: all tasks pooled, each problem with equal weight. Lines: the interval for "
        "problems like these. A line that crosses zero leaves open whether there is a gain."
    )
    if hidden:
        caption += f" {plural(hidden, 'more comparison')}, task by task, stand in the data."
    return plot(
        evidence.cache,
        table(
            "gains", "One row an adapter and task, and one over all its tasks.", rows, _GAIN_COLUMNS
        ),
        label=text_of(
            f"Gain of {plural(adapters, 'adapter')} over the base: {sure} of "
            f"{plural(len(whole), 'interval')} above zero.",
            f"Largest: {evidence.model_title(best['model'])}, {signed(best['gain_points'])} "
            f"points, interval {signed(best['interval_low'])} to {signed(best['interval_high'])}, "
            f"{p_value(best['p_value'])}.",
        ),
        caption=caption,
        options={"labels": labels, "drawn": len(drawn)},
        draw=lambda: _gains(drawn, labels),
    )


def _gains(rows: Sequence[Row], labels: Sequence[str]) -> "Figure":
    ends = [value for row in rows for value in (row["interval_low"], row["interval_high"], 0.0)]
    canvas = rows_figure(labels, "adapter minus base, points", limits(ends, least=2))
    named(canvas.axes.axvline(0, color=PALETTE["muted"], lw=1, clip_on=False), "zero")
    for pooled in (False, True):
        places = [(n, r) for n, r in enumerate(rows) if (r["scope"] == "pooled") is pooled]
        colour, name = ("measured", "pooled") if pooled else ("muted", "task")
        canvas.spans(((r["interval_low"], r["interval_high"], n) for n, r in places), colour,
                     f"{name}-interval", width=2.4 if pooled else 1.4)  # fmt: skip
        canvas.marks([r["gain_points"] for _, r in places], [n for n, _ in places],
                     "D" if pooled else "o", colour, name, size=7)  # fmt: skip
    canvas.right(
        {n: f"{signed(r['gain_points'])}  {p_value(r['p_value'])}" for n, r in enumerate(rows)}
    )
    return canvas.figure


def audit_gains(evidence: SiteContext, *, model: str | None = None) -> Plot | None:
    """Gains as printed beside what all evidence at hand supports, for one model or all.

    Over the base; of one model also over the baseline that its source sets beside it.
    """
    found = [
        gain
        for gain in evidence.audits.gains
        if model in (None, gain.model) and (model or gain.reference_is == "base")
    ]
    if not found:
        return None
    rows: list[Row] = [
        {
            "model": gain.model,
            "reference_name": gain.reference,
            "kind": gain.reference_is,
            "who": gain.who,
            "average_name": gain.average,
            "tasks": list(gain.tasks),
            "printed_gain_points": gain.printed_gain_points,
            "printed_low": gain.printed_low,
            "printed_high": gain.printed_high,
            "supported_gain_points": gain.supported_gain_points,
            "supported_low": gain.supported_low,
            "supported_high": gain.supported_high,
            "share_percent": gain.share_percent,
            "n_checkpoints": gain.best_of,
            "after_selection_points": gain.after_selection_points,
        }
        for gain in found
    ]
    drawn = rows[:MOST_ROWS]
    labels = _audit_labels(evidence, drawn, model)
    share = sum(row["supported_gain_points"] for row in rows) / len(rows)
    printed = sum(row["printed_gain_points"] for row in rows) / len(rows)
    sure = sum(row["supported_low"] > 0 for row in rows)
    name = "audit-gains" + (f"-model-{model}" if model else "")
    over = "" if model else " over the base"
    return plot(
        evidence.cache,
        table(name, "One row a printed gain: what all evidence at hand supports of it.", rows,
              _AUDIT_COLUMNS, kind="audit-gains"),
        label=text_of(
                f"{plural(len(rows), 'printed gain')}{over}: {fixed(printed)} points on average as "
                f"printed, {fixed(share)} as all evidence at hand supports it; "
                f"{sure} of {len(rows)} intervals lie above zero."
),
        caption="Hollow square: the gain as printed, one average minus another. Filled circle and "
        "line: the gain that all measurements at hand support, whoever made them, with its 95 % "
        "interval. The luck of picking a checkpoint is not taken off. Right: printed, then "
        "supported, points."
        + (f" {len(rows) - len(drawn)} more stand in the data." if len(rows) > len(drawn) else ""),
        options={"labels": labels, "drawn": len(drawn)},
        draw=lambda: _audit(drawn, labels),
    )  # fmt: skip


def _audit_labels(evidence: SiteContext, rows: Sequence[Row], model: str | None) -> list[str]:
    """The model, or what it is compared with; and the runs, where only they differ between rows."""
    titles = [
        f"over {evidence.model_title(row['reference_name'])}" if model
        else evidence.model_title(row["model"])
        for row in rows
    ]  # fmt: skip
    labels = []
    for title, row in zip(titles, rows, strict=True):
        runs = evidence.catalog.averages[row["average_name"]].runs
        ending = "runs not stated" if runs is None else plural(runs, "run")
        room = LABEL_EMS - ems(ending) - 1
        alone = titles.count(title) == 1
        labels.append(title if alone else f"{shortened(title, room)}, {ending}")
    return labels


def _audit(rows: Sequence[Row], labels: Sequence[str]) -> "Figure":
    keys = ("printed_gain_points", "supported_gain_points", "supported_low", "supported_high")
    ends = [0.0, *(row[key] for row in rows for key in keys)]
    canvas = rows_figure(labels, "gain, points", limits(ends, least=2))
    named(canvas.axes.axvline(0, color=PALETTE["muted"], lw=1, clip_on=False), "zero")
    places = range(len(rows))
    canvas.spans(((r["printed_gain_points"], r["supported_gain_points"], n)
                  for n, r in enumerate(rows)), "rule", "gap", width=5)  # fmt: skip
    canvas.spans(((r["supported_low"], r["supported_high"], n) for n, r in enumerate(rows)),
                 "measured", "supported-interval")  # fmt: skip
    canvas.marks([r["printed_gain_points"] for r in rows], list(places), "s", "published",
                 "printed", hollow=True)  # fmt: skip
    canvas.marks([r["supported_gain_points"] for r in rows], list(places), "o", "measured",
                 "supported")  # fmt: skip
    canvas.right(
        {n: f"{signed(r['printed_gain_points'])} → {signed(r['supported_gain_points'])}"
         for n, r in enumerate(rows)}
    )  # fmt: skip
    return canvas.figure
