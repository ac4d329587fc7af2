"""Score against what the training cost: what was published, and what was measured here.

Dollars are those of training, so that models that were only downloaded can stand beside ours. A
published cost is taken as printed: the training column where the source splits it, else the one
sum it prints; rows of tables before headline figures. Where sources print different sums of one
model, each is a point. A measured score stands at the dollars of our own ledger where the model
was trained here, else at the published ones, and the data say which.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.dollars_scatter import scatter
from tina_bench.board.plots.frame import (
    plot,
    table,
)
from tina_bench.board.plots.labels import list_of, text_of
from tina_bench.formatting.numbers import dollars, fixed, plural
from tina_bench.metering.bill import BillLine
from tina_bench.stats.scores.estimates import estimate_average
from tina_bench.stats.types import AVERAGE
from tina_bench.store.records import JobKind

LEDGER = "ledger"
"""Stands for the name of a published cost where the dollars are our own."""
_COLUMNS = (
    "model", "scope", "tasks", "kind", "who", "claim", "score_percent", "train_usd", "cost_name",
    "is_on_front",
)  # fmt: skip


@dataclass(frozen=True)
class _Cost:
    """What a training cost, by one source."""

    usd: float
    name: str
    """Catalog name of what was published, or `LEDGER`."""


def pareto(evidence: SiteContext, *, task: str | None = None) -> Plot | None:
    """Score on a task, or average over those tasks that most priced points share, against dollars.

    `None` where less than two models' scores have a known cost. Points of unknown cost are named in
    the caption and stand in the data, not in the picture.
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
        evidence.cache,
        table(name, "One row a score and what its training cost.", rows, _COLUMNS, kind="pareto"),
        label=text_of(*_sentences(drawn, titles, on)),
        caption=_caption(drawn, unknown, free, on),
        options={"titles": titles, "scope": scope},
        draw=lambda: scatter(drawn, titles),
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
    sentences = [f"Score, {on}, against dollars of training: {plural(len(rows), 'point')}."]
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
            sentences.append(f"Best for the money, {kind}: {steps}.")
    return sentences


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
