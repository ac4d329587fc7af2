"""Check a whole site, by as many processes as there are processors if there is much to read."""

import contextlib
import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from tina_bench.board.checking.files import (
    check_hash,
    check_listing,
    check_lock,
    check_records,
    check_sizes,
    first_page_bytes,
    read_index,
)
from tina_bench.board.checking.findings import Level, SiteCheck, SiteProblem
from tina_bench.board.checking.page import PageChecked, check_page, check_style
from tina_bench.board.data.index import INDEX_FILE
from tina_bench.board.data.schemas import FileEntry
from tina_bench.store.home import Home

SAMPLED_PAGES = 100
"""Run pages that are parsed where not all are to be."""
BYTES_FOR_PROCESSES = 20_000_000
"""With less to read, starting processes takes longer than it saves."""
_PIECE_BYTES = 4_000_000
OnProgress = Callable[[int, int], None]
"""Called with the bytes looked at so far, and with all that there are."""


@dataclass
class _Piece:
    """What one process does in one go."""

    entries: list[FileEntry] = field(default_factory=list)
    parse: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Done:
    findings: tuple[SiteProblem, ...]
    pages: tuple[PageChecked, ...]
    bytes: int


def _work(site: Path, piece: _Piece) -> _Done:
    findings: list[SiteProblem] = []
    pages = []
    for entry in piece.entries:
        changed = list(check_hash(site, entry))
        findings += changed
        if any(found.rule == "listed" for found in changed):
            continue
        if entry.path in piece.parse:
            pages.append(check_page(site, entry.path))
        if entry.path.endswith(".css"):
            findings += check_style(site, entry.path)
    return _Done(tuple(findings), tuple(pages), sum(entry.bytes for entry in piece.entries))


def _pieces(entries: Iterable[FileEntry], parse: set[str]) -> list[_Piece]:
    pieces = [_Piece()]
    size = 0
    for entry in entries:
        if size > _PIECE_BYTES:
            pieces.append(_Piece())
            size = 0
        pieces[-1].entries.append(entry)
        if entry.path in parse:
            pieces[-1].parse.add(entry.path)
        size += entry.bytes
    return pieces


def _sampled(pages: list[str], *, fast: bool) -> tuple[set[str], tuple[str, ...]]:
    """The pages to parse, and what that leaves out."""
    runs = [path for path in pages if path.startswith("runs/")]
    if not fast or len(runs) <= SAMPLED_PAGES:
        return set(pages), ()
    ordered = sorted(runs, key=lambda path: hashlib.sha256(path.encode()).digest())
    chosen = set(pages).difference(runs) | set(islice(ordered, SAMPLED_PAGES))
    left = len(runs) - SAMPLED_PAGES
    return chosen, (
        f"{left} of {len(runs)} run pages, but for their hashes",
        "anchors on these pages: links to one were followed to the page",
    )


@contextlib.contextmanager
def _mapping(site: Path, total: int) -> Iterator[Callable[[list[_Piece]], Iterator[_Done]]]:
    many = os.cpu_count() or 1
    work = partial(_work, site)
    if many < 2 or total < BYTES_FOR_PROCESSES:
        yield lambda pieces: map(work, pieces)
        return
    pool = ProcessPoolExecutor(many, multiprocessing.get_context("spawn"))
    try:
        yield lambda pieces: pool.map(work, pieces)
    finally:
        pool.shutdown(cancel_futures=True)


def _check_links(pages: dict[str, PageChecked], files: set[str]) -> tuple[list[SiteProblem], int]:
    """Links between pages; a page that was not parsed is followed to, and no further."""
    findings, followed = [], 0
    for page in pages.values():
        followed += page.followed
        for link in page.links:
            wrong = None
            if link.target not in files:
                wrong = f"{link.target!r} is not on the site."
            elif link.anchor and link.target in pages:
                if link.anchor not in pages[link.target].ids:
                    wrong = f"{link.target!r} has no {link.anchor!r}."
            elif link.anchor and not link.target.endswith(".html"):
                wrong = f"{link.target!r} is no page, so it has no {link.anchor!r}."
            if wrong is None:
                followed += 1
                continue
            findings.append(
                SiteProblem(
                    rule="link",
                    level=Level.ERROR,
                    path=page.path,
                    line=link.line,
                    message=f"a link leads nowhere: {wrong}",
                )
            )
        for name in page.loads:
            if name not in files:
                message = f"loads {name!r}, which is not on the site."
                findings.append(
                    SiteProblem(rule="load", level=Level.ERROR, path=page.path, message=message)
                )
    return findings, followed


def _nothing(done: int, total: int) -> None:
    del done, total


def check_site(
    site: Path,
    *,
    home: Home | None = None,
    lock_digest: str | None = None,
    fast: bool = False,
    on_progress: OnProgress = _nothing,
) -> SiteCheck:
    """Look at everything on a site, or with `fast` at a sample of its run pages.

    Raises `UsageError` where `site` is none, `IntegrityError` where its index cannot be read.
    """
    index = read_index(site)
    paths = [entry.path for entry in index.files if entry.path.endswith(".html")]
    parse, left = _sampled(paths, fast=fast)
    total = sum(entry.bytes for entry in index.files)
    findings: list[SiteProblem] = list(check_listing(site, index))
    pages: dict[str, PageChecked] = {}
    done = 0
    with _mapping(site, total) as mapped:
        for piece in mapped(_pieces(index.files, parse)):
            findings += piece.findings
            for page in piece.pages:
                pages[page.path] = page
                findings += page.findings
            done += piece.bytes
            on_progress(done, total)
    broken, links = _check_links(pages, {entry.path for entry in index.files} | {INDEX_FILE})
    findings += broken
    front = pages.get("index.html")
    first = first_page_bytes(site, front.loads if front else ())
    findings += check_sizes(total, first)
    if home is not None:
        findings += check_records(index, home)
    else:
        left = (*left, "the records of the home that it was built from (--home)")
    if lock_digest is not None:
        findings += check_lock(index, lock_digest)
    return SiteCheck(
        site=site,
        digest=index.digest,
        findings=tuple(sorted(findings, key=lambda f: (f.path, f.line, f.rule, f.message))),
        files=len(index.files),
        pages=len(pages),
        links=links,
        bytes=total,
        first_page_bytes=first,
        not_looked_at=left,
    )
