"""The step summary: Markdown for a GitHub job's page, or for any other file."""

import re

from tina_bench.formatting.escape import printable
from tina_bench.formatting.numbers import plural
from tina_bench.stats.claims.labels import INTEGRITY, INTEGRITY_LABEL, LABELS
from tina_bench.stats.evidence.labels import OTHERS_LABELS
from tina_bench.verifying.others import contested
from tina_bench.verifying.reports.text import (
    deciding,
    is_shown,
    markdown,
    others_line,
    regraded_line,
    unchecked,
)
from tina_bench.verifying.types import ClaimResult, Verification

MAX_BYTES = 900_000
"""GitHub refuses a step's summary above 1 MiB, all steps' additions counted apart."""


def summary_markdown(made: Verification, audits: str = "") -> str:
    """Verdicts, records, baseline and audits; cut, saying so, where it would be too long.

    `audits` is the audits' own text, as a terminal shows it.
    """
    parts = [f"## tina-bench verify\n\n{_outcome(made)}\n"]
    parts += _records(made)
    shown = [claim for claim in made.claims if is_shown(claim)]
    if shown:
        parts.append(
            "\n| verdict | model | task | claimed | ours | why |\n|---|---|---|--:|--:|---|\n"
        )
        parts += [_row(claim) for claim in shown]
    elif not made.problems:
        parts.append("\nNo claim has a result of ours yet, so there is no verdict.\n")
    parts += _others(made)
    parts += _baseline(made)
    if made.regraded is not None:
        parts += ["\n"] + [f"- {markdown(regraded_line(c))}\n" for c in made.regraded.cells]
    parts += _audits(made, audits)
    return _cut(parts)


def _outcome(made: Verification) -> str:
    counted = ", ".join(f"{number} {name}" for name, number in made.counts.items() if number)
    failed = "Nothing fails" if not made.exit_code else f"Failed with exit code {made.exit_code}"
    asked = ", ".join(made.fail_on)
    return f"**{failed}** (fails on: {asked}). {plural(len(made.claims), 'claim')}: {counted}."


def _row(claim: ClaimResult) -> str:
    ours = "–" if claim.measured_percent is None else f"{claim.measured_percent:.2f}"
    claimed = f"{claim.claimed_percent:.{claim.decimals}f}"
    sign, verdict, why = LABELS[claim.verdict].emoji, str(claim.verdict), [claim.reason]
    if claim.integrity is not None:
        why = [f"Not judged: {claim.integrity}"]
        sign, verdict = INTEGRITY_LABEL.emoji, INTEGRITY
    if claim.accepted is not None:
        by = f" by {claim.accepted.by}" if claim.accepted.by else ""
        verdict += ", accepted"
        why.append(f"Accepted on {claim.accepted.date}{by}: {claim.accepted.reason}")
        if claim.accepted.evidence_changed:
            why.append("(The answers have changed since, the case has not.)")
    if claim.acceptance_void is not None:
        why.append(f"Acceptance void: {claim.acceptance_void}.")
    if claim.would_decide:
        why.append(deciding(claim))
    cells = [claim.model, claim.task, claimed, ours, " ".join(why)]
    return f"| {sign} {markdown(verdict)} | {' | '.join(map(markdown, cells))} |\n"


def _records(made: Verification) -> list[str]:
    if not made.records:
        return [f"\nNo results of ours here; {plural(made.imported, 'imported file')}.\n"]
    found = [f"\n{plural(len(made.records), 'record')} recomputed from their grades"]
    if not made.problems:
        found.append("; every score came out again.\n")
    else:
        found.append(f"; {plural(len(made.problems), 'problem')}:\n\n")
        sign = INTEGRITY_LABEL.emoji
        found += [f"- {sign} {markdown(check.detail)}\n" for _, check in made.problems]
    unseen = unchecked(made)
    if unseen:
        found.append("\nNot checked:\n\n")
        found += [
            f"- {markdown(what)} of {plural(number, 'record')}: {markdown(detail)}\n"
            for (what, detail), number in unseen.items()
        ]
    return found


def _others(made: Verification) -> list[str]:
    """What other teams say: counted, then what they contest."""
    if not made.others_counts:
        return []
    found = [f"\n{markdown(others_line(made))}\n"]
    for row in contested(made.claims):
        first = row.claims[0]
        if first.others is not None:
            sign = OTHERS_LABELS[row.word].emoji
            names = ", ".join(claim.claim for claim in row.claims)
            said = f"{row.word}: {first.others.sentence} ({names})"
            found.append(
                f"\n- {sign} {markdown(row.model)} on {markdown(row.task)}, {markdown(said)}"
            )
    return [*found, "\n"]


def _baseline(made: Verification) -> list[str]:
    if not made.stale:
        return []
    return ["\nEntries of the baseline that nothing needs any more:\n\n"] + [
        f"- {markdown(stale.claim)}: {markdown(stale.reason)}\n" for stale in made.stale
    ]


def _audits(made: Verification, text: str) -> list[str]:
    found = [f"- ❗ {markdown(f.name)}: {markdown(f.sentence)}\n" for f in made.findings]
    if not text.strip() and not found:
        return []
    lines = [printable(line).rstrip() + "\n" for line in text.splitlines()]
    # A fence ends at the first as long or longer, so it is longer than any run of backticks inside.
    fence = "`" * max(3, *(1 + len(run) for run in re.findall(r"`+", text)), 3)
    fenced = [f"\n{fence}text\n", *lines, f"{fence}\n"] if text.strip() else []
    return ["\n### Audits of the published numbers\n\n", *found, *fenced]


def _cut(parts: list[str]) -> str:
    """As many whole lines as fit."""
    kept: list[str] = []
    length = 0
    for part in parts:
        size = len(part.encode())
        if length + size > MAX_BYTES:
            left = len(parts) - len(kept)
            kept.append(f"\nCut here: {left} more lines; `tina-bench verify --json` has all.\n")
            break
        kept.append(part)
        length += size
    return "".join(kept)
