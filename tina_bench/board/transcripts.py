"""What the pages of runs show of the answers behind a record.

Guarantees: an answer is shown for an outcome only if it is the one that the record counts, and a
grade as the record's only if it says what the record says (`tina_bench.store.answers`), because a
page that shows one answer and counts another is worse than no page. The grades of others are
shown under their names. A home without the sample log, such as the committed records, gives the
outcomes alone.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from tina_bench.store.answer_logs import RunKey, inside, recorded_grade_log
from tina_bench.store.answers import GradeHead, RecordAnswers, SampleHead, grades_in
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord

ALL_TEXTS = -1
"""As a number of problems with texts: all of them."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One outcome of a record, with the sample and grade behind it where they are in the home."""

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
    sample: SampleHead | None
    """The answer, without its text."""
    grade: GradeHead | None
    """The record's grade of it."""
    others: tuple[tuple[str, GradeHead], ...] = ()
    """The grades of others, each with the name of its log."""


@dataclass(frozen=True, slots=True)
class Run:
    """All answers of one model on one task for one seed, in dataset order."""

    model: str
    """Model."""
    task: str
    """Task."""
    seed: int
    """Sample seed."""
    answers: tuple[StoredAnswer, ...]
    """One per problem."""
    has_samples: bool
    """The sample log is in this home."""

    @property
    def n_correct(self) -> int:
        """Correct answers."""
        return sum(answer.correct for answer in self.answers)


def grade_files(home: Home, records: Sequence[ResultRecord]) -> tuple[Path, list[Path]]:
    """The records' own grade log, and every other one in the same folder."""
    own = recorded_grade_log(home.root, records[0])
    others = sorted(path for path in own.parent.glob("*.jsonl") if path != own)
    return own, [inside(home.root, path) for path in others]


def with_text(problems: Sequence[str], most: int) -> frozenset[str]:
    """The problems of a task whose answers are shown with their text.

    The same ones for every model, seed and build: those whose ids have the smallest hashes.
    """
    if most == ALL_TEXTS or len(problems) <= most:
        return frozenset(problems)
    ordered = sorted(problems, key=lambda name: hashlib.sha256(name.encode()).digest())
    return frozenset(ordered[:most])


@dataclass
class TranscriptLogs:
    """The answers to some records that share their logs, and the grades of others."""

    answers: RecordAnswers
    others: dict[RunKey, dict[str, list[tuple[str, GradeHead]]]] = field(default_factory=dict)
    """By run and problem, each with the name of its log."""

    @classmethod
    def read(cls, home: Home, records: Sequence[ResultRecord]) -> "TranscriptLogs | None":
        """Of records with the same sample log and grade log; `None` if the former is not here."""
        answers = RecordAnswers.read(home.root, records)
        if answers is None:
            return None
        logs = cls(answers)
        metrics = {record.provenance.grader.get("metric", "") for record in records}
        own, more = grade_files(home, records)
        for (task, protocol, metric), grades in answers.grades.items():
            if metric not in metrics:
                logs._add_others(own.stem, task, protocol, grades)
        for path in more:
            for (task, protocol, _), grades in grades_in(path).items():
                logs._add_others(path.stem, task, protocol, grades)
        return logs

    def _add_others(
        self, log: str, task: str, protocol: str, grades: dict[int, dict[str, GradeHead]]
    ) -> None:
        for seed, by_problem in grades.items():
            others = self.others.setdefault((protocol, task, seed), {})
            for problem, grade in by_problem.items():
                others.setdefault(problem, []).append((log, grade))

    def others_of(self, record: ResultRecord, seed: int) -> dict[str, list[tuple[str, GradeHead]]]:
        """The grades of others of one of the record's runs, by problem."""
        return self.others.get((record.provenance.protocol, record.task, seed), {})

    def digest(self, record: ResultRecord) -> str:
        """A hash of what the logs hold of a record, apart from the bytes that it hashes itself."""
        hasher = hashlib.sha256()
        for seed in record.seeds:
            grades, others = self.answers.grades_of(record, seed), self.others_of(record, seed)
            found = [sorted(grades.items()), sorted(others.items())]
            hasher.update(repr(found).encode("utf-8", "surrogatepass"))
        return hasher.hexdigest()

    def text(self, head: SampleHead) -> str:
        """What the model wrote, read from the log."""
        return self.answers.text(head)


def runs_of(record: ResultRecord, logs: TranscriptLogs | None) -> Iterator[Run]:
    """Every run of a record, in the order of its seeds."""
    for position, seed in enumerate(record.seeds):
        nothing = repeat((None, None), record.n)
        behind = nothing if logs is None else logs.answers.behind(record, position)
        others = {} if logs is None else logs.others_of(record, seed)
        answers = [
            StoredAnswer(
                problem.problem,
                problem.index,
                problem.correct[position],
                problem.undecided[position],
                problem.answered[position],
                problem.truncated[position],
                problem.tokens_out[position],
                sample,
                grade,
                tuple(others.get(problem.problem, ())),
            )
            for problem, (sample, grade) in zip(record.problems, behind, strict=True)
        ]
        yield Run(record.model, record.task, seed, tuple(answers), logs is not None)
