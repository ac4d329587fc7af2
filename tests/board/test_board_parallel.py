"""Tasks beside each other: each done once, none lost, and whatever goes wrong is said."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from tina_bench.board.output import parallel
from tina_bench.board.output.parallel import in_parallel
from tina_bench.errors import IntegrityError


@pytest.fixture(autouse=True)
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "possible", lambda: True)


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def test_every_task_is_done_once_and_in_other_processes() -> None:
    with in_parallel([partial(square, number) for number in range(40)], 2) as started:
        found = dict(started.done())
    assert {number: value for number, (value, _) in found.items()} == {n: n * n for n in range(40)}
    assert os.getpid() not in {process for _, process in found.values()}


def test_without_a_second_process_the_results_are_the_same() -> None:
    with in_parallel([partial(square, number) for number in range(5)], 0) as started:
        found = dict(started.done())
    assert found == {number: (number * number, os.getpid()) for number in range(5)}


def test_groups_of_tasks_at_the_same_time_do_not_take_each_other_s() -> None:
    def slow(number: int) -> int:
        time.sleep(0.05)
        return number

    with (
        in_parallel([partial(slow, number) for number in range(8)], 2) as first,
        in_parallel([partial(slow, 100)], 1) as second,
    ):
        assert dict(second.done()) == {0: 100}
        assert dict(first.done()) == {number: number for number in range(8)}


def test_a_large_result_that_nobody_has_asked_for_yet_holds_nothing_up(tmp_path: Path) -> None:
    def large(number: int) -> bytes:
        (tmp_path / str(number)).touch()
        return bytes(10_000_000)

    with in_parallel([partial(large, number) for number in range(4)], 1) as started:
        until = time.monotonic() + 300  # only so that nothing hangs
        while len(list(tmp_path.iterdir())) < 4:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert sum(len(found) for _, found in started.done()) == 40_000_000


def refuses() -> int:
    raise IntegrityError("this log is not the one.")


def divides() -> float:
    return 1 / 0


def test_an_error_is_raised_where_the_result_is_awaited() -> None:
    with in_parallel([refuses], 1) as started, pytest.raises(IntegrityError, match="not the one"):
        list(started.done())
    with in_parallel([divides], 1) as started, pytest.raises(ZeroDivisionError) as found:
        list(started.done())
    assert "in divides" in "".join(found.value.__notes__)


def test_a_process_that_is_killed_is_told_with_its_signal() -> None:
    def dies() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with in_parallel([dies], 1) as started, pytest.raises(RuntimeError, match=r"\[-9\]"):
        list(started.done())


def test_nothing_outlives_the_block(tmp_path: Path) -> None:
    def endless() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(600)

    with in_parallel([endless], 1):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_beside_another_thread_nothing_is_forked() -> None:
    code = (
        "import threading, tina_bench.board.output.parallel as b\n"
        "print(b.possible())\n"
        "wait = threading.Event()\n"
        "threading.Thread(target=wait.wait).start()\n"
        "print(b.possible())\n"
        "wait.set()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    processors = os.cpu_count() or 1
    assert ended.stdout.split() == [str(processors > 1 and sys.platform == "linux"), "False"]
