"""Text of records and catalogs on its way into terminals, Markdown, XML and workflow commands.

Whoever sends a pull request with records or a catalog chooses these texts, so every output spells
them in such a way that they stay text.
"""

import re
from collections import Counter

from tina_bench.formatting.escape import printable
from tina_bench.formatting.numbers import plural, usd_text
from tina_bench.stats.evidence.labels import OTHERS_LABELS
from tina_bench.stats.evidence.types import Others
from tina_bench.stats.graders.audit import CellAudit
from tina_bench.stats.types import Verdict
from tina_bench.verifying.types import CheckState, ClaimResult, Verification

MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~@$&!^])")


def markdown(text: str) -> str:
    """As GitHub's Markdown shows it literally, inside a table cell or a list item.

    CommonMark lets any ASCII punctuation be escaped by a backslash (section 2.4); what would become
    a link by itself is broken in the same way.
    """
    escaped = MARKDOWN.sub(r"\\\1", printable(text))
    escaped = escaped.replace("://", "\\://")
    return re.sub(r"(?i)\bwww\.", lambda found: found.group(0)[:-1] + "\\.", escaped)


def deciding(claim: ClaimResult) -> str:
    """What would settle an open claim, and what that takes; empty where nothing is open."""
    if claim.would_decide is None:
        return ""
    price = claim.further
    if price is None:
        return claim.would_decide
    hours = "an unknown number of" if price.gpu_hours is None else f"{price.gpu_hours:.3g}"
    usd = "unknown dollars" if price.usd is None else usd_text(price.usd)
    return f"{claim.would_decide} That takes {hours} GPU-hours, {usd} ({price.basis})."


def regraded_line(cell: CellAudit) -> str:
    """What grading one model's answers to one task again has found."""
    scores = ", ".join(
        f"{score.grader} {score.percent:.2f} %"
        for score in cell.scores
        if score.percent is not None
    )
    return (
        f"Graded again, {cell.model} on {cell.task}: {scores}; {plural(len(cell.flips), 'flip')}; "
        f"the score lies between {cell.lowest_percent:.2f} and {cell.highest_percent:.2f} % "
        "whoever is right."
    )


def is_shown(claim: ClaimResult) -> bool:
    """Whether a claim has a row of its own where not all claims have one."""
    silent = claim.verdict is Verdict.NOT_MEASURED and not claim.fails
    return not silent or claim.integrity is not None or claim.accepted is not None


def others_line(made: Verification) -> str:
    """What other teams say of all claims, in one sentence; empty where that was not asked for."""
    if not made.others_counts:
        return ""
    told = sum(claim.estimate is not None for claim in made.claims)
    single = sum(claim.estimate is not None and claim.estimate.runs == 1 for claim in made.claims)
    counted = ", ".join(
        f"{number} {OTHERS_LABELS[Others(word)].counted}"
        for word, number in made.others_counts.items()
        if number
    )
    return (
        f"By public evidence: {told} of {plural(len(made.claims), 'claim')} have an estimate, "
        f"{single} of them from a single run. Other teams: {counted}."
    )


def unchecked(made: Verification) -> dict[tuple[str, str], int]:
    """Checks that could not be made, with the reason, and the number of records of each."""
    return Counter(
        (check.what, check.detail)
        for record in made.records
        for check in record.checks
        if check.state is CheckState.NOT_CHECKED
    )
