"""Makes `index.json`, and the line by which the site is cited."""

import importlib.metadata
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from tina_bench import __version__
from tina_bench.board.content.context import SiteContext
from tina_bench.board.data.schemas import FileEntry, RecordEntry, SiteIndex, schema_of
from tina_bench.board.output.cache import DRAWN_WITH
from tina_bench.board.output.folder import Written
from tina_bench.errors import UsageError
from tina_bench.files.strict import shown
from tina_bench.formatting.numbers import date

INDEX_FILE = "index.json"
_OTHER = "application/octet-stream"
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".csv": "text/csv",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".woff2": "font/woff2",
    ".xml": "application/atom+xml",
}
"""By ending; a fixed table, because `mimetypes` asks the machine it runs on."""


def site_url(given: str | None) -> str | None:
    """An address that the site will be published at, ending in a slash; `None` stays `None`.

    Raises `UsageError` for what is no whole web address of a folder.
    """
    if given is None:
        return None
    plain = given.isascii() and given.isprintable() and not set(given) & set(" <>\"'`\\")
    try:
        parts = urlsplit(given)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not plain or not is_web or "?" in given or "#" in given:
        raise UsageError(
            f"--base-url: found {shown(given)}, expected the web address of the folder that the "
            "site will lie in, as in https://example.org/board/."
        )
    return given.rstrip("/") + "/"


def media_type(path: str) -> str:
    """Media type of a file by its name."""
    return MEDIA_TYPES.get(PurePosixPath(path).suffix, _OTHER)


def cite(evidence: SiteContext, base_url: str | None) -> str:
    """How to cite the site: what, when, which content, made by what, where."""
    when = date(evidence.newest) if evidence.newest else "no results yet"
    where = f", {base_url}" if base_url else ""
    return (
        f"tina-bench leaderboard, results until {when}, content {evidence.digest}, "
        f"made by tina-bench {__version__}{where}."
    )


def _versions() -> dict[str, str]:
    found = {"tina-bench": __version__}
    for name in DRAWN_WITH:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def site_index(
    evidence: SiteContext,
    files: Mapping[str, Written],
    kinds: Mapping[str, str],
    base_url: str | None,
) -> bytes:
    """The index of a site that holds `files`; `kinds` names each table's kind by its name."""
    records = tuple(
        RecordEntry(
            model=model,
            task=task,
            profile=record.provenance.profile,
            path=f"data/records/{model}/{task}.json",
            sha256=evidence.record_sha256[model, task],
            finished_at=record.provenance.finished_at,
        )
        for (model, task), record in sorted(evidence.records.items())
    )
    made = SiteIndex(
        digest=evidence.digest,
        cite=cite(evidence, base_url),
        newest=evidence.newest,
        base_url=base_url,
        catalog_sha256=evidence.catalog_digest,
        lock_sha256=evidence.lock_digest,
        versions=_versions(),
        records=records,
        files=tuple(
            FileEntry(
                path=path,
                sha256=written.sha256,
                bytes=written.bytes,
                media_type=media_type(path),
                schema_path=schema_of(path, kinds),
            )
            for path, written in sorted(files.items())
        ),
    )
    return (made.model_dump_json(indent=1, by_alias=True) + "\n").encode()
