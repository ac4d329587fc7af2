"""What a check of this machine found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DoctorCheck:
    """One thing that was checked."""

    what: str
    ok: bool
    found: str
    prevents: str = ""
    """What cannot be done without it."""
    remedy: str = ""
    """What to do about it."""
