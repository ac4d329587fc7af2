"""One page: everything that can be checked without looking at another."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tina_bench.board.checking.findings import Level, SiteProblem
from tina_bench.board.checking.markup import (
    Fault,
    Part,
    access_faults,
    markup_faults,
    parsed,
    parts_of,
)
from tina_bench.board.checking.safety import loads, safety_faults, style_faults

PAGE_BYTES = 2 * 1024 * 1024
"""A larger page takes a telephone seconds to lay out; huge transcripts have pages of their own."""


@dataclass(frozen=True, slots=True)
class Link:
    """An internal link."""

    line: int
    """Where it stands; of links that are the same, the first."""
    target: str
    """File, from the site's root."""
    anchor: str
    """Id in it; empty for the whole page."""


@dataclass(frozen=True, slots=True)
class PageChecked:
    """What one page contributes to the check of the site."""

    path: str
    findings: tuple[SiteProblem, ...]
    ids: frozenset[str]
    links: tuple[Link, ...]
    """Those that lead to another file, or to an anchor that this page lacks."""
    followed: int
    """Links to anchors of this page that lead somewhere."""
    loads: tuple[str, ...]
    """Files that it loads, from the site's root."""


def as_findings(path: str, faults: Iterator[Fault]) -> Iterator[SiteProblem]:
    """Faults of one file as findings."""
    for fault in faults:
        level = Level.ERROR if fault.serious else Level.WARNING
        yield SiteProblem(
            rule=fault.rule, level=level, path=path, line=fault.line, message=fault.message
        )


def _resolved(path: str, address: str) -> str:
    """The file that a relative address on a page means, from the site's root."""
    if not address:
        return path
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(address)))
    return posixpath.join(target, "index.html") if address.endswith("/") else target


def _links(path: str, parts: list[Part]) -> Iterator[Link]:
    for part in parts:
        value = part.attributes.get("href")
        if value is None or part.tag not in {"a", "area", "link"}:
            continue
        address = urlsplit(value.strip())
        if not address.scheme and not address.netloc:
            target = _resolved(path, address.path)
            yield Link(part.line, target, unquote(address.fragment))


def check_page(site: Path, path: str) -> PageChecked:
    """Look at one page."""
    data = (site / path).read_bytes()
    findings: list[SiteProblem] = []
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        wrong = Fault("encoding", 0, f"is not UTF-8 at byte {error.start}.")
        return PageChecked(path, tuple(as_findings(path, iter([wrong]))), frozenset(), (), 0, ())
    document = parsed(text)
    parts = parts_of(document)
    for faults in (
        markup_faults(text, document),
        access_faults(document, parts),
        safety_faults(text, parts),
    ):
        findings += as_findings(path, faults)
    if len(data) > PAGE_BYTES:
        size = f"{len(data) / 2**20:.1f} MiB, expected at most {PAGE_BYTES // 2**20}."
        findings += as_findings(path, iter([Fault("page-size", 0, size, serious=False)]))
    ids = frozenset(part.attributes["id"] for part in parts if "id" in part.attributes)
    first: dict[tuple[str, str], Link] = {}
    for link in _links(path, parts):
        first.setdefault((link.target, link.anchor), link)
    here = {key for key in first if key[0] == path and (not key[1] or key[1] in ids)}
    loaded = dict.fromkeys(
        _resolved(path, urlsplit(address).path)
        for part in parts
        for address in loads(part)
        if not urlsplit(address).scheme
    )
    return PageChecked(
        path=path,
        findings=tuple(findings),
        ids=ids,
        links=tuple(link for key, link in first.items() if key not in here),
        followed=len(here),
        loads=tuple(file for file in loaded if file != path),
    )


def check_style(site: Path, path: str) -> tuple[SiteProblem, ...]:
    """Look at one style sheet."""
    text = (site / path).read_bytes().decode("utf-8", "replace")
    return tuple(as_findings(path, style_faults(text)))
