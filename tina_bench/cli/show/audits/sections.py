"""The audits by name, in the order in which they are printed."""

from enum import StrEnum


class Section(StrEnum):
    """One audit, as `--only` names it."""

    OWN_LOGS = "own-logs"
    """Published scores against their own logs and against others."""
    RESOLUTION = "resolution"
    """What a single run can tell."""
    SELECTION = "selection"
    """The luck of picking the best checkpoint."""
    GAINS = "gains"
    """Printed gains against all published evidence."""
    VALUES = "values"
    """Scores and averages that cannot be."""
    DISAGREEMENT = "disagreement"
    """Measurements that differ by more than chance."""
