"""Sample and grade logs of one folder of records, each read once, however many records share it.

A record is input from outside when it comes with a pull request: where it says its logs lie is
checked before anything is opened, so that no record makes `verify` read a file elsewhere.
"""

from dataclasses import dataclass
from pathlib import Path

from tina_bench.errors import IntegrityError
from tina_bench.files.hashing import sha256_prefix
from tina_bench.store.home import read_record, read_records
from tina_bench.store.records import Grade, ResultRecord, Sample, SampleSource


@dataclass(frozen=True, slots=True)
class Answer:
    """What a grade must agree with in the sample that it is of; the text is not kept."""

    task: str
    problem: str
    index: int
    seed: int
    protocol: str
    tokens_out: int
    truncated: bool


def answer_of(record: Sample | Grade) -> Answer:
    """The facts that a sample and its grade have in common."""
    cut = record.finish_reason == "length" if isinstance(record, Sample) else record.truncated
    return Answer(
        record.task, record.problem, record.index, record.seed, record.protocol,
        record.tokens_out, cut,
    )  # fmt: skip


class CheckedLogs:
    """The logs below one root. Errors are raised again for every record that shares a log."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._samples: dict[str, dict[str, Answer] | IntegrityError] = {}
        self._grades: dict[str, dict[tuple[str, str, str], list[Grade]] | IntegrityError] = {}
        self._prefixes: dict[tuple[str, int], str] = {}

    def place(self, record: ResultRecord, kind: str, said: str) -> Path:
        """Where a log lies; raises `IntegrityError` unless it is `<kind>/<model>/<name>.jsonl`.

        Nor may a link lead out of the folder of records.
        """
        parts = said.split("/")
        name = parts[-1].removesuffix(".jsonl")
        plain = len(parts) == 3 and parts[:2] == [kind, record.model] and name not in {"", ".."}
        path = self._root / said
        if not plain or parts[-1] == name or "\0" in said or "\\" in said:
            raise IntegrityError(
                f"found {said[:120]!r}, expected {kind}/{record.model}/NAME.jsonl beside the record"
            )
        if not path.resolve().is_relative_to(self._root.resolve()):
            raise IntegrityError(f"{said}: found a link that leads out of the folder of records")
        return path

    def prefix(self, path: Path, length: int) -> str:
        """The sha256 of the first `length` bytes of a log."""
        key = (str(path), length)
        if key not in self._prefixes:
            self._prefixes[key] = sha256_prefix(path, length)
        return self._prefixes[key]

    def source(self, path: Path) -> SampleSource | None:
        """What lies beside a sample log and says what made it; `None` where nothing lies there."""
        beside = path.with_suffix(".json")
        return read_record(beside, SampleSource) if beside.is_file() else None

    def samples(self, path: Path) -> dict[str, Answer]:
        """Every sample of a log by its key.

        Raises `IntegrityError` for a damaged log, and where one key stands for two answers.
        """
        found = self._samples.get(str(path))
        if found is None:
            try:
                found = self._read_samples(path)
            except IntegrityError as error:
                found = error
            self._samples[str(path)] = found
        if isinstance(found, IntegrityError):
            raise found
        return found

    def _read_samples(self, path: Path) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for sample in read_records(path, Sample):
            answer = answer_of(sample)
            if answers.setdefault(sample.key, answer) != answer:
                raise IntegrityError(f"{path}: found two answers under the key {sample.key[:16]}…")
        return answers

    def grades(self, path: Path, task: str, protocol: str, metric: str) -> list[Grade]:
        """What a grade log says of a task's answers, in order; raises `IntegrityError`."""
        found = self._grades.get(str(path))
        if found is None:
            found = {}
            try:
                for grade in read_records(path, Grade):
                    key = (grade.task, grade.protocol, grade.metric)
                    found.setdefault(key, []).append(grade)
            except IntegrityError as error:
                found = error
            self._grades[str(path)] = found
        if isinstance(found, IntegrityError):
            raise found
        return found.get((task, protocol, metric), [])
