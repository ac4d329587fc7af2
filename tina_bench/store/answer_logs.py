"""The logs behind result records: where they lie, whether they changed, and which line counts.

One place for what every reader of stored answers has to decide: the checks of `verify`, grading
again, and the pages.

Guarantees: a log is opened only at its own place in the home, whatever a record says, because a
record may come with a pull request; the bytes that a record counts have the sha256 that it carries;
of two answers to one question the first is the record's, so that what was appended after the
record was made cannot replace what it hashes; of two grades of one answer the later is the
record's, as it is when outcomes are collected. Nothing is counted without every field being
checked.

Traded away: speed. `tina_bench.store.answers` reads many answers without checking all fields. This
module needs no more than pydantic, so that any interpreter that grades can use it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from tina_bench.errors import IntegrityError
from tina_bench.files.hashing import sha256_prefix
from tina_bench.files.strict import shown
from tina_bench.store.home import Home, read_record, read_records
from tina_bench.store.records import Grade, ResultRecord, Sample, SampleSource
from tina_bench.store.regrade_job import RegradeCell

RunKey = tuple[str, str, int]
"""Protocol, task and seed: one run in a log."""
GraderKey = tuple[str, str, str]
"""Task, protocol and metric: one grader's grades of the answers to one task."""
FoundT = TypeVar("FoundT")


class HasQuestion(Protocol):
    """What an answer is to, or a grade of: enough of either to say which one counts."""

    @property
    def task(self) -> str:
        """Task."""

    @property
    def problem(self) -> str:
        """Problem id."""

    @property
    def seed(self) -> int:
        """The run's seed."""

    @property
    def protocol(self) -> str:
        """Protocol hash."""


class HasMetric(HasQuestion, Protocol):
    """A grade, as far as it takes to say which one counts."""

    @property
    def metric(self) -> str:
        """Import path of the metric."""


AnswerT = TypeVar("AnswerT", bound=HasQuestion)
GradeT = TypeVar("GradeT", bound=HasMetric)


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What a grade must agree with in the sample that it is of; the text is not kept."""

    task: str
    problem: str
    index: int
    seed: int
    protocol: str
    tokens_out: int
    truncated: bool


def facts_of(record: Sample | Grade) -> AnswerFacts:
    """The facts that a sample and its grade have in common."""
    cut = record.finish_reason == "length" if isinstance(record, Sample) else record.truncated
    return AnswerFacts(
        record.task, record.problem, record.index, record.seed, record.protocol,
        record.tokens_out, cut,
    )  # fmt: skip


def recorded_sample_log(root: Path, record: ResultRecord) -> Path:
    """Where a record's samples lie, `samples/<model>/<name>.jsonl` of the home at `root`.

    Raises `IntegrityError` where the record names another place, or a link leads out of the home.
    """
    return _recorded(root, record, "samples", "sample_log", record.provenance.sample_log)


def recorded_grade_log(root: Path, record: ResultRecord) -> Path:
    """Where a record's grades lie, `grades/<model>/<name>.jsonl`; as `recorded_sample_log`."""
    return _recorded(root, record, "grades", "grade_log", record.provenance.grade_log)


def _recorded(root: Path, record: ResultRecord, kind: str, key: str, found: str) -> Path:
    parts = found.split("/")
    name = parts[-1].removesuffix(".jsonl")
    is_log = len(parts) == 3 and parts[:2] == [kind, record.model] and name != parts[-1]
    if not is_log or {record.model, name} & {"", ".", ".."} or "\0" in found or "\\" in found:
        file = Home(root).result_file(record.provenance.profile, record.model, record.task)
        raise IntegrityError(
            f"{file}: provenance.{key}: found {shown(found)}, outside this home's logs of the "
            f"model, expected {kind}/{record.model}/NAME.jsonl; correct the record."
        )
    return inside(root, root / found)


def inside(root: Path, path: Path) -> Path:
    """The path; raises `IntegrityError` where a link leads it out of the home at `root`."""
    # Not `Path.resolve`, which raises for a circle of links: that is refused later, as no file.
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise IntegrityError(
            f"{path}: found a link that leads out of the home, expected the log itself; put a "
            "copy of the log in the link's place."
        )
    return path


def check_sample_logs(root: Path, records: Iterable[ResultRecord]) -> None:
    """Refuse a sample log whose recorded part has changed; one that has grown since is fine.

    What several records share is hashed once. Raises `IntegrityError` naming the file.
    """
    logs = AnswerLogs(root)
    for record in records:
        logs.check_samples(record)


def grader_key(record: ResultRecord) -> GraderKey:
    """Which grades of a log are the record's."""
    made = record.provenance
    return record.task, made.protocol, made.grader.get("metric", "")


def first_answers(answers: Iterable[AnswerT]) -> Iterator[AnswerT]:
    """The answers but for those to a question that was answered before."""
    seen: dict[RunKey, set[str]] = {}
    for answer in answers:
        known = seen.setdefault((answer.protocol, answer.task, answer.seed), set())
        if answer.problem not in known:
            known.add(answer.problem)
            yield answer


