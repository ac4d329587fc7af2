"""The audits in a dozen lines: what was looked at, what was found, and how to see it in full."""

from collections import Counter
from typing import TYPE_CHECKING

from tina_bench.cli.show.audits.tables import COMPETITIONS, LEVEL, Section

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.audits.report import Audits


def audit_lines(audits: "Audits") -> dict[Section, str]:
    """One sentence per audit that had anything to look at, by the section that shows it whole."""
    lines: dict[Section, str] = {}
    if audits.lattice:
        impossible = sum(not audit.possible for audit in audits.lattice)
        wrong = sum(average.follows == "does not follow" for average in audits.averages)
        lines[Section.VALUES] = (
            f"{len(audits.lattice)} printed scores, {impossible} impossible with their runs; "
            f"{len(audits.averages)} printed averages, {wrong} that do not follow"
        )
    if audits.own_logs:
        logs = Counter(str(one.log) for one in audits.own_logs)
        counted = ", ".join(f"{number} × {log}" for log, number in sorted(logs.items()))
        apart = sum((one.adjusted_p or 1.0) < 1 - LEVEL for one in audits.own_logs)
        lines[Section.OWN_LOGS] = (
            f"{len(audits.own_logs)} published scores against their own logs and others: "
            f"{counted}; {apart} apart from the others by more than chance"
        )
    asked = {one.task for one in audits.resolutions}
    single = [one for one in audits.task_resolutions if one.task in asked & set(COMPETITIONS)]
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
        chance = sum(gain.supported_low <= 0 for gain in audits.gains)
        lines[Section.GAINS] = (
            f"{len(audits.gains)} printed gains, {chance} of which chance alone can make"
        )
    if audits.disagreement:
        beyond = sum(cell.adjusted_p < 1 - LEVEL for cell in audits.disagreement)
        lines[Section.DISAGREEMENT] = (
            f"{len(audits.disagreement)} models and tasks measured by several, {beyond} of which "
            "differ by more than chance"
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
        console.print(f"  {section:{width}}  {sentence}", markup=False)
