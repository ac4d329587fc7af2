"""Who measured what for one model: one row per measurement, by task, each with its interval.

A published score is a total and nothing else, so its interval takes the largest variance that the
total allows (`tina_bench.stats.scores.estimates.estimate_totals`); ours has that of our answers.
Runs that are not stated are taken as one. Whether measurers differ by more than chance is Cochran's
Q of `tina_bench.stats.audits.disagreement`, corrected over all models and tasks of the catalog.
"""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.model_rows import by_maker
from tina_bench.board.output.cache import Cache
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import limits, plot, rows_figure, table
from tina_bench.board.plots.labels import LABEL_EMS, ems, shortened, text_of
from tina_bench.formatting.numbers import fixed, p_value, plural
from tina_bench.stats.evidence.measurement_types import OURS, Measurement, group_of
from tina_bench.stats.scores.estimates import estimate_totals
from tina_bench.stats.types import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVEL = 0.95
KINDS = {
    "maker": ("o", "published", False, "filled circle: the model's makers, as far as names tell"),
    "others": ("o", "published", True, "hollow circle: others"),
    "file": ("^", "published", True, "hollow triangle: a result file that was imported"),
    "ours": ("D", "measured", False, "diamond: measured here"),
}
"""Marker, palette name, whether hollow, and what it means."""
_COLUMNS = (
    "model", "task", "kind", "who", "measurement_name", "source", "runs", "n_problems",
    "score_percent", "decimals", "interval_low", "interval_high", "interval_level",
    "interval_question", "interval_method", "disagreement_adjusted_p", "i_squared_percent",
)  # fmt: skip


def forest(evidence: SiteContext, model: str) -> Plot | None:
    """Every measurement of a model, ours included; `None` unless some task has two."""
    cells = {(d.model, d.task): d for d in evidence.audits.disagreement}
    found: dict[str, list[Row]] = {}
    pieces = evidence.published_measurements.get(model, ())
    for piece, interval in zip(pieces, _intervals(evidence.cache, pieces), strict=True):
        found.setdefault(piece.task, []).append(_published(evidence, piece, interval))
    for task in evidence.tasks:
        if (model, task) in evidence.estimates:
            found.setdefault(task, []).append(_ours(evidence, model, task))
    rows: list[Row] = []
    for task in evidence.all_tasks:
        own = sorted(
            found.get(task, ()),
            key=lambda r: (-r["score_percent"], r["who"], r["measurement_name"]),
        )
        cell = cells.get((model, task))
        for row in own:
            row["disagreement_adjusted_p"] = cell.adjusted_p if cell and len(own) > 1 else None
            row["i_squared_percent"] = cell.i_squared_percent if cell and len(own) > 1 else None
        rows += own
    if not any(len(own) > 1 for own in found.values()):
        return None
    titles = {task: evidence.task_title(task) for task in found}
    beside = {
        row["task"]: f"{p_value(row['disagreement_adjusted_p'])}, "
        f"I² {row['i_squared_percent']:.0f} %"
        for row in rows
        if row["disagreement_adjusted_p"] is not None
    }
    title = evidence.model_title(model)
    differ = sorted(
        {(r["disagreement_adjusted_p"], r["task"]) for r in rows
         if r["disagreement_adjusted_p"] is not None and r["disagreement_adjusted_p"] < 1 - LEVEL}
    )  # fmt: skip
    parties = plural(len({group_of(row["who"]) for row in rows}), "party", "parties")
    measured = f"{plural(len(rows), 'measurement')} of {title}"
    disagreement = (
        f"They differ by more than chance on {', '.join(titles[t] for _, t in differ)}."
        if differ
        else "On no task do they differ by more than chance."
    )
    kinds = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    return plot(
        evidence.cache,
        table(f"forest-{model}", "One row a measurement of the model: who, how many runs, score, "
              "interval.", rows, _COLUMNS, kind="forest"),
        label=text_of(
            f"{measured} on {plural(len(found), 'task')} by {parties}.", disagreement
        ),
        caption="Each row is one measurement ("
        + ", ".join(KINDS[kind][3] for kind in kinds)
        + "). Line: 95 % interval for the same problems sampled afresh; of a published score only "
        "the total is known, so it is the widest that the total allows. Beside a task: whether its "
        "measurements differ by more than chance, corrected over all models and tasks, and I², the "
        "share of their scatter that chance does not explain.",
        options={"titles": titles, "beside": beside},
        # Corrected over all cells, they change with every result of any model; not so their words.
        unseen=("disagreement_adjusted_p", "i_squared_percent"),
        draw=lambda: _forest(rows, titles, beside),
    )  # fmt: skip


