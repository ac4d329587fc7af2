"""The answers behind a result record, found again in the logs.

Guarantees: an answer is shown for an outcome only if the log's bytes are those that the record's
sha256 names, and the answer has the record's protocol and the length that the record counted;
anything else is refused with `IntegrityError`, because a page that shows one answer and counts
another is worse than no page. A grade is shown only if it is of the record's metric and protocol
and says what the record says. A home without the sample log, such as the committed records, gives
the outcomes alone.

Traded away: all answers of one log are held in memory at once, so that a log is read once and not
once a task.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tina_bench.errors import IntegrityError
from tina_bench.store.home import Home, read_records
from tina_bench.store.integrity import check_sample_log
from tina_bench.store.records import Grade, GradeStatus, ProblemOutcome, ResultRecord, Sample

Place = tuple[str, str, str, int]
"""Protocol, task, problem id and seed: what names one answer of a log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One outcome of a record, with the sample and grade behind it where they are at hand."""

    problem: str
    """Problem id."""
    index: int
    """Row in the dataset."""
    correct: bool
    """As the record has it."""
    undecided: bool
    """The grader gave no decision."""
    answered: bool
    """The grader found something to grade."""
    truncated: bool
    """Cut at the limit."""
    tokens_out: int
    """Generated tokens."""
    sample: Sample | None
    """What the model wrote."""
    grade: Grade | None
    """What the grader read out of it."""


@dataclass(frozen=True, slots=True)
class Run:
    """All answers of one model on one task for one seed, in dataset order."""

    model: str
    """Model."""
    task: str
    """Task."""
    seed: int
    """Sample seed."""
    answers: tuple[Answer, ...]
    """One a problem."""
    has_samples: bool
    """The sample log is in this home."""

    @property
    def n_correct(self) -> int:
        """Correct answers."""
        return sum(answer.correct for answer in self.answers)


def _inside(home: Home, name: str) -> Path:
    """A log of a record; a record may come from anybody, so it may not point outside."""
    root = home.root.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise IntegrityError(
            f"{root}: a result record names the log {name!r}, which lies outside this home; "
            "correct the record."
        )
    return path


def _names(record: ResultRecord) -> tuple[str, str]:
    return record.provenance.sample_log, record.provenance.grade_log


def _place(line: Sample | Grade) -> Place:
    return line.protocol, line.task, line.problem, line.seed


def _samples(path: Path) -> dict[Place, Sample]:
    """The first wins: what was appended after a record was made cannot replace what it hashes."""
    found: dict[Place, Sample] = {}
    for sample in read_records(path, Sample):
        found.setdefault(_place(sample), sample)
    return found


def _grades(path: Path) -> dict[tuple[Place, str], Grade]:
    """By place and metric; the later wins, as it does when outcomes are collected."""
    grades = read_records(path, Grade)
    return {(_place(grade), grade.metric): grade for grade in grades}


@dataclass(frozen=True, slots=True)
class _Logs:
    """The two logs that some records share."""

    samples: dict[Place, Sample]
    grades: dict[tuple[Place, str], Grade]

    def behind(
        self, record: ResultRecord, problem: ProblemOutcome, position: int
    ) -> tuple[Sample, Grade | None]:
        """The answer to a problem in the run at `position`, and its grade if it is at hand."""
        made, seed = record.provenance, record.seeds[position]
        place = (made.protocol, record.task, problem.problem, seed)
        sample = self.samples.get(place)
        if sample is None or sample.tokens_out != problem.tokens_out[position]:
            raise IntegrityError(
                f"{made.sample_log}: the answer of {record.model} to problem {problem.index} of "
                f"{record.task}, seed {seed}, is not the one that its result counts; restore the "
                "log from a copy, or start afresh in another home."
            )
        grade = self.grades.get((place, made.grader.get("metric", "")))
        if grade is None or (grade.correct, grade.status is not GradeStatus.GRADED) != (
            problem.correct[position],
            problem.undecided[position],
        ):
            return sample, None
        return sample, grade


def _read(home: Home, records: list[ResultRecord]) -> _Logs | None:
    """The logs that the records share, checked against each; `None` if they are not here."""
    samples, grades = (_inside(home, name) for name in _names(records[0]))
    if not samples.is_file():
        return None
    for record in records:
        check_sample_log(home.root, record)
    return _Logs(_samples(samples), _grades(grades))


def _run(record: ResultRecord, position: int, logs: _Logs | None) -> Run:
    answers = []
    for problem in record.problems:
        sample, grade = logs.behind(record, problem, position) if logs else (None, None)
        answers.append(
            Answer(
                problem=problem.problem,
                index=problem.index,
                correct=problem.correct[position],
                undecided=problem.undecided[position],
                answered=problem.answered[position],
                truncated=problem.truncated[position],
                tokens_out=problem.tokens_out[position],
                sample=sample,
                grade=grade,
            )
        )
    return Run(
        model=record.model,
        task=record.task,
        seed=record.seeds[position],
        answers=tuple(answers),
        has_samples=logs is not None,
    )


def find_runs(
    home: Home, records: Iterable[ResultRecord], *, with_samples: bool = True
) -> Iterator[Run]:
    """Every run of every record; without samples when asked so, or when the log is not here."""
    for _, group in groupby(sorted(records, key=_names), key=_names):
        sharing = list(group)
        logs = _read(home, sharing) if with_samples else None
        for record in sharing:
            for position in range(record.k):
                yield _run(record, position, logs)
