"""How verdicts, checked records and accepted cases are printed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tina_bench.cli.show.others import others_cell, print_others
from tina_bench.cli.show.tables import console, print_json, safe, say, table

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.graders.audit import GraderAudit
    from tina_bench.store.home import Home
    from tina_bench.verifying.types import ClaimResult, Verification


def print_verification(made: "Verification", out: "Console", *, everything: bool) -> None:
    """Print verdicts, then records and baseline, then one line that counts."""
    from tina_bench.formatting.numbers import plural
    from tina_bench.verifying.reports.text import is_shown

    shown = [claim for claim in made.claims if everything or is_shown(claim)]
    if shown:
        _print_claims(shown, out, everything=everything)
    else:
        below = "; what other teams measured comes below" if made.others_counts else ""
        out.print(f"No claim has a result of ours here, so there is no verdict of ours yet{below}.")
    _print_records(made, out)
    if made.regraded is not None:
        _print_regraded(made.regraded, out)
    for stale in made.stale:
        say(out, f"Baseline: {stale.claim} is not needed any more: {stale.reason}.")
    counted = ", ".join(f"{number} {name}" for name, number in made.counts.items() if number)
    accepted = f" {made.accepted} accepted by the baseline." if made.accepted else ""
    out.print(f"{plural(len(made.claims), 'claim')}: {counted}.{accepted}", markup=False)
    print_others(made, out, everything=everything)


def _print_claims(claims: "list[ClaimResult]", out: "Console", *, everything: bool) -> None:
    from tina_bench.stats.claims.labels import INTEGRITY, INTEGRITY_LABEL, LABELS

    rows = table("verdict", "model", "task", "claimed", "ours", "reason", right=("claimed", "ours"))
    for claim in claims:
        ours = claim.measured_percent
        name, label = str(claim.verdict), LABELS[claim.verdict]
        if claim.integrity is not None:
            name, label = INTEGRITY, INTEGRITY_LABEL
        accepted = ", accepted" if claim.accepted else ""
        cells = [
            claim.model, claim.task, f"{claim.claimed_percent:.{claim.decimals}f}",
            "–" if ours is None else f"{ours:.2f}", _why(claim, everything=everything),
        ]  # fmt: skip
        rows.add_row(
            f"[{label.terminal}]{label.sign} {name}{accepted}[/{label.terminal}]",
            *map(safe, cells),
        )
    out.print(rows)
    caveats: dict[str, list[str]] = {}
    for claim in claims:
        for caveat in claim.caveats:
            tasks = caveats.setdefault(caveat, [])
            if claim.task not in tasks:
                tasks.append(claim.task)
    for caveat, tasks in caveats.items():
        say(out, f"Not as published ({', '.join(tasks)}): {caveat}.")


def _why(claim: "ClaimResult", *, everything: bool) -> str:
    from tina_bench.stats.types import Verdict
    from tina_bench.verifying.reports.text import deciding

    if claim.integrity is not None:
        return f"Not judged: {claim.integrity}"
    parts = [claim.reason]
    if everything and claim.others is not None and claim.verdict is Verdict.NOT_MEASURED:
        parts = []  # what others say begins by saying so
    if claim.would_decide:
        parts.append(deciding(claim))
    if claim.accepted is not None:
        by = f" by {claim.accepted.by}" if claim.accepted.by else ""
        parts.append(f"Accepted on {claim.accepted.date}{by}: {claim.accepted.reason}")
        if claim.accepted.evidence_changed:
            parts.append("(The answers have changed since, the case has not.)")
    if claim.acceptance_void is not None:
        parts.append(f"Acceptance void: {claim.acceptance_void}.")
    if everything and claim.others is not None:
        parts.append(others_cell(claim))
    return " ".join(parts) or claim.reason


def _print_regraded(audit: "GraderAudit", out: "Console") -> None:
    """Scores and numbers of flips; --json has every flip."""
    from tina_bench.verifying.reports.text import regraded_line

    for cell in audit.cells:
        say(out, regraded_line(cell))
    for left in audit.left_out:
        text = f"Not graded again, {left.model} on {left.task}: {left.reason}"
        say(out, text)


def _print_records(made: "Verification", out: "Console") -> None:
    from tina_bench.formatting.numbers import plural
    from tina_bench.verifying.reports.text import unchecked

    if not made.records:
        text = f"No results of ours here; {plural(made.imported, 'imported file')} of others."
        out.print(text, markup=False)
        return
    broken = made.problems
    state = "every score came out again" if not broken else plural(len(broken), "problem")
    out.print(
        f"{plural(len(made.records), 'record')} recomputed from grades: {state}.", markup=False
    )
    for _, check in broken:
        say(out, f"  ! {check.what}: {check.detail}")
    for (what, detail), number in unchecked(made).items():
        text = f"  Not checked, {what} of {plural(number, 'record')}: {detail}."
        say(out, text)


def audits_text(made: "Verification", *, everything: bool = False) -> str:
    """The audits as a terminal of 120 columns shows them."""
    import io

    from rich.console import Console

    from tina_bench.cli.show.audits.report import print_audits

    if made.audits is None:
        return ""
    page = Console(file=io.StringIO(), width=120, highlight=False, emoji=False, color_system=None)
    with page.capture() as captured:
        print_audits(made.audits, page, everything=everything)
    return captured.get()


def show_verification(
    made: "Verification",
    store: "Home",
    catalogs: list[Path],
    *,
    as_json: bool,
    annotate: bool,
    everything: bool,
) -> None:
    """Print the verification: as JSON, as tables, or with GitHub's workflow commands."""
    from tina_bench.cli.show.audits.report import print_audits
    from tina_bench.cli.show.audits.summary import print_audit_summary

    def print_all(out: "Console") -> None:
        print_verification(made, out, everything=everything)
        if made.audits is not None and everything:
            print_audits(made.audits, out, everything=True)
        elif made.audits is not None:
            print_audit_summary(made.audits, out)

    commands = _commands(made, store, catalogs) if annotate else []
    if as_json:
        # On its own stream, where it is no part of the document; the runner reads both.
        print_json(made.model_dump(mode="json"))
        for line in commands:
            typer.echo(line, err=True)
        return
    out = console()
    if not annotate:
        print_all(out)
        return
    from tina_bench.verifying.reports.github_annotations import silenced

    with out.capture() as captured:
        print_all(out)
    typer.echo(silenced(captured.get()), nl=False)
    for line in commands:
        typer.echo(line)


def _commands(made: "Verification", store: "Home", catalogs: list[Path]) -> list[str]:
    from tina_bench.verifying.reports.claim_locations import catalog_files, claim_lines
    from tina_bench.verifying.reports.github_annotations import annotations, file_place

    workspace = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    claims = {}
    for name, (path, line) in claim_lines(catalog_files(catalogs)).items():
        place = file_place(path, line, workspace)
        if place is not None:
            claims[name] = place
    records = {}
    for record in made.records:
        place = file_place(store.root / record.file, 1, workspace)
        if place is not None:
            records[record.file] = place
    return annotations(made, claims, records)
