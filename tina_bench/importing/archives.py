"""Zip archives of others, opened only within limits.

An archive is as long as its own directory says it is: the directory is measured before it is read,
and members are copied into a plain archive before any other reader sees them, each no longer than
the directory says and all together no longer than the limits here.
"""

import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tina_bench.files.strict import MalformedError, shown
from tina_bench.importing.reading import refuse

MAX_DIRECTORY_BYTES = 64 << 20
MAX_MEMBERS = 200_000
MAX_MEMBER_BYTES = 128 << 20
MAX_UNPACKED_BYTES = 4 << 30
BLOCK_BYTES = 1 << 20
END, END_LENGTH, COMMENT_LENGTH = b"PK\x05\x06", 22, 1 << 16
END64_LOCATOR, END64_LENGTH = b"PK\x06\x07", 76
"""The record at an archive's end and, before it, that of an archive beyond 4 GiB."""


def member_names(path: Path) -> list[str] | None:
    """Names of the members; `None` for what is no whole archive."""
    try:
        if not _directory_bytes(path) <= MAX_DIRECTORY_BYTES:
            return None
        with zipfile.ZipFile(path) as file:
            return file.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return None


def _directory_bytes(path: Path) -> int:
    """Length of the directory, which is read in one piece; 0 where there is none."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - END_LENGTH - COMMENT_LENGTH - END64_LENGTH))
        tail = file.read()
    end = tail.rfind(END)
    if end < 0:
        return 0
    lengths = [int(struct.unpack_from("<L", tail, end + 12)[0])]
    if tail[end - 20 : end - 16] == END64_LOCATOR and end >= END64_LENGTH:
        lengths.append(int(struct.unpack_from("<Q", tail, end - END64_LENGTH + 40)[0]))
    return lengths[-1]


@contextmanager
def plain_copy(path: Path) -> Iterator[Path]:
    """A copy without compression, for readers that trust what an archive says of itself.

    Raises `ForeignFileError` for an archive beyond the limits, and what `zipfile` raises.
    """
    with tempfile.TemporaryDirectory(prefix="tina-bench-") as folder:
        copy = Path(folder) / "copy.zip"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
            members = source.infolist()
            _check(path, members)
            for member in members:
                with source.open(member) as inner, target.open(member.filename, "w") as outer:
                    while block := inner.read(BLOCK_BYTES):
                        outer.write(block)
        yield copy


def _check(path: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        found = f"{len(members)} members"
        raise refuse(f"{path}", MalformedError("", found, f"at most {MAX_MEMBERS}"))
    names: set[str] = set()
    total = 0
    for member in members:
        if member.filename in names:
            found = f"the member {shown(member.filename)} twice"
            raise refuse(f"{path}", MalformedError("", found, "it once"))
        names.add(member.filename)
        if member.file_size > MAX_MEMBER_BYTES:
            found, most = f"{member.file_size} bytes", f"at most {MAX_MEMBER_BYTES}"
            raise refuse(f"{path}", MalformedError(shown(member.filename), found, most))
        total += member.file_size
    if total > MAX_UNPACKED_BYTES:
        found = f"what unpacks to {total} bytes"
        raise refuse(f"{path}", MalformedError("", found, f"at most {MAX_UNPACKED_BYTES}"))
