"""What is handed to the processes that make problems and grade stored answers again, and back.

Only the shapes: `tina_bench.running.regrade` hands over, `tina_bench.jobs` carries out, and
`tina_bench.files.worker_process` is how. The problems of tasks also go to the lock.
"""

from typing import Any, Literal

from tina_bench.catalog.graders import Grader
from tina_bench.catalog.schema import Task
from tina_bench.errors import TinaBenchError
from tina_bench.store.job_folder import Dataset
from tina_bench.store.records import Record


class TaskInput(Record):
    """A task whose problems are wanted, and the dataset that they are made from."""

    task: Task
    """The catalog's task."""
    dataset: Dataset
    """Its files, by hash; its folder is relative to the worker's root."""


class ProblemOrder(Record):
    """Tasks whose problems are wanted."""

    schema_version: Literal[1] = 1
    wanted: Literal["sha256", "problems"]
    """One hash over each task's problems, or the problems themselves."""
    tasks: dict[str, TaskInput]
    """By catalog name."""


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


class TaskProblems(Record):
    """A task's problems, as far as they were wanted and could be made."""

    refusal: str | None = None
    """Why they cannot be made, in a sentence; then there is nothing else."""
    sha256: str | None = None
    """Hash over every problem's query, choices and gold answer, in dataset order."""
    packages: dict[str, str] | None = None
    """With the hash: version of each package that decides a grade; `none` for one not installed."""
    problems: tuple[StoredProblem, ...] = ()
    """In dataset order."""


class ProblemAnswer(Record):
    """The problems of every task of a `ProblemOrder`."""

    schema_version: Literal[1] = 1
    tasks: dict[str, TaskProblems]
    """By catalog name."""


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

    def metric_of(self, grader: Grader) -> str:
        """What the grades of a grader carry as their metric."""
        return self.metric if grader.name == "task" else f"tina_bench.catalog.graders:{grader.name}"


class RegradeOrder(Record):
    """All that one interpreter grades in one call."""

    schema_version: Literal[1] = 1
    cells: tuple[RegradeCell, ...]
    """What to grade."""
    problems: dict[str, tuple[StoredProblem, ...]]
    """By task: what the answers answer."""
    graders: tuple[Grader, ...]
    """With what."""
    timeout_seconds: float
    """Hard limit per answer and grader; an answer that takes longer is undecided."""
    only_installed: bool = False
    """Leave out a grader whose packages this interpreter lacks, where others are left."""


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
    """One per cell and grader that suits it."""
    graded: int = 0
    """Answers graded now; the others had been graded before."""
    refusal: str | None = None
    """Why nothing was done, or no more than was."""
    refusal_exit_code: int = TinaBenchError.exit_code
    """With a refusal: which of `tina_bench.errors` it is."""
