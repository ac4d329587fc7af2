"""In which file, and on which line of it, a claim stands."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

NAME = (
    r"""(?:(?P<bare>[A-Za-z0-9_-]+)|"(?P<basic>[A-Za-z0-9._-]+)"|'(?P<literal>[A-Za-z0-9._-]+)')"""
)
HEADER = re.compile(rf"""^\s*\[\s*["']?(?:claims|averages)["']?\s*\.\s*{NAME}\s*\]""")
"""A bare key has no dot in it: `[claims.a.sampling]` is a table of claim `a`."""


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    """As it is to be printed."""
    line: int
    """From 1."""


def catalog_files(given: Iterable[Path]) -> list[Path]:
    """The packaged catalog's files and the user's, as the catalog was loaded from them."""
    with resources.as_file(resources.files("tina_bench.catalog") / "data") as folder:
        files = sorted(folder.glob("*.toml"))
    for path in given:
        files += [path] if path.is_file() else sorted(path.glob("*.toml"))
    return files


def claim_lines(files: Iterable[Path]) -> dict[str, tuple[Path, int]]:
    """File and line of every claim's own table, `[claims.NAME]` or `[averages.NAME]`.

    A claim written in another of TOML's spellings (an inline table, dotted keys) is not found: it
    then has no place, which is better than a wrong one.
    """
    found: dict[str, tuple[Path, int]] = {}
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            header = HEADER.match(line)
            if header is not None:
                found.setdefault(header[header.lastgroup or "bare"], (path, number))
    return found
