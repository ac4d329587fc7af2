"""Helper processes: `python -m MODULE FOLDER …`, an order in one file and an answer in another.

For work that needs a library which the caller must not import, or another interpreter. Both ends
are here: the caller's (`run_worker`, `read_answer`) and the worker's (`read_order`, `report`,
`write_answer`).

Guarantees: order and answer are whole or absent; the worker has a session of its own, so that
Ctrl-C reaches the caller alone, which asks the worker to stop, waits, and kills what is left of the
session; nothing that a worker prints is taken for its answer. Traded away: what is handed over is
JSON, which both ends have to build and check.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from pydantic import BaseModel

from tina_bench.errors import UsageError
from tina_bench.files.atomic import write_text

ORDER_FILE = "order.json"
ANSWER_FILE = "answer.json"
ERRORS_FILE = "stderr.txt"
NO_ENGINE = 3
"""Exit code of a worker whose packages are not installed."""
REFUSED = 4
"""Exit code of a worker whose answer says why it did nothing."""
GRACE_SECONDS = 10.0
"""From asking a worker to stop to killing it."""
ERROR_CHARACTERS = 300
"""Of the last line that a worker wrote to standard error, in a sentence."""
OnProgress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""

ShapeT = TypeVar("ShapeT", bound=BaseModel)


@dataclass(frozen=True)
class WorkerEnd:
    """How a worker ended."""

    code: int
    """Exit code; for a worker that a signal ended, minus the signal's number."""
    answered: bool
    """It left an answer, as it has to with the codes 0 and `REFUSED`."""
    how: str
    """For a sentence, after "the process that …"."""


def run_worker(
    module: str,
    folder: Path,
    order: BaseModel,
    *arguments: str,
    python: Path | None = None,
    on_progress: OnProgress = lambda _done, _all: None,
    timeout_seconds: float | None = None,
) -> WorkerEnd:
    """Write the order into `folder`, and run a worker on it to its end.

    `arguments` follow the folder on its command line; `python` is the interpreter, without it this
    process's own. A worker that takes longer than `timeout_seconds` is killed. Raises `UsageError`
    where the interpreter cannot be started.
    """
    (folder / ANSWER_FILE).unlink(missing_ok=True)
    write_text(folder / ORDER_FILE, _spelled(order))
    command = [str(python or sys.executable), "-m", module, str(folder), *arguments]
    overdue = threading.Event()
    with (folder / ERRORS_FILE).open("wb") as errors:
        child = _start(command, errors)
        try:
            with _time_limit(child, timeout_seconds, overdue):
                code = _follow(child, on_progress)
        except BaseException:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(GRACE_SECONDS)
            _kill_session(child)
            child.wait()
            raise
    answered = (folder / ANSWER_FILE).is_file()
    if overdue.is_set():
        return WorkerEnd(code, answered, f"was stopped after {timeout_seconds:g} s, unfinished")
    text = (folder / ERRORS_FILE).read_text(encoding="utf-8", errors="replace").strip()
    last = text.splitlines()[-1][:ERROR_CHARACTERS] if text else "no error message"
    without = " and left no answer" if code == 0 and not answered else ""
    return WorkerEnd(code, answered, f"ended with {code}{without}: {last}")


def _start(command: list[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """A worker that finds this very package, whatever its interpreter has installed."""
    package = str(Path(__file__).parents[2])
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
    try:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": paths},
        )
    except OSError as error:
        raise UsageError(
            f"{command[0]}: cannot be started as a Python: {error.strerror}."
        ) from None


@contextlib.contextmanager
def _time_limit(
    child: subprocess.Popen[bytes], seconds: float | None, overdue: threading.Event
) -> Iterator[None]:
    if seconds is None:
        yield
        return

    def end() -> None:
        if child.poll() is None:
            overdue.set()
            _kill_session(child)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _follow(child: subprocess.Popen[bytes], on_progress: OnProgress) -> int:
    """Hand on what a worker reports until it ends; returns its exit code."""
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            told = _reported(line)
            if told is not None:
                on_progress(*told)
    return child.wait()


def _reported(line: bytes) -> tuple[int, int] | None:
    """What `report` wrote; `None` for what a library prints, which is nothing to show."""
    try:
        done, total = json.loads(line)
        return int(done), int(total)
    except (ValueError, TypeError):
        return None


def _kill_session(child: subprocess.Popen[bytes]) -> None:
    """Kill a worker and the processes that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def read_answer(folder: Path, shape: type[ShapeT]) -> ShapeT:
    """What a worker that has ended with 0 or `REFUSED` answered."""
    return _read(folder / ANSWER_FILE, shape)


def read_order(folder: Path, shape: type[ShapeT]) -> ShapeT:
    """What a worker has to do."""
    return _read(folder / ORDER_FILE, shape)


def write_answer(folder: Path, answer: BaseModel) -> None:
    """Leave a worker's answer for its caller."""
    write_text(folder / ANSWER_FILE, _spelled(answer))


def report(done: int, total: int) -> None:
    """Say from within a worker how far it is."""
    print(json.dumps([done, total]), flush=True)


def _spelled(record: BaseModel) -> str:
    # Not pydantic's own JSON, which has no way to spell half a surrogate pair; answers have them.
    return json.dumps(record.model_dump(mode="json"))


def _read(path: Path, shape: type[ShapeT]) -> ShapeT:
    return shape.model_validate(json.loads(path.read_text(encoding="utf-8")))
