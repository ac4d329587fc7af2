"""What a check of a site says."""

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Level(StrEnum):
    """How bad a finding is."""

    CHANGED = "changed"
    """Bytes are not those that the index, the home or the lock names."""
    ERROR = "error"
    """Something does not work, excludes some readers, or is not safe."""
    WARNING = "warning"
    """Works, and should be better."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class SiteProblem(_Shape):
    """One thing that is wrong in one place."""

    rule: str
    """Short name of what is asked for; the same for the same kind of fault."""
    level: Level
    """How bad it is."""
    path: str
    """File, from the site's root."""
    line: int = 0
    """Line in it, from 1; 0 where it is about the whole file."""
    message: str
    """What was found, and what was expected."""


class SiteCheck(_Shape):
    """Everything that a check found, and what it looked at."""

    site: Path
    """Folder of the site."""
    digest: str
    """Content digest that its index names."""
    findings: tuple[SiteProblem, ...]
    """By path and line."""
    files: int
    """Files whose bytes were compared with the index."""
    pages: int
    """Pages that were parsed."""
    links: int
    """Internal links that were followed."""
    bytes: int
    """Size of the site."""
    first_page_bytes: int
    """The front page with everything that it loads, each compressed as a server does it (gzip)."""
    not_looked_at: tuple[str, ...]
    """What was left out, in words; empty if nothing was."""

    def count(self, level: Level) -> int:
        """Findings of a level."""
        return sum(found.level is level for found in self.findings)
