"""Files that somebody may have typed, cut short or mixed up: read strictly, refused with a place.

One way for TOML and one for JSON, so that every reader says the same of the same mistake; the
reader adds the file's name, what to do about it, and its own leaf of the error tree.

Refused beyond what the formats themselves refuse: every encoding but UTF-8 and a byte order mark,
a key that stands twice in one JSON object (parsers keep the last one and say nothing), NaN and
infinities in JSON, and integers beyond 64 bits, which overflow in arithmetic long after they were
read. Traded away: a second pass over every JSON record, as pydantic's own parser has no such rules.
"""

import codecs
import json
import math
import re
import stat
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

FOUND_CHARACTERS = 80
"""As much of a value as a sentence can bear."""
LEAST_INTEGER, GREATEST_INTEGER = -(2**63), 2**64 - 1
"""What 64 bits hold, with or without a sign."""
_DIGITS = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else 0 for byte in range(256))
SMALL_DIGITS = 18
"""Integers of so few characters hold in 64 bits whatever they are."""
NOT_UTF8 = (
    (codecs.BOM_UTF8, "a byte order mark", "UTF-8 without one"),
    (codecs.BOM_UTF32_LE, "UTF-32", "UTF-8"),
    (codecs.BOM_UTF32_BE, "UTF-32", "UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16", "UTF-8"),
    (codecs.BOM_UTF16_BE, "UTF-16", "UTF-8"),
)
"""First bytes, what they are, and what is wanted; longer beginnings first."""
CONTRADICTION = "contradiction"
"""Type of pydantic error that brings its own key, found and expected."""
_WORDS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"^Value error, ", ""),
        (r"^Input should be (greater|less) ", r"a value \1 "),
        (r"^Input should be ", ""),
        (r"^Input should have ", "one that has "),
        (r", unable to (parse|interpret) .*", ""),
        (r"^String should match pattern ", "text of the pattern "),
        (r"^(\w+) should have ", r"a \1 that has "),
    )
)
"""From pydantic's words for what is wrong to words for what is wanted, applied in order."""
_TOML_PLACE = re.compile(r" ?\((at [^()]*)\)$")


ShapeT = TypeVar("ShapeT", bound=BaseModel)


class MalformedError(ValueError):
    """What is wrong in a file: the place in it, what was found there, and what was expected."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        place = f"{where}: " if where else ""
        super().__init__(f"{place}found {found}, expected {expected}")


def shown(value: object) -> str:
    """What was found, short and on one line, whatever it is."""
    if isinstance(value, Mapping):
        value = sorted(map(str, value))[:8]
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # a number of thousands of digits; a bottomless list
        return f"a {type(value).__name__} too large to print"
    return text if len(text) <= FOUND_CHARACTERS else text[:FOUND_CHARACTERS] + "…"


def shown_key(where: tuple[str, ...], whole: str = "the document") -> str:
    """A place in a document, for a sentence."""
    safe = "".join(
        letter if " " <= letter <= "~" else letter.encode("unicode_escape").decode()
        for letter in ".".join(where)
    )
    return " ".join(safe.split()) or whole


def contradiction(key: str, found: str | float, expected: str) -> PydanticCustomError:
    """What a validator raises where one field of an entry contradicts others of the same entry."""
    return PydanticCustomError(
        CONTRADICTION,
        "found {found}, expected {expected}",
        {"key": key, "found": f"{found}", "expected": expected},
    )


def _expected(message: str) -> str:
    """Pydantic's message as what goes after "expected"."""
    for pattern, words in _WORDS:
        message = pattern.sub(words, message)
    return message[:1].lower() + message[1:]


def _unkept(message: str) -> MalformedError:
    """What pydantic's parser refuses of what is JSON to Python's."""
    said, _, place = message.removeprefix("Invalid JSON: ").rpartition(" at ")
    where = place.replace(" column", ", column") if said else ""
    return MalformedError(
        where, f"what cannot be kept ({said or place})", "whole letters, nested less deeply"
    )


def first_wrong(error: ValidationError, prefix: tuple[str, ...] = ()) -> MalformedError:
    """The first thing that pydantic found wrong, by its key below `prefix`."""
    first = error.errors(include_url=False)[0]
    where = tuple(map(str, (*prefix, *first["loc"])))
    found, expected = shown(first["input"]), _expected(first["msg"])
    if isinstance(first["input"], dict):
        found = f"keys {found}"
    if first["type"] == "missing":
        found, expected = "nothing", "this key, which is required"
    elif first["type"] == "extra_forbidden":
        expected = "no such key here"
    elif (
        first["type"] == "json_invalid"
    ):  # half a letter, or a nest that only Python's parser bears
        return _unkept(first["msg"])
    elif first["type"] == CONTRADICTION:
        said = first["ctx"]
        where, found, expected = (*where, said["key"]), said["found"], said["expected"]
    return MalformedError(shown_key(where, "the file"), found, expected)


