"""Links, headings and tables of a Markdown document, as GitHub reads it."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.program import ROOT

PARSER = MarkdownIt("commonmark").enable("table")
ELSEWHERE = re.compile(r"^[a-z]+:")
ANCHOR_DROPS = re.compile(r"[^\w\- ]")


def documents() -> list[Path]:
    """README and its neighbours, docs/, and what lies beside data; no generated pages."""
    beside = ["benchmarks/results", "leaderboard/records", "tina_bench/embedded"]
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted([*found, *(ROOT / folder / "README.md" for folder in beside)])


@cache
def _tokens(path: Path) -> list[Token]:
    return PARSER.parse(path.read_text())


def links(path: Path) -> Iterator[str]:
    """Targets of links and images that lie in this repository."""
    for token in _tokens(path):
        for inline in token.children or ():
            target = inline.attrGet("href") or inline.attrGet("src")
            if target is not None and not ELSEWHERE.match(str(target)):
                yield str(target)


@cache
def anchors(path: Path) -> frozenset[str]:
    """The anchors that GitHub gives to the headings of a document."""
    tokens, seen, found = _tokens(path), Counter[str](), set()
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(part.content for part in inline.children or ())
            slug = ANCHOR_DROPS.sub("", words.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return frozenset(found)


def code_blocks(path: Path) -> list[str]:
    """What stands in fences."""
    return [token.content for token in _tokens(path) if token.type == "fence"]


def rows(path: Path) -> list[list[str]]:
    """Rows of all tables, each a list of its cells' source."""
    found: list[list[str]] = []
    tokens = _tokens(path)
    for opening, inline in pairwise(tokens):
        if opening.type == "tr_open":
            found.append([])
        if opening.type == "td_open":
            found[-1].append(inline.content)
    return [row for row in found if row]
