"""Bytes from strangers: limits first, then JSON, then one sentence for the first thing wrong.

Guarantees: a file is read once, and the hash is of the bytes that were read; what comes back is
finite, not deep, and can be written as JSON again. Nothing here executes or unpickles anything.
"""

import hashlib
import json
import math
import stat
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tina_bench.errors import ForeignFileError
from tina_bench.store.imported import SourceFile

MAX_JSON_BYTES = 64 << 20
"""LightEval's largest result files, with hundreds of tasks, stay below one MiB."""
MAX_DEPTH = 50
FOUND_CHARACTERS = 80
ShapeT = TypeVar("ShapeT", bound=BaseModel)


def shown(value: object) -> str:
    """What was found, short and on one line, whatever it is."""
    if isinstance(value, dict):
        value = sorted(map(str, value))[:8]
    text = ascii(value)
    return text if len(text) <= FOUND_CHARACTERS else text[:FOUND_CHARACTERS] + "…"


def clean(text: str) -> str:
    """The text as Unicode that can be written: half a letter is spelled out."""
    return text.encode(errors="backslashreplace").decode()


def printable(text: str) -> str:
    """The text for a terminal: on one line, and without anything that could steer it."""
    return "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1] for letter in clean(text)
    )


def check_file(path: Path, limit_bytes: int) -> int:
    """Length of a regular file; raises `ForeignFileError` for anything else or anything larger."""
    try:
        status = path.stat()
    except OSError as error:
        raise ForeignFileError(f"{path}: cannot be read: {error.strerror}.") from None
    if not stat.S_ISREG(status.st_mode):
        raise ForeignFileError(f"{path}: found no regular file, expected one.")
    if status.st_size > limit_bytes:
        raise ForeignFileError(
            f"{path}: found {status.st_size} bytes, expected at most {limit_bytes}."
        )
    return status.st_size


def read_bytes(path: Path, limit_bytes: int) -> bytes:
    """All bytes of a regular file of at most that length; raises `ForeignFileError`."""
    check_file(path, limit_bytes)
    try:
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise ForeignFileError(f"{path}: cannot be read: {error.strerror}.") from None
    if len(data) > limit_bytes:
        raise ForeignFileError(f"{path}: grew beyond {limit_bytes} bytes while it was read.")
    return data


def describe(data: bytes, where: str) -> SourceFile:
    """A file's bytes as records name them."""
    return SourceFile(
        path=printable(where), sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data)
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ForeignFileError(f"{shown(twice)}: found this key twice in one table, expected once")
    return made


def parse_json(path: Path, data: bytes) -> dict[str, Any]:
    """One JSON object; raises `ForeignFileError` for all else.

    Refuses what a record could not hold: a key that stands twice, NaN and infinities, letters that
    are no Unicode, nesting beyond 50 levels.
    """
    try:
        value = json.loads(data, object_pairs_hook=_once)
    except ForeignFileError as error:
        raise ForeignFileError(f"{path}: {error}.") from None
    except UnicodeDecodeError as error:
        raise ForeignFileError(f"{path}: byte {error.start}: expected UTF-8.") from None
    except RecursionError:
        raise ForeignFileError(f"{path}: nested too deeply for a result file.") from None
    except ValueError as error:
        raise ForeignFileError(
            f"{path}: not valid JSON, perhaps cut short: {str(error).splitlines()[0]}."
        ) from None
    if not isinstance(value, dict):
        raise ForeignFileError(
            f"{path}: found {shown(value)}, expected an object with the keys of LightEval's "
            "result files."
        )
    wrong = _unstorable(value)
    if wrong is not None:
        raise ForeignFileError(f"{path}: {wrong}.")
    return value


def _unstorable(value: Any) -> str | None:
    """The first thing in it that no record could hold, as key, found and expected."""
    todo: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while todo:
        where, thing = todo.pop()
        key = shown_key(where)
        if len(where) > MAX_DEPTH:
            return f"{key[:FOUND_CHARACTERS]}…: nested deeper than {MAX_DEPTH} levels"
        if isinstance(thing, float) and not math.isfinite(thing):
            return f"{key}: found {thing}, expected a finite number"
        if isinstance(thing, str) and not _is_unicode(thing):
            return f"{key}: found {shown(thing)}, expected text that is Unicode"
        if isinstance(thing, dict):
            bad = next((name for name in thing if not _is_unicode(name)), None)
            if bad is not None:
                return f"{key}: found the key {shown(bad)}, expected text that is Unicode"
            todo.extend(((*where, name), inner) for name, inner in thing.items())
        if isinstance(thing, list):
            todo.extend(((*where, str(row)), inner) for row, inner in enumerate(thing))
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown_key(where: tuple[str, ...]) -> str:
    """A place in a JSON document, for a sentence."""
    safe = ".".join(where).encode("ascii", "backslashreplace").decode()
    return " ".join(safe.split()) or "the document"


def shaped(place: str, shape: type[ShapeT], value: Any) -> ShapeT:
    """`value` as a checked shape; raises `ForeignFileError` naming the first wrong key."""
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        key = shown_key(tuple(str(part) for part in first["loc"]))
        if first["type"] == "missing":
            found, expected = "nothing", "this key, which LightEval always writes"
        else:
            found = shown(first["input"])
            expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        raise ForeignFileError(f"{place}: {key}: found {found}, expected {expected}.") from None
