"""The build context: a tar archive laid out as a checkout, the same bytes for the same files.

Dates, owners and order are fixed, so that the engine's cache and the hash of a layer depend on
content alone. A link is followed: the context holds files.
"""

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
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


def _label_step(labels: Mapping[str, str]) -> bytes:
    """One instruction for all labels, where engines that are given them make one step of each."""
    pairs = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items())
    return f"\nLABEL {' '.join(pairs)}\n".replace("$", "\\$").encode()


def write_context(name: str, lock: Path, labels: Mapping[str, str], into: IO[bytes]) -> None:
    """Write the context of one image as a tar archive, its Dockerfile ending with these labels."""
    files = dict(_files(name, lock))
    with tarfile.open(fileobj=into, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, file in sorted(files.items()):
            content = file.read_bytes()
            if path == dockerfile(name):
                content += _label_step(labels)
            entry = tarfile.TarInfo(path)
            entry.mtime, entry.mode, entry.size = EPOCH, 0o644, len(content)
            archive.addfile(entry, io.BytesIO(content))
