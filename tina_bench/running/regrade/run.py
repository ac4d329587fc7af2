"""Grade a home's stored answers again, with other graders or other versions, and compare.

Guarantees: no record and no grade that a record counts is touched; nothing is generated; new grades
are kept in logs of their own (`<home>/grades/<model>/`), so that a second call grades nothing again
and an interrupted one goes on where it stopped; answers are those whose sha256 the record carries,
right answers those of the dataset whose sha256 it carries, anything else is refused or left out by
name. Traded away: graders run on this machine, outside a container, each answer in a process that
is killed at its time limit; and each log is read once more, so that no more texts are held than
those of answers that graders differ on, and of these only the end.

Versions: one process can load one version of a package. Another version is another interpreter
(`pythons`) that runs the same worker, or the grades that others published of the very same answers
(`tina_bench.running.regrade.imported_grades`).
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tina_bench.catalog.graders import RECORDED, choose_graders
from tina_bench.catalog.schema import Catalog
from tina_bench.errors import BlockedError, IntegrityError
from tina_bench.files.worker_process import OnProgress
from tina_bench.running.regrade.flips import with_texts
from tina_bench.running.regrade.gradable_records import GradableRecord, gradable
from tina_bench.running.regrade.imported_grades import ImportedGrades
from tina_bench.running.regrade.worker import grade_again
from tina_bench.stats.graders.audit import CellAudit, GraderAudit, RuledAnswer, Ruling, audit_cell
from tina_bench.store.answer_logs import (
    AnswerLogs,
    check_sample_logs,
    last_grades,
    recorded_grade_log,
)
from tina_bench.store.home import Home
from tina_bench.store.records import Grade, GradeStatus, ResultRecord
from tina_bench.store.regrade_job import RegradeLog, RegradeOrder

TIMEOUT_SECONDS = 10.0
"""Hard limit per answer and grader, as in the `grade` job."""


def regrade_home(
    home: Home,
    catalog: Catalog,
    records: Sequence[ResultRecord],
    graders: Sequence[str] | None = None,
    on_progress: OnProgress = lambda _done, _all: None,
    *,
    pythons: Sequence[Path] = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> GraderAudit:
    """Grade the answers behind the records with each grader (all for `None`) and compare.

    `on_progress` is called with the answers graded, and with all that there are; it starts again
    with each of `pythons`, further interpreters that run those of the graders whose packages they
    have.

    Raises `UsageError` for an unknown grader or interpreter, `IntegrityError` for logs that are not
    the ones that a record was made from, `MissingEngineError` where a grader's package is not
    installed, `BusyError` while another process grades the same again, `BlockedError` where nothing
    can be graded again, and `JobFailedError` when a worker fails.
    """
    chosen = choose_graders(None if graders is None else tuple(graders))
    ordered = sorted(records, key=lambda one: (one.model, one.task, one.provenance.profile))
    check_sample_logs(home.root, ordered)
    for record in ordered:
        recorded_grade_log(home.root, record)
    with tempfile.TemporaryDirectory(prefix="tina-bench-") as name:
        folder = Path(name)
        found, left_out = gradable(home, catalog, ordered, folder)
        if not found:
            why = left_out[0].reason if left_out else "there is no result record"
            raise BlockedError(f"{home.root}: nothing can be graded again: {why}.")
        graded, logs = 0, dict[tuple[str, str], dict[str, RegradeLog]]()
        for number, python in enumerate((Path(sys.executable), *pythons)):
            order = RegradeOrder(
                cells=tuple(one.cell for one in found),
                problems={one.cell.task: tuple(one.problems.values()) for one in found},
                graders=chosen,
                timeout_seconds=timeout_seconds,
                only_installed=number > 0,
            )
            answer = grade_again(python, order, folder, home.root, on_progress)
            graded += answer.graded
            for log in answer.logs:
                _keep(logs.setdefault((log.model, log.task), {}), log)
    imported, audits = ImportedGrades(home), []
    # The logs of one model at a time: no two models share any.
    for _, of_model in groupby(found, key=lambda one: one.record.model):
        answers = AnswerLogs(home.root)
        audits += [
            _audit(home, catalog, one, logs.get((one.cell.model, one.cell.task), {}), answers,
                   imported)
            for one in of_model
        ]  # fmt: skip
    return GraderAudit(
        cells=tuple(with_texts(home, found, audits)), left_out=left_out, graded_now=graded
    )


def _keep(logs: dict[str, RegradeLog], log: RegradeLog) -> None:
    """Name a grader's log; the same grader with other versions is another grader."""
    if log.grader in logs and logs[log.grader].grade_log != log.grade_log:
        versions = ", ".join(f"{name} {version}" for name, version in log.versions.items())
        logs[f"{log.grader} ({versions})"] = log
    else:
        logs[log.grader] = log


def _audit(
    home: Home,
    catalog: Catalog,
    graded: GradableRecord,
    logs: Mapping[str, RegradeLog],
    answer_logs: AnswerLogs,
    imported: ImportedGrades,
) -> CellAudit:
    record, cell = graded.record, graded.cell
    stored = last_grades(answer_logs.grades(record))
    made = {
        name: last_grades(
            answer_logs.grades_in(home.root / log.grade_log).get(
                (cell.task, cell.protocol, log.metric), []
            )
        )
        for name, log in logs.items()
    }
    others = imported.rulings(cell)
    answers = []
    for problem in record.problems:
        for run, seed in enumerate(record.seeds):
            rulings = {RECORDED: Ruling.WRONG}
            if problem.undecided[run]:
                rulings[RECORDED] = Ruling.UNDECIDED
            elif problem.correct[run]:
                rulings[RECORDED] = Ruling.RIGHT
            recorded = stored.get(seed, {}).get(problem.problem)
            read = {RECORDED: recorded.extracted if recorded and problem.answered[run] else None}
            key = ""
            for name, by_seed in made.items():
                grade = by_seed.get(seed, {}).get(problem.problem)
                if grade is None:
                    raise IntegrityError(
                        f"{cell.sample_log}: holds no answer of {record.model} to problem "
                        f"{problem.index} of {record.task}, seed {seed}, which its result counts; "
                        "restore the log from a copy, or start afresh in another home."
                    )
                rulings[name], read[name] = ruling_of(grade), grade.extracted
                key = key or grade.key
            for name, (ruling, found) in others.get((problem.problem, seed), {}).items():
                rulings[name], read[name] = ruling, found
            key = key or (recorded.key if recorded else "")
            answers.append(RuledAnswer(problem.problem, problem.index, seed, key, rulings, read))
    versions = {name: log.versions for name, log in logs.items()}
    versions[RECORDED] = {
        name: version
        for name, version in record.provenance.grader.items()
        if name not in {"metric", "remove_reasoning_tags"}
    }
    task = catalog.tasks.get(record.task)
    return audit_cell(
        record.model,
        record.task,
        answers,
        n=record.n,
        k=record.k,
        margin_points=task.margin_points if task else None,
        versions=versions,
    )


def ruling_of(grade: Grade) -> Ruling:
    """A grade as audits compare it."""
    if grade.status is not GradeStatus.GRADED:
        return Ruling.UNDECIDED
    return Ruling.RIGHT if grade.correct else Ruling.WRONG