def by_grader(grades: Iterable[GradeT]) -> dict[GraderKey, list[GradeT]]:
    """All grades of a log, in order, apart by what they are of and what made them."""
    found: dict[GraderKey, list[GradeT]] = {}
    for grade in grades:
        found.setdefault((grade.task, grade.protocol, grade.metric), []).append(grade)
    return found


def last_grades(grades: Iterable[GradeT]) -> dict[int, dict[str, GradeT]]:
    """One grader's grades of the answers to a task, by seed and problem: the last of each."""
    found: dict[int, dict[str, GradeT]] = {}
    for grade in grades:
        found.setdefault(grade.seed, {})[grade.problem] = grade
    return found


def counted_samples(
    path: Path, cells: Sequence[RegradeCell]
) -> Iterator[tuple[RegradeCell, Sample]]:
    """Every answer of a log that the cells' records count, once; texts are not kept.

    What the log has grown by since the records were made is not read. For logs that
    `check_sample_logs` has found unchanged.
    """
    by_task = {(cell.task, cell.protocol): cell for cell in cells}
    wanted = {key: (set(cell.seeds), set(cell.problems)) for key, cell in by_task.items()}

    def of_records() -> Iterator[Sample]:
        length = max(cell.sample_log_bytes for cell in cells)
        for sample in read_records(path, Sample, length):
            seeds, problems = wanted.get((sample.task, sample.protocol), ((), ()))
            if sample.seed in seeds and sample.problem in problems:
                yield sample

    for sample in first_answers(of_records()):
        yield by_task[sample.task, sample.protocol], sample


def _once(
    known: dict[Path, FoundT | IntegrityError], path: Path, read: Callable[[Path], FoundT]
) -> FoundT:
    """What reading a log gave, or raised, the first time."""
    if path not in known:
        try:
            known[path] = read(path)
        except IntegrityError as error:
            known[path] = error
    found = known[path]
    if isinstance(found, IntegrityError):
        raise found
    return found


class AnswerLogs:
    """The logs of one home, each read once and strictly, however many records share it.

    What is wrong with a log is raised again for every record that shares it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._samples: dict[Path, dict[str, AnswerFacts] | IntegrityError] = {}
        self._grades: dict[Path, dict[GraderKey, list[Grade]] | IntegrityError] = {}
        self._prefixes: dict[tuple[Path, int], str] = {}

    def sample_log(self, record: ResultRecord) -> Path:
        """`recorded_sample_log` of this home."""
        return recorded_sample_log(self._root, record)

    def grade_log(self, record: ResultRecord) -> Path:
        """`recorded_grade_log` of this home."""
        return recorded_grade_log(self._root, record)

    def check_samples(self, record: ResultRecord) -> None:
        """Refuse a sample log whose recorded part has changed; each length of it is hashed once."""
        made, path = record.provenance, self.sample_log(record)
        if not path.is_file():
            raise IntegrityError(
                f"{path}: found no file, expected the samples of {record.model} on {record.task}; "
                "restore it from a copy, or start afresh in another home."
            )
        key = (path, made.sample_log_bytes)
        if key not in self._prefixes:
            self._prefixes[key] = sha256_prefix(*key)
        if self._prefixes[key] != made.sample_log_sha256:
            raise IntegrityError(
                f"{path}: found other bytes than the result of {record.model} on {record.task} was "
                "made from; restore it from a copy, or start afresh in another home."
            )

    def source(self, record: ResultRecord) -> SampleSource | None:
        """The origin of the samples, from the file next to their log; `None` without one."""
        path = inside(self._root, self.sample_log(record).with_suffix(".json"))
        return read_record(path, SampleSource) if path.is_file() else None

    def samples(self, record: ResultRecord) -> dict[str, AnswerFacts]:
        """Every sample of the record's log by its key, also what the log has grown by.

        Raises `IntegrityError` for a damaged log, and where one key stands for two answers.
        """
        return _once(self._samples, self.sample_log(record), _read_samples)

    def grades(self, record: ResultRecord) -> list[Grade]:
        """The grades of the record's answers by its grader, in the order of the log.

        Raises `IntegrityError` for a damaged log.
        """
        return self.grades_in(self.grade_log(record)).get(grader_key(record), [])

    def grades_in(self, path: Path) -> dict[GraderKey, list[Grade]]:
        """All grades of a log, in order; raises `IntegrityError` for a damaged one."""
        return _once(self._grades, path, lambda path: by_grader(read_records(path, Grade)))


def _read_samples(path: Path) -> dict[str, AnswerFacts]:
    answers: dict[str, AnswerFacts] = {}
    for sample in read_records(path, Sample):
        facts = facts_of(sample)
        if answers.setdefault(sample.key, facts) != facts:
            raise IntegrityError(f"{path}: found two answers under the key {sample.key[:16]}…")
    return answers
