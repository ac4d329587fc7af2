"""Measurements of the same model on the same task by several, and what was set aside."""

from typing import TYPE_CHECKING

from tina_bench.cli.show.audits.cells import coloured, first_of
from tina_bench.cli.show.audits.counts import beyond_chance, disagreements
from tina_bench.cli.show.tables import safe, say, table
from tina_bench.formatting.numbers import p_cell

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.audits.report import Audits


def print_disagreement(audits: "Audits", console: "Console", *, everything: bool) -> None:
    """Print models and tasks whose measurements differ by more than chance."""
    cells = audits.disagreement
    if not cells:
        return
    shown = [cell for cell in cells if everything or beyond_chance(cell.adjusted_p)]
    if shown:
        rows = table(
            "model", "task", "measured by", "score", "runs", "apart", "p", "Holm p",
            title="Who disagrees: model and task, then each measurement and its distance from the "
            "others",
            right=("score", "runs", "apart", "p", "Holm p"),
        )  # fmt: skip
        for cell in shown:
            rows.add_row(
                f"[bold]{safe(cell.model)}[/bold]", f"[bold]{safe(cell.task)}[/bold]",
                f"I² {cell.i_squared_percent:.0f} %, SD between {cell.tau_points:.1f}, p by bound "
                f"{p_cell(cell.p_value_bound)}",
                f"{cell.pooled_percent:.1f}", "", "", p_cell(cell.p_value),
                coloured(p_cell(cell.adjusted_p), bad=beyond_chance(cell.adjusted_p)),
            )  # fmt: skip
            for one in cell.measurers:
                picked = f", best of {one.best_of}" if one.best_of else ""
                rows.add_row(
                    "", "", safe(f"{one.who}{picked}"), f"{one.percent:.2f}",
                    "?" if one.runs is None else str(one.runs), f"{one.from_others_points:+.1f}",
                    p_cell(one.p_value),
                    coloured(p_cell(one.adjusted_p), bad=beyond_chance(one.adjusted_p)),
                )  # fmt: skip
        console.print(rows)
    beyond = len(disagreements(audits))
    first = cells[0]
    say(
        console,
        f"{len(cells)} models and tasks with several independent measurements: {beyond} differ by "
        f"more than chance (Cochran's Q, Holm over {first.family}; single measurements, Holm over "
        f"{first.measurer_family}). Other hardware, limits, prompts or a picked checkpoint do "
        "that, too.",
    )


def print_set_aside(audits: "Audits", console: "Console") -> None:
    """Print what is no evidence of its own, by reason."""
    reasons: dict[str, list[str]] = {}
    for one in audits.set_aside:
        reasons.setdefault(one.reason, []).append(one.name)
    for reason, names in sorted(reasons.items()):
        say(console, f"Not evidence of its own ({len(names)}): {reason}: {first_of(names)}.")
