"""One page per model and task: all that was measured of it, by whom, how, and what that gives.

Nothing is decided here: estimates and words of others come from public evidence, and whether one
measurement stands apart from the audits.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tina_bench.board import plots
from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Page, Row
from tina_bench.board.output.paths import score_path
from tina_bench.board.plots.scores import LISTED, POOLED
from tina_bench.formatting.numbers import count, fixed
from tina_bench.stats.audits.disagreement import LEVEL, Disagreement
from tina_bench.stats.evidence.types import CellEstimate, NotPooled, OthersSay
from tina_bench.stats.types import Judgement

SETTINGS = {
    "temperature": "Temperature",
    "top_p": "Top-p",
    "max_new_tokens": "Longest answer, tokens",
    "prompts_sha256": "Prompts (sha256)",
    "grader": "Grader",
    "harness": "Harness",
}
"""Columns of the data, as people name them; the template is in the prompts and in the harness."""


@dataclass(frozen=True, slots=True)
class ProtocolValue:
    """Measurements that state the same value of a setting."""

    value: str
    """As stated."""
    who: tuple[str, ...]
    """Who measured so, each once."""
    measurements: int
    """Number of them."""
    low: float
    """The lowest of their scores, percent."""
    high: float
    """The highest."""


@dataclass(frozen=True, slots=True)
class ProtocolSetting:
    """One setting, and what the measurements say of it."""

    title: str
    """As people name it."""
    values: tuple[ProtocolValue, ...]
    """Those stated, the most frequent first."""
    unstated: int
    """Measurements that say nothing of it."""


def protocols(rows: Iterable[Row]) -> tuple[ProtocolSetting, ...]:
    """What measurements state of how they were made, setting by setting; none that none states."""
    every = list(rows)
    made = []
    for name, title in SETTINGS.items():
        by_value: dict[str, list[Row]] = {}
        for row in every:
            if row[name] is not None:
                by_value.setdefault(_spelled(row[name]), []).append(row)
        if by_value:
            values = [_value(value, found) for value, found in by_value.items()]
            values.sort(key=lambda v: (-v.measurements, v.value))
            stated = sum(len(found) for found in by_value.values())
            made.append(ProtocolSetting(title, tuple(values), len(every) - stated))
    return tuple(made)


def _value(value: str, found: list[Row]) -> ProtocolValue:
    scores = [row["score_percent"] for row in found]
    who = tuple(dict.fromkeys(row["who"] for row in found))
    return ProtocolValue(value, who, len(found), min(scores), max(scores))


def _spelled(value: object) -> str:
    if isinstance(value, int):
        return count(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def apart_sentences(rows: Iterable[Row]) -> tuple[str, ...]:
    """Measurements that chance does not explain beside the others, the farthest first."""
    far = [row for row in rows if row["adjusted_p"] is not None and row["adjusted_p"] < 1 - LEVEL]
    far.sort(key=lambda row: (row["adjusted_p"], row["measurement_name"]))
    return tuple(
        f"{row['who']}: {fixed(row['score_percent'])}, {fixed(abs(row['from_others_points']))} "
        f"points {'above' if row['from_others_points'] > 0 else 'below'} the mean of all others "
        f"(adjusted p {row['adjusted_p']:.2g})"
        for row in far
    )


def _page(
    evidence: SiteContext,
    cell: CellEstimate,
    apart: Disagreement | None,
    claims: list[tuple[Judgement, OthersSay]],
) -> Page:
    plot = plots.score(evidence, cell, apart)
    rows = plot.table.rows if plot.table else ()
    again: list[NotPooled] = [o for o in cell.left_out if o.name in evidence.public.told_again]

    def context() -> dict[str, Any]:
        measured = [row for row in rows if row["kind"] in {POOLED, LISTED}]
        return {
            "cell": cell,
            "plot": plot,
            "measured": measured,
            "settings": protocols(measured),
            "apart": apart,
            "apart_sentences": apart_sentences(measured),
            "again": again,
            "claims": claims,
            "claim_names": {found.claim for found, _ in claims},
        }

    return Page(
        score_path(cell.model, cell.task),
        "score.html",
        context,
        plots=(plot,),
        depends_on=[
            evidence.catalog_digest,
            cell.model_dump(mode="json"),
            [dict(row) for row in rows],
            apart and apart.model_dump(mode="json"),
            [[f.model_dump(mode="json"), s.model_dump(mode="json")] for f, s in claims],
        ],
    )


def pages(evidence: SiteContext) -> Iterator[Page]:
    """One per model and task that anything is known of."""
    public = evidence.public
    apart = {(found.model, found.task): found for found in evidence.audits.disagreement}
    claims: dict[tuple[str, str], list[tuple[Judgement, OthersSay]]] = {}
    for found in evidence.report.judgements:
        cell = public.cell(found.model, found.task)
        said = public.others.get(found.claim)
        if cell is not None and said is not None:
            claims.setdefault((cell.model, cell.task), []).append((found, said))
    for key, cell in public.cells.items():
        yield _page(evidence, cell, apart.get(key), claims.get(key, []))
