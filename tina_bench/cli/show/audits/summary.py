"""The audits in a dozen lines: what was compared, what was found, and how to see it in full."""

from typing import TYPE_CHECKING

from tina_bench.cli.show.audits.counts import (
    apart_from_others,
    disagreements,
    impossible_scores,
    log_counts,
    made_by_chance,
    resolved_competitions,
    wrong_averages,
)
from tina_bench.cli.show.audits.sections import Section
from tina_bench.cli.show.tables import say

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.audits.report import Audits


def audit_lines(audits: "Audits") -> dict[Section, str]:
    """One sentence per audit that had anything to compare, by the section that shows it whole."""
    lines: dict[Section, str] = {}
    if audits.lattice:
        lines[Section.VALUES] = (
            f"{len(audits.lattice)} printed scores, {impossible_scores(audits)} impossible with "
            f"their runs; {len(audits.averages)} printed averages, {len(wrong_averages(audits))} "
            "that do not follow"
        )
    if audits.own_logs:
        lines[Section.OWN_LOGS] = (
            f"{len(audits.own_logs)} published scores against their own logs and others: "
            f"{', '.join(log_counts(audits))}; {len(apart_from_others(audits))} apart from the "
            "others by more than chance"
        )
    single = resolved_competitions(audits)
    if single:
        widest = max(one.half_width_points[1] for one in single)
        lines[Section.RESOLUTION] = (
            f"{sum(one.claims for one in single)} claims of one run on "
            f"{' and '.join(sorted(one.task for one in single))}, each ±{widest:.1f} points (95 %)"
        )
    if audits.selection or audits.picks:
        most = max((pick.average_points for pick in audits.picks), default=0.0)
        lines[Section.SELECTION] = (
            f"{len(audits.picks)} rows picked out of several checkpoints: luck adds up to "
            f"{most:.1f} points to their averages"
        )
    if audits.gains:
        lines[Section.GAINS] = (
            f"{len(audits.gains)} printed gains, {sum(map(made_by_chance, audits.gains))} of which "
            "chance alone can make"
        )
    if audits.disagreement:
        lines[Section.DISAGREEMENT] = (
            f"{len(audits.disagreement)} models and tasks measured by several, "
            f"{len(disagreements(audits))} of which differ by more than chance"
        )
    return lines


def print_audit_summary(audits: "Audits", console: "Console") -> None:
    """Print a line per audit, and the command that shows one in full."""
    lines = audit_lines(audits)
    if not lines:
        return
    width = max(map(len, lines))
    console.print(
        "\nAudits of the published numbers themselves; `tina-bench audit --only NAME` shows one of "
        "them in full:"
    )
    for section, sentence in lines.items():
        say(console, f"  {section:{width}}  {sentence}")
