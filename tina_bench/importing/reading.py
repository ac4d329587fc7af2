"""Bytes from strangers: limits first, then JSON, then one sentence for the first thing wrong.

Guarantees: a file is read once, and the hash is of the bytes that were read; what comes back is
finite, not deep, and can be written as JSON again. Nothing here executes or unpickles anything.
"""

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tina_bench.errors import ForeignFileError
from tina_bench.files import strict
from tina_bench.files.strict import FOUND_CHARACTERS, MalformedError, shown, shown_key
from tina_bench.formatting.escape import printable
from tina_bench.store.imported import SourceFile

MAX_JSON_BYTES = 64 << 20
"""LightEval's largest result files, with hundreds of tasks, stay below one MiB."""
MAX_BYTES = 1 << 30
"""Of any file: tables, logs with a line an answer, zips."""
MAX_LINE_BYTES = 64 << 20
MAX_ROWS = 1_000_000
"""Lines or rows of one file; thirty models on 500 problems with 64 answers each."""
MAX_DEPTH = 50
ADVICE = "get the file again from where it was published, or leave it out"
OBJECT = "an object with the keys of a known format"
LINE = "an object on each line"
ShapeT = TypeVar("ShapeT", bound=BaseModel)


def _unreadable(path: Path, error: OSError) -> ForeignFileError:
    found = f"something that cannot be read ({error.strerror})"
    return refuse(f"{path}", MalformedError("", found, "a file that can be read"))


def check_file(path: Path, limit_bytes: int) -> int:
    """Length of a regular file; raises `ForeignFileError` for anything else or anything larger."""
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(status.st_mode):
        raise refuse(f"{path}", MalformedError("", "no regular file", "one"))
    if status.st_size > limit_bytes:
        raise refuse(
            f"{path}", MalformedError("", f"{status.st_size} bytes", f"at most {limit_bytes}")
        )
    return status.st_size


def read_bytes(path: Path, limit_bytes: int) -> bytes:
    """All bytes of a regular file of at most that length; raises `ForeignFileError`."""
    check_file(path, limit_bytes)
    try:
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(data) > limit_bytes:
        raise refuse(
            f"{path}", MalformedError("", "a file that grows", f"at most {limit_bytes} bytes")
        )
    return data


def describe(data: bytes, where: str) -> SourceFile:
    """A file's bytes as records name them."""
    return SourceFile(
        path=printable(where), sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data)
    )


def refuse(place: str, wrong: MalformedError) -> ForeignFileError:
    """What is wrong in a file of others, with its name and what to do."""
    return ForeignFileError(f"{place}: {wrong}; {ADVICE}.")


def parse_json(path: Path, data: bytes) -> dict[str, Any]:
    """One JSON object; raises `ForeignFileError` for all else.

    Refuses what a record could not hold: a key that stands twice, NaN and infinities, integers
    beyond 64 bits, letters that are no Unicode, nesting beyond 50 levels.
    """
    try:
        return _storable(strict.parse_json(data, OBJECT))
    except MalformedError as error:
        raise refuse(f"{path}", error) from None


def parse_lines(path: Path, data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a file with one a line, each with its place; empty lines are skipped.

    Raises `ForeignFileError` with the line; a torn last line is one: what it said is lost.
    """
    count, begin, number = 0, 0, 0
    while begin < len(data):
        number += 1
        end = data.find(b"\n", begin)
        end = len(data) if end < 0 else end
        line, begin = data[begin:end].strip(), end + 1
        if not line:
            continue
        place, count = f"{path}, line {number}", count + 1
        if count > MAX_ROWS:
            raise refuse(place, MalformedError("", "one line more", f"at most {MAX_ROWS}"))
        if len(line) > MAX_LINE_BYTES:
            found, most = f"{len(line)} bytes", f"at most {MAX_LINE_BYTES} a line"
            raise refuse(place, MalformedError("", found, most))
        try:
            yield place, _storable(strict.parse_json(line, LINE), LINE)
        except MalformedError as error:
            said = str(error).removeprefix("line 1, ")  # of the line, which is one of many
            raise ForeignFileError(f"{place}: {said}; {ADVICE}.") from None


def _storable(value: Any, expected: str = OBJECT) -> dict[str, Any]:
    """The value, unless it is no object or holds anything that no record could."""
    if not isinstance(value, dict):
        raise MalformedError("", shown(value), expected)
    for where, thing in strict.walk(value):
        key = shown_key(where)
        if len(where) > MAX_DEPTH:
            raise MalformedError(
                f"{key[:FOUND_CHARACTERS]}…",
                f"a value nested deeper than {MAX_DEPTH} levels",
                f"at most {MAX_DEPTH}",
            )
        if isinstance(thing, str) and not _is_unicode(thing):
            raise MalformedError(key, shown(thing), "text that is Unicode")
        if isinstance(thing, dict):
            bad = next((name for name in thing if not _is_unicode(name)), None)
            if bad is not None:
                raise MalformedError(key, f"the key {shown(bad)}", "text that is Unicode")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shaped(place: str, shape: type[ShapeT], value: Any) -> ShapeT:
    """`value` as a checked shape; raises `ForeignFileError` naming the first wrong key."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise refuse(place, strict.first_wrong(error)) from None
