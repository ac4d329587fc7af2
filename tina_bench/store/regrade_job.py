"""What is handed to the process that grades stored answers again, and what it brings back."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tina_bench.catalog.graders import Grader
from tina_bench.catalog.schema import Task
from tina_bench.files.hashing import digest
from tina_bench.store.home import read_records
from tina_bench.store.job_folder import Dataset
from tina_bench.store.log_identity import NAME_DIGITS
from tina_bench.store.records import Record, Sample

ORDER_FILE = "order.json"
PROBLEMS_FILE = "problems.json"
ANSWER_FILE = "answer.json"
NO_ENGINE = 3
"""Exit code of a worker whose packages are not installed."""
REFUSED = 4
"""Exit code of a worker that says why in `answer.json`."""


class RegradeCell(Record):
    """One model on one task: the answers that its result record counts."""

    model: str
    """Model."""
    task: str
    """Task."""
    metric: str
    """Import path of the task's own metric, from the record."""
    remove_reasoning_tags: bool
    """Whether `<think>…</think>` was stripped before grading, and is again."""
    protocol: str
    """Protocol hash that the record's samples carry."""
    seeds: tuple[int, ...]
    """The record's seeds."""
    problems: tuple[str, ...]
    """The record's problem ids."""
    sample_log: str
    """Relative to the home."""
    sample_log_bytes: int
    """What the log has grown by since is not read."""


class ProblemOrder(Record):
    """A task whose problems are wanted, with the dataset that a record was made from."""

    task: Task
    """The catalog's task."""
    dataset: Dataset
    """Its files, by the record's own hashes."""


class RegradeOrder(Record):
    """All that one interpreter grades in one go."""

    schema_version: Literal[1] = 1
    cells: tuple[RegradeCell, ...]
    """What to grade."""
    graders: tuple[Grader, ...]
    """With what."""
    timeout_seconds: float
    """Hard limit an answer and grader; then it is undecided."""
    only_installed: bool = False
    """Leave out a grader whose packages this interpreter lacks, where others are left."""


class StoredProblem(Record):
    """A problem as its task makes it, without the library that made it."""

    problem: str
    """Problem id."""
    index: int
    """Row of the dataset."""
    query: str
    """What is asked."""
    choices: tuple[str, ...]
    """Choices; of a free answer the one right answer."""
    golds: tuple[str, ...]
    """Right answers, as a grader is given them."""
    fields: dict[str, Any]
    """All fields of LightEval's `Doc` that JSON can hold."""

    @property
    def is_choice(self) -> bool:
        """Whether one of several choices is asked for."""
        return len(self.choices) > 1


class RegradeLog(Record):
    """Where the grades of one grader on one cell lie."""

    model: str
    """Model."""
    task: str
    """Task."""
    grader: str
    """Grader."""
    metric: str
    """What the grades carry as their metric."""
    versions: dict[str, str]
    """Of the grader's packages; `none` where one is not installed."""
    grade_log: str
    """Relative to the home."""


class RegradeAnswer(Record):
    """What the worker has done."""

    schema_version: Literal[1] = 1
    logs: tuple[RegradeLog, ...] = ()
    """One a cell and grader that suits it."""
    graded: int = 0
    """Answers graded now; the others had been graded before."""
    refusal: str | None = None
    """Why nothing was done."""


def regrade_log_name(cell: RegradeCell, grader: Grader, versions: Mapping[str, str]) -> str:
    """Name of the log of one grader's grades of one sample log: never that of a record's own."""
    parts = ["regrade", cell.sample_log, grader.name, grader.rules, dict(versions)]
    return digest([*parts, cell.remove_reasoning_tags])[:NAME_DIGITS]


def grader_metric(cell: RegradeCell, grader: Grader) -> str:
    """What the grades of a grader carry as their metric."""
    return cell.metric if grader.name == "task" else f"tina_bench.catalog.graders:{grader.name}"


def counted(path: Path, cells: Sequence[RegradeCell]) -> Iterator[tuple[RegradeCell, Sample]]:
    """Every answer of a log that a record counts, once; texts are not kept.

    Of two answers to one question the first is the record's: what was appended after a record was
    made cannot replace what it hashes.
    """
    by_task = {(cell.task, cell.protocol): cell for cell in cells}
    wanted = {key: (set(cell.seeds), set(cell.problems)) for key, cell in by_task.items()}
    seen: set[tuple[str, str, str, int]] = set()
    for sample in read_records(path, Sample):
        key = (sample.task, sample.protocol)
        if key not in wanted:
            continue
        seeds, problems = wanted[key]
        place = (*key, sample.problem, sample.seed)
        if sample.seed in seeds and sample.problem in problems and place not in seen:
            seen.add(place)
            yield by_task[key], sample
