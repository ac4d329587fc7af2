"""What the audits found, counted once for the tables and for the lines that sum them up."""

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tina_bench.stats.audits.averages import AverageAudit
    from tina_bench.stats.audits.disagreement import Disagreement
    from tina_bench.stats.audits.gain_types import Gain
    from tina_bench.stats.audits.own_logs import OwnLog
    from tina_bench.stats.audits.report import Audits
    from tina_bench.stats.audits.resolution import TaskResolution

COMPETITIONS = ("aime24", "aime25")
"""Tasks whose single-run claims a sentence is about."""


def beyond_chance(adjusted_p: float | None) -> bool:
    """Whether a difference is more than chance; no, where there is nothing to compare with."""
    from tina_bench.stats.audits.disagreement import LEVEL

    return adjusted_p is not None and adjusted_p < 1 - LEVEL


def impossible_scores(audits: "Audits") -> int:
    """Printed scores that the stated runs cannot give."""
    return sum(not audit.possible for audit in audits.lattice)


def wrong_averages(audits: "Audits") -> "list[AverageAudit]":
    """Printed averages, means and SDs that do not follow from what is printed beside them."""
    from tina_bench.stats.audits.averages import Follows

    return [average for average in audits.averages if average.follows is Follows.NO]


def log_counts(audits: "Audits") -> list[str]:
    """As in `9 × the log says the same`, one per kind of finding."""
    found = Counter(str(one.log) for one in audits.own_logs)
    return [f"{number} × {log}" for log, number in sorted(found.items())]


def apart_from_others(audits: "Audits") -> "list[OwnLog]":
    """Published scores that differ from what others measured by more than chance."""
    return [one for one in audits.own_logs if beyond_chance(one.adjusted_p)]


def resolved_tasks(audits: "Audits") -> "list[TaskResolution]":
    """What one run can tell, for the tasks with claims of one run."""
    tasks = {one.task for one in audits.resolutions}
    return [one for one in audits.task_resolutions if one.task in tasks]


def resolved_competitions(audits: "Audits") -> "list[TaskResolution]":
    """The same, for the competitions among them."""
    return [one for one in resolved_tasks(audits) if one.task in COMPETITIONS]


def made_by_chance(gain: "Gain") -> bool:
    """Whether chance alone can make a printed gain."""
    return gain.supported_low <= 0


def disagreements(audits: "Audits") -> "list[Disagreement]":
    """Models and tasks whose measurements differ by more than chance."""
    return [cell for cell in audits.disagreement if beyond_chance(cell.adjusted_p)]
