"""What was worked out before and need not be worked out again: drawings, above all.

Guarantees: a value is only ever given back for the very key it was made from, by this version of
the program and of the libraries that draw; a damaged or missing entry is made anew. Traded away:
nothing is ever removed from the folder but by deleting it, which loses time and nothing else.
"""

import functools
import hashlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tina_bench
from tina_bench.files.hashing import digest

DRAWN_WITH = ("matplotlib", "jinja2", "latex2mathml", "pillow")
"""Libraries whose version decides the bytes of pages and pictures."""
_SHA256_BYTES = 32


@functools.cache
def program_digest() -> str:
    """Names this program's code and the versions of the libraries that pages are made with."""
    root = Path(tina_bench.__file__).parent
    code = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for package in ("board", "stats", "metering", "store", "files", "formatting")
        for path in sorted((root / package).rglob("*.py"))
    }
    versions: dict[str, str | None] = {}
    for name in DRAWN_WITH:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return digest([code, versions])


@dataclass(frozen=True)
class Cache:
    """A folder of values by the digest of what they were made from."""

    folder: Path | None = None
    """Where values are kept; without one, nothing is."""

    def folder_of(self, kind: str) -> Path | None:
        """A folder for values that others keep, by this version of the program."""
        return self.folder / kind / program_digest()[:16] if self.folder else None

    def get(self, kind: str, key: Any, make: Callable[[], bytes]) -> bytes:
        """The value of `key`, a JSON value that holds everything `make` depends on.

        Values from other versions of the program are not used: its digest is part of the key.
        """
        if self.folder is None:
            return make()
        name = digest([kind, program_digest(), key])
        path = self.folder / kind / name[:2] / name
        try:
            kept = path.read_bytes()
        except FileNotFoundError:
            kept = b""
        if hashlib.sha256(kept[_SHA256_BYTES:]).digest() == kept[:_SHA256_BYTES]:
            return kept[_SHA256_BYTES:]
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not fsynced: the hash in front tells a torn file, and it is only time that is kept here.
        path.write_bytes(hashlib.sha256(made).digest() + made)
        return made
