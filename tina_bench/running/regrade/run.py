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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tina_bench.catalog.graders import RECORDED, choose_graders
from tina_bench.catalog.schema import Catalog, Source
from tina_bench.errors import BlockedError, IntegrityError
from tina_bench.running.regrade.grade_logs import GradeLogs, ruling_of
from tina_bench.running.regrade.imported_grades import ImportedGrades
from tina_bench.running.regrade.worker import ask_problems, grade_again
from tina_bench.stats.graders.audit import (
    CellAudit,
    Flip,
    GraderAudit,
    LeftOut,
    RuledAnswer,
    Ruling,
    audit_cell,
)
from tina_bench.store.home import Home
from tina_bench.store.job_folder import Dataset, Weights
from tina_bench.store.log_identity import check_sample_logs
from tina_bench.store.records import JobKind, ResultRecord
from tina_bench.store.regrade_job import (
    ProblemOrder,
    RegradeCell,
    RegradeLog,
    RegradeOrder,
    StoredProblem,
    counted,
)

TIMEOUT_SECONDS = 10.0
"""Hard limit an answer and grader, as in the `grade` job."""
END_CHARACTERS = 600
"""Of an answer, shown with a flip."""


@dataclass(frozen=True)
class _Cell:
    """A record that can be graded again."""

    record: ResultRecord
    order: RegradeCell
    problems: Mapping[str, StoredProblem]