def _intervals(cache: Cache, pieces: Sequence[Measurement]) -> list[Interval]:
    """For the same problems, from nothing but the totals."""
    totals = [
        (piece.n, runs, round(piece.percent / 100 * piece.n * runs))
        for piece in pieces
        for runs in (piece.runs or 1,)
    ]

    def make() -> bytes:
        found = [estimate_totals(*total).same_problems for total in totals]
        return json.dumps([interval.model_dump(mode="json") for interval in found]).encode()

    found = json.loads(cache.get("plot-totals", [list(total) for total in totals], make))
    return [Interval.model_validate(values) for values in found]


def _published(evidence: SiteContext, piece: Measurement, interval: Interval) -> Row:
    made = by_maker(evidence, piece.model, piece.who)
    return {
        "model": piece.model,
        "task": piece.task,
        "kind": "file" if piece.origin == "imported file" else "maker" if made else "others",
        "who": piece.who,
        "measurement_name": piece.name,
        "source": piece.source,
        "runs": piece.runs,
        "n_problems": piece.n,
        "score_percent": piece.percent,
        "decimals": piece.decimals,
        "interval_low": min(interval.low, piece.percent),
        "interval_high": max(interval.high, piece.percent),
        "interval_level": interval.level,
        "interval_question": interval.question.value,
        "interval_method": interval.method,
        "disagreement_adjusted_p": None,
        "i_squared_percent": None,
    }


def _ours(evidence: SiteContext, model: str, task: str) -> Row:
    estimate = evidence.estimates[model, task]
    interval = estimate.same_problems
    profile = evidence.records[model, task].provenance.profile
    return {
        "model": model,
        "task": task,
        "kind": "ours",
        "who": OURS,
        "measurement_name": f"{model}/{task}",
        "source": f"profile {profile}",
        "runs": estimate.k,
        "n_problems": estimate.n,
        "score_percent": estimate.avg_percent,
        "decimals": None,
        "interval_low": interval.low,
        "interval_high": interval.high,
        "interval_level": interval.level,
        "interval_question": interval.question.value,
        "interval_method": interval.method,
        "disagreement_adjusted_p": None,
        "i_squared_percent": None,
    }


def _forest(rows: Sequence[Row], titles: dict[str, str], beside: dict[str, str]) -> "Figure":
    labels: list[str] = []
    right: dict[float, str] = {}
    at: list[int] = []
    headings: list[int] = []
    task = ""
    for row in rows:
        if row["task"] != task:
            task = row["task"]
            headings.append(len(labels))
            if task in beside:
                right[len(labels)] = beside[task]
            labels.append(titles[task])
        at.append(len(labels))
        right[len(labels)] = fixed(row["score_percent"], row["decimals"] or 1)
        runs = "runs not stated" if row["runs"] is None else plural(row["runs"], "run")
        who = shortened(row["who"], LABEL_EMS - ems(runs) - 1)
        labels.append(f"{who}, {runs}")
    ends = [value for row in rows for value in (row["interval_low"], row["interval_high"])]
    x_limits = limits(ends, least=2)
    canvas = rows_figure(labels, "score, percent", x_limits, headings=headings)
    canvas.spans(
        ((x_limits[0], x_limits[1], row) for row in headings), "rule", "heading", width=0.8
    )
    for kind, (marker, colour, hollow, _) in KINDS.items():
        own = [(row, y) for row, y in zip(rows, at, strict=True) if row["kind"] == kind]
        canvas.spans(((r["interval_low"], r["interval_high"], y) for r, y in own), colour,
                     f"{kind}-interval", width=1.8 if kind == "ours" else 1.3)  # fmt: skip
        canvas.marks([r["score_percent"] for r, _ in own], [y for _, y in own], marker, colour,
                     kind, size=6.2, hollow=hollow)  # fmt: skip
    canvas.right(right)
    return canvas.figure
