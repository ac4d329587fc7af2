"""How what other teams say is printed: counts, what is contested, and where the rest is."""

from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import safe, say, table

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.verifying.others import Contested
    from tina_bench.verifying.types import ClaimResult, Verification

MOST_ROWS = 10


def print_others(made: "Verification", out: "Console", *, everything: bool) -> None:
    """Print a sentence that counts, then what others contest; with `everything`, all of it."""
    from tina_bench.verifying.others import contested
    from tina_bench.verifying.reports.text import others_line

    if not made.others_counts:
        return
    out.print()
    say(out, others_line(made))
    from tina_bench.stats.evidence.types import Others

    rows = contested(made.claims)
    if made.records and not everything:  # our own verdicts are what the reader came for
        rows = [row for row in rows if row.word is Others.DIFFER]
    shown = rows if everything else rows[:MOST_ROWS]
    if shown:
        _print_rows(shown, out)
    left = f"{len(rows) - len(shown)} more rows, and what" if len(rows) > len(shown) else "What"
    if not everything:
        out.print(
            f"{left} others say of each claim: `tina-bench verify --all`; with every measurement: "
            "`--json`.",
            markup=False,
        )


def _print_rows(rows: "list[Contested]", out: "Console") -> None:
    from tina_bench.stats.evidence.labels import OTHERS_LABELS

    made = table("others", "model", "task", "claimed", "by others", "teams", "runs",
                 right=("claimed", "by others", "teams", "runs"))  # fmt: skip
    for row in rows:
        label = OTHERS_LABELS[row.word]
        first = row.claims[0].others
        if first is None or first.percent is None or first.low is None or first.high is None:
            continue
        claimed = [f"{claim.claimed_percent:.{claim.decimals}f}" for claim in row.claims]
        lowest = min(claimed, key=float)
        span = lowest if len(claimed) == 1 else f"{lowest} to {max(claimed, key=float)}"
        cells = [
            row.model, row.task, f"{span} ({len(claimed)} claims)" if len(claimed) > 1 else span,
            f"{first.percent:.1f} ({first.low:.0f} to {first.high:.0f})",
            str(first.teams), str(first.runs),
        ]  # fmt: skip
        made.add_row(
            f"[{label.terminal}]{label.sign} {row.word}[/{label.terminal}]", *map(safe, cells)
        )
    out.print(made)


def others_cell(claim: "ClaimResult") -> str:
    """What others say of one claim, after its reason; empty where they were not asked."""
    return "" if claim.others is None else f"{claim.others.word}: {claim.others.sentence}"
