"""One page per published score: the reasoning behind its verdict, and the numbers to check it by.

Nothing is decided here. Verdicts come from the report, findings from the audits; these pages put
them into words and next to each other.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.outcome_grid import OutcomeGrid
from tina_bench.board.content.provenance_tables import ReproduceCommand, reproduce_command
from tina_bench.board.output.elements import Page
from tina_bench.catalog.schema import AverageClaim, Claim
from tina_bench.formatting.numbers import fixed, signed
from tina_bench.stats.audits.averages import Follows, cells_of
from tina_bench.stats.audits.disagreement import LEVEL, Disagreement
from tina_bench.stats.audits.own_logs import LogSays
from tina_bench.stats.audits.resolution import Resolution
from tina_bench.stats.claims.p_values import SIZE
from tina_bench.stats.types import Judgement, TaskEstimate, Verdict

MOST_SIBLINGS = 60
"""Other claims that are listed."""


@dataclass(frozen=True, slots=True)
class Note:
    """What an audit says of this number."""

    state: str
    """`wrong`: it cannot stand as printed; `right`: it can; `weigh`: what to keep in mind."""
    title: str
    """What was looked at."""
    sentence: str
    """What was found."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Our result on one task of a claim."""

    task: str
    """Task."""
    estimate: TaskEstimate
    """Score with its intervals."""
    sheet: OutcomeGrid
    """Who solved what."""
    caveats: tuple[str, ...]
    """Deviations and caveats of the result."""

    @property
    def always(self) -> int:
        """Problems that every run solved."""
        return sum(solved == self.sheet.k for solved in self.sheet.solved)

    @property
    def never(self) -> int:
        """Problems that no run solved."""
        return sum(solved == 0 for solved in self.sheet.solved)

    @property
    def by_solved(self) -> tuple[tuple[int, int], ...]:
        """Number of runs, and the problems that so many runs solved; none left out."""
        counts = [0] * (self.sheet.k + 1)
        for solved in self.sheet.solved:
            counts[solved] += 1
        return tuple(enumerate(counts))


@dataclass(frozen=True, slots=True)
class AverageCell:
    """A task of an average, as printed beside it."""

    task: str
    """Task."""
    claim: str | None
    """Catalog name; `None` where none was printed beside it."""
    value: float | None
    """As printed, percent."""
    decimals: int
    """Digits printed."""
    verdict: Verdict | None
    """Of that claim."""


@dataclass
class _Index:
    """What the audits say, by the name of the claim."""

    notes: dict[str, list[Note]] = field(default_factory=lambda: defaultdict(list))
    resolutions: dict[str, Resolution] = field(default_factory=dict)
    cells: dict[tuple[str, str], Disagreement] = field(default_factory=dict)
    averages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    siblings: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))


def _index(evidence: SiteContext) -> _Index:
    found = _Index()
    audits, catalog = evidence.audits, evidence.catalog
    for one in audits.lattice:
        wrong = not one.possible or bool(one.impossible_runs)
        found.notes[one.claim].append(
            Note(
                "wrong" if wrong else "right",
                "Can so many problems give this number?",
                one.sentence,
            )
        )
    states = {Follows.NO: "wrong", Follows.YES: "right", Follows.UNKNOWN: "weigh"}
    for made in audits.averages:
        found.notes[made.name].append(
            Note(states[made.follows], "Does it follow from its parts?", made.sentence)
        )
    for log in audits.own_logs:
        state = {LogSays.DIFFERS: "wrong", LogSays.SAME: "right"}.get(log.log, "weigh")
        found.notes[log.claim].append(
            Note(state, "What does its authors' own log say?", log.sentence)
        )
    found.resolutions = {one.claim: one for one in audits.resolutions}
    found.cells = {(cell.model, cell.task): cell for cell in audits.disagreement}
    for aside in audits.set_aside:
        if aside.name in catalog.claims:
            counted = f"; counted once, as {aside.counted_as}" if aside.counted_as else ""
            found.notes[aside.name].append(
                Note("weigh", "Is it a measurement of its own?", f"No: {aside.reason}{counted}.")
            )
    for name, claim in catalog.claims.items():
        found.siblings[claim.model, claim.task].append(name)
    for name, average in catalog.averages.items():
        for cell in cells_of(catalog, average).values():
            for claim_name in found.siblings[cell.model, cell.task]:
                if catalog.claims[claim_name] is cell:
                    found.averages[claim_name].append(name)
    return found


def _chance(one: Resolution) -> Note:
    runs = "one run" if one.runs_stated else "a number of runs that is not stated, taken as one"
    return Note(
        "weigh",
        "How finely can it tell?",
        f"It rests on {runs}. One problem is {fixed(one.points_per_problem, 2)} points. "
        f"Chance moves such a run by ±{fixed(one.half_width_points)} points (95 % interval), and "
        f"two of them up to {fixed(one.least_difference_points)} points apart. Basis: "
        f"{one.basis.value}.",
    )


