"""The build context: a tar archive laid out as a checkout, the same bytes for the same files.

Dates, owners and order are fixed, so that the engine's cache and the hash of a layer depend on
content alone. A link is followed: the context holds files.
"""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tina_bench.containers.images import (
    PACKAGE,
    dockerfile,
    files_below,
    recipe_files,
    shipped,
)

EPOCH = 0
"""SOURCE_DATE_EPOCH of every image: the start of 1970, in seconds."""


def _files(name: str, lock: Path) -> Iterator[tuple[str, Path]]:
    yield from recipe_files(name).items()
    yield "checkpoints.lock", lock
    if dockerfile(name) == "Dockerfile":  # the harness, which brings everything that a wheel does
        for folder in ("containers", "leaderboard/templates", "leaderboard/assets"):
            for path, file in files_below(shipped(folder)):
                yield f"{folder}/{path}", file
    for path, file in files_below(PACKAGE):
        yield f"tina_bench/{path}", file


def write_context(name: str, lock: Path, into: IO[bytes]) -> None:
    """Write the context of one image as a tar archive."""
    files = dict(_files(name, lock))
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.mtime, entry.mode, entry.size = EPOCH, 0o644, file.stat().st_size
            with file.open("rb") as source:
                archive.addfile(entry, source)
