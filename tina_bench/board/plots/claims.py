"""Published scores against ours: one dumbbell per model and task, one mark per claim.

Above `MOST_ROWS` rows the same stands side by side, one panel per task, in the order of our scores.
"""

from collections import Counter
from collections.abc import Sequence

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.claims_drawing import ClaimRow, labelled_figure, panels_figure
from tina_bench.board.plots.frame import plot, table
from tina_bench.board.plots.labels import text_of
from tina_bench.formatting.numbers import fixed, plural
from tina_bench.stats.claims.labels import LABELS
from tina_bench.stats.scores.estimates import estimate_average
from tina_bench.stats.types import AVERAGE, Interval, Judgement, Verdict

MOST_ROWS = 60
NAME = "published-and-measured"
_COLUMNS = (
    "model", "task", "tasks", "claim", "who", "published_percent", "measured_percent",
    "measured_low", "measured_high", "measured_level", "measured_question", "difference_points",
    "verdict",
)  # fmt: skip


def published_against_measured(
    evidence: SiteContext, *, task: str | None = None, model: str | None = None
) -> Plot | None:
    """Published scores beside ours with its interval, and the verdict on each.

    By itself: every claim that was tested; `None` where none was. For one task or one model: also
    what was published and not measured here, so that all values stand in one row. On a task,
    checkpoints of a training that were not published as models of their own are left out unless
    they were measured here; the caption says how many.
    """
    chosen = [
        found
        for found in evidence.report.judgements
        if (task is None or found.task == task)
        and (model is None or found.model == model)
        and (task or model or found.measured_percent is not None)
    ]
    left_out = {j.model for j in chosen if task and _only_logged(evidence, j)}
    chosen = [j for j in chosen if j.model not in left_out]
    if not chosen:
        return None
    name = NAME + (f"-task-{task}" if task else "") + (f"-model-{model}" if model else "")
    groups = _groups(evidence, chosen, task, model)
    rows = [row for group in groups for row in group.rows]
    dense = len(groups) > MOST_ROWS
    panels = {found.task: evidence.task_title(found.task) for found in chosen} if dense else {}
    return plot(
        evidence.cache,
        table(name, "One row a published score: ours beside it, and the verdict.", rows, _COLUMNS,
              kind=NAME),
        label=text_of(*_sentences(evidence, rows, task, model)),
        caption=_caption(rows, len(left_out), dense=dense),
        options={"labels": [group.label for group in groups], "panels": panels},
        draw=lambda: panels_figure(groups, panels) if dense else labelled_figure(groups),
    )  # fmt: skip


def _only_logged(evidence: SiteContext, found: Judgement) -> bool:
    entry = evidence.model(found.model)
    return entry is not None and entry.training is not None and found.measured_percent is None


def _ours(evidence: SiteContext, found: Judgement) -> Interval | None:
    """The interval of our score that a claim was judged by."""
    if found.task != AVERAGE:
        estimate = evidence.estimates.get((found.model, found.task))
        return estimate.same_problems if estimate else None
    if not all((found.model, task) in evidence.estimates for task in found.tasks):
        return None
    of_tasks = [evidence.estimates[found.model, task] for task in found.tasks]
    return estimate_average(of_tasks).same_problems if of_tasks else None


def _row(evidence: SiteContext, found: Judgement) -> Row:
    ours = _ours(evidence, found) if found.measured_percent is not None else None
    return {
        "model": found.model,
        "task": found.task,
        "tasks": list(found.tasks),
        "claim": found.claim,
        "who": found.who,
        "published_percent": found.claimed_percent,
        "measured_percent": found.measured_percent,
        "measured_low": ours.low if ours else None,
        "measured_high": ours.high if ours else None,
        "measured_level": ours.level if ours else None,
        "measured_question": ours.question.value if ours else None,
        "difference_points": None
        if found.measured_percent is None
        else found.measured_percent - found.claimed_percent,
        "verdict": found.verdict.value,
    }


def _groups(
    evidence: SiteContext, chosen: Sequence[Judgement], task: str | None, model: str | None
) -> list[ClaimRow]:
    """Rows of the picture: by catalog order, or on one task by score."""
    models = {name: place for place, name in enumerate(evidence.all_models)}
    tasks = {name: place for place, name in enumerate((*evidence.all_tasks, AVERAGE))}
    found: dict[tuple[str, str, tuple[str, ...]], list[Row]] = {}
    for judgement in chosen:
        key = (judgement.model, judgement.task, judgement.tasks)
        found.setdefault(key, []).append(_row(evidence, judgement))
    groups = []
    ordered = sorted(found, key=lambda k: (models.get(k[0], -1), tasks.get(k[1], -1), k))
    for key in ordered:
        on = evidence.task_title(key[1])
        if key[1] == AVERAGE:
            on = f"average of {len(key[2])} tasks" if key[2] else "average, tasks not stated"
        title = evidence.model_title(key[0])
        label = title if task else on if model else f"{title} · {on}"
        groups.append(ClaimRow(label, tuple(found[key])))
    return sorted(groups, key=lambda group: -group.height) if task else groups


def _sentences(
    evidence: SiteContext, rows: Sequence[Row], task: str | None, model: str | None
) -> list[str]:
    about = f" on {evidence.task_title(task)}" if task else ""
    about += f" of {evidence.model_title(model)}" if model else ""
    tested = [row for row in rows if row["measured_percent"] is not None]
    verdicts = Counter(Verdict(row["verdict"]) for row in tested)
    if not tested:
        low, high = (f(row["published_percent"] for row in rows) for f in (min, max))
        scores = f"{plural(len(rows), 'published score')}{about}, none measured here"
        return [f"{scores}, from {fixed(low)} to {fixed(high)} percent."]
    counts = ", ".join(f"{verdicts[v]} {LABELS[v].word}" for v in Verdict if verdicts[v])
    widest = max(tested, key=lambda row: (abs(row["difference_points"]), row["claim"]))
    title = f"{evidence.model_title(widest['model'])} on {evidence.task_title(widest['task'])}"
    others = len(rows) - len(tested)
    more = f"; {others} more were not measured here" if others else ""
    apart = fixed(widest["published_percent"]), fixed(widest["measured_percent"])
    return [
        f"{plural(len(tested), 'published score')}{about} against ours: {counts}{more}.",
        f"Farthest apart: {title}, published {apart[0]}, measured {apart[1]}.",
    ]


def _caption(rows: Sequence[Row], left_out: int, *, dense: bool) -> str:
    measured = any(row["measured_percent"] is not None for row in rows)
    verdicts = {Verdict(row["verdict"]) for row in rows}
    legend = ", ".join(
        f"{LABELS[verdict].shape}: {LABELS[verdict].word}"
        + (" here" if verdict is Verdict.NOT_MEASURED else "")
        for verdict in Verdict
        if verdict in verdicts
    )
    text = f"Each mark is a published score, its shape the verdict on it ({legend})."
    if measured:
        across = "Level bar and upright line" if dense else "Upright bar and line"
        text += (
            f" {across}: our avg@k and its interval for the same problems sampled afresh."
            + (" One model a column, our lowest score first." if dense else "")
            + ("" if dense else " Right: ours minus published, points.")
        )
    if left_out:
        text += (
            f" Left out: {plural(left_out, 'checkpoint')} that only a training's own log has "
            "scores of."
        )
    return text
