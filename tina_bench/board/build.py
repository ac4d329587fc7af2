"""Build the leaderboard: a folder of pages that needs no server, no script and no network.

Guarantees: the same home, catalog and report give the same bytes (dates come from records, never
from the clock); the old site stands until the new one is whole; text from models, records and
catalogs is escaped everywhere. Traded away: every build is a full build, and the pages with
transcripts are as large as the transcripts.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tina_bench.board.evidence import Evidence, gather
from tina_bench.board.pages import costs, front, models
from tina_bench.board.render import Renderer, site_folder
from tina_bench.board.replace import MARKER, replaced
from tina_bench.board.table import Table
from tina_bench.board.tables import run_table, tables_of
from tina_bench.board.transcripts import Run, find_runs
from tina_bench.catalog.schema import Catalog
from tina_bench.stats.shapes import Question, Report, Verdict
from tina_bench.store.home import Home

PROBLEMS_A_PAGE = 200


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
    digest: str
    """Names the content of all result records."""
    newest: datetime.datetime | None
    """When the newest result was finished."""


@dataclass
class _Site:
    """The folder that is being filled, and what is in it."""

    folder: Path
    renderer: Renderer
    shared: dict[str, Any]
    sha256: dict[str, str] = field(default_factory=dict)
    size: int = 0
    answers: int = 0
    transcripts: int = 0

    def write(self, path: str, data: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.sha256[path] = hashlib.sha256(data).hexdigest()
        self.size += len(data)

    def table(self, table: Table) -> None:
        self.write(f"data/{table.name}.csv", table.csv())
        self.write(f"data/{table.name}.json", table.json())

    def page(self, template: str, path: str, **context: Any) -> None:
        self.write(path, self.renderer.page(template, path, {**self.shared, **context}))


def run_path(model: str, task: str, seed: int, page: int = 1) -> str:
    """Where a run's page lies, from the site's root."""
    suffix = "" if page == 1 else f"-page-{page}"
    return f"runs/{model}/{task}/seed-{seed}{suffix}.html"


def _write_data(site: _Site, evidence: Evidence) -> None:
    for table in tables_of(evidence):
        site.table(table)
    for (model, task), record in evidence.records.items():
        data = record.model_dump_json(indent=2) + "\n"
        site.write(f"data/records/{model}/{task}.json", data.encode())


def _write_run(site: _Site, evidence: Evidence, run: Run) -> None:
    table = run_table(run)
    site.write(f"data/{table.name}.csv", table.csv())
    answers = run.answers
    pages = [
        answers[start : start + PROBLEMS_A_PAGE]
        for start in range(0, len(answers), PROBLEMS_A_PAGE)
    ]
    for number, shown in enumerate(pages, start=1):
        site.page(
            "run.html",
            run_path(run.model, run.task, run.seed, number),
            run=run,
            shown=shown,
            number=number,
            n_pages=len(pages),
            per_page=PROBLEMS_A_PAGE,
            seeds=evidence.records[run.model, run.task].seeds,
        )
    site.answers += len(answers)
    site.transcripts += sum(answer.sample is not None for answer in answers)


def _write_pages(site: _Site, evidence: Evidence) -> None:
    for module in (front, costs, models):
        for page in module.pages(evidence):
            site.page(page.template, page.path, **page.context)
            own = [plot.table for plot in page.plots if plot.table is not None]
            for table in (*own, *page.tables):
                site.table(table)


def _write_assets(site: _Site, assets: Path) -> None:
    for path in sorted(assets.rglob("*")):
        if path.is_file():
            site.write(f"assets/{path.relative_to(assets).as_posix()}", path.read_bytes())


def _manifest(site: _Site, evidence: Evidence) -> bytes:
    values = {
        "what": "A leaderboard built by tina-bench. Hashes are sha256, by path.",
        "records_digest": evidence.digest,
        "files": dict(sorted(site.sha256.items())),
    }
    return (json.dumps(values, indent=1) + "\n").encode()


def _versions(evidence: Evidence) -> Iterator[str]:
    """Versions of this program that made the results; the one that builds the page is not named.

    It may differ from build to build of the same records without changing a figure.
    """
    yield from sorted({r.provenance.tina_bench_version for r in evidence.records.values()})


def build_site(
    *,
    home: Home,
    catalog: Catalog,
    report: Report,
    out: Path,
    profile: str | None = None,
    transcripts: bool = True,
) -> SiteSummary:
    """Build the site of a home into `out` and return what was built.

    `report` is what `tina_bench.stats.report.build_report` made of this home's measurements under
    `profile` (which may be left out where a home holds no two of one thing). Without
    `transcripts` the run pages list outcomes only, which keeps a large site small. Raises
    `IntegrityError` for a log that is not the one its record was made from, `UsageError` for an
    `out` that holds something else than a site, `BlockedError` when templates are missing.
    """
    evidence = gather(home, catalog, report, profile)
    source = site_folder()
    shared = {
        "evidence": evidence,
        "Verdict": Verdict,
        "Question": Question,
        "run_path": run_path,
        "versions": tuple(_versions(evidence)),
    }
    with replaced(out) as folder:
        site = _Site(folder, Renderer.of(source / "templates"), shared)
        _write_assets(site, source / "assets")
        _write_data(site, evidence)
        _write_pages(site, evidence)
        for run in find_runs(home, evidence.records.values(), with_samples=transcripts):
            _write_run(site, evidence, run)
        site.write(MARKER, _manifest(site, evidence))
    return SiteSummary(
        out=out,
        pages=sum(path.endswith(".html") for path in site.sha256),
        files=len(site.sha256),
        bytes=site.size,
        answers=site.answers,
        transcripts=site.transcripts,
        digest=evidence.digest,
        newest=evidence.newest,
    )
