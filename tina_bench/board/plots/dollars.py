"""Score against what the training cost: what was published, and what was measured here.

Dollars are those of training, so that models that were only downloaded can stand beside ours. A
published cost is taken as printed: the training column where the source splits it, else the one
sum it prints; rows of tables before headline figures. Where several people print different sums of
one model, each is a point. A measured score stands at the dollars of our own ledger where the model
was trained here, else at the published ones, and the data say which.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import (
    POINTS_AN_INCH,
    SMALL_POINTS,
    WIDTH_INCHES,
    limits,
    linear_ticks,
    log_ticks,
    marks,
    plain_axes,
    plot,
    set_ticks,
    table,
    words,
)
from tina_bench.board.plots.labels import ems, list_of, shortened, text_of
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import dollars, fixed, plural
from tina_bench.metering.bill import BillLine
from tina_bench.stats.scores.estimates import estimate_average
from tina_bench.stats.types import AVERAGE
from tina_bench.store.records import JobKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT_INCHES = 4.6
MOST_LABELS = 40
LEDGER = "ledger"
"""Stands for the name of a published cost where the dollars are our own."""
LABEL_EMS = 15.0
LABEL_POINTS = 8.5
_COLUMNS = (
    "model", "scope", "tasks", "kind", "who", "claim", "score_percent", "train_usd", "cost_name",
    "is_on_front",
)  # fmt: skip


@dataclass(frozen=True)
class _Cost:
    """What a training cost, as somebody says."""

    usd: float
    name: str
    """Catalog name of what was published, or `LEDGER`."""


def pareto(evidence: SiteContext, *, task: str | None = None) -> Plot | None:
    """Score on a task, or average over those tasks that most priced points share, against dollars.

    `None` where less than two models' scores have a known cost. Points whose cost nobody tells are
    named in the caption and stand in the data, not in the picture.
    """
    costs = _published_costs(evidence)
    if task is not None:
        rows = [*_published_on(evidence, task, costs), *_measured_on(evidence, (task,), costs)]
        scope, on = task, evidence.task_title(task)
    else:
        tasks, rows = _widest(evidence, costs)
        scope, on = AVERAGE, f"average of {', '.join(evidence.task_title(t) for t in tasks)}"
    drawn = [row for row in rows if row["train_usd"]]
    if len({row["model"] for row in drawn}) < 2:
        return None
    _mark_front(drawn)
    unknown = sorted({evidence.model_title(r["model"]) for r in rows if r["train_usd"] is None})
    free = sorted({evidence.model_title(r["model"]) for r in rows if r["train_usd"] == 0})
    titles = {row["model"]: evidence.model_title(row["model"]) for row in drawn}
    name = f"pareto-{task}" if task else "pareto"
    return plot(
        evidence.memo,
        table(name, "One row a score and what its training cost.", rows, _COLUMNS, kind="pareto"),
        label=text_of(*_sentences(drawn, titles, on)),
        caption=_caption(drawn, unknown, free, on),
        options={"titles": titles, "scope": scope},
        draw=lambda: _scatter(drawn, titles),
    )


def _published_costs(evidence: SiteContext) -> dict[str, tuple[_Cost, ...]]:
    """By model: every different sum that is printed, rows of tables before headline figures."""
    found: dict[str, list[tuple[str, _Cost]]] = {}
    for name, claim in sorted(evidence.catalog.costs.items()):
        usd = claim.train_usd
        if usd is None and claim.eval_usd is None:
            usd = claim.total_usd
        if claim.model is not None and usd is not None and claim.kind in {"row", "summary"}:
            found.setdefault(claim.model, []).append((claim.kind, _Cost(usd, name)))
    made = {}
    for model, costs in found.items():
        rows = [cost for kind, cost in costs if kind == "row"] or [cost for _, cost in costs]
        first = {cost.usd: cost for cost in reversed(rows)}
        made[model] = tuple(first[usd] for usd in sorted(first))
    return made


def _own_cost(evidence: SiteContext, model: str) -> _Cost | None:
    """What training the model here cost, failed attempts included.

    `None` if it was not trained here or a part of it has no price.
    """
    lines: list[BillLine] = [
        attempt.total
        for attempt in evidence.bill.attempts
        if attempt.first.model == model and attempt.first.kind is JobKind.TRAIN
    ]
    known = [line.cost_usd for line in lines if line.cost_usd is not None]
    if not lines or len(known) < len(lines):
        return None
    return _Cost(sum(known), LEDGER)


def _points(
    model: str, scope: str, tasks: Sequence[str], kind: str, who: str, claim: str | None,
    score: float, costs: Sequence[_Cost],
) -> list[Row]:  # fmt: skip
    return [
        {
            "model": model,
            "scope": scope,
            "tasks": list(tasks),
            "kind": kind,
            "who": who,
            "claim": claim,
            "score_percent": score,
            "train_usd": cost.usd if cost else None,
            "cost_name": cost.name if cost else None,
            "is_on_front": False,
        }
        for cost in (costs or (None,))
    ]


def _published_on(
    evidence: SiteContext, task: str, costs: dict[str, tuple[_Cost, ...]]
) -> list[Row]:
    return [
        row
        for name, claim in evidence.catalog.claims.items()
        if claim.task == task and claim.model in costs
        for row in _points(claim.model, task, (task,), "published", claim.who, name,
                           claim.value_percent, costs[claim.model])
    ]  # fmt: skip


def _measured_on(
    evidence: SiteContext, tasks: tuple[str, ...], costs: dict[str, tuple[_Cost, ...]]
) -> list[Row]:
    rows: list[Row] = []
    scope = tasks[0] if len(tasks) == 1 else AVERAGE
    for model in evidence.models:
        if not all((model, task) in evidence.estimates for task in tasks):
            continue
        of_tasks = [evidence.estimates[model, task] for task in tasks]
        score = (
            of_tasks[0].avg_percent if len(tasks) == 1 else estimate_average(of_tasks).avg_percent
        )
        own = _own_cost(evidence, model)
        known = (own,) if own else costs.get(model, ())
        rows += _points(model, scope, tasks, "measured", "tina-bench (here)", None, score, known)
    return rows


def _widest(
    evidence: SiteContext, costs: dict[str, tuple[_Cost, ...]]
) -> tuple[tuple[str, ...], list[Row]]:
    """The set of tasks over which most scores with a known cost are averaged, and its points."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for name, average in evidence.catalog.averages.items():
        if average.tasks is not None:
            known = costs.get(average.model, ())
            tasks = tuple(sorted(average.tasks))
            found.setdefault(tasks, []).extend(
                _points(average.model, AVERAGE, tasks, "published", average.who, name,
                        average.value_percent, known)
            )  # fmt: skip
    if evidence.tasks:
        found.setdefault(tuple(sorted(evidence.tasks)), [])
    for tasks in found:
        found[tasks] += _measured_on(evidence, tasks, costs)
    if not found:
        return (), []
    priced = {tasks: sum(bool(row["train_usd"]) for row in rows) for tasks, rows in found.items()}
    return max(found.items(), key=lambda item: (priced[item[0]], len(item[0]), item[0]))