def read_bytes(path: Path) -> bytes:
    """All bytes of a file; raises `MalformedError` for what is none or cannot be read.

    A file that does not exist stays `FileNotFoundError`: what that means is the reader's to say.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise MalformedError(
                "", "a folder" if stat.S_ISDIR(mode) else "no plain file", "a file"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise MalformedError(
            "", f"something that cannot be read ({why})", "a file that can be read"
        ) from None


def _decoded(data: bytes) -> str:
    for begin, found, expected in NOT_UTF8:
        if data.startswith(begin):
            raise MalformedError("byte 0", found, expected)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError(f"byte {error.start}", f"{data[error.start]:#x}", "UTF-8") from None


def walk(value: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value in a document with its place, tables and lists before what they hold."""
    todo: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while todo:
        where, thing = todo.pop()
        yield where, thing
        if isinstance(thing, dict):
            todo.extend(((*where, str(name)), inner) for name, inner in thing.items())
        elif isinstance(thing, list):
            todo.extend(((*where, str(row)), inner) for row, inner in enumerate(thing))


class _NoNumber:
    """Stands in a parsed document where a number was that nothing can be reckoned with."""

    def __init__(self, found: str, expected: str) -> None:
        self.found, self.expected = found, expected


def has_long_number(data: bytes) -> bool:
    """Whether so many digits follow each other anywhere, strings included."""
    return b"0" * (SMALL_DIGITS + 1) in data.translate(_DIGITS)


def _integer(text: str) -> int | _NoNumber:
    if len(text) > SMALL_DIGITS:
        digits = len(text.lstrip("-"))
        if digits > 20 or not LEAST_INTEGER <= int(text) <= GREATEST_INTEGER:
            return _NoNumber(f"an integer of {digits} digits", "one of 64 bits")
    return int(text)


def _float(text: str) -> float | _NoNumber:
    value = float(text)
    return value if math.isfinite(value) else _NoNumber(str(value), "a finite number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    counts = Counter(name for name, _ in pairs)
    twice = next(name for name in made if counts[name] > 1)
    raise MalformedError(shown(twice), "this key twice in one table", "it once")


def parse_json(data: bytes, expected: str) -> Any:
    """One JSON document, under the rules of this module; `expected` says what it should be.

    Raises `MalformedError`, with line and column where the text is no JSON, and with the key where
    a value is refused.
    """
    text = _decoded(data)
    odd: list[_NoNumber] = []

    def checked(made: int | float | _NoNumber) -> int | float | _NoNumber:
        if isinstance(made, _NoNumber):
            odd.append(made)
        return made

    # A call for every integer takes longer than all the rest, and hardly any file needs it.
    integer = (lambda digits: checked(_integer(digits))) if has_long_number(data) else None
    try:
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=integer,
            parse_float=lambda digits: checked(_float(digits)),
            parse_constant=lambda name: checked(_float(name)),
        )
    except RecursionError:
        raise MalformedError("", "a document that is nested too deeply", expected) from None
    except json.JSONDecodeError as error:
        raise MalformedError(
            f"line {error.lineno}, column {error.colno}",
            f"text that is not valid JSON, perhaps cut short ({error.msg})",
            expected,
        ) from None
    if odd:
        where, thing = next(pair for pair in walk(value) if isinstance(pair[1], _NoNumber))
        raise MalformedError(shown_key(where), thing.found, thing.expected)
    return value


def parse_toml(data: bytes, expected: str) -> dict[str, Any]:
    """One TOML document, under the rules of this module; `expected` says what it should be.

    NaN and infinities are TOML's own and stay; where a finite number is wanted the schema says so.
    Raises `MalformedError`, with line and column where the text is no TOML.
    """
    text = _decoded(data)
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        place = _TOML_PLACE.search(said)
        raise MalformedError(
            place[1] if place else "",
            f"text that is not valid TOML ({said[: place.start()] if place else said})",
            expected,
        ) from None
    except RecursionError:
        raise MalformedError("", "a document that is nested too deeply", expected) from None
    except ValueError:  # Python refuses to read a number of more than 4300 digits
        raise MalformedError("", "an integer of thousands of digits", "one of 64 bits") from None
    for where, thing in walk(value):
        if isinstance(thing, int) and not LEAST_INTEGER <= thing <= GREATEST_INTEGER:
            raise MalformedError(shown_key(where), "an integer beyond 64 bits", "one of 64 bits")
    return value


def read_toml(path: Path, expected: str, shape: type[ShapeT]) -> ShapeT:
    """A TOML file as a record.

    Raises `FileNotFoundError`, and `MalformedError` with the key for what does not fit.
    """
    try:
        return shape.model_validate(parse_toml(read_bytes(path), expected))
    except ValidationError as error:
        raise first_wrong(error) from None
