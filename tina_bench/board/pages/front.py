"""The front page: what it says is computed here, before any markup.

One table of every model with a score, then what the published numbers say of themselves, and the
figures.
"""

from collections import Counter
from collections.abc import Iterator

from tina_bench.board import plots
from tina_bench.board.content.board_types import HERE, NOTHING
from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.highlights import cards
from tina_bench.board.content.model_rows import (
    board,
    columns,
    embedded_task,
    measurers,
)
from tina_bench.board.content.tables import tables_of
from tina_bench.board.output.elements import Page
from tina_bench.formatting.numbers import UNKNOWN, count, date, dollars, plural
from tina_bench.metering.bill import BillLine
from tina_bench.stats.types import Verdict


def tally(evidence: SiteContext) -> dict[Verdict, int]:
    """Number of claims by verdict, every verdict named."""
    found = Counter(judgement.verdict for judgement in evidence.report.judgements)
    return {verdict: found[verdict] for verdict in Verdict}


def _verdict_sentence(counts: dict[Verdict, int]) -> str:
    yes, no = counts[Verdict.REPRODUCED], counts[Verdict.NOT_REPRODUCED]
    still_open, other = counts[Verdict.INCONCLUSIVE], counts[Verdict.NOT_COMPARABLE]
    tested, known = yes + no + still_open, sum(counts.values())
    if tested:
        text = (
            f"Of {plural(known, 'published score')}, {count(tested)} "
            f"{'was' if tested == 1 else 'were'} tested here: {count(yes)} reproduced, {count(no)} "
            f"not reproduced, {count(still_open)} still open (inconclusive)"
        )
    else:
        text = f"Of {plural(known, 'published score')}, none was tested here yet"
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


def headline(evidence: SiteContext) -> str:
    """What the data says, in words: of the claims that were tested, not of those that were not."""
    if evidence.newest is None:
        return f"No result has been recorded yet. {_verdict_sentence(tally(evidence))}."
    records = evidence.records.values()
    seeds = {seed for record in records for seed in record.seeds}
    answers = sum(record.n * record.k for record in records)
    models = len({record.model for record in records})
    judged = [j for j in evidence.report.judgements if j.verdict is not Verdict.NOT_MEASURED]
    tasks = {task for j in judged for task in (j.tasks or (j.task,))}
    only = ""
    if tasks and all(embedded_task(evidence, task) for task in tasks):
        only = (
            "These are claims about the models that come with this program to show that it "
            "works; no other published score has been tested yet. "
        )
    return (
        f"{_verdict_sentence(tally(evidence))}. {only}Measured: {plural(models, 'model')} on "
        f"{plural(len(evidence.tasks), 'task')} with {plural(len(seeds), 'seed')}, "
        f"{plural(answers, 'answer')} in all. Spent: {spent(evidence.bill.total)}. Newest result: "
        f"{date(evidence.newest)}."
    )


def pages(evidence: SiteContext) -> Iterator[Page]:
    """The front page, and the list of all claims."""
    groups = board(evidence)
    figures = {
        "gains": plots.gains(evidence),
        "supported": plots.audit_gains(evidence),
        "pareto": plots.pareto(evidence),
    }
    yield Page(
        "index.html",
        "index.html",
        {
            "groups": groups,
            "columns": columns(evidence),
            "headline": headline(evidence),
            "tally": tally(evidence),
            "cards": cards(evidence),
            "whos": measurers(groups),
            "stacks": sorted({s for g in groups for r in g.rows for s in r.stacks} - {NOTHING}),
            "tables": tables_of(evidence),
            "HERE": HERE,
            "NOTHING": NOTHING,
            **figures,
        },
        plots=tuple(plot for plot in figures.values() if plot),
    )
    published = plots.published_against_measured(evidence)
    yield Page(
        "claims/index.html",
        "front-claims.html",
        {"tally": tally(evidence), "published": published},
        plots=(published,) if published else (),
    )
