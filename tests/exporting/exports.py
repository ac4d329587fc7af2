"""Exports of the committed records and of made homes, and how they are counted after an import."""

from pathlib import Path
from typing import Any

from tests.importing.made_files import take_in
from tests.support.program import ROOT
from tina_bench.catalog.load import load_catalog
from tina_bench.exporting.export import ExportSummary, export_home
from tina_bench.exporting.options import ExportOptions
from tina_bench.store.home import Home

RECORDS = ROOT / "leaderboard" / "records"
CATALOG = load_catalog()
Counts = dict[tuple[str | None, str | None], list[tuple[Any, ...]]]
"""By model and task: right answers, graded answers, problems, runs, and each run by itself."""


def export(home: Path, form: str, path: Path, **options: Any) -> ExportSummary:
    return export_home(Home(home), CATALOG, form, path, ExportOptions(**options))


def own_counts(home: Path) -> Counts:
    found: Counts = {}
    for record in Home(home).results():
        by_run = [sum(one.correct[run] for one in record.problems) for run in range(record.k)]
        row = (record.n_correct, record.n * record.k, record.n, record.k, sorted(by_run))
        found.setdefault((record.model, record.task), []).append(row)
    return found


def imported_counts(home: Path) -> Counts:
    found: Counts = {}
    for one in Home(home).imported():
        by_run = sorted(run.n_correct for run in one.by_run)
        row = (one.n_correct, one.n_trials, one.n, one.runs, by_run)
        found.setdefault((one.model, one.task), []).append(row)
    return {key: sorted(rows, key=repr) for key, rows in found.items()}


def taken_in(path: Path, home: Path) -> Counts:
    """What an import of the export counts; nothing of it may be bad."""
    done = take_in(home, path)
    assert done.bad == []
    assert done.left_out == []
    return imported_counts(home)
