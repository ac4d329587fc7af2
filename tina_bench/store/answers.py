"""The answers behind result records, read without keeping or even building the texts.

Guarantees: every byte that a record counts was hashed in the same pass; an answer stands for an
outcome only if it has the record's protocol and the length that the record counted, anything else
is refused with `IntegrityError`; a grade is the record's only if it is of the record's metric and
protocol and says what the record says; each line of a grade log has the bytes that its own check
names. Which of two answers or grades counts is decided in `tina_bench.store.answer_logs`.

A log of many gigabytes is read once, and no text is kept: `RecordAnswers.text` reads one when it is
wanted. Traded away: the other fields of an answer are validated only when it is read whole, and
what is held of a log's answers grows with their number, by about a kilobyte each. Rates on the
machine of BENCHMARKS.md stand there.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from tina_bench.errors import IntegrityError
from tina_bench.files.append_log import is_sealed, read_log
from tina_bench.store.answer_logs import (
    GraderKey,
    RunKey,
    by_grader,
    first_answers,
    grader_key,
    last_grades,
    recorded_grade_log,
    recorded_sample_log,
)
from tina_bench.store.home import read_records
from tina_bench.store.records import Grade, GradeStatus, ResultRecord, Sample

HeadT = TypeVar("HeadT")


class SampleHead(msgspec.Struct, gc=False):
    """An answer without its text, and where it is in the log."""

    key: str
    task: str
    problem: str
    seed: int
    protocol: str
    sample_seed: int
    tokens_out: int
    finish_reason: str
    finished_at: str
    offset: int = 0
    """Of its line, bytes."""
    length: int = 0
    """Of its line, bytes."""


class GradeHead(msgspec.Struct, gc=False):
    """A grade as far as pages show it."""

    task: str
    problem: str
    index: int
    seed: int
    protocol: str
    metric: str
    status: str
    correct: bool
    extracted: str | None
    gold: str
    tokens_out: int

    @property
    def contradicts_itself(self) -> bool:
        """Whether `Grade.contradiction` finds anything."""
        undecided = self.status != GradeStatus.GRADED
        return (self.correct and undecided) or self.index < 0 or self.tokens_out < 0


@dataclass(frozen=True)
class RecordAnswers:
    """The answers to records that share a sample log and a grade log, and their grades."""

    path: Path
    """The sample log; its bytes are those that each of the records carries the sha256 of."""
    samples: dict[RunKey, dict[str, SampleHead]]
    """By run and problem: the answers that count."""
    grades: dict[GraderKey, dict[int, dict[str, GradeHead]]]
    """Of the records' own grade log, by grader, seed and problem: the grades that count."""

    @classmethod
    def read(cls, root: Path, records: Sequence[ResultRecord]) -> "RecordAnswers | None":
        """Of the home at `root`; `None` if the sample log is not there.

        Raises `IntegrityError` for a log in another place, for a sample log with other bytes than
        those that a record counts, and for a damaged grade log.
        """
        path = recorded_sample_log(root, records[0])
        own = recorded_grade_log(root, records[0])
        if not path.is_file():
            return None
        made = [record.provenance for record in records]
        prefixes = {(one.sample_log_bytes, one.sample_log_sha256) for one in made}
        samples: dict[RunKey, dict[str, SampleHead]] = {}
        for head in first_answers(scan_samples(path, prefixes)):
            samples.setdefault((head.protocol, head.task, head.seed), {})[head.problem] = head
        return cls(path, samples, grades_in(own))

    def behind(
        self, record: ResultRecord, position: int
    ) -> Iterator[tuple[SampleHead, GradeHead | None]]:
        """Answer and grade behind each outcome of the record's run at `position`, in order.

        A grade is `None` where there is none that says what the record says. Raises
        `IntegrityError` where an answer is missing, or is another than the record counts.
        """
        made, seed = record.provenance, record.seeds[position]
        samples = self.samples.get((made.protocol, record.task, seed), {})
        grades = self.grades_of(record, seed)
        for problem in record.problems:
            sample, grade = samples.get(problem.problem), grades.get(problem.problem)
            if sample is None or sample.tokens_out != problem.tokens_out[position]:
                raise IntegrityError(
                    f"{made.sample_log}: the answer of {record.model} to problem {problem.index} "
                    f"of {record.task}, seed {seed}, is not the one that its result counts; "
                    "restore the log from a copy, or start afresh in another home."
                )
            if grade is not None and (grade.correct, grade.status != GradeStatus.GRADED) != (
                problem.correct[position],
                problem.undecided[position],
            ):
                grade = None
            yield sample, grade

    def grades_of(self, record: ResultRecord, seed: int) -> dict[str, GradeHead]:
        """The record's grades of one of its runs, by problem."""
        return self.grades.get(grader_key(record), {}).get(seed, {})

    def text(self, head: SampleHead) -> str:
        """What the model wrote, read from the log."""
        return read_sample(self.path, head).text


