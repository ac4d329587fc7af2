"""The answers behind a result record, found again in the logs.

Guarantees: an answer is shown for an outcome only if the log's bytes are those that the record's
sha256 names, and the answer has the record's protocol and the length that the record counted;
anything else is refused with `IntegrityError`, because a page that shows one answer and counts
another is worse than no page. A grade is shown as the record's only if it is of the record's metric
and protocol and says what the record says; what other graders said stands beside it under their
names. A home without the sample log, such as the committed records, gives the outcomes alone.

A log of many gigabytes is read once, and no text is kept: `TranscriptLogs.text` reads one when it
is shown. Traded away: what is held of a log's answers grows with their number, by about a kilobyte
each.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tina_bench.errors import IntegrityError
from tina_bench.store.answers import GradeHead, SampleHead, read_sample, scan_grades, scan_samples
from tina_bench.store.home import Home
from tina_bench.store.records import GradeStatus, ProblemOutcome, ResultRecord

Cell = tuple[str, str, int]
"""Protocol, task and seed: what names one run in a log."""
ALL_TEXTS = -1
"""Stands for every problem where the number of problems with texts is asked for."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
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
    sample: SampleHead | None
    """What the model wrote, but for the text."""
    grade: GradeHead | None
    """What the record's grader read out of it."""
    others: tuple[tuple[str, GradeHead], ...] = ()
    """What other graders said of it, each with the name of its log."""


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
    """One a problem."""
    has_samples: bool
    """The sample log is in this home."""

    @property
    def n_correct(self) -> int:
        """Correct answers."""
        return sum(answer.correct for answer in self.answers)


def log_file(home: Home, name: str) -> Path:
    """A log of a record; a record may come from anybody, so it may not point outside."""
    root = home.root.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise IntegrityError(
            f"{root}: a result record names the log {name!r}, which lies outside this home; "
            "correct the record."
        )
    return path


def grade_files(home: Home, records: Sequence[ResultRecord]) -> tuple[Path, list[Path]]:
    """The records' own grade log, and every other one in the same folder."""
    own = log_file(home, records[0].provenance.grade_log)
    return own, sorted(path for path in own.parent.glob("*.jsonl") if path != own)


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
    """The logs that some records share, once their bytes were checked against each record."""

    path: Path
    samples: dict[Cell, dict[str, SampleHead]] = field(default_factory=dict)
    grades: dict[tuple[Cell, str], dict[str, GradeHead]] = field(default_factory=dict)
    others: dict[Cell, dict[str, list[tuple[str, GradeHead]]]] = field(default_factory=dict)

    @classmethod
    def read(cls, home: Home, records: Sequence[ResultRecord]) -> "TranscriptLogs | None":
        """Of records with the same sample log and grade log; `None` if the former is not here."""
        path = log_file(home, records[0].provenance.sample_log)
        if not path.is_file():
            return None
        logs = cls(path)
        made = [record.provenance for record in records]
        prefixes = {(one.sample_log_bytes, one.sample_log_sha256) for one in made}
        for head in scan_samples(path, prefixes):
            # The first wins: what was appended after a record was made cannot replace what it
            # hashes.
            logs.samples.setdefault((head.protocol, head.task, head.seed), {}).setdefault(
                head.problem, head
            )
        own, more = grade_files(home, records)
        if own.is_file():
            for grade in scan_grades(own):
                logs._take(grade, own.stem, records)
        for other in more:
            for grade in scan_grades(other):
                logs._take_other(grade, other.stem)
        return logs

    def _take(self, grade: GradeHead, log: str, records: Sequence[ResultRecord]) -> None:
        """The later wins, as it does when outcomes are collected."""
        cell = (grade.protocol, grade.task, grade.seed)
        metrics = {record.provenance.grader.get("metric", "") for record in records}
        if grade.metric in metrics:
            self.grades.setdefault((cell, grade.metric), {})[grade.problem] = grade
        else:
            self._take_other(grade, log)

    def _take_other(self, grade: GradeHead, log: str) -> None:
        cell = (grade.protocol, grade.task, grade.seed)
        said = self.others.setdefault(cell, {}).setdefault(grade.problem, [])
        said[:] = [old for old in said if (old[0], old[1].metric) != (log, grade.metric)]
        said.append((log, grade))

    def behind(
        self, record: ResultRecord, problem: ProblemOutcome, position: int
    ) -> tuple[SampleHead, GradeHead | None, tuple[tuple[str, GradeHead], ...]]:
        """The answer to a problem in the run at `position`, and what graders said of it."""
        made, seed = record.provenance, record.seeds[position]
        cell = (made.protocol, record.task, seed)
        sample = self.samples.get(cell, {}).get(problem.problem)
        if sample is None or sample.tokens_out != problem.tokens_out[position]:
            raise IntegrityError(
                f"{made.sample_log}: the answer of {record.model} to problem {problem.index} of "
                f"{record.task}, seed {seed}, is not the one that its result counts; restore the "
                "log from a copy, or start afresh in another home."
            )
        others = tuple(self.others.get(cell, {}).get(problem.problem, ()))
        grade = self.grades.get((cell, made.grader.get("metric", "")), {}).get(problem.problem)
        if grade is None or (grade.correct, grade.status != GradeStatus.GRADED) != (
            problem.correct[position],
            problem.undecided[position],
        ):
            return sample, None, others
        return sample, grade, others

    def said(self, record: ResultRecord) -> str:
        """Names what the logs say of a record, beside the bytes that it hashes itself."""
        made, hasher = record.provenance, hashlib.sha256()
        for seed in record.seeds:
            cell = (made.protocol, record.task, seed)
            grades = self.grades.get((cell, made.grader.get("metric", "")), {})
            others = self.others.get(cell, {})
            found = [sorted(grades.items()), sorted(others.items())]
            hasher.update(repr(found).encode("utf-8", "surrogatepass"))
        return hasher.hexdigest()

    def text(self, head: SampleHead) -> str:
        """What the model wrote, read from the log."""
        return read_sample(self.path, head).text


def runs_of(record: ResultRecord, logs: TranscriptLogs | None) -> Iterator[Run]:
    """Every run of a record, in the order of its seeds."""
    for position, seed in enumerate(record.seeds):
        answers = []
        for problem in record.problems:
            behind = logs.behind(record, problem, position) if logs else (None, None, ())
            answers.append(
                StoredAnswer(
                    problem.problem,
                    problem.index,
                    problem.correct[position],
                    problem.undecided[position],
                    problem.answered[position],
                    problem.truncated[position],
                    problem.tokens_out[position],
                    *behind,
                )
            )
        yield Run(record.model, record.task, seed, tuple(answers), logs is not None)
