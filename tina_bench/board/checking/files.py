"""The site's files against its index; its records against the home and lock it was made from."""

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from tina_bench.board.checking.findings import Level, SiteProblem
from tina_bench.board.content.context import DIGEST_DIGITS
from tina_bench.board.data.index import INDEX_FILE
from tina_bench.board.data.schemas import FileEntry, SiteIndex
from tina_bench.errors import IntegrityError, UsageError
from tina_bench.files.hashing import digest, sha256_file
from tina_bench.formatting.numbers import short_digest
from tina_bench.store.home import Home

FIRST_PAGE_BYTES = 100_000
"""Of the front page with everything that it loads, compressed."""
PAGES_SITE_BYTES = 1_000_000_000
"""A published site may be no larger: GitHub Docs, "GitHub Pages limits", read 2026-11-23."""
NEAR_BYTES = 800_000_000
"""From here on a warning says that the limit is near."""
_GZIP_LEVEL = 6
"""What servers use; GitHub Pages compresses text in this way."""
_COMPRESSED = frozenset({".html", ".css", ".js", ".json", ".svg", ".xml", ".csv"})


def read_index(site: Path) -> SiteIndex:
    """The index of a site; raises `UsageError` without one, `IntegrityError` for a bad one."""
    file = site / INDEX_FILE
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{site}: has no {INDEX_FILE}, so it is no leaderboard that this version built; "
            "name the folder that `tina-bench leaderboard build` wrote."
        ) from None
    try:
        return SiteIndex.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise IntegrityError(
            f"{file}: {place}: {first['msg'].lower()}; build the site anew."
        ) from None


def _changed(path: str, message: str, rule: str = "hash") -> SiteProblem:
    return SiteProblem(rule=rule, level=Level.CHANGED, path=path, message=message)


def check_hash(site: Path, entry: FileEntry) -> Iterator[SiteProblem]:
    """One file against what the index says of it."""
    path = site / entry.path
    if not path.resolve().is_relative_to(site.resolve()):
        yield _changed(entry.path, "lies outside the site.", "listed")
        return
    try:
        data = path.read_bytes()
    except OSError:
        yield _changed(entry.path, "is in the index and not on the site.", "listed")
        return
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256:
        message = (
            f"found sha256 {short_digest(found)}…, expected {short_digest(entry.sha256)}… "
            "as the index says."
        )
        yield _changed(entry.path, message)


def check_listing(site: Path, index: SiteIndex) -> Iterator[SiteProblem]:
    """Nothing lies on the site that the index does not name, and its digest is of its records."""
    listed = {entry.path for entry in index.files}
    for path in sorted(site.rglob("*")):
        name = path.relative_to(site).as_posix()
        if (path.is_symlink() or not path.is_dir()) and name not in listed | {INDEX_FILE}:
            yield _changed(name, "is on the site and not in the index.", "listed")
    hashes = {entry.path: entry.sha256 for entry in index.files}
    for record in index.records:
        if hashes.get(record.path) != record.sha256:
            yield _changed(record.path, "is not the record that the index names.", "record")
    named = sorted([record.model, record.task, record.sha256] for record in index.records)
    if digest(named)[:DIGEST_DIGITS] != index.digest:
        message = f"the digest {index.digest} is not that of the records that it names."
        yield _changed(INDEX_FILE, message, "digest")
    for entry in index.files:
        if entry.schema_path is not None and entry.schema_path not in listed:
            message = f"its schema {entry.schema_path} is not on the site."
            yield SiteProblem(rule="schema", level=Level.ERROR, path=entry.path, message=message)


def check_records(index: SiteIndex, home: Home) -> Iterator[SiteProblem]:
    """The records of the site are the home's, and the home has none that the site lacks."""
    shown = {(r.profile, r.model, r.task) for r in index.records}
    profiles = {record.profile for record in index.records}
    for record in index.records:
        file = home.result_file(record.profile, record.model, record.task)
        if not file.is_file():
            yield _changed(record.path, f"{file} is not there.", "home")
        elif sha256_file(file) != record.sha256:
            yield _changed(record.path, f"{file} has other bytes; build the site anew.", "home")
    for result in home.results():
        key = (result.provenance.profile, result.model, result.task)
        if key[0] in profiles and key not in shown:
            message = f"{key[1]} on {key[2]} is in {home.root} and not here; build the site anew."
            yield _changed(INDEX_FILE, message, "home")


def check_lock(index: SiteIndex, lock_digest: str) -> Iterator[SiteProblem]:
    """The site was built under this lock."""
    if index.lock_sha256 != lock_digest:
        built = f"{short_digest(index.lock_sha256)}…" if index.lock_sha256 else "none"
        message = (
            f"built under the lock {built}, expected {short_digest(lock_digest)}…; build it anew."
        )
        yield _changed(INDEX_FILE, message, "lock")


def first_page_bytes(site: Path, loaded: Iterable[str]) -> int:
    """The front page and what it loads, each as a server sends it."""
    total = 0
    for name in ("index.html", *loaded):
        path = site / name
        if path.is_file():
            data = path.read_bytes()
            small = path.suffix in _COMPRESSED
            total += len(gzip.compress(data, _GZIP_LEVEL, mtime=0)) if small else len(data)
    return total


def check_sizes(total: int, first: int) -> Iterator[SiteProblem]:
    """The front page is small, and the site not too large to publish."""
    if first > FIRST_PAGE_BYTES:
        message = f"{first:,} bytes compressed with all it loads, expected {FIRST_PAGE_BYTES:,}."
        yield SiteProblem(rule="first-page", level=Level.ERROR, path="index.html", message=message)
    if total > NEAR_BYTES:
        over = total > PAGES_SITE_BYTES
        message = (
            f"{total / 1e6:,.0f} MB in all; GitHub Pages takes {PAGES_SITE_BYTES / 1e6:,.0f} MB; "
            "show fewer texts with `leaderboard build --transcripts`."
        )
        level = Level.ERROR if over else Level.WARNING
        yield SiteProblem(rule="site-size", level=level, path=INDEX_FILE, message=message)
