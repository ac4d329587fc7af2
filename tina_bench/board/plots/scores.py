"""All that is known of one model on one task: one row per measurement, and what they say together.

The interval of a measurement is 1.96 standard errors by the chance of its runs
(`tina_bench.stats.evidence.pieces`); the estimate and the range of one more team come from
`tina_bench.stats.evidence.estimates`. A row that is not pooled has no interval: how far chance
moves it is not the reason why it is left out.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.public_evidence import PublicScores
from tina_bench.board.output.elements import Plot, Row
from tina_bench.board.plots.frame import limits, plot, rows_figure, table
from tina_bench.board.plots.labels import LABEL_EMS, ems, shortened, text_of
from tina_bench.formatting.numbers import fixed, plural
from tina_bench.stats.audits.disagreement import Disagreement
from tina_bench.stats.evidence.measurement_types import OURS
from tina_bench.stats.evidence.sentences import interval_text
from tina_bench.stats.evidence.types import CellEstimate, NotPooled, Piece, PieceMeasurement
from tina_bench.stats.methods.distributions import normal_quantile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POOLED, LISTED, ESTIMATE, NEXT_TEAM = "pooled", "not pooled", "estimate", "one more team"
"""Kinds of rows."""
LEVEL = 0.95
_COLUMNS = (
    "model", "task", "kind", "team", "who", "measurement_name", "source", "runs", "n_problems",
    "score_percent", "decimals", "interval_low", "interval_high", "se_points", "variance_from",
    "from_others_points", "adjusted_p", "temperature", "top_p", "max_new_tokens",
    "prompts_sha256", "grader", "harness", "reason",
)  # fmt: skip


def score(evidence: SiteContext, cell: CellEstimate, apart: Disagreement | None) -> Plot:
    """Every measurement of a model on a task, the estimate, and where one more team would fall."""
    rows = list(_rows(evidence.public, cell, apart))
    of, on = evidence.model_title(cell.model), evidence.task_title(cell.task)
    found = cell.estimate
    return plot(
        evidence.cache,
        table(
            f"score-{cell.model}-{cell.task}",
            "One row a measurement of one model on one task, then the estimate from all of them.",
            rows, _COLUMNS, kind="score",
        ),
        label=text_of(
            f"{plural(sum(row['kind'] == POOLED for row in rows), 'measurement')} of {of} on {on}.",
            f"Together {fixed(found.percent)} percent, 95 % interval "
            f"{interval_text(found.low, found.high)}; one more team would fall between "
            f"{interval_text(found.next_low, found.next_high)}.",
        ),
        caption="Each row is one measurement with the 95 % interval that chance alone gives it "
        "(filled: pooled; hollow: listed and not pooled; blue: measured here). Diamond: the best "
        "estimate with its 95 % interval. Dashes: where the endless runs of one more team would "
        "fall, with a chance of 95 %: teams differ for reasons that no source states.",
        unseen=("from_others_points", "adjusted_p", "reason", "source"),
        draw=lambda: _drawn(rows),
    )  # fmt: skip


def _rows(public: PublicScores, cell: CellEstimate, apart: Disagreement | None) -> list[Row]:
    rows = [_pooled(public, cell, piece, part) for piece in cell.pieces for part in piece.parts]
    listed = [_listed(public, cell, one) for one in cell.left_out if one.name not in
              public.told_again]  # fmt: skip
    measurers = {} if apart is None else {one.name: one for one in apart.measurers}
    for row in rows:
        seen = measurers.get(row["measurement_name"])
        if seen is not None:
            row["from_others_points"] = seen.from_others_points
            row["adjusted_p"] = seen.adjusted_p
    for group in (rows, listed):
        group.sort(key=lambda r: (-r["score_percent"], r["who"], r["measurement_name"]))
    found = cell.estimate
    together = {"runs": found.runs, "score_percent": found.percent}
    return [
        *rows,
        *listed,
        _row(cell, ESTIMATE, **together, interval_low=found.low, interval_high=found.high),
        _row(cell, NEXT_TEAM, score_percent=found.percent, interval_low=found.next_low,
             interval_high=found.next_high),
    ]  # fmt: skip


def _row(cell: CellEstimate, kind: str, **values: object) -> Row:
    return {
        **dict.fromkeys(_COLUMNS),
        "model": cell.model,
        "task": cell.task,
        "kind": kind,
        **values,
    }


def _described(public: PublicScores, name: str) -> Row:
    """What is known of how a measurement was made."""
    found = public.measurements.get(name)
    if found is None:
        return {}
    by = found.protocol
    return {
        "who": found.who,
        "source": found.source,
        "n_problems": found.n,
        "decimals": found.decimals,
        "runs": found.runs,
        "temperature": by.temperature,
        "top_p": by.top_p,
        "max_new_tokens": by.max_new_tokens,
        "prompts_sha256": by.prompts_sha256,
        "grader": by.grader,
        "harness": by.harness,
    }


def _pooled(public: PublicScores, cell: CellEstimate, piece: Piece, part: PieceMeasurement) -> Row:
    half = normal_quantile(0.5 + LEVEL / 2) * part.se_points
    values = {
        "who": piece.team,
        **_described(public, part.name),
        "team": piece.team,
        "measurement_name": part.name,
        "runs": part.runs,
        "score_percent": part.percent,
        "interval_low": max(0.0, part.percent - half),
        "interval_high": min(100.0, part.percent + half),
        "se_points": part.se_points,
        "variance_from": part.basis,
    }
    return _row(cell, POOLED, **values)


def _listed(public: PublicScores, cell: CellEstimate, one: NotPooled) -> Row:
    values = {
        **_described(public, one.name),
        "who": one.who,
        "measurement_name": one.name,
        "score_percent": one.percent,
        "reason": one.reason,
    }
    return _row(cell, LISTED, **values)


def _drawn(rows: Sequence[Row]) -> "Figure":
    labels = [_label(row) for row in rows]
    right: dict[float, str] = {
        place: fixed(row["score_percent"], 1)
        if row["kind"] in {POOLED, LISTED}
        else interval_text(row["interval_low"], row["interval_high"])
        for place, row in enumerate(rows)
    }
    right[len(rows) - 2] = f"{fixed(rows[-2]['score_percent'])} ({right[len(rows) - 2]})"
    ends = [v for row in rows for v in (row["interval_low"], row["score_percent"],
            row["interval_high"]) if v is not None]  # fmt: skip
    canvas = rows_figure(labels, "score, percent", limits(ends, least=2), headings=(len(rows) - 2,))
    for kind, colour, marker, hollow in (
        ("others", "published", "o", False),
        ("ours", "measured", "D", False),
        (LISTED, "muted", "o", True),
        (ESTIMATE, "ink", "D", False),
    ):
        own = [(place, row) for place, row in enumerate(rows) if _drawn_as(row) == kind]
        canvas.spans(
            ((row["interval_low"], row["interval_high"], place) for place, row in own
             if row["interval_low"] is not None),
            colour, f"{kind}-interval", width=2.4 if kind == ESTIMATE else 1.3,
        )  # fmt: skip
        canvas.marks(
            [row["score_percent"] for _, row in own], [place for place, _ in own], marker, colour,
            kind, size=7.5 if kind == ESTIMATE else 6.2, hollow=hollow,
        )  # fmt: skip
    last = rows[-1]
    canvas.spans(
        [(last["interval_low"], last["interval_high"], len(rows) - 1)], "ink", NEXT_TEAM,
        width=1.3, line="--",
    )  # fmt: skip
    canvas.right(right)
    return canvas.figure


def _drawn_as(row: Row) -> str:
    if row["kind"] != POOLED:
        return str(row["kind"])
    return "ours" if row["who"] == OURS else "others"


def _label(row: Row) -> str:
    if row["kind"] == ESTIMATE:
        return "best estimate"
    if row["kind"] == NEXT_TEAM:
        return "one more team"
    runs = "runs not stated" if row["runs"] is None else plural(row["runs"], "run")
    return f"{shortened(row['who'], LABEL_EMS - ems(runs) - 1)}, {runs}"
