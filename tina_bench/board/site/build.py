"""Build the leaderboard: a folder of pages that needs no server and no network.

Guarantees: the same home, catalog and report give the same bytes (dates come from records, never
from the clock), whatever was built before; the old site stands until the new one is whole; a file
whose bytes did not change is not written again; text from models, records and catalogs is escaped
everywhere. Logs are read by as many processes as there are processors, where that is possible
(`tina_bench.board.output.parallel`).

Traded away: with a cache, runs whose records, logs and templates look unchanged are taken over from
the site as it stands (`tina_bench.board.output.incremental` says what that cannot notice).
"""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tina_bench.board.content.context import collect_context
from tina_bench.board.data.index import site_url
from tina_bench.board.data.schemas import schema_path
from tina_bench.board.data.social_card import preview
from tina_bench.board.output.cache import Cache
from tina_bench.board.output.folder import Folder
from tina_bench.board.output.incremental import BuildState
from tina_bench.board.output.paths import answer_path, run_path, score_path
from tina_bench.board.output.replace import replaced
from tina_bench.board.output.templates import Renderer, site_folder
from tina_bench.board.site.run_page_jobs import OnProgress, Runs
from tina_bench.board.site.writer import Site
from tina_bench.catalog.schema import Catalog
from tina_bench.files.hashing import digest
from tina_bench.stats.evidence.types import Others
from tina_bench.stats.types import Question, Report, Verdict
from tina_bench.store.home import Home, cached_reader
from tina_bench.store.records import ResultRecord


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """How to build."""

    with_samples: bool = True
    """Look into the logs: texts, extracted and right answers."""
    texts_a_task: int | None = None
    """Problems of a task whose answers are shown with their text; `ALL_TEXTS` for all, `None` for
    as many as suit the number of answers."""
    profile: str | None = None
    """Whose results, where a home holds several profiles' of one thing."""
    base_url: str | None = None
    """Where the site will be published; feed and previews need it for absolute addresses."""
    lock_digest: str | None = None
    """Names the lock that the results were made under."""
    cache: Path | None = None
    """Folder for drawings and for what an earlier build of the same site wrote."""


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """What was built."""

    out: Path
    """Folder of the site; open `index.html` in it."""
    pages: int
    """HTML pages."""
    files: int
    """All files."""
    bytes: int
    """Their sizes, added up."""
    answers: int
    """Answers listed on run pages."""
    transcripts: int
    """Of these, with their text."""
    taken_over: int
    """Answers whose pages an earlier build had made."""
    digest: str
    """Names the content of all result records."""
    newest: datetime.datetime | None
    """When the newest result was finished."""


def _templates_digest(folder: Path) -> str:
    found = sorted(folder.glob("*.html"))
    return digest([[p.name, hashlib.sha256(p.read_bytes()).hexdigest()] for p in found])


def _nothing(done: int, total: int) -> None:
    del done, total


def _cache(options: SiteOptions) -> Cache:
    return Cache(options.cache / "made" if options.cache else None)


def measurements(home: Home, options: SiteOptions) -> list[ResultRecord]:
    """`Home.measurements`, quicker for records that an earlier build read."""
    return home.measurements(options.profile, cached_reader(_cache(options)))


def build_site(
    *,
    home: Home,
    catalog: Catalog,
    out: Path,
    options: SiteOptions = SiteOptions(),
    report: Report | None = None,
    measured: Sequence[ResultRecord] | None = None,
    on_progress: OnProgress = _nothing,
) -> SiteSummary:
    """Build the site of a home into `out` and return what was built.

    `report` and `measured` are what `tina_bench.stats.report.build_report` and `Home.measurements`
    return for this home under the options' profile, where they are computed already (the profile
    may be left out where a home holds no two of one thing). Raises `IntegrityError` for a log that
    is not the one its record was made from, `UsageError` for an `out` that holds something else
    than a site or a base URL that is none, `BlockedError` when templates are missing.
    """
    cache, base_url = _cache(options), site_url(options.base_url)
    evidence = collect_context(
        home, catalog, report, options.profile,
        measured=measured, lock_digest=options.lock_digest, cache=cache,
    )  # fmt: skip
    source = site_folder()
    templates, templates_digest = source / "templates", _templates_digest(source / "templates")
    shared = {
        "evidence": evidence,
        "Verdict": Verdict,
        "Others": Others,
        "Question": Question,
        "run_path": run_path,
        "answer_path": answer_path,
        "score_path": score_path,
        "preview": preview(evidence, base_url),
        "schema_path": schema_path,
    }
    earlier = BuildState.of(options.cache, out.resolve())
    with replaced(out) as folder:
        renderer = Renderer.of(templates, cache.folder_of("templates"))
        new = Folder(folder, out.resolve())
        site = Site(new, renderer, templates_digest, shared, evidence, base_url)
        runs = Runs(earlier, folder, on_progress)
        runs.plan(
            evidence, templates, templates_digest,
            with_samples=options.with_samples, texts=options.texts_a_task,
        )  # fmt: skip
        with runs.start() as others:
            records = site.write_all(earlier, source / "assets", runs.take_over)
            runs.finish(others)
        for done in runs.made.values():
            site.take(done.files)
        site.write_index()
    earlier.save({**records, **runs.made})
    files = site.folder.files
    return SiteSummary(
        out=out,
        pages=sum(path.endswith(".html") for path in files),
        files=len(files),
        bytes=sum(written.bytes for written in files.values()),
        answers=sum(done.answers for done in runs.made.values()),
        transcripts=sum(done.transcripts for done in runs.made.values()),
        taken_over=runs.taken_over,
        digest=evidence.digest,
        newest=evidence.newest,
    )
