"""The rows of the board: every model with a published score or one of ours, best average first."""

import math
import re
from collections import Counter
from collections.abc import Collection

from tina_bench.board.content.board_types import (
    HERE,
    NOTHING,
    BoardCell,
    BoardRow,
    Column,
    ModelGroup,
    Published,
)
from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.paths import score_path
from tina_bench.catalog.fields import Source
from tina_bench.stats.evidence.measurement_types import group_of
from tina_bench.stats.evidence.types import Others
from tina_bench.stats.types import (
    AVERAGE,
    AverageEstimate,
    Judgement,
    TaskEstimate,
    Verdict,
)

FIRST, STEPS = "paper", "paper-ablations"
"""Profiles of the models that stand first, and of those that stand after all others."""
HEADINGS = {
    "paper": "Tina, its base and the paper's baselines",
    "others": "Other models",
    "steps": "Ablations of Tina, and checkpoints of trainings",
    "self-test": "Self-test: models that come with tina-bench, to show that it works",
}
"""Headings by their ids, in order."""
NO_FAMILY = "Not in the catalog"
_NO_LETTER = re.compile(r"[\W_]+")


def spelled(text: str) -> str:
    """A name as a link can hold it: `A Sober Look authors` is `a-sober-look-authors`."""
    return _NO_LETTER.sub("-", text.casefold()).strip("-")


def embedded_task(evidence: SiteContext, task: str) -> bool:
    """Whether a task comes with this package."""
    entry = evidence.catalog.tasks.get(task)
    return entry is not None and entry.source is Source.EMBEDDED


def columns(evidence: SiteContext) -> tuple[Column, ...]:
    """Every task with a score; embedded ones last, and only with a result of ours."""
    shown = [task for task in evidence.all_tasks if not embedded_task(evidence, task)]
    shown += [task for task in evidence.tasks if embedded_task(evidence, task)]
    sizes: dict[str, set[int]] = {}
    for estimate in evidence.report.estimates:
        sizes.setdefault(estimate.task, set()).add(estimate.n)
    for task, entry in evidence.catalog.tasks.items():
        sizes.setdefault(task, {entry.n_problems})
    return tuple(
        Column(
            task,
            evidence.task_title(task),
            min(sizes[task]) if len(sizes.get(task, ())) == 1 else None,
            embedded_task(evidence, task),
        )
        for task in shown
    )


