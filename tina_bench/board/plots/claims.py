"""Published scores against ours: a dumbbell a model and task, a mark a claim.

Our score is one bar with one interval however many claims there are about it, so claims about the
same thing stand in the same row; each claim's mark has the shape of its verdict. Above
`MOST_ROWS` rows the same stands side by side, a panel a task, in the order of our scores: no labels
fit then, but what holds and what does not still shows at a glance.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import (
    FONT_POINTS,
    MARKERS,
    SMALL_POINTS,
    WIDTH_INCHES,
    limits,
    linear_ticks,
    marks,
    plain_axes,
    plot,
    rows_figure,
    set_ticks,
    table,
    words,
)
from tina_bench.board.plots.labels import shortened, text_of, word
from tina_bench.board.plots.svg import PALETTE, named
from tina_bench.formatting.numbers import fixed, plural, signed
from tina_bench.stats.scores.estimates import estimate_average
from tina_bench.stats.types import AVERAGE, Interval, Judgement, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS = 60
NAME = "published-and-measured"
_COLUMNS = (
    "model", "task", "tasks", "claim", "who", "published_percent", "measured_percent",
    "measured_low", "measured_high", "measured_level", "measured_question", "difference_points",
    "verdict",
)  # fmt: skip


@dataclass(frozen=True)
class _Group:
    """One row of the picture: all claims about one model and task."""

    label: str
    rows: tuple[Row, ...]

    @property
    def measured(self) -> float | None:
        """Our score."""
        found: float | None = self.rows[0]["measured_percent"]
        return found

    @property
    def published(self) -> tuple[float, ...]:
        return tuple(row["published_percent"] for row in self.rows)

    @property
    def height(self) -> float:
        """What it is sorted by: our score, else the mean of what was published."""
        ours = self.measured
        return sum(self.published) / len(self.published) if ours is None else ours

    @property
    def right(self) -> str:
        verdicts = Counter(row["verdict"] for row in self.rows)
        if self.measured is None:
            low, high = fixed(min(self.published)), fixed(max(self.published))
            return low if low == high else f"{low}–{high}, {len(self.rows)} claims"
        if len(self.rows) == 1:
            (row,) = self.rows
            return f"{signed(row['difference_points'])}  {word(Verdict(row['verdict']))}"
        if len(verdicts) == 1:
            return f"{len(self.rows)} × {word(Verdict(self.rows[0]['verdict']))}"
        return f"{verdicts[Verdict.REPRODUCED]} of {len(self.rows)} reproduced"


def published_against_measured(
    evidence: SiteContext, *, task: str | None = None, model: str | None = None
) -> Plot | None:
    """Published scores beside ours with its interval, and the verdict on each.

    By itself: every claim that was tested; `None` where none was. For one task or one model: also
    what was published and not measured here, so that everybody's values stand in one row. On a
    task, checkpoints of a training that nobody published as a model of its own are left out unless
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
        evidence.memo,
        table(name, "One row a published score: ours beside it, and the verdict.", rows, _COLUMNS,
              kind=NAME),
        label=text_of(*_sentences(evidence, rows, task, model)),
        caption=_caption(rows, len(left_out), dense=dense),
        options={"labels": [group.label for group in groups], "panels": panels},
        draw=lambda: _dense(groups, panels) if dense else _labelled(groups),
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
) -> list[_Group]:
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
        groups.append(_Group(label, tuple(found[key])))
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
    told = ", ".join(f"{verdicts[v]} {word(v)}" for v in Verdict if verdicts[v])
    widest = max(tested, key=lambda row: (abs(row["difference_points"]), row["claim"]))
    title = f"{evidence.model_title(widest['model'])} on {evidence.task_title(widest['task'])}"
    others = len(rows) - len(tested)
    more = f"; {others} more were not measured here" if others else ""
    apart = fixed(widest["published_percent"]), fixed(widest["measured_percent"])
    return [
        f"{plural(len(tested), 'published score')}{about} against ours: {told}{more}.",
        f"Farthest apart: {title}, published {apart[0]}, measured {apart[1]}.",
    ]


def _caption(rows: Sequence[Row], left_out: int, *, dense: bool) -> str:
    measured = any(row["measured_percent"] is not None for row in rows)
    verdicts = {Verdict(row["verdict"]) for row in rows}
    shapes = {
        Verdict.REPRODUCED: "circle: reproduced",
        Verdict.NOT_REPRODUCED: "square: not reproduced",
        Verdict.INCONCLUSIVE: "triangle: inconclusive",
        Verdict.NOT_COMPARABLE: "diamond: not comparable",
        Verdict.NOT_MEASURED: "hollow circle: not measured here",
    }
    told = ", ".join(shapes[verdict] for verdict in Verdict if verdict in verdicts)
    text = f"Each mark is a published score, its shape the verdict on it ({told})."
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