def _mark_front(rows: Sequence[Row]) -> None:
    """Say which points no other of their kind beats, with as much for less or more for as much."""
    for row in rows:
        row["is_on_front"] = not any(
            other["kind"] == row["kind"]
            and other["score_percent"] >= row["score_percent"]
            and other["train_usd"] <= row["train_usd"]
            and (other["score_percent"], -other["train_usd"])
            != (row["score_percent"], -row["train_usd"])
            for other in rows
        )


def _sentences(rows: Sequence[Row], titles: dict[str, str], on: str) -> list[str]:
    told = [f"Score, {on}, against dollars of training: {plural(len(rows), 'point')}."]
    for kind in ("published", "measured"):
        front = sorted(
            (r for r in rows if r["kind"] == kind and r["is_on_front"]),
            key=lambda r: r["train_usd"],
        )
        if front:
            steps = ", ".join(
                f"{titles[r['model']]} {fixed(r['score_percent'])} percent for "
                f"{dollars(r['train_usd'])}"
                for r in front[:4]
            )
            told.append(f"Best for the money, {kind}: {steps}.")
    return told


def _caption(rows: Sequence[Row], unknown: Sequence[str], free: Sequence[str], on: str) -> str:
    kinds = {row["kind"] for row in rows}
    text = f"Vertical: {on}, percent. Horizontal: dollars of training, a logarithmic scale. "
    if "published" in kinds:
        text += "Hollow square, dashed line: as published, and what no other published point beats."
    if "measured" in kinds:
        text += (
            f"{' ' if 'published' in kinds else ''}Filled circle, solid line: our score, at our "
            "own ledger's dollars where it was trained here, else at the published ones."
        )
    if unknown:
        text += f" Not drawn, as nobody says what they cost: {list_of(unknown, 5)}."
    if free:
        text += f" Not drawn, as their training cost nothing: {list_of(free, 5)}."
    return text


def _scatter(rows: Sequence[Row], titles: dict[str, str]) -> "Figure":
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
    set_ticks(axes, {math.log10(t): _money(t) for t in log_ticks(*x_limits)})
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


def _money(value: float) -> str:
    return f"${value:,.0f}" if value >= 1 else f"${value:g}"


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
