"""A cache of computed bytes: drawings, above all.

Guarantees: a value is returned only for the very key that it was computed from, by this version of
the program and of the libraries that draw; a damaged or missing entry is computed once more. Traded
away: nothing is ever removed from the folder; deleting it costs time and nothing else.
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
    """Names this program's code and the versions of the libraries that draw pages."""
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
    """A folder of values by the digest of their keys."""

    folder: Path | None = None
    """Without one, everything is computed."""

    def folder_of(self, kind: str) -> Path | None:
        """A folder for a library's own cache, for this version of the program."""
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
            cached = path.read_bytes()
        except FileNotFoundError:
            cached = b""
        if hashlib.sha256(cached[_SHA256_BYTES:]).digest() == cached[:_SHA256_BYTES]:
            return cached[_SHA256_BYTES:]
        made = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not fsynced: the hash in front finds a torn file, and computing it again loses only time.
        path.write_bytes(hashlib.sha256(made).digest() + made)
        return made