def _span(numbers: set[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}–{high}"


def by_maker(evidence: SiteContext, model: str, who: str) -> bool:
    """Whether the claimant made the model, as far as its name or its repository shows."""
    entry = evidence.model(model)
    names = (model, evidence.model_title(model), (entry.repo or "") if entry else "")
    # `third party, report of 2026` made what is called `Third party's own`.
    maker = _letters(group_of(who).partition(",")[0])
    return bool(maker) and any(_letters(name).startswith(maker) for name in names)


def _letters(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _published(evidence: SiteContext, judgements: list[Judgement]) -> tuple[Published, ...]:
    """As cells show them: the makers' own first; of averages, those over the usual tasks."""
    others = evidence.public.others
    ordered = sorted(
        judgements,
        key=lambda j: (
            j.task == AVERAGE and j.tasks != evidence.usual_tasks,
            not by_maker(evidence, j.model, j.who),
        ),
    )
    return tuple(
        Published(
            claim=j.claim,
            value=j.claimed_percent,
            decimals=j.decimals,
            who=j.who,
            short=group_of(j.who).partition(",")[0],
            who_id=spelled(j.who),
            verdict=j.verdict,
            word=others[j.claim].word if j.claim in others else None,
            tasks=len(j.tasks) or None,
        )
        for j in ordered
    )


class _Rows:
    """What all rows look up."""

    def __init__(self, evidence: SiteContext) -> None:
        self.evidence = evidence
        self.columns = columns(evidence)
        self.averages = {found.model: found for found in evidence.report.averages}
        self.bands = {
            (scope, band.model): band for scope, table in evidence.ranks.items()
            for band in table.bands
        }  # fmt: skip
        self.judged: dict[tuple[str, str], list[Judgement]] = {}
        self.stacks: dict[str, set[str]] = {}
        standings, gains = evidence.standings
        self.standings = {standing.model: standing for standing in standings.rows}
        self.gains = {gain.model: gain for gain in gains}
        for judgement in evidence.report.judgements:
            self.judged.setdefault((judgement.model, judgement.task), []).append(judgement)
        for (model, _), record in evidence.records.items():
            self.stacks.setdefault(model, set()).add(record.provenance.stack)

    def cell(self, model: str, scope: str) -> BoardCell:
        estimate: TaskEstimate | AverageEstimate | None
        if scope == AVERAGE:
            estimate = self.averages.get(model)
        else:
            estimate = self.evidence.estimates.get((model, scope))
        record = self.evidence.records.get((model, scope))
        table = self.evidence.ranks.get(scope)
        # A band of the average is of the tasks that all models in it have; not of other averages.
        same = not isinstance(estimate, AverageEstimate) or (
            table is not None and set(table.tasks) == set(estimate.tasks)
        )
        band = self.bands.get((scope, model)) if same else None
        standing = self.standings.get(model) if scope == AVERAGE else None
        known = None if scope == AVERAGE else self.evidence.public.cell(model, scope)
        judged = self.judged.get((model, scope), [])
        if known is not None and known.model != model and not judged and estimate is None:
            known = None  # another row's: of a checkpoint only what was measured under its name
        return BoardCell(
            known=known.estimate if known else standing.estimate if standing else None,
            page=score_path(known.model, known.task) if known else "",
            standing=standing,
            stood=len(self.standings),
            estimate=estimate,
            published=_published(self.evidence, judged),
            band=band,
            ranked=len(table.bands) if table and band else 0,
            deviates=record is not None and bool(record.provenance.deviations),
            tasks=len(estimate.tasks) if isinstance(estimate, AverageEstimate) else 0,
        )

    def row(self, model: str) -> BoardRow:
        evidence = self.evidence
        entry = evidence.model(model)
        cells = tuple(self.cell(model, column.task) for column in self.columns)
        average = self.cell(model, AVERAGE)
        runs = {c.estimate.k for c in cells if isinstance(c.estimate, TaskEstimate)}
        who = {p.who_id for cell in (*cells, average) for p in cell.published}
        found = Counter(j.verdict for (name, _), js in self.judged.items() if name == model
                        for j in js)  # fmt: skip
        tested = sum(found[v] for v in Verdict if v is not Verdict.NOT_MEASURED)
        words = Counter(p.word for cell in (*cells, average) for p in cell.published if p.word)
        family = entry.family if entry else NO_FAMILY
        return BoardRow(
            model=model,
            title=evidence.model_title(model),
            kind=entry.kind.value if entry else "",
            family=family,
            family_id=spelled(family),
            stacks=tuple(sorted(self.stacks.get(model, {NOTHING}))),
            who_ids=(*((HERE,) if runs else ()), *sorted(who)),
            cells=cells,
            average=average,
            runs=_span(runs) if runs else "",
            gain=evidence.pooled.get(model),
            known_gain=self.gains.get(model),
            spend=evidence.bill.by_model.get(model),
            verdicts={verdict: found[verdict] for verdict in Verdict if found[verdict]},
            tested=tested,
            words={word: words[word] for word in Others if words[word]},
        )


def board(evidence: SiteContext) -> tuple[ModelGroup, ...]:
    """Every model with a score, by `HEADINGS`, each by estimated average.

    A model all of whose scores are on tasks that are no columns is left out.
    """
    rows = _Rows(evidence)
    first, steps = (
        evidence.catalog.profiles[name].models if name in evidence.catalog.profiles else ()
        for name in (FIRST, STEPS)
    )
    groups: dict[str, list[BoardRow]] = {name: [] for name in HEADINGS}
    for model in evidence.all_models:
        row = rows.row(model)
        if any(cell.is_shown for cell in (*row.cells, row.average)):
            groups[_group(evidence, model, first, steps)].append(row)
    return tuple(
        ModelGroup(HEADINGS[name], name, name == "self-test", tuple(sorted(its, key=_by_average)))
        for name, its in groups.items()
        if its
    )


def _group(
    evidence: SiteContext, model: str, first: Collection[str], steps: Collection[str]
) -> str:
    entry = evidence.model(model)
    if entry is not None and entry.family in _embedded_families(evidence):
        return "self-test"
    if model in first:
        return "paper"
    is_step = model in steps or (entry is not None and entry.training is not None)
    return "steps" if is_step else "others"


def _embedded_families(evidence: SiteContext) -> set[str]:
    """What is trained from an embedded model is of its family."""
    models = evidence.catalog.models.values()
    return {entry.family for entry in models if entry.source is Source.EMBEDDED}


def _by_average(row: BoardRow) -> float:
    """Those without an estimate last, in the order that they have."""
    return math.inf if row.average.known is None else -row.average.known.percent


def measurers(groups: tuple[ModelGroup, ...]) -> dict[str, str]:
    """All who measured, by the filter's spelling, those with the most models first."""
    found: dict[str, str] = {}
    models: Counter[str] = Counter()
    for row in (row for group in groups for row in group.rows):
        models.update(set(row.who_ids) - {HERE})
        for published in (p for cell in (*row.cells, row.average) for p in cell.published):
            found.setdefault(published.who_id, published.who)
    return {name: found[name] for name in sorted(found, key=lambda name: (-models[name], name))}
