"""Where everything that a user's runs leave is kept, and how it is laid out.

<home>/
  jobs/<kind>-<model>-<hash>/          one finished step: job.json, result.json, ledger, log
  jobs/<kind>-<model>-<hash>.work/     the same while it runs, or after it failed
  samples/<model>/<identity>.jsonl     every answer ever generated, append-only
  grades/<model>/<identity>.jsonl      what graders decided about them, append-only
  results/<profile>/<model>/<task>.json  outcomes by problem, with provenance
  problems/<task>-<hash>.json          what was asked, and the right answers: for the pages
  imported/<id>.json                   what others measured, one record per file of theirs
  site/                                the leaderboard, unless --out says otherwise
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from tina_bench.errors import BusyError, IntegrityError, UsageError
from tina_bench.files.append_log import read_log
from tina_bench.files.strict import (
    MalformedError,
    first_wrong,
    has_long_number,
    parse_json,
    read_bytes,
    shown,
)
from tina_bench.store.imported import ImportedRun, run_id
from tina_bench.store.imported_results import ImportedResult, imported_results
from tina_bench.store.job_folder import LEDGER_FILE, RESULT_FILE, JobResult
from tina_bench.store.records import LedgerEntry, Record, ResultRecord

WORK_SUFFIX = ".work"
RecordT = TypeVar("RecordT", bound=BaseModel)


def read_record(path: Path, shape: type[RecordT]) -> RecordT:
    """Read one JSON record, strictly: `1` is no `true`, and no key stands twice.

    Raises `IntegrityError` naming the file and the first wrong field, also for a record that
    contradicts itself, and `FileNotFoundError` where there is no file.
    """
    try:
        made = _strictly(read_bytes(path), shape)
        _refuse_contradiction(made)
    except ValidationError as error:
        raise _refusal(f"{path}", shape, first_wrong(error)) from None
    except MalformedError as error:
        raise _refusal(f"{path}", shape, error) from None
    return made


def _strictly(data: bytes, shape: type[RecordT]) -> RecordT:
    """The record in a file's bytes; what the strict parser refuses is reported first.

    Bytes that are exactly what we write of the record, with no integer beyond 64 bits, need no
    second parser: they hold no key twice and no odd number. That halves the time that a record of
    hundreds of problems takes.
    """
    try:
        made = shape.model_validate_json(data, strict=True)
    except ValidationError:
        parse_json(data, f"one {shape.__name__}")
        raise
    if has_long_number(data) or data != (made.model_dump_json(indent=2) + "\n").encode():
        parse_json(data, f"one {shape.__name__}")
    return made


def read_records(path: Path, shape: type[RecordT], length: int | None = None) -> Iterator[RecordT]:
    """Read a log of such records; refuses damage, and the first record of another shape.

    Only what lies within the first `length` bytes, if that is given.
    """
    for number, record in enumerate(read_log(path, length), start=1):
        try:
            made = shape.model_validate(record)
            _refuse_contradiction(made)
        except ValidationError as error:
            raise _refusal(f"{path}, line {number}", shape, first_wrong(error)) from None
        except MalformedError as error:
            raise _refusal(f"{path}, line {number}", shape, error) from None
        yield made


def _refuse_contradiction(made: BaseModel) -> None:
    wrong = made.contradiction() if isinstance(made, Record) else None
    if wrong is not None:
        raise wrong


def _refusal(place: str, shape: type[BaseModel], wrong: MalformedError) -> IntegrityError:
    return IntegrityError(
        f"{place}: {wrong}; restore this {shape.__name__} from a copy, or start afresh in another "
        "home."
    )


ReadResult = Callable[[Path], ResultRecord]


def _read_result(path: Path) -> ResultRecord:
    return read_record(path, ResultRecord)


class Accepted(Protocol):
    """Keeps bytes by what they were made from (`tina_bench.board.output.cache`)."""

    def get(self, kind: str, key: Any, make: Callable[[], bytes]) -> bytes:
        """The value of `key`; made, if it is not kept."""
        ...


def cached_reader(accepted: Accepted) -> ReadResult:
    """Reads a result record like `read_record` once, and in less than half the time after that.

    Bytes that this version of the program has accepted are not checked again for what their types
    do not say. That is most of what a small change to a large board would otherwise take.
    """

    def read(path: Path) -> ResultRecord:
        data = read_bytes(path)
        checked: list[ResultRecord] = []

        def accept() -> bytes:
            checked.append(_read_result(path))
            return b"accepted"

        accepted.get("accepted", hashlib.sha256(data).hexdigest(), accept)
        return checked[0] if checked else ResultRecord.model_validate_json(data, strict=True)

    return read


@dataclass(frozen=True)
class Home:
    """Paths of one home, and the records in it. Reading never creates anything."""

    root: Path

    @classmethod
    def default(cls) -> "Home":
        """`TINA_BENCH_HOME`, else `./runs`."""
        return cls(Path(os.environ.get("TINA_BENCH_HOME") or "runs").absolute())

    @property
    def jobs(self) -> Path:
        """Folder of job folders."""
        return self.root / "jobs"

    @property
    def site(self) -> Path:
        """Default folder of the built leaderboard."""
        return self.root / "site"

    def work_folder(self, name: str) -> Path:
        """Where a job folder is while it is not finished."""
        return self.jobs / (name + WORK_SUFFIX)

    def done_folder(self, name: str) -> Path:
        """Where a job folder is once it is finished."""
        return self.jobs / name

    def sample_log(self, model: str, identity: str) -> Path:
        """Every sample of one set of weights in one engine under one protocol."""
        return self.root / "samples" / model / f"{identity}.jsonl"

    def grade_log(self, model: str, identity: str) -> Path:
        """Every grade that one grader version gave to one sample log."""
        return self.root / "grades" / model / f"{identity}.jsonl"

    def result_file(self, profile: str, model: str, task: str) -> Path:
        """The newest result record of model × task under a profile's protocol."""
        return self.root / "results" / profile / model / f"{task}.json"

    @property
    def problems(self) -> Path:
        """Folder of problem texts."""
        return self.root / "problems"

    def problems_file(self, task: str, sha256: str) -> Path:
        """The problems of a task by the hash of their content (`store.problem_texts`)."""
        return self.problems / f"{task}-{sha256[:16]}.json"

    def imported_file(self, run: str) -> Path:
        """The record of one imported result file, by its id."""
        return self.root / "imported" / f"{run}.json"

    def finished(self) -> dict[str, JobResult]:
        """Result of every finished job folder, by folder name."""
        return {
            path.parent.name: read_record(path, JobResult)
            for path in sorted(self.jobs.glob(f"*/{RESULT_FILE}"))
            if not path.parent.name.endswith(WORK_SUFFIX)
        }

    def results(self, read: ReadResult | None = None) -> list[ResultRecord]:
        """Every result record, ordered by profile, model and task.

        `read` reads one file in place of `read_record`, no less strictly. Raises `IntegrityError`
        for a record of another profile, model or task than its path is of.
        """
        paths = sorted((self.root / "results").glob("*/*/*.json"))
        return [self._result(path, read or _read_result) for path in paths]

    def _result(self, path: Path, read: ReadResult) -> ResultRecord:
        record = read(path)
        named = (record.provenance.profile, record.model, record.task)
        placed = (path.parent.parent.name, path.parent.name, path.stem)
        keys = ("provenance.profile", "model", "task")
        for key, found, expected in zip(keys, named, placed, strict=True):
            if found != expected:
                raise _refusal(
                    f"{path}",
                    ResultRecord,
                    MalformedError(key, shown(found), f"{shown(expected)}, as its place says"),
                )
        return record

    def measurements(
        self, profile: str | None = None, read: ReadResult | None = None
    ) -> list[ResultRecord]:
        """Result records of one profile; of all, if no model × task has one under two of them.

        Raises `UsageError` when the choice is the user's to make: two protocols are two
        measurements, and neither may silently stand for the other.
        """
        chosen: dict[tuple[str, str], ResultRecord] = {}
        for record in self.results(read):
            own = record.provenance.profile
            if profile not in (None, own):
                continue
            other = chosen.setdefault((record.model, record.task), record)
            if other is not record:
                raise UsageError(
                    f"{self.root}: {record.model} on {record.task} was measured under the profiles "
                    f"{other.provenance.profile!r} and {own!r}; choose one with --profile."
                )
        return list(chosen.values())

    def imported_runs(self) -> list[ImportedRun]:
        """Every imported result file, ordered by id; their times are not on our bill.

        Raises `IntegrityError` for a record that no longer fits its file's name.
        """
        runs = []
        for path in sorted((self.root / "imported").glob("*.json")):
            run = read_record(path, ImportedRun)
            if run.id != path.stem or run.id != run_id(run.file.sha256, run.part):
                raise IntegrityError(
                    f"{path}: id: found {shown(run.id)}, expected the file's name and the "
                    "beginning of the source's sha256 (of a part: as its name makes it); restore "
                    "the file from a copy, or import it again."
                )
            runs.append(run)
        return runs

    def imported(self) -> list[ImportedResult]:
        """Every score that was imported, oldest first.

        Each is a piece of evidence of its own, except those with `repeat_of`.
        """
        return imported_results(self.imported_runs())

    def ledger(self) -> Iterator[LedgerEntry]:
        """Every ledger entry of every attempt, finished folders first by name."""
        for path in self.ledgers():
            yield from read_records(path, LedgerEntry)

    def ledgers(self) -> list[Path]:
        """Their files."""
        return sorted(self.jobs.glob(f"*/{LEDGER_FILE}"))

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the home against a second `reproduce`; raises `BusyError` when it is taken.

        The kernel releases the lock when the process ends, however it ends.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BusyError(
                    f"{self.root}: another tina-bench is at work in this home; wait for it, stop "
                    "it, or choose another with TINA_BENCH_HOME."
                ) from None
            yield


def open_home(home: Home | Path | str | None = None) -> Home:
    """A home, or that of a folder; `None` for `TINA_BENCH_HOME`, else `./runs`. Creates nothing.

    Raises `UsageError` where there is something else than a folder.
    """
    if isinstance(home, Home):
        return home
    made = Home.default() if home is None else Home(Path(home).absolute())
    if made.root.exists() and not made.root.is_dir():
        raise UsageError(
            f"{made.root}: found a file, expected a folder to keep everything in; name another "
            "home with --home or TINA_BENCH_HOME."
        )
    return made
