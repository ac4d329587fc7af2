"""The one way this project writes a whole file.

Guarantees: a reader sees the old bytes or the new bytes, never a mixture and never a half-written
file, also after a power cut; the write has reached the disk when the call returns. It trades away
speed (two fsyncs a file, one for the file and one for its folder) and needs the temporary file
on the same file system as the target, hence beside it.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

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


def _open_to_all(path: Path, mode: int) -> None:
    """What `tempfile` makes is for its owner alone; a record is for everyone the umask admits."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)


def write_bytes(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, whole or not at all; parent folders are made."""
    with _temporary_beside(path) as temporary:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _open_to_all(temporary, 0o666)
        temporary.replace(path)
        fsync_folder(path.parent)


@contextlib.contextmanager
def written_lines(path: Path) -> Iterator[TextIO]:
    """A file in UTF-8 to write piece by piece; it replaces `path` when the block ends, or never."""
    with _temporary_beside(path) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _open_to_all(temporary, 0o666)
        temporary.replace(path)
        fsync_folder(path.parent)


@contextlib.contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill; it becomes `path` when the block ends, or is gone.

    Raises `OSError` where something other than an empty folder lies there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                with file.open("rb") as written:
                    os.fsync(written.fileno())
        for folder in (*temporary.rglob("*/"), temporary):
            fsync_folder(folder)
        _open_to_all(temporary, 0o777)
        temporary.replace(path)
        fsync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """`write_bytes` in UTF-8."""
    write_bytes(path, text.encode())


def write_model(path: Path, model: BaseModel) -> None:
    """Write a pydantic record as indented JSON with a final newline."""
    write_text(path, model.model_dump_json(indent=2) + "\n")
