"""Build the leaderboard: a folder of pages that needs no server and no network.

Guarantees: the same home, catalog and report give the same bytes (dates come from records, never
from the clock), whatever was built before; the old site stands until the new one is whole; a file
whose bytes did not change is not written again; text from models, records and catalogs is escaped
everywhere. Logs are read by as many processes as there are processors, if there is much to read.

Traded away: with a cache, runs whose records, logs and templates look unchanged are taken over from
the site as it stands (`tina_bench.board.kept` says what that cannot notice).
"""

import contextlib
import datetime
import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from tina_bench.board.data.feed import FEED_FILE, feed
from tina_bench.board.data.index import INDEX_FILE, site_index, site_url
from tina_bench.board.data.picture import PICTURE_FILE, picture
from tina_bench.board.data.preview import preview
from tina_bench.board.data.schemas import schema_files, schema_path
from tina_bench.board.evidence import Evidence, gather
from tina_bench.board.folder import Folder
from tina_bench.board.kept import Kept
from tina_bench.board.memo import Memo, program_digest
from tina_bench.board.page import Page
from tina_bench.board.pages import claims, costs, front, method, models, pairs, search, tasks
from tina_bench.board.problems import withheld
from tina_bench.board.render import Renderer, site_folder
from tina_bench.board.replace import replaced
from tina_bench.board.runs import RunsDone, RunsJob, answer_path, run_path, write_runs
from tina_bench.board.table import Table
from tina_bench.board.tables import tables_of
from tina_bench.board.transcripts import grade_files, log_file
from tina_bench.catalog.schema import Catalog
from tina_bench.errors import IntegrityError
from tina_bench.stats.shapes import Question, Report, Verdict
from tina_bench.store.again import reader
from tina_bench.store.hashing import digest
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord

TEXTS_BY_ANSWERS = ((30_000, 100), (300_000, 30))
TEXTS_OF_MORE = 5
"""Problems of a task whose answers are shown with their text, if nothing else is asked for, by the
answers that there are: so a site stays below the gigabyte that GitHub Pages takes
(https://docs.github.com/en/pages/getting-started-with-github-pages/github-pages-limits)."""
ANSWERS_FOR_PROCESSES = 20_000
"""With fewer, starting processes takes longer than it saves."""
PAGES = (front, costs, models, tasks, claims, pairs, method, search)
OnProgress = Callable[[int, int], None]
"""Called with the answers written so far, and with all that there are."""


@dataclass(frozen=True, slots=True)
class Options:
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


@dataclass
class _Site:
    """The folder that is being filled."""

    folder: Folder
    renderer: Renderer
    templates: str
    """Digest of the templates."""
    shared: dict[str, Any]
    tables: list[Table] = field(default_factory=list)

    def table(self, table: Table) -> None:
        self.tables.append(table)
        self.folder.write(f"data/{table.name}.csv", table.csv())
        self.folder.write(f"data/{table.name}.json", table.json())

    def page(self, page: Page, memo: Memo) -> None:
        def rendered() -> bytes:
            context = page.context() if callable(page.context) else page.context
            return self.renderer.page(page.template, page.path, {**self.shared, **context})

        if page.made_of is None:
            data = rendered()
        else:
            data = memo.get("pages", [self.templates, page.path, page.made_of], rendered)
        self.folder.write(page.path, data)


def _write_data(site: _Site, evidence: Evidence) -> None:
    for table in tables_of(evidence):
        site.table(table)
    for model, task in evidence.records:
        data = evidence.record_file(model, task).read_bytes()
        site.folder.write(f"data/records/{model}/{task}.json", data)


def _write_pages(site: _Site, evidence: Evidence) -> None:
    for module in PAGES:
        for page in module.pages(evidence):
            site.page(page, evidence.memo)
            own = [plot.table for plot in page.plots if plot.table is not None]
            for table in (*own, *page.tables):
                site.table(table)


