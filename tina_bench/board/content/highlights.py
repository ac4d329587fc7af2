"""What the published numbers say of themselves: the findings that a reader should see first.

Everything here is taken from `tina_bench.stats.audits`; this module only picks, orders and words.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tina_bench.board.content.context import SiteContext
from tina_bench.formatting.numbers import count, fixed, plural, signed
from tina_bench.stats.audits.disagreement import LEVEL, Disagreement
from tina_bench.stats.audits.gain_types import Gain
from tina_bench.stats.audits.lattice import LatticeAudit
from tina_bench.stats.audits.report import Kind

EXAMPLES = 4
"""As many of each kind are named."""


@dataclass(frozen=True, slots=True)
class Example:
    """One number, with the page that says more."""

    model: str
    """Catalog name."""
    what: str
    """What it is about."""
    text: str
    """The finding, in a few words."""
    claim: str | None = None
    """Catalog name, where it is about one claim."""


@dataclass(frozen=True, slots=True)
class Card:
    """One kind of finding."""

    name: str
    """Id on the page, and on the page of methods."""
    figure: str
    """The one number of it."""
    title: str
    """What that number counts or measures."""
    text: str
    """How it was found, in a sentence or two."""
    examples: tuple[Example, ...]
    """The largest, the largest first."""
    more: int
    """How many there are beyond these."""


def _card(
    name: str, figure: str, title: str, text: str, examples: list[Example], total: int
) -> Card:
    shown = tuple(examples[:EXAMPLES])
    return Card(name, figure, title, text, shown, total - len(shown))


def _distance(audit: LatticeAudit) -> float:
    """How far the print lies from a possible score, in units of its last digit."""
    off = min((abs(audit.value_percent - near) for near in audit.nearest_percent), default=0.0)
    return round(off * 10.0**audit.decimals, 6)


def _why_impossible(audit: LatticeAudit) -> str:
    if audit.possible:
        runs = ", ".join(fixed(run, audit.decimals) for run in audit.impossible_runs)
        return f"a single run of {runs} is no score of {plural(audit.n, 'problem')}"
    text = f"{fixed(audit.value_percent, audit.decimals)} from {plural(audit.n, 'problem')}"
    text += f" × {plural(audit.runs_stated or 1, 'run')}"
    near = " and ".join(fixed(value, audit.decimals + 2) for value in audit.nearest_percent)
    return f"{text}: the nearest possible scores are {near}" if near else text


def _impossible(evidence: SiteContext) -> Iterator[Card]:
    names = {f.about for f in evidence.audits.findings if f.kind is Kind.IMPOSSIBLE}
    found = [audit for audit in evidence.audits.lattice if audit.claim in names]
    if not found:
        return
    found.sort(key=lambda audit: (-_distance(audit), audit.claim))
    examples = [
        Example(
            audit.model,
            f"{evidence.model_title(audit.model)}, {evidence.task_title(audit.task)}",
            f"{_why_impossible(audit)} ({audit.who})",
            audit.claim,
        )
        for audit in found
    ]
    yield _card(
        "impossible",
        f"{count(len(found))} of {count(len(evidence.audits.lattice))}",
        "printed scores that the stated runs cannot give",
        "A score is a whole number of right answers over problems × runs. For these, no such "
        "number prints so with the runs that are stated: the runs, the problems or the digits "
        "are not what they are said to be.",
        examples,
        len(found),
    )


def _spread(found: Disagreement) -> float:
    scores = [measurer.percent for measurer in found.measurers]
    return round(max(scores) - min(scores), 6)


def _disagreements(evidence: SiteContext) -> Iterator[Card]:
    cells = evidence.audits.disagreement
    found = [cell for cell in cells if cell.adjusted_p < 1 - LEVEL]
    if not found:
        return
    found.sort(key=lambda cell: (-_spread(cell), cell.model, cell.task))
    examples = []
    for cell in found[:EXAMPLES]:
        high, low = cell.measurers[0], cell.measurers[-1]
        examples.append(
            Example(
                cell.model,
                f"{evidence.model_title(cell.model)}, {evidence.task_title(cell.task)}",
                f"{fixed(high.percent)} ({high.who}) to {fixed(low.percent)} ({low.who}), "
                f"{plural(len(cell.measurers), 'measurement')}",
            )
        )
    yield _card(
        "disagreement",
        f"{count(len(found))} of {count(len(cells))}",
        "cells in which measurers differ by more than chance",
        "One model on one task, measured by several: Cochran's Q with the chance of the stated "
        "runs, Holm over all such cells. Numbers from such a cell are not interchangeable, and a "
        "gain over the lower one may be no gain.",
        examples,
        len(found),
    )


def _picks(evidence: SiteContext) -> Iterator[Card]:
    found = sorted(evidence.audits.picks, key=lambda p: (-p.average_points, p.model, p.who))
    if not found:
        return
    examples = [
        Example(
            pick.model,
            evidence.model_title(pick.model),
            f"best of {pick.best_of} checkpoints: by luck alone up to "
            f"{signed(pick.average_points)} points on the average of "
            f"{plural(len(pick.tasks), 'task')}",
        )
        for pick in found
    ]
    yield _card(
        "selection",
        f"up to {signed(found[0].average_points)}",
        "points from picking the best checkpoint",
        "Who scores many checkpoints on the test and prints the highest prints its luck with it. "
        "This is the most that such a pick adds on average where all checkpoints are equal.",
        examples,
        len(found),
    )


def _gain(evidence: SiteContext, gain: Gain) -> Example:
    text = (
        f"{signed(gain.printed_gain_points, 2)} printed, {signed(gain.supported_gain_points, 2)} "
        f"supported [{signed(gain.supported_low)}, {signed(gain.supported_high)}]"
    )
    if gain.after_selection_points is not None:
        text += (
            f"; {signed(gain.after_selection_points)} less the most that the pick out of "
            f"{gain.best_of} can have added"
        )
    what = f"{evidence.model_title(gain.model)} over {evidence.model_title(gain.reference)}"
    return Example(gain.model, what, text)


def _gains(evidence: SiteContext) -> Iterator[Card]:
    over_base = [gain for gain in evidence.audits.gains if gain.reference_is == "base"]
    smaller = [g for g in over_base if g.supported_gain_points < g.printed_gain_points]
    if not over_base or not smaller:
        return
    smaller.sort(key=lambda g: (-g.printed_gain_points, g.average))
    first = smaller[0]
    yield _card(
        "gain",
        f"{signed(first.printed_gain_points, 1)} → {signed(first.supported_gain_points, 1)}",
        f"points: {evidence.model_title(first.model)} over its base, printed and supported",
        "A gain is printed over the authors' own run of the base. Set against all published "
        f"measurements of the base, {count(len(smaller))} of {count(len(over_base))} printed gains "
        "are smaller. Intervals are of 95 %.",
        [_gain(evidence, gain) for gain in smaller],
        len(smaller),
    )


def _resolution(evidence: SiteContext) -> Iterator[Card]:
    found = sorted(
        evidence.audits.task_resolutions, key=lambda r: (-r.half_width_points[1], r.task)
    )
    if not found:
        return
    single = sum(r.claims for r in found)
    first = found[0]
    yield Card(
        "resolution",
        f"±{fixed(first.half_width_points[1])}",
        f"points around a single run of {evidence.task_title(first.task)}",
        f"{plural(single, 'published score')} {'is' if single == 1 else 'are'} of one run, or of a "
        "number of runs that nobody states. This is half of the 95 % interval of one run, at the "
        "scores that were claimed: least and most.",
        tuple(
            Example(
                "",
                f"{evidence.task_title(r.task)}, {plural(r.n, 'problem')}",
                f"±{fixed(r.half_width_points[0])} to ±{fixed(r.half_width_points[1])} points; "
                f"one problem is {fixed(r.points_per_problem)}",
            )
            for r in found
        ),
        0,
    )


def cards(evidence: SiteContext) -> tuple[Card, ...]:
    """Every kind of finding that there is one of, in the order of this page."""
    makers = (_gains, _disagreements, _impossible, _picks, _resolution)
    return tuple(card for make in makers for card in make(evidence))