def _picked(evidence: SiteContext, claim: Claim) -> Iterator[Note]:
    title = "Was it picked because it was high?"
    for pick in evidence.audits.picks:
        points = pick.by_task_points.get(claim.task)
        if (pick.model, pick.who) == (claim.model, claim.who) and points is not None:
            yield Note(
                "weigh",
                title,
                f"It is the best of {pick.best_of} checkpoints. Had it been picked by this score "
                f"alone, luck would account for up to {fixed(points)} points on average (at most "
                f"{fixed(pick.by_task_bound_points[claim.task])} by the binomial bound).",
            )
    for family in evidence.audits.selection:
        if family.published == claim.model and family.scale == claim.task:
            shrunk = family.measured
            yield Note(
                "weigh",
                title,
                f"Its checkpoint stands at place {family.rank} of the {family.checkpoints} logged "
                f"ones of its training here. A fresh run is expected to score "
                f"{fixed(shrunk.optimism_points)} points less than the log printed (95 % interval "
                f"{signed(shrunk.optimism_low)} to {signed(shrunk.optimism_high)}).",
            )


def _notes(
    evidence: SiteContext, index: _Index, name: str, claim: Claim | AverageClaim
) -> list[Note]:
    notes = list(index.notes.get(name, ()))
    if isinstance(claim, AverageClaim):
        return notes
    if name in index.resolutions:
        notes.append(_chance(index.resolutions[name]))
    notes += _picked(evidence, claim)
    cell = index.cells.get((_weights(evidence, claim.model), claim.task))
    if cell is not None:
        state = "wrong" if cell.adjusted_p < 1 - LEVEL else "right"
        notes.append(Note(state, "Do those who measured it agree?", cell.sentence))
    return notes


def _weights(evidence: SiteContext, model: str) -> str:
    entry = evidence.model(model)
    return (entry.published_as if entry else None) or model


def _measured(evidence: SiteContext, found: Judgement) -> tuple[Measured, ...]:
    made = []
    for task in found.tasks or (found.task,):
        key = (found.model, task)
        if key in evidence.estimates:
            by = evidence.records[key].provenance
            remarks = (*by.deviations, *by.caveats)
            made.append(Measured(task, evidence.estimates[key], evidence.sheets[key], remarks))
    return tuple(made)


def _cells(
    evidence: SiteContext, average: AverageClaim, verdicts: dict[str, Verdict]
) -> list[AverageCell]:
    printed = cells_of(evidence.catalog, average)
    names = {id(claim): name for name, claim in evidence.catalog.claims.items()}
    found = []
    for task in average.tasks or ():
        claim = printed.get(task)
        name = names.get(id(claim)) if claim else None
        found.append(
            AverageCell(
                task,
                name,
                claim.value_percent if claim else None,
                claim.decimals if claim else 0,
                verdicts.get(name) if name else None,
            )
        )
    return found


def _seeds(evidence: SiteContext, found: Judgement) -> int | None:
    """Seeds in all that would decide an open claim, where some number does."""
    if found.further_seeds is None:
        return None
    tasks = found.tasks or (found.task,)
    return max(evidence.estimates[found.model, task].k for task in tasks) + found.further_seeds


def _how(evidence: SiteContext, found: Judgement) -> ReproduceCommand | None:
    tasks = found.tasks or ((found.task,) if found.task in evidence.catalog.tasks else ())
    if not tasks:
        return None
    return reproduce_command(evidence, found.model, tasks, _seeds(evidence, found))


def pages(evidence: SiteContext) -> Iterator[Page]:
    """One per claim and average of the catalog."""
    index, catalog = _index(evidence), evidence.catalog
    verdicts = {found.claim: found.verdict for found in evidence.report.judgements}
    for found in evidence.report.judgements:
        claim = catalog.claims.get(found.claim) or catalog.averages[found.claim]
        yield _page(evidence, index, found, claim, verdicts)


def _page(
    evidence: SiteContext,
    index: _Index,
    found: Judgement,
    claim: Claim | AverageClaim,
    verdicts: dict[str, Verdict],
) -> Page:
    name, is_average = found.claim, isinstance(claim, AverageClaim)
    cells = _cells(evidence, claim, verdicts) if isinstance(claim, AverageClaim) else []
    notes = _notes(evidence, index, name, claim)
    key = (_weights(evidence, found.model), found.task)
    others = None if is_average else index.cells.get(key)
    known, said = evidence.public.about(found), evidence.public.others.get(name)
    tasks = found.tasks or (found.task,)

    def context() -> dict[str, Any]:
        half = 0.5 * 10.0**-claim.decimals
        if is_average:
            averages = evidence.catalog.averages
            siblings = [n for n, a in averages.items() if a.model == claim.model]
        else:
            siblings = index.siblings[found.model, found.task]
        return {
            "j": found,
            "claim": claim,
            "is_average": is_average,
            "scope": "the average" if is_average else evidence.task_title(found.task),
            "low": claim.value_percent - half,
            "high": claim.value_percent + half,
            "measured": _measured(evidence, found),
            "cells": cells,
            "averages": index.averages.get(name, ()),
            "notes": notes,
            "others": others,
            "known": known,
            "said": said,
            "siblings": [n for n in siblings if n != name][:MOST_SIBLINGS],
            "verdicts": verdicts,
            "reproduce": _how(evidence, found),
            "size": SIZE,
        }

    return Page(
        f"claims/{name}.html",
        "claim.html",
        context,
        depends_on=[
            evidence.catalog_digest,
            found.model_dump(mode="json"),
            [evidence.record_sha256.get((found.model, task)) for task in tasks],
            [[note.state, note.title, note.sentence] for note in notes],
            [cell.verdict for cell in cells],
            others and others.model_dump(mode="json"),
            known and known.model_dump(mode="json"),
            said and said.model_dump(mode="json"),
        ],
    )