def _labelled(groups: Sequence[_Group]) -> "Figure":
    values = [v for g in groups for v in g.published]
    values += [v for g in groups for v in (_ends(g) or ())]
    values += [g.measured for g in groups if g.measured is not None]
    canvas = rows_figure(
        [group.label for group in groups], "score, percent", limits(values, least=2)
    )
    canvas.spans(
        ((min(all_), max(all_), row) for row, group in enumerate(groups)
         if len(all_ := [*group.published, *([] if group.measured is None else [group.measured])])
         > 1),
        "rule", "gap", width=5,
    )  # fmt: skip
    canvas.spans(
        ((*ends, row) for row, group in enumerate(groups) if (ends := _ends(group))),
        "measured", "interval",
    )  # fmt: skip
    measured = {row: g.measured for row, g in enumerate(groups) if g.measured is not None}
    canvas.marks(list(measured.values()), list(measured), "|", "measured", "measured", size=13)
    for verdict, (marker, name) in MARKERS.items():
        places = [
            (claim["published_percent"], row)
            for row, group in enumerate(groups)
            for claim in group.rows
            if claim["verdict"] == verdict
        ]
        canvas.marks(
            [x for x, _ in places], [y for _, y in places], marker, name, name,
            size=7.5 if marker != "D" else 6.5, hollow=verdict is Verdict.NOT_MEASURED,
        )  # fmt: skip
    canvas.right({row: group.right for row, group in enumerate(groups)})
    return canvas.figure


def _ends(group: _Group) -> tuple[float, float] | None:
    return next(
        ((r["measured_low"], r["measured_high"]) for r in group.rows
         if r["measured_low"] is not None), None,
    )  # fmt: skip


def _dense(groups: Sequence[_Group], panels: dict[str, str]) -> "Figure":
    """A panel a task, a column a model."""
    from matplotlib.figure import Figure

    height = 1.5 * len(panels) + 0.3
    figure = Figure(figsize=(WIDTH_INCHES, height))
    figure.patch.set_visible(False)
    left, across = 0.5 / WIDTH_INCHES, 1 - 0.7 / WIDTH_INCHES
    for number, (task, title) in enumerate(panels.items()):
        bottom = 1 - (1.5 * (number + 1) - 0.1) / height
        found = sorted((g for g in groups if g.rows[0]["task"] == task), key=lambda g: g.height)
        axes = figure.add_axes((left, bottom, across, 1.1 / height))
        plain_axes(axes)
        axes.grid(visible=False, axis="x")
        values = [v for g in found for v in (*g.published, g.height, *(_ends(g) or ()))]
        y_limits = limits(values, least=2)
        axes.set_ylim(*y_limits)
        axes.set_xlim(-1, len(found))
        axes.set_xticks([])
        set_ticks(axes, linear_ticks(*y_limits, most=4), upright=True)
        claims = plural(sum(len(group.rows) for group in found), "claim")
        heading = f"{shortened(title)}, {plural(len(found), 'model')}, {claims}"
        words(axes, 0, y_limits[1], heading, dy=7, upright="bottom", size=FONT_POINTS, across=True)
        _columns(axes, found)
    figure.text(
        left, 0.06 / height, "score, percent; one model a column, our lowest score first",
        fontsize=SMALL_POINTS, color=PALETTE["muted"],
    )  # fmt: skip
    return figure


def _columns(axes: "Axes", groups: Sequence[_Group]) -> None:
    """Our score and its interval as a cross, published scores as marks, all of a task."""
    ends = [(x, *found) for x, group in enumerate(groups) if (found := _ends(group))]
    ours = [(x, group.height) for x, group in enumerate(groups) if group.measured is not None]
    half = min(0.3, 0.004 * len(groups))
    for name, lines in (
        ("interval", [((x, low), (x, high)) for x, low, high in ends]),
        ("measured", [((x - half, y), (x + half, y)) for x, y in ours]),
    ):
        if lines:
            places = [place for line in lines for place in (*line, (math.nan, math.nan))]
            (drawn,) = axes.plot(
                [x for x, _ in places], [y for _, y in places], color=PALETTE["measured"],
                lw=1.2 if name == "interval" else 2, clip_on=False, solid_capstyle="butt",
            )  # fmt: skip
            named(drawn, name)
    for verdict, (marker, name) in MARKERS.items():
        at = [
            (x, row["published_percent"])
            for x, group in enumerate(groups)
            for row in group.rows
            if row["verdict"] == verdict
        ]
        hollow = verdict is Verdict.NOT_MEASURED
        marks(
            axes, [x for x, _ in at], [y for _, y in at], marker, name, name, size=4.4,
            hollow=hollow,
        )  # fmt: skip
