"""The build context: a tar archive laid out as a checkout, the same bytes for the same files.

Dates, owners and order are fixed, so that the engine's cache and the hash of a layer depend on
content alone. A link is followed: the context holds files.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tina_bench.containers.images import (
    INPUTS_FOLDER,
    PACKAGE,
    dockerfile,
    files_below,
    recipe_files,
    shipped,
)
from tina_bench.errors import UsageError

EPOCH = 0
"""SOURCE_DATE_EPOCH of every image: the start of 1970, in seconds."""


@dataclass(frozen=True)
class Lent:
    """What the building machine lends to the build stage, and no image keeps."""

    wheels: Path | None = None
    """Folder with wheels of packages that no index in reach has."""
    certificates: Path | None = None
    """PEM file of the certificate authorities to trust while building, as behind a proxy."""

    def files(self) -> Iterator[tuple[str, Path]]:
        """What goes into the context; raises `UsageError` for what is not there."""
        if self.certificates is not None:
            if not self.certificates.is_file():
                raise UsageError(f"{self.certificates}: found no file of certificates.")
            yield "ca.pem", self.certificates
        if self.wheels is not None:
            wheels = sorted(self.wheels.glob("*.whl"))
            if not wheels:
                raise UsageError(f"{self.wheels}: found no wheels in it, expected at least one.")
            yield from ((f"wheels/{path.name}", path) for path in wheels)


def _files(name: str, lock: Path, lent: Lent) -> Iterator[tuple[str, Path]]:
    yield from recipe_files(name).items()
    yield "checkpoints.lock", lock
    folders = [INPUTS_FOLDER]
    if dockerfile(name) == "Dockerfile":  # the harness, which brings everything that a wheel does
        folders = ["containers", "leaderboard/templates", "leaderboard/assets"]
    for folder in folders:
        for path, file in files_below(shipped(folder)):
            yield f"{folder}/{path}", file
    for path, file in lent.files():
        yield f"{INPUTS_FOLDER}/{path}", file
    for path, file in files_below(PACKAGE):
        yield f"tina_bench/{path}", file


def write_context(name: str, lock: Path, lent: Lent, into: IO[bytes]) -> None:
    """Write the context of one image as a tar archive."""
    files = dict(_files(name, lock, lent))
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.mtime, entry.mode, entry.size = EPOCH, 0o644, file.stat().st_size
            with file.open("rb") as source:
                archive.addfile(entry, source)
