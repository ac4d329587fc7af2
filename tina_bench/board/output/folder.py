"""The folder that a site is being built in.

Guarantees: a file whose bytes the earlier site already had is the same file (a hard link), so what
has not changed keeps its time and takes no room; where links are not to be had, it is written.
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Written(NamedTuple):
    """A file of the site."""

    sha256: str
    """Of its bytes."""
    bytes: int
    """Their number."""


@dataclass
class Folder:
    """Where files are written, and what was written."""

    root: Path
    """The new site."""
    old: Path | None = None
    """The site that it takes the place of."""
    files: dict[str, Written] = field(default_factory=dict)
    """By path from the root."""

    def write(self, path: str, data: bytes) -> None:
        """Write one file, or link the earlier site's if that is the same."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not self._is_kept(path, data):
            target.write_bytes(data)
        self.files[path] = Written(hashlib.sha256(data).hexdigest(), len(data))

    def _is_kept(self, path: str, data: bytes) -> bool:
        if self.old is None:
            return False
        earlier = self.old / path
        try:
            if earlier.stat().st_size != len(data) or earlier.read_bytes() != data:
                return False
        except OSError:
            return False
        return link(earlier, self.root / path)


def link(source: Path | str, target: Path | str) -> bool:
    """Link a file under a second name; false where that cannot be done."""
    try:
        os.link(source, target)
    except OSError:
        return False
    return True
