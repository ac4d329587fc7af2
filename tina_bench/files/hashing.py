"""Content hashes: of files, and of values as canonical JSON."""

import hashlib
import json
from pathlib import Path
from typing import Any

BLOCK_BYTES = 1 << 20
PROBLEM_DIGITS = 16


def sha256_file(path: Path) -> str:
    """The sha256 of a file's bytes, in hex; reads in blocks, so size does not matter."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_prefix(path: Path, length: int) -> str:
    """The sha256 of a file's first `length` bytes (of all, when it is shorter), in hex."""
    hasher, left = hashlib.sha256(), length
    with path.open("rb") as file:
        while left and (block := file.read(min(left, BLOCK_BYTES))):
            hasher.update(block)
            left -= len(block)
    return hasher.hexdigest()


def canonical_json(value: Any) -> str:
    """One spelling for one value: sorted keys, no spaces, no NaN, ASCII only.

    ASCII because a model may emit a lone surrogate: a legal JSON string, but not legal UTF-8.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """The sha256 of a JSON value's canonical spelling, in hex.

    Two values that are equal as JSON have the same digest whatever the order of their keys.
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def problem_id(query: str, repeat: int) -> str:
    """Id of a problem in samples, grades and imports: a hash of the text that is asked.

    `repeat` counts how often the same text stood before it in the dataset.
    """
    return digest([query, repeat])[:PROBLEM_DIGITS]