def _write_assets(site: _Site, assets: Path) -> None:
    for path in sorted(assets.rglob("*")):
        if path.is_file():
            name = f"assets/{path.relative_to(assets).as_posix()}"
            site.folder.write(name, path.read_bytes())


def _write_offers(site: _Site, evidence: Evidence, base_url: str | None) -> None:
    """What the site offers to programs, beside its tables."""
    for path, data in schema_files(site.tables, base_url):
        site.folder.write(path, data)
    site.folder.write(FEED_FILE, feed(evidence, base_url))
    site.folder.write(PICTURE_FILE, picture(evidence))


def _write_index(site: _Site, evidence: Evidence, base_url: str | None) -> None:
    kinds = {table.name: table.kind for table in site.tables}
    site.folder.write(INDEX_FILE, site_index(evidence, site.folder.files, kinds, base_url))


def _logs(record: ResultRecord) -> tuple[str, str, str]:
    return record.model, record.provenance.sample_log, record.provenance.grade_log


def _texts_a_task(evidence: Evidence) -> int:
    answers = sum(record.n * record.k for record in evidence.records.values())
    return next((texts for most, texts in TEXTS_BY_ANSWERS if answers <= most), TEXTS_OF_MORE)


def _jobs(evidence: Evidence, templates: Path, options: Options) -> Iterator[RunsJob]:
    """One a pair of logs, the one with the most answers first."""
    texts = options.texts_a_task
    texts = _texts_a_task(evidence) if texts is None else texts
    ordered = sorted(evidence.records.values(), key=lambda record: (*_logs(record), record.task))
    groups = [tuple(group) for _, group in groupby(ordered, key=_logs)]
    for records in sorted(groups, key=lambda group: -sum(r.n * r.k for r in group)):
        tasks = {record.task for record in records}
        yield RunsJob(
            home=evidence.home.root,
            templates=templates,
            records=records,
            title=evidence.model_title(records[0].model),
            task_titles={task: evidence.task_title(task) for task in sorted(tasks)},
            questions={
                task: {name: one.question for name, one in evidence.problems.shown(task).items()}
                for task in sorted(tasks)
            },
            withheld={
                task: reason
                for task in sorted(tasks)
                if (reason := withheld(evidence.catalog.tasks.get(task)))
            },
            with_samples=options.with_samples,
            texts_a_task=texts,
        )


