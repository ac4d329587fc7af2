"""Which records can be graded again, with what it takes, and why the others cannot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tina_bench.catalog.schema import Catalog, Source
from tina_bench.running.regrade.worker import ask_problems
from tina_bench.stats.graders.audit import LeftOut
from tina_bench.store.answer_logs import grader_key
from tina_bench.store.home import Home
from tina_bench.store.job_folder import Dataset, Weights
from tina_bench.store.records import JobKind, ResultRecord
from tina_bench.store.regrade_job import RegradeCell, StoredProblem, TaskInput


@dataclass(frozen=True)
class GradableRecord:
    """A record that can be graded again."""

    record: ResultRecord
    cell: RegradeCell
    problems: Mapping[str, StoredProblem]
    """By problem id."""


def cell_of(record: ResultRecord) -> RegradeCell:
    """The answers that a record counts, as they are named to a worker."""
    made, (task, protocol, metric) = record.provenance, grader_key(record)
    return RegradeCell(
        model=record.model,
        task=task,
        metric=metric,
        remove_reasoning_tags=made.grader.get("remove_reasoning_tags") == "true",
        protocol=protocol,
        seeds=record.seeds,
        problems=tuple(problem.problem for problem in record.problems),
        sample_log=made.sample_log,
        sample_log_bytes=made.sample_log_bytes,
    )


def gradable(
    home: Home, catalog: Catalog, records: Sequence[ResultRecord], folder: Path
) -> tuple[list[GradableRecord], tuple[LeftOut, ...]]:
    """The records that can be graded again, and why the others cannot.

    Makes the problems of their tasks anew, in a process whose files go into `folder`.
    """
    wanted: dict[str, TaskInput] = {}
    reasons: dict[tuple[str, str], str] = {}
    for record in records:
        place, task = (record.model, record.task), catalog.tasks.get(record.task)
        if task is None:
            reasons[place] = "the catalog has no such task"
            continue
        dataset = _dataset(home, record, task.dataset, task.source)
        if dataset is None:
            reasons[place] = (
                f"its dataset {task.dataset} is not in this home, and with it the right answers"
            )
            continue
        # A metric may read more of a row than the gold answer: rows are made as they were.
        first = wanted.setdefault(record.task, TaskInput(task=task, dataset=dataset))
        if first.dataset.sha256 != dataset.sha256:
            reasons[place] = (
                "its dataset has other bytes than that of another model; name one model at a time"
            )
    made = ask_problems(wanted, folder, home.root) if wanted else {}
    found = []
    for record in records:
        problems = made.get(record.task, "")
        place = (record.model, record.task)
        if isinstance(problems, str):
            reasons.setdefault(place, problems.removesuffix("."))
        elif any(problem.problem not in problems for problem in record.problems):
            reasons.setdefault(place, "the catalog's task asks other problems than the record has")
        elif place not in reasons:
            found.append(GradableRecord(record, cell_of(record), problems))
    return found, tuple(
        LeftOut(model=model, task=task, reason=reason)
        for (model, task), reason in sorted(reasons.items())
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