def grades_in(path: Path) -> dict[GraderKey, dict[int, dict[str, GradeHead]]]:
    """The grades of a log that count, by grader, seed and problem; none where there is no log."""
    if not path.is_file():
        return {}
    return {grader: last_grades(found) for grader, found in by_grader(scan_grades(path)).items()}


def scan_samples(path: Path, prefixes: Collection[tuple[int, str]]) -> Iterator[SampleHead]:
    """Yield the answers within the longest of the prefixes, in the order of the log.

    `prefixes`: lengths in bytes with the sha256 that the log must have so far. Raises
    `IntegrityError` at the end where one differs: what was yielded before may not be used then.
    """
    wanted = dict(prefixes)
    if len(wanted) < len(set(prefixes)):
        raise _other_bytes(path)
    decode = msgspec.json.Decoder(SampleHead)
    hasher, offset, end = hashlib.sha256(), 0, max(wanted)
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            if offset >= end:
                break
            hasher.update(line)
            head = _decoded(decode, line)
            if head is None:
                raise _other_bytes(path)
            head.offset, head.length = offset, len(line)
            offset += len(line)
            expected = wanted.pop(offset, None)
            if expected is not None and expected != hasher.hexdigest():
                raise _other_bytes(path)
            yield head
    if wanted:
        raise _other_bytes(path)


def _decoded(decoder: "msgspec.json.Decoder[HeadT]", line: bytes) -> HeadT | None:
    """One line's head; `None` where it is not of that shape."""
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, ValueError):
        # A lone surrogate is a legal JSON string, which models do emit, and no legal UTF-8.
        try:
            return msgspec.convert(json.loads(line), decoder.type)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None


def _other_bytes(path: Path) -> IntegrityError:
    return IntegrityError(
        f"{path}: found other bytes than its results were made from; restore it from a copy, or "
        "start afresh in another home."
    )


def read_sample(path: Path, head: SampleHead) -> Sample:
    """The whole answer that a head was made of, every field checked."""
    with path.open("rb") as file:
        file.seek(head.offset)
        line = file.read(head.length)
    if not is_sealed(line):
        raise _other_bytes(path)
    record = json.loads(line)
    del record["check"]
    return Sample.model_validate(record)


def scan_grades(path: Path) -> Iterator[GradeHead]:
    """Yield the grades of a log in order; a torn last line is left out.

    Raises `IntegrityError` naming the line for a damaged or contradictory one.
    """
    decode = msgspec.json.Decoder(GradeHead)
    with path.open("rb", buffering=1 << 20) as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            head = _decoded(decode, line) if is_sealed(line) else None
            if head is None or head.contradicts_itself:
                # The strict readers say what is wrong with it, by line.
                for _ in read_records(path, Grade):
                    pass
                for _ in read_log(path):
                    pass
                raise _other_bytes(path)
            yield head
