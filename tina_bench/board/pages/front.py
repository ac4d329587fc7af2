"""The front page: what it says is computed here, before any markup.

What public evidence holds, in a sentence of numbers; one table of every model with a score, by its
estimated average; what the published numbers say of themselves; what was measured here, and last
the models that come with this program.
"""

from collections import Counter
from collections.abc import Iterator

from tina_bench.board import plots
from tina_bench.board.content.board_types import HERE, NOTHING, BoardTable
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
from tina_bench.formatting.numbers import UNKNOWN, count, date, dollars, fixed, plural
from tina_bench.metering.bill import BillLine
from tina_bench.stats.evidence.sentences import interval_text
from tina_bench.stats.evidence.types import CellEstimate, Others
from tina_bench.stats.types import AVERAGE, Judgement, Verdict


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


def words_tally(evidence: SiteContext) -> dict[Others, int]:
    """Number of published scores by what others say of them, every word named.

    Without those of the models that come with this program.
    """
    others = evidence.public.others
    found = Counter(
        others[judgement.claim].word
        for judgement in _published(evidence)
        if judgement.claim in others
    )
    return {word: found[word] for word in Others}


def _published(evidence: SiteContext) -> list[Judgement]:
    """Claims about anything but the models that come with this program."""
    return [
        found for found in evidence.report.judgements
        if not all(embedded_task(evidence, task) for task in found.tasks or (found.task,))
        or (found.task == AVERAGE and not found.tasks)
    ]  # fmt: skip


def _best_known(evidence: SiteContext) -> CellEstimate | None:
    cells = [c for c in evidence.public_evidence.cells if not embedded_task(evidence, c.task)]
    return max(cells, key=lambda c: (c.estimate.teams, c.estimate.runs, c.model), default=None)


def known_sentence(evidence: SiteContext) -> str:
    """What public evidence holds, in numbers."""
    published, words = _published(evidence), words_tally(evidence)
    single = sum((found.runs or 1) == 1 for found in published)
    enough = sum(number for word, number in words.items() if word is not Others.TOO_FEW)
    text = (
        f"Public evidence holds {plural(len(published), 'published score')}: {count(single)} "
        f"{'rests' if single == 1 else 'rest'} on one run (or do not say), and {count(enough)} "
        f"{'was' if enough == 1 else 'were'} measured by two or more other teams: others "
        f"agree with {count(words[Others.AGREE])} of these and differ from "
        f"{count(words[Others.DIFFER])}; {count(words[Others.DISAGREE])} are contested among "
        f"themselves, and {count(words[Others.UNDECIDED])} undecided."
    )
    best = _best_known(evidence)
    if best is not None:
        found = best.estimate
        text += (
            f" Known best: {evidence.model_title(best.model)} on {evidence.task_title(best.task)}, "
            f"{fixed(found.percent)} percent ({interval_text(found.low, found.high)}; "
            f"{plural(found.teams, 'team')}, {plural(found.runs, 'run')})."
        )
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
    groups, tasks = board(evidence), columns(evidence)
    main = BoardTable.of(groups, tasks, embedded=False)
    rows = [row for group in main.groups for row in group.rows]
    figures = {
        "gains": plots.gains(evidence),
        "supported": plots.audit_gains(evidence),
        "pareto": plots.pareto(evidence),
    }
    yield Page(
        "index.html",
        "index.html",
        {
            "main": main,
            "self_test": BoardTable.of(groups, tasks, embedded=True),
            "families": {row.family_id: row.family for row in rows},
            "known": known_sentence(evidence),
            "words": words_tally(evidence),
            "ranked": evidence.standings[0],
            "headline": headline(evidence),
            "tally": tally(evidence),
            "cards": cards(evidence),
            "whos": measurers(main.groups),
            "stacks": sorted({s for row in rows for s in row.stacks} - {NOTHING}),
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