def _stamp(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _key(job: RunsJob, evidence: Evidence, templates: str) -> str:
    """Names everything that the files of a job are made from."""
    home = Home(job.home)
    own, others = grade_files(home, job.records)
    logs = [log_file(home, job.records[0].provenance.sample_log), own, *others]
    return digest(
        [
            program_digest(), templates, job.title, dict(job.task_titles), job.with_samples,
            job.texts_a_task, dict(job.withheld),
            {task: dict(found) for task, found in job.questions.items()},
            [[r.task, evidence.record_sha256[r.model, r.task]] for r in job.records],
            [[path.name, _stamp(path)] for path in logs] if job.with_samples else [],
        ]
    )  # fmt: skip


def _templates_digest(folder: Path) -> str:
    found = sorted(folder.glob("*.html"))
    return digest([[p.name, hashlib.sha256(p.read_bytes()).hexdigest()] for p in found])


def _answers(job: RunsJob) -> int:
    return sum(record.n * record.k for record in job.records)


@contextlib.contextmanager
def _workers(jobs: list[RunsJob]) -> Iterator[ProcessPoolExecutor | None]:
    """Processes for the jobs, if they are worth it; what waits is given up when the block fails."""
    many = min(len(jobs), os.cpu_count() or 1)
    if os.cpu_count() == 1 or sum(map(_answers, jobs)) < ANSWERS_FOR_PROCESSES:
        yield None
        return
    # A process of its own start, not a fork: this one has had threads.
    pool = ProcessPoolExecutor(many, multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _write_runs(
    site: _Site,
    jobs: dict[str, tuple[str, RunsJob]],
    meanwhile: Callable[[], None],
    on_progress: OnProgress,
) -> dict[str, tuple[str, RunsDone]]:
    """Write the runs of all jobs, by name of the log; `meanwhile` is called while others work."""
    made: dict[str, tuple[str, RunsDone]] = {}
    done = 0
    total = sum(_answers(job) for _, job in jobs.values())
    root, old = site.folder.root, site.folder.old
    with _workers([job for _, job in jobs.values()]) as pool:
        futures: dict[str, Future[RunsDone]] = {}
        if pool is not None:
            futures = {n: pool.submit(write_runs, job, root, old) for n, (_, job) in jobs.items()}
        meanwhile()
        for name, (key, job) in jobs.items():
            found = futures[name].result() if futures else write_runs(job, root, old)
            made[name] = (key, found)
            done += _answers(job)
            on_progress(done, total)
    return made


def _nothing(done: int, total: int) -> None:
    del done, total


def _memo(options: Options) -> Memo:
    return Memo(options.cache / "made" if options.cache else None)


def measurements(home: Home, options: Options) -> list[ResultRecord]:
    """`Home.measurements`, quicker for records that an earlier build read."""
    return home.measurements(options.profile, reader(_memo(options)))


def build_site(
    *,
    home: Home,
    catalog: Catalog,
    out: Path,
    options: Options = Options(),
    report: Report | None = None,
    measured: Sequence[ResultRecord] | None = None,
    on_progress: OnProgress = _nothing,
) -> SiteSummary:
    """Build the site of a home into `out` and return what was built.

    `report` and `measured` are what `tina_bench.stats.report.build_report` and `Home.measurements`
    say of this home under the options' profile, for who has them already (the profile may be left
    out where a home holds no two of one thing). Raises
    `IntegrityError` for a log that is not the one its record was made from, `UsageError` for an
    `out` that holds something else than a site or a base URL that is none, `BlockedError` when
    templates are missing.
    """
    memo, base_url = _memo(options), site_url(options.base_url)
    evidence = gather(
        home, catalog, report, options.profile,
        measured=measured, lock_digest=options.lock_digest, memo=memo,
    )  # fmt: skip
    source = site_folder()
    templates, templates_digest = source / "templates", _templates_digest(source / "templates")
    shared = {
        "evidence": evidence,
        "Verdict": Verdict,
        "Question": Question,
        "run_path": run_path,
        "answer_path": answer_path,
        "preview": preview(evidence, base_url),
        "schema_path": schema_path,
    }
    kept = Kept.of(options.cache, out)
    with replaced(out) as folder:
        new = Folder(folder, out.resolve())
        site = _Site(new, Renderer.of(templates), templates_digest, shared)
        taken, waiting = {}, {}
        for job in _jobs(evidence, templates, options):
            name, key = "/".join(_logs(job.records[0])), _key(job, evidence, templates_digest)
            found = kept.take_over(name, key, folder)
            if found is None:
                waiting[name] = (key, job)
            else:
                taken[name] = (key, found)

        def meanwhile() -> None:
            _write_assets(site, source / "assets")
            _write_data(site, evidence)
            _write_pages(site, evidence)
            _write_offers(site, evidence, base_url)

        made = {**taken, **_write_runs(site, waiting, meanwhile, on_progress)}
        for _, done in made.values():
            twice = done.files.keys() & site.folder.files.keys()
            if twice:
                raise IntegrityError(f"{out}: two pages would stand at {min(twice)}.")
            site.folder.files.update(done.files)
        _write_index(site, evidence, base_url)
    kept.remember(made)
    files = site.folder.files
    return SiteSummary(
        out=out,
        pages=sum(path.endswith(".html") for path in files),
        files=len(files),
        bytes=sum(written.bytes for written in files.values()),
        answers=sum(done.answers for _, done in made.values()),
        transcripts=sum(done.transcripts for _, done in made.values()),
        taken_over=sum(done.answers for _, done in taken.values()),
        digest=evidence.digest,
        newest=evidence.newest,
    )
