"""The front page: what it says is worked out here, before any markup."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tina_bench.board import plots
from tina_bench.board.evidence import Evidence
from tina_bench.board.numbers import UNKNOWN, count, date, dollars, plural
from tina_bench.board.page import Page
from tina_bench.board.tables import tables_of
from tina_bench.metering.bill import BillLine
from tina_bench.stats.shapes import Comparison, Judgement, TaskEstimate, Verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """One model on one task."""

    estimate: TaskEstimate
    """Our score."""
    judgements: tuple[Judgement, ...]
    """Published scores beside it."""
    deviates: bool
    """The result was not made as asked."""


@dataclass(frozen=True, slots=True)
class Row:
    """One model on the board."""

    model: str
    """Catalog name."""
    title: str
    """As people print it."""
    kind: str
    """`base`, `baseline`, `adapter`, or nothing for a model that the catalog lacks."""
    cells: tuple[Cell | None, ...]
    """One a task of the board; `None` without a result."""
    average: float | None
    """Unweighted mean over the board's tasks; `None` unless all are there."""
    runs: str
    """Number of runs behind each score."""
    gain: Comparison | None
    """Against its base, all common tasks pooled."""
    spend: BillLine | None
    """What everything about this model cost; `None` where the ledger has nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    """Models under one heading."""

    family: str
    """Heading."""
    rows: tuple[Row, ...]
    """In the order of the catalog."""


def _span(numbers: set[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}–{high}"


def _row(evidence: Evidence, model: str) -> Row:
    cells = tuple(
        Cell(
            estimate=evidence.estimates[model, task],
            judgements=evidence.judgements(model, task),
            deviates=bool(evidence.records[model, task].provenance.deviations),
        )
        if (model, task) in evidence.estimates
        else None
        for task in evidence.tasks
    )
    there = [cell.estimate for cell in cells if cell is not None]
    entry = evidence.model(model)
    return Row(
        model=model,
        title=evidence.model_title(model),
        kind=entry.kind.value if entry else "",
        cells=cells,
        average=sum(e.avg_percent for e in there) / len(there)
        if there and len(there) == len(cells)
        else None,
        runs=_span({e.k for e in there}) if there else "",
        gain=evidence.pooled.get(model),
        spend=evidence.bill.by_model.get(model),
    )


def board(evidence: Evidence) -> tuple[Group, ...]:
    """Every model that has a result, by family; what others cost is on the page of costs."""
    families: dict[str, list[Row]] = {}
    measured = {model for model, _ in evidence.records}
    for model in (name for name in evidence.models if name in measured):
        entry = evidence.model(model)
        family = entry.family if entry else "Not in the catalog"
        families.setdefault(family, []).append(_row(evidence, model))
    return tuple(Group(family, tuple(rows)) for family, rows in families.items())


def tally(evidence: Evidence) -> dict[Verdict, int]:
    """Number of claims by verdict, every verdict named."""
    found = Counter(judgement.verdict for judgement in evidence.report.judgements)
    return {verdict: found[verdict] for verdict in Verdict}


def _verdict_sentence(counts: dict[Verdict, int]) -> str:
    yes, no = counts[Verdict.REPRODUCED], counts[Verdict.NOT_REPRODUCED]
    still_open, other = counts[Verdict.INCONCLUSIVE], counts[Verdict.NOT_COMPARABLE]
    tested = yes + no + still_open
    if tested:
        text = (
            f"{plural(tested, 'published score')} {'was' if tested == 1 else 'were'} tested: "
            f"{count(yes)} reproduced, {count(no)} not reproduced, {count(still_open)} still open "
            "(inconclusive)"
        )
    else:
        text = "No published score was tested"
    if other:
        text += f"; {count(other)} more measured, but not under the protocol of the claim"
    return text


def spent(spend: BillLine | None) -> str:
    """The dollars of a sum, as a sentence can hold them."""
    if spend is None:
        return UNKNOWN
    if spend.cost_usd is not None:
        return ("at least " if spend.interrupted else "") + dollars(spend.cost_usd)
    known = spend.cost_usd_known
    return f"an {UNKNOWN} sum, {dollars(known)} of it known" if known else UNKNOWN


def headline(evidence: Evidence) -> str:
    """What the data says, in words: of the claims that were tested, not of those that were not."""
    if evidence.newest is None:
        return "No result has been recorded yet."
    records = evidence.records.values()
    seeds = {seed for record in records for seed in record.seeds}
    answers = sum(record.n * record.k for record in records)
    models = len({record.model for record in records})
    return (
        f"{_verdict_sentence(tally(evidence))}. Measured: {plural(models, 'model')} on "
        f"{plural(len(evidence.tasks), 'task')} with {plural(len(seeds), 'seed')}, "
        f"{plural(answers, 'answer')} in all. Spent: {spent(evidence.bill.total)}. Newest result: "
        f"{date(evidence.newest)}."
    )


def pages(evidence: Evidence) -> Iterator[Page]:
    """The front page."""
    published, gains = plots.published_against_measured(evidence), plots.gains(evidence)
    yield Page(
        "index.html",
        "index.html",
        {
            "groups": board(evidence),
            "headline": headline(evidence),
            "tally": tally(evidence),
            "published": published,
            "gains": gains,
            "tables": tables_of(evidence),
        },
        plots=tuple(plot for plot in (published, gains) if plot),
    )
