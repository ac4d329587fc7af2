"""The audits in full, one after the other."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from tina_bench.cli.show.audits.disagreement import print_disagreement, print_set_aside
from tina_bench.cli.show.audits.gains import print_gains, print_selection
from tina_bench.cli.show.audits.scores import print_own_logs, print_resolution, print_values
from tina_bench.cli.show.audits.sections import Section

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.stats.audits.report import Audits


def print_audits(
    audits: "Audits",
    console: "Console",
    *,
    everything: bool,
    only: Collection[Section] = tuple(Section),
) -> None:
    """Print what the audits found; with `everything` also what was found to be in order.

    First the published scores against their own logs and the others, then what a single run can
    resolve, the luck of picking, each gain, impossible values, and who disagrees with whom.
    """
    parts = {
        Section.OWN_LOGS: print_own_logs,
        Section.RESOLUTION: print_resolution,
        Section.SELECTION: print_selection,
        Section.GAINS: print_gains,
        Section.VALUES: print_values,
        Section.DISAGREEMENT: print_disagreement,
    }
    for section, part in parts.items():
        if section in only:
            part(audits, console, everything=everything)
    if everything and Section.DISAGREEMENT in only:
        print_set_aside(audits, console)