def regrade_home(
    home: Home,
    catalog: Catalog,
    records: Sequence[ResultRecord],
    graders: Sequence[str] | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _all: None,
    *,
    pythons: Sequence[Path] = (),
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> GraderAudit:
    """Grade the answers behind the records with each grader (all for `None`) and compare.

    `on_progress` is told how many answers are graded, of how many; it starts again with each of
    `pythons`, further interpreters that run those of the graders whose packages they have.

    Raises `UsageError` for an unknown grader or interpreter, `IntegrityError` for logs that are not
    the ones that a record was made from, `MissingEngineError` where a grader's package is not
    installed, `BusyError` while another process grades the same again, `BlockedError` where nothing
    can be graded again, and `JobFailedError` when a worker fails.
    """
    chosen = choose_graders(None if graders is None else tuple(graders))
    ordered = sorted(records, key=lambda one: (one.model, one.task, one.provenance.profile))
    for record in ordered:
        for name in (record.provenance.sample_log, record.provenance.grade_log):
            _inside(home, name)
    check_sample_logs(home.root, ordered)
    with tempfile.TemporaryDirectory(prefix="tina-bench-") as name:
        folder = Path(name)
        cells, left_out = _cells(home, catalog, ordered, folder)
        if not cells:
            why = left_out[0].reason if left_out else "there is no result record"
            raise BlockedError(f"{home.root}: nothing can be graded again: {why}.")
        graded, logs = 0, dict[tuple[str, str], dict[str, RegradeLog]]()
        for number, python in enumerate((Path(sys.executable), *pythons)):
            order = RegradeOrder(
                cells=tuple(cell.order for cell in cells),
                graders=chosen,
                timeout_seconds=timeout_seconds,
                only_installed=number > 0,
            )
            answer = grade_again(python, order, folder, home.root, on_progress)
            graded += answer.graded
            for log in answer.logs:
                _keep(logs.setdefault((log.model, log.task), {}), log)
    grade_logs, imported = GradeLogs(home.root), ImportedGrades(home)
    audits = [
        _audit(catalog, cell, logs.get((cell.record.model, cell.record.task), {}), grade_logs,
               imported)
        for cell in cells
    ]  # fmt: skip
    return GraderAudit(
        cells=tuple(_with_texts(home, cells, audits)), left_out=left_out, graded_now=graded
    )


def flip_texts(
    home: Home, records: Sequence[ResultRecord], audit: GraderAudit
) -> Iterator[tuple[CellAudit, Flip, str]]:
    """Every flip with its whole answer, in the order of the sample logs, one text at a time."""
    flips = {
        (cell.model, cell.task, flip.problem, flip.seed): (cell, flip)
        for cell in audit.cells
        for flip in cell.flips
    }
    by_log: dict[tuple[str, str], list[RegradeCell]] = {}
    for record in sorted(records, key=lambda one: (one.model, one.task)):
        order = cell_order(record)
        by_log.setdefault((order.sample_log, order.protocol), []).append(order)
    for (log, _), orders in by_log.items():
        for order, sample in counted(home.root / log, orders):
            found = flips.get((order.model, order.task, sample.problem, sample.seed))
            if found is not None:
                yield *found, sample.text


def _inside(home: Home, name: str) -> Path:
    """A log of a record; a record may come from anybody, so it may not point outside."""
    path = (home.root / name).resolve()
    if not path.is_relative_to(home.root.resolve()):
        raise IntegrityError(
            f"{home.root}: a result record names the log {name!r}, which lies outside this home; "
            "correct the record."
        )
    return path


def cell_order(record: ResultRecord) -> RegradeCell:
    """The answers that a record counts, as a worker is told of them."""
    made = record.provenance
    return RegradeCell(
        model=record.model,
        task=record.task,
        metric=made.grader.get("metric", ""),
        remove_reasoning_tags=made.grader.get("remove_reasoning_tags") == "true",
        protocol=made.protocol,
        seeds=record.seeds,
        problems=tuple(problem.problem for problem in record.problems),
        sample_log=made.sample_log,
        sample_log_bytes=made.sample_log_bytes,
    )


def _dataset(home: Home, record: ResultRecord, name: str, source: Source) -> Dataset | None:
    """The dataset that a record was made from, as far as it is here."""
    sha256 = record.provenance.dataset_sha256
    if source is Source.EMBEDDED:
        return Dataset(name=name, sha256=sha256)
    for result in home.finished().values():
        if result.kind is JobKind.FETCH and result.outputs.get("sha256") == sha256:
            folder = Weights.model_validate(result.outputs).folder
            return Dataset(name=name, folder=folder, sha256=sha256)
    return None


def _cells(
    home: Home, catalog: Catalog, records: Sequence[ResultRecord], folder: Path
) -> tuple[list[_Cell], tuple[LeftOut, ...]]:
    """Which records can be graded again, and why the others cannot."""
    wanted: dict[str, ProblemOrder] = {}
    reasons: dict[tuple[str, str], str] = {}
    for record in records:
        cell, task = (record.model, record.task), catalog.tasks.get(record.task)
        if task is None:
            reasons[cell] = "the catalog has no such task"
            continue
        dataset = _dataset(home, record, task.dataset, task.source)
        if dataset is None:
            reasons[cell] = (
                f"its dataset {task.dataset} is not in this home, and with it the right answers"
            )
            continue
        # A metric may read more of a row than the gold answer: rows are made as they were.
        first = wanted.setdefault(record.task, ProblemOrder(task=task, dataset=dataset))
        if first.dataset.sha256 != dataset.sha256:
            reasons[cell] = (
                "its dataset has other bytes than that of another model; name one model at a time"
            )
    made = ask_problems(wanted, folder, home.root) if wanted else {}
    cells = []
    for record in records:
        problems = made.get(record.task, "")
        cell = (record.model, record.task)
        if isinstance(problems, str):
            reasons.setdefault(cell, problems.removesuffix("."))
        elif any(problem.problem not in problems for problem in record.problems):
            reasons.setdefault(cell, "the catalog's task asks other problems than the record has")
        if cell not in reasons:
            assert not isinstance(problems, str)
            cells.append(_Cell(record, cell_order(record), problems))
    return cells, tuple(
        LeftOut(model=model, task=task, reason=reason)
        for (model, task), reason in sorted(reasons.items())
    )


def _keep(logs: dict[str, RegradeLog], log: RegradeLog) -> None:
    """Name a grader's log; the same grader with other versions is another grader."""
    if log.grader in logs and logs[log.grader].grade_log != log.grade_log:
        versions = ", ".join(f"{name} {version}" for name, version in log.versions.items())
        logs[f"{log.grader} ({versions})"] = log
    else:
        logs[log.grader] = log


def _audit(
    catalog: Catalog,
    cell: _Cell,
    logs: Mapping[str, RegradeLog],
    grade_logs: GradeLogs,
    imported: ImportedGrades,
) -> CellAudit:
    record, order = cell.record, cell.order
    stored = grade_logs.of(record.provenance.grade_log, order, order.metric)
    made = {name: grade_logs.of(log.grade_log, order, log.metric) for name, log in logs.items()}
    others = imported.rulings(order)
    answers = []
    for problem in record.problems:
        for run, seed in enumerate(record.seeds):
            place = (problem.problem, seed)
            rulings = {RECORDED: Ruling.WRONG}
            if problem.undecided[run]:
                rulings[RECORDED] = Ruling.UNDECIDED
            elif problem.correct[run]:
                rulings[RECORDED] = Ruling.RIGHT
            grade = stored.get(place)
            read = {RECORDED: grade.extracted if grade and problem.answered[run] else None}
            for name, grades in made.items():
                if place not in grades:
                    raise IntegrityError(
                        f"{order.sample_log}: holds no answer of {record.model} to problem "
                        f"{problem.index} of {record.task}, seed {seed}, which its result counts; "
                        "restore the log from a copy, or start afresh in another home."
                    )
                rulings[name] = ruling_of(grades[place])
                read[name] = grades[place].extracted
            for name, (ruling, found) in others.get(place, {}).items():
                rulings[name], read[name] = ruling, found
            key = next((grades[place].key for grades in made.values()), grade.key if grade else "")
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


def _with_texts(
    home: Home, cells: Sequence[_Cell], audits: Sequence[CellAudit]
) -> Iterator[CellAudit]:
    """The audits with question, right answer and the end of the answer at every flip."""
    problems = {(cell.order.model, cell.order.task): cell.problems for cell in cells}
    texts: dict[tuple[str, str, str, int], Flip] = {}
    records = [cell.record for cell in cells]
    for audit, flip, text in flip_texts(home, records, GraderAudit(cells=tuple(audits))):
        problem = problems[audit.model, audit.task][flip.problem]
        texts[audit.model, audit.task, flip.problem, flip.seed] = flip.model_copy(
            update={
                "gold": problem.golds[0],
                "question": problem.query,
                "answer_end": text[-END_CHARACTERS:],
                "answer_characters": len(text),
            }
        )
    for audit in audits:
        flips = tuple(
            texts.get((audit.model, audit.task, flip.problem, flip.seed), flip)
            for flip in audit.flips
        )
        yield audit.model_copy(update={"flips": flips})


def write_flips(
    path: Path, store: "Home", records: "list[ResultRecord]", found: "GraderAudit"
) -> None:
    """One JSON object a flip, with the whole answer; replaced whole or not at all."""
    import json

    from tina_bench.files.atomic import write_text

    lines = [
        json.dumps({"model": cell.model, "task": cell.task, **flip.model_dump(mode="json"),
                    "answer": text})
        for cell, flip, text in flip_texts(store, records, found)
    ]  # fmt: skip
    write_text(path.absolute(), "".join(f"{line}\n" for line in lines))
