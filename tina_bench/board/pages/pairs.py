"""Two models against each other: one page per pair, and a page with all pairs.

Tests come from `SiteContext.pairs`, turned so that the model that the catalog names first is the
first one here. What flipped is read off the records: no test rests on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.outcome_grid import OutcomeGrid
from tina_bench.board.output.elements import Page
from tina_bench.formatting.numbers import p_value
from tina_bench.stats.comparisons.all_pairs import AVERAGE, PairComparison, PairTable, PairVerdict

MOST_FLIPS = 8
"""Problems of a task that are listed in either direction."""
HALF = 0.5
"""A problem flipped where one model solved it in more than this share of its runs, and the other in
less."""
ROOT = "../"


@dataclass(frozen=True, slots=True)
class Side:
    """Model A minus model B on one task, or on the average over tasks."""

    scope: str
    """Task, or `average`."""
    found: PairComparison
    """The test, as it was made: perhaps of B against A."""
    family: str
    """What it was corrected over."""
    score_a: float
    """Percent."""
    score_b: float
    """Percent."""
    difference: float
    """A minus B, points."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""
    better: str | None
    """The better model; `None` where the test does not decide."""
    made_differently: tuple[str, ...]
    """Settings in which models of the same table differ."""


@dataclass(frozen=True, slots=True)
class SolvedByOne:
    """Problems of one task that one model solves and the other does not."""

    task: str
    """Task."""
    n: int
    """Problems that both were asked."""
    for_a: int
    """A solves them in more than half of its runs, B in less than half of its own."""
    for_b: int
    """The other way round."""
    list_a: Markup
    """The first `MOST_FLIPS` of `for_a`, the widest apart first, with links to both answers."""
    list_b: Markup
    """The same of `for_b`."""


def pair_path(evidence: SiteContext, one: str, other: str) -> str:
    """Where two models are compared: the one that the catalog names first stands first."""
    order = evidence.models.index
    a, b = sorted((one, other), key=order)
    return f"compare/{a}--vs--{b}.html"


def _sides(evidence: SiteContext) -> dict[tuple[str, str], list[Side]]:
    """By pair in catalog order: tasks in catalog order, then the average."""
    place = {model: number for number, model in enumerate(evidence.models)}
    scopes = [*evidence.tasks, AVERAGE]
    found: dict[tuple[str, str], list[Side]] = {}
    for table in sorted(evidence.pairs, key=lambda table: scopes.index(table.scope)):
        for one in table.comparisons:
            turned = place[one.model_a] > place[one.model_b]
            a, b = (one.model_b, one.model_a) if turned else (one.model_a, one.model_b)
            found.setdefault((a, b), []).append(_side(table, one, a, b, turned=turned))
    return dict(sorted(found.items(), key=lambda item: (place[item[0][0]], place[item[0][1]])))


def _side(table: PairTable, one: PairComparison, a: str, b: str, *, turned: bool) -> Side:
    better = {PairVerdict.A_BETTER: one.model_a, PairVerdict.B_BETTER: one.model_b}.get(one.finding)
    low, high = one.interval.low, one.interval.high
    return Side(
        scope=table.scope,
        found=one,
        family=table.family,
        score_a=table.scores_percent[a],
        score_b=table.scores_percent[b],
        difference=-one.difference_points if turned else one.difference_points,
        low=-high if turned else low,
        high=-low if turned else high,
        better=better,
        made_differently=table.made_differently,
    )


def flipped(
    a: OutcomeGrid, b: OutcomeGrid
) -> tuple[int, list[tuple[int, int]], list[tuple[int, int]]]:
    """Problems that both were asked, and places of those that flipped for A and for B.

    The widest apart first, ties in the order of A's problems.
    """
    if a.problems == b.problems:
        at_a = at_b = np.arange(a.n)
        share_a, share_b = a.shares, b.shares
    else:
        common = [(at, b.position[p]) for at, p in enumerate(a.problems) if p in b.position]
        pairs = np.array(common, dtype=np.int64).reshape(-1, 2)
        at_a, at_b = pairs[:, 0], pairs[:, 1]
        share_a, share_b = a.shares[at_a], b.shares[at_b]
    made = []
    for high, low in ((share_a, share_b), (share_b, share_a)):
        chosen = np.flatnonzero((high > HALF) & (low < HALF))
        chosen = chosen[np.argsort(-(high - low)[chosen], kind="stable")]
        made.append([(int(at_a[i]), int(at_b[i])) for i in chosen])
    return len(at_a), made[0], made[1]


