"""The rows of the board: every model with a published score or one of ours, by family."""

import math
import re
from collections import Counter

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
from tina_bench.catalog.fields import Source
from tina_bench.stats.evidence.measurement_types import group_of
from tina_bench.stats.types import (
    AVERAGE,
    AverageEstimate,
    Judgement,
    TaskEstimate,
    Verdict,
)

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


def _published(
    evidence: SiteContext, judgements: list[Judgement], usual: tuple[str, ...]
) -> tuple[Published, ...]:
    """As cells show them: the makers' own first; of averages, those over the usual tasks."""
    ordered = sorted(
        judgements,
        key=lambda j: (
            j.task == AVERAGE and j.tasks != usual,
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
        sets = Counter(a.tasks for a in evidence.catalog.averages.values() if a.tasks)
        self.usual = max(sets, key=lambda tasks: (sets[tasks], tasks), default=())
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
        return BoardCell(
            estimate=estimate,
            published=_published(self.evidence, self.judged.get((model, scope), []), self.usual),
            band=band,
            ranked=len(table.bands) if table and band else 0,
            deviates=record is not None and bool(record.provenance.deviations),
            tasks=len(estimate.tasks) if isinstance(estimate, AverageEstimate) else 0,
        )

    def row(self, model: str, family_id: str) -> BoardRow:
        evidence = self.evidence
        entry = evidence.model(model)
        cells = tuple(self.cell(model, column.task) for column in self.columns)
        average = self.cell(model, AVERAGE)
        runs = {c.estimate.k for c in cells if isinstance(c.estimate, TaskEstimate)}
        who = {p.who_id for cell in (*cells, average) for p in cell.published}
        found = Counter(j.verdict for (name, _), js in self.judged.items() if name == model
                        for j in js)  # fmt: skip
        tested = sum(found[v] for v in Verdict if v is not Verdict.NOT_MEASURED)
        return BoardRow(
            model=model,
            title=evidence.model_title(model),
            kind=entry.kind.value if entry else "",
            family_id=family_id,
            stacks=tuple(sorted(self.stacks.get(model, {NOTHING}))),
            who_ids=(*((HERE,) if runs else ()), *sorted(who)),
            cells=cells,
            average=average,
            runs=_span(runs) if runs else "",
            gain=evidence.pooled.get(model),
            spend=evidence.bill.by_model.get(model),
            verdicts={verdict: found[verdict] for verdict in Verdict if found[verdict]},
            tested=tested,
        )


def board(evidence: SiteContext) -> tuple[ModelGroup, ...]:
    """Every model with a score, by family: in the order in which profiles measure them.

    Families that no profile has come after, in the order of the catalog; what is embedded in this
    package, last. A model all of whose scores are on tasks that are no columns is left out.
    """
    rows = _Rows(evidence)
    families: dict[str, list[BoardRow]] = {}
    for model in evidence.all_models:
        entry = evidence.model(model)
        family = entry.family if entry else "Not in the catalog"
        row = rows.row(model, spelled(family))
        if any(cell.estimate or cell.published for cell in (*row.cells, row.average)):
            families.setdefault(family, []).append(row)
    profiled = [model for p in evidence.catalog.profiles.values() for model in p.models]
    place = {model: i for i, model in reversed(list(enumerate(profiled)))}

    def group(family: str, its: list[BoardRow]) -> ModelGroup:
        entries = [evidence.model(row.model) for row in its]
        embedded = any(entry is not None and entry.source is Source.EMBEDDED for entry in entries)
        return ModelGroup(family, spelled(family), embedded, tuple(its))

    def order(one: ModelGroup) -> tuple[bool, float]:
        first = min((place.get(row.model, math.inf) for row in one.rows), default=math.inf)
        return one.embedded, first

    return tuple(sorted((group(*item) for item in families.items()), key=order))


def measurers(groups: tuple[ModelGroup, ...]) -> dict[str, str]:
    """All who measured, by the filter's spelling, those with the most models first."""
    found: dict[str, str] = {}
    models: Counter[str] = Counter()
    for row in (row for group in groups for row in group.rows):
        models.update(set(row.who_ids) - {HERE})
        for published in (p for cell in (*row.cells, row.average) for p in cell.published):
            found.setdefault(published.who_id, published.who)
    return {name: found[name] for name in sorted(found, key=lambda name: (-models[name], name))}
