"""The one way this project writes a whole file.

Guarantees: a reader sees the old bytes or the new bytes, never a mixture and never a half-written
file, also after a power cut; the write has reached the disk when the call returns. It trades away
speed (two fsyncs a file, one for the file and one for its folder) and needs the temporary file
on the same file system as the target, hence beside it.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel


def fsync_folder(folder: Path) -> None:
    """Make a rename, creation or deletion inside `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _temporary_beside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, whole or not at all; parent folders are made."""
    with _temporary_beside(path) as temporary:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for their owner alone; a record is for everyone the umask admits.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        fsync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` in UTF-8."""
    write_bytes(path, text.encode())


def write_model(path: Path, model: BaseModel) -> None:
    """Write a pydantic record as indented JSON with a final newline."""
    write_text(path, model.model_dump_json(indent=2) + "\n")