def _listed(high: OutcomeGrid, low: OutcomeGrid, places: list[tuple[int, int]]) -> Markup:
    """Links to a right answer of the one model and a wrong one of the other, by problem."""
    items = [
        f'<li>problem {high.indices[at_high]}: <a href="{ROOT}{high.right(at_high)}">'
        f'{high.solved[at_high]} of {high.k}</a> against <a href="{ROOT}{low.wrong(at_low)}">'
        f"{low.solved[at_low]} of {low.k}</a></li>"
        for at_high, at_low in places[:MOST_FLIPS]
    ]
    return Markup("".join(items))  # noqa: S704 - numbers, and paths that were escaped


def _flips(a: OutcomeGrid, b: OutcomeGrid) -> SolvedByOne:
    n, for_a, for_b = flipped(a, b)
    return SolvedByOne(
        task=a.task,
        n=n,
        for_a=len(for_a),
        for_b=len(for_b),
        list_a=_listed(a, b, for_a),
        list_b=_listed(b, a, [(at_b, at_a) for at_a, at_b in for_b]),
    )


def _pair_page(evidence: SiteContext, a: str, b: str, sides: list[Side]) -> Page:
    tasks = [side.scope for side in sides if side.scope != AVERAGE]

    def context() -> dict[str, Any]:
        sheets = evidence.sheets
        return {
            "a": a,
            "b": b,
            "sides": sides,
            "main": sides[-1],
            "flips": [_flips(sheets[a, task], sheets[b, task]) for task in tasks],
            "most": MOST_FLIPS,
        }

    return Page(
        pair_path(evidence, a, b),
        "compare.html",
        context,
        depends_on=[
            [evidence.model_title(a), evidence.model_title(b), *map(evidence.task_title, tasks)],
            [evidence.record_sha256[model, task] for model in (a, b) for task in tasks],
            # Every new result moves the last digits of every corrected p: only its words count.
            [[side.scope, side.family, side.score_a, side.score_b, side.made_differently,
              p_value(side.found.adjusted_p),
              side.found.model_dump(mode="json", exclude={"adjusted_p"})] for side in sides],
        ],
    )  # fmt: skip


def _widest(sides: dict[tuple[str, str], list[Side]], row: str, column: str) -> Side | None:
    """The comparison of most tasks that a pair has."""
    found = sides.get((row, column)) or sides.get((column, row))
    return found[-1] if found else None


def pages(evidence: SiteContext) -> Iterator[Page]:
    """The page of all pairs, and one a pair that was measured on a common task."""
    sides = _sides(evidence)
    models = [model for model in evidence.models if any(model in pair for pair in sides)]
    yield Page(
        "compare/index.html",
        "compare-index.html",
        {
            "models": models,
            "rows": [
                (row, [_cell(evidence, row, one, _widest(sides, row, one)) for one in models])
                for row in models
            ],
            "pairs": len(sides),
            "families": [table.family for table in evidence.pairs],
            "scopes": sorted({found[-1].scope for found in sides.values()}),
        },
    )  # fmt: skip
    for (a, b), found in sides.items():
        yield _pair_page(evidence, a, b, found)


@dataclass(frozen=True, slots=True)
class PairCell:
    """Row minus column."""

    href: str
    """Path of their page."""
    difference: float
    """Points."""
    finding: str
    """`better`, `worse` or `same`: the row, by the test."""
    scope: str
    """Task, or `average`."""


def _cell(evidence: SiteContext, row: str, column: str, side: Side | None) -> PairCell | None:
    if side is None or row == column:
        return None
    place = evidence.models.index
    sign = 1 if place(row) < place(column) else -1
    finding = "same" if side.better is None else "better" if side.better == row else "worse"
    return PairCell(pair_path(evidence, row, column), sign * side.difference, finding, side.scope)
