"""A first look at a file: what kind it is and which keys it has, whatever its name.

The first line decides between one JSON document and one a line; parquet and zip say what they are
in their first bytes. Nothing is taken out of a file here: a reader looks again, strictly.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tina_bench.importing.archives import member_names
from tina_bench.importing.parquet_rows import column_names
from tina_bench.importing.reading import MAX_BYTES, MAX_JSON_BYTES, MAX_LINE_BYTES, check_file

HEAD_BYTES = 1 << 16
BOM = b"\xef\xbb\xbf"


class FileKind(StrEnum):
    """How a file is written."""

    JSON = "JSON"
    LINES = "JSON lines"
    TABLE = "a table"
    PARQUET = "parquet"
    ZIP = "a zip"
    TEXT = "text"
    BINARY = "no text"


@dataclass(frozen=True)
class Probe:
    """What a first look finds."""

    kind: FileKind
    keys: frozenset[str] = frozenset()
    """Of the document, of its first line, of the table's header; members of a zip."""
    value: dict[str, Any] = field(default_factory=dict)
    """The document or first line, where it is an object."""
    whole: bool = True
    """Whether it could be parsed; else it is cut short, too large or damaged."""

    def has(self, *keys: str) -> bool:
        """Whether it has all of these keys."""
        return self.keys.issuperset(keys)

    def inner(self, key: str) -> dict[str, Any]:
        """An object below a key; an empty one where there is none."""
        found = self.value.get(key)
        return found if isinstance(found, dict) else {}


def probe(path: Path) -> Probe:
    """Look at a file; raises `ForeignFileError` for what is no plain file or cannot be read."""
    size = check_file(path, MAX_BYTES)
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return _zip(path)
        if head.startswith(b"PAR1"):
            return _parquet(path)
        begin = head.removeprefix(BOM).lstrip()
        if begin.startswith((b"{", b"[")):
            file.seek(0)
            line = file.readline(MAX_LINE_BYTES)
            more = file.read(HEAD_BYTES).strip()
            return _json(path, line, more=bool(more), size=size)
    return _text(head)


def _json(path: Path, line: bytes, *, more: bool, size: int) -> Probe:
    first = _parsed(line)
    if isinstance(first, dict):
        return Probe(FileKind.LINES if more else FileKind.JSON, frozenset(first), first)
    whole = _parsed(path.read_bytes()) if size <= MAX_JSON_BYTES else None
    if isinstance(whole, dict):
        return Probe(FileKind.JSON, frozenset(whole), whole)
    return Probe(FileKind.JSON, whole=whole is not None)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _zip(path: Path) -> Probe:
    names = member_names(path)
    return Probe(FileKind.ZIP, frozenset(names or ()), whole=names is not None)


def _parquet(path: Path) -> Probe:
    names = column_names(path)
    return Probe(FileKind.PARQUET, frozenset(names or ()), whole=names is not None)


def _text(head: bytes) -> Probe:
    lines = head.removeprefix(BOM).splitlines()
    first = next((line for line in lines if line.strip()), b"")
    try:
        line = first.decode()
    except UnicodeDecodeError:
        return Probe(FileKind.BINARY)
    if b"\0" in head:
        return Probe(FileKind.BINARY)
    columns = split_header(line)
    return Probe(FileKind.TABLE if len(columns) > 1 else FileKind.TEXT, frozenset(columns))


def delimiter(header: str) -> str:
    """What parts the columns of a table with this first line."""
    return max("\t,;", key=header.count)


def split_header(line: str) -> list[str]:
    """Names of columns, as plain words in small letters."""
    try:
        cells: Iterable[str] = next(csv.reader([line], delimiter=delimiter(line)), [])
    except csv.Error:
        return []
    return [plain_column(cell) for cell in cells]


def plain_column(name: str) -> str:
    """A column's name without what people write differently."""
    return "_".join(name.strip().lower().replace("-", " ").replace("_", " ").split())
