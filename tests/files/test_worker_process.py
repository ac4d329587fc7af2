"""A helper process gets its order whole, its answer comes back whole, and its end is told."""

import os
import sys
import time
from pathlib import Path

import pytest
from pydantic import BaseModel

from tina_bench.errors import UsageError
from tina_bench.files.worker_process import (
    NO_ENGINE,
    REFUSED,
    WorkerEnd,
    read_answer,
    run_worker,
)


class Letter(BaseModel):
    text: str


BEGINNING = """
import os, subprocess, sys, time
from pathlib import Path
from pydantic import BaseModel
from tina_bench.files.worker_process import read_order, report, write_answer

class Letter(BaseModel):
    text: str

folder = Path(sys.argv[1])
order = read_order(folder, Letter)
"""


class Worker:
    """A module of a few lines, in a folder of its own, and the folder that it is given."""

    def __init__(self, folder: Path) -> None:
        self.modules, self.folder = folder / "modules", folder / "work"
        self.modules.mkdir()
        self.folder.mkdir()

    def run(self, body: str, text: str = "", *arguments: str, **options: object) -> WorkerEnd:
        (self.modules / "a_worker.py").write_text(BEGINNING + body, encoding="utf-8")
        return run_worker("a_worker", self.folder, Letter(text=text), *arguments, **options)  # type: ignore[arg-type]


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Worker:
    made = Worker(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(made.modules))
    return made


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def is_gone(pid: int) -> bool:
    for _ in range(100):
        if not is_alive(pid):
            return True
        time.sleep(0.05)
    return False


ANSWER = "write_answer(folder, Letter(text=order.text + ' '.join(sys.argv[2:])))\n"


@pytest.mark.parametrize("text", ["plain", "half a pair: \ud800", "\x00\u202e\n"])
def test_the_order_arrives_and_the_answer_comes_back_whatever_letters_are_in_them(
    worker: Worker, text: str
) -> None:
    end = worker.run(ANSWER, text, "and more")
    assert (end.code, end.answered) == (0, True)
    assert read_answer(worker.folder, Letter).text == text + "and more"


def test_what_is_reported_is_handed_on_and_what_a_library_prints_is_not(worker: Worker) -> None:
    told: list[tuple[int, int]] = []
    body = """
print("loading [1, 2]")
report(1, 3)
print("[1]\\nnull\\n{}")
sys.stdout.buffer.write(b"\\xff\\n")
report(3, 3)
"""
    end = worker.run(body, on_progress=lambda done, total: told.append((done, total)))
    assert end.code == 0
    assert told == [(1, 3), (3, 3)]


@pytest.mark.parametrize("code", [NO_ENGINE, REFUSED, 1])
def test_the_exit_code_is_the_worker_s(worker: Worker, code: int) -> None:
    end = worker.run(f"sys.exit({code})")
    assert (end.code, end.answered) == (code, False)


def test_a_failure_is_told_by_the_last_line_of_the_error_stream(worker: Worker) -> None:
    end = worker.run("raise ValueError('first\\nand last')")
    assert end.how == "ended with 1: and last"


def test_a_worker_that_ends_well_and_answers_nothing_is_told(worker: Worker) -> None:
    end = worker.run("")
    assert not end.answered
    assert end.how == "ended with 0 and left no answer: no error message"


def test_the_answer_to_an_earlier_order_is_not_taken_for_this_one_s(worker: Worker) -> None:
    assert worker.run(ANSWER).answered
    assert not worker.run("").answered


def test_a_worker_that_takes_too_long_is_stopped_with_what_it_started(worker: Worker) -> None:
    body = """
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
Path(folder, "pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""
    end = worker.run(body, timeout_seconds=3.0)
    assert end.code < 0
    assert end.how == "was stopped after 3 s, unfinished"
    assert all(is_gone(int(pid)) for pid in (worker.folder / "pids").read_text().split())


@pytest.mark.parametrize("deaf", [False, True])
def test_ctrl_c_ends_a_worker_even_one_that_does_not_listen(
    worker: Worker, deaf: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tina_bench.files.worker_process.GRACE_SECONDS", 0.5)

    def interrupt(pid: int, _: int) -> None:
        os.environ["A_WORKER_PID"] = str(pid)
        raise KeyboardInterrupt

    listen = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if deaf else ""
    with pytest.raises(KeyboardInterrupt):
        worker.run(listen + "report(os.getpid(), 0)\ntime.sleep(60)", on_progress=interrupt)
    assert is_gone(int(os.environ.pop("A_WORKER_PID")))


def test_what_is_no_python_is_refused_by_name(worker: Worker, tmp_path: Path) -> None:
    no_python = tmp_path / "python"
    no_python.write_text("no program")
    with pytest.raises(UsageError, match="cannot be started as a Python: Permission denied"):
        worker.run("", python=no_python)


def test_a_program_that_is_no_python_is_told_to_have_left_no_answer(worker: Worker) -> None:
    end = worker.run("", python=Path("/bin/true"))
    assert end.how == "ended with 0 and left no answer: no error message"


def test_the_worker_imports_this_package_whatever_the_current_folder_is(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert worker.run(ANSWER, python=Path(sys.executable)).answered
