"""Several engines on one queue: who gets what, who dies, who is told, and who is left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.engine_stand_in import SAMPLING, STACK, make_pool, make_request
from tests.support.program import ROOT
from tests.support.worlds import make_catalog
from tina_bench.errors import JobFailedError, UsageError
from tina_bench.jobs import engine_worker, evaluate
from tina_bench.jobs.engine import Completion, RequestQueue, SampleRequest
from tina_bench.jobs.engine_pool import EnginePool

pytestmark = pytest.mark.slow


def always() -> bool:
    return True


def answers_of(pool: EnginePool, requests: list[SampleRequest]) -> list[Completion]:
    return [a for some in pool.stream(RequestQueue(requests, always), SAMPLING) for a in some]


def pids(folder: Path) -> list[int]:
    return [int(path.stem) for path in folder.glob("*.pid")]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def soon(holds: Callable[[], bool], seconds: float = 300) -> bool:
    """Whether it comes to hold; the limit is only so that nothing hangs."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_every_request_is_answered_once_and_every_engine_answers_some(tmp_path: Path) -> None:
    requests = [make_request(f"r{number}") for number in range(40)]
    with closing(make_pool(tmp_path, 3, len(requests))) as pool:
        found = answers_of(pool, requests)
        assert sorted(answer.key for answer in found) == sorted(r.key for r in requests)
        assert len(pool.answered) == 3
        assert min(pool.answered) > 0
        assert sum(pool.answered) == 40
        assert pool.steps > 0
        assert pool.incidents == []
    assert all(map(gone, pids(tmp_path)))


def test_no_more_engines_start_than_there_are_requests(tmp_path: Path) -> None:
    with closing(make_pool(tmp_path, 5, 2)) as pool:
        assert pool.engines == 2
        assert len(answers_of(pool, [make_request("a"), make_request("b")])) == 2
        assert pool.answered == (1, 1), "the one that is up first does not take all"


def test_an_engine_holds_two_batches_and_the_rest_stays_in_the_queue(tmp_path: Path) -> None:
    requests = [make_request(f"forever-{number}") for number in range(100)]
    feed = RequestQueue(requests, always)
    with closing(make_pool(tmp_path, 2, len(requests))) as pool:
        stream = pool.stream(feed, SAMPLING)
        for _ in range(3):
            assert next(stream) == []
        stream.close()
    assert len(list(feed)) == 100 - 2 * 2 * STACK.max_num_seqs


def test_large_requests_and_large_answers_do_not_wait_for_each_other(tmp_path: Path) -> None:
    requests = [make_request(f"r{number}", 300_000) for number in range(24)]
    with closing(make_pool(tmp_path, 2, len(requests))) as pool:
        found = answers_of(pool, requests)
    assert {len(answer.text) for answer in found} == {300_000}
    assert len(found) == 24


def test_an_engine_that_is_killed_gives_its_requests_back_and_that_is_said(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    poison = make_request("poison-once")
    requests = [make_request(f"forever-{number}") for number in range(3)]
    with closing(make_pool(tmp_path, 2, 8)) as pool:
        feed = RequestQueue([*requests, poison], always)
        held: list[list[str]] = []
        for _ in pool.stream(feed, SAMPLING):
            if pool.incidents:
                held = [sorted(worker.in_flight) for worker in pool._workers]
                break
    (sentence,) = pool.incidents
    assert "of 2 ended early (signal 9) with 2 requests in flight" in sentence
    assert sentence in capfd.readouterr().err
    # Back in the queue, and handed out with the next round; the first engine to hold it has died.
    assert len(held) == 1
    back = [request.key for request in feed]
    assert sorted(back + held[0]) == sorted([*(r.key for r in requests), "poison-once"])


def test_requests_that_two_engines_died_of_are_not_given_to_a_third(tmp_path: Path) -> None:
    with closing(make_pool(tmp_path, 3, 9)) as pool:
        with pytest.raises(JobFailedError, match=r"two engines ended with the same 1 request "):
            answers_of(pool, [make_request("poison")])
        assert pool.engines == 1
        assert len(pool.incidents) == 2


def test_when_no_engine_is_left_the_job_fails_and_says_what_each_died_of(tmp_path: Path) -> None:
    requests = [make_request("raise"), make_request("poison")]
    with (
        closing(make_pool(tmp_path, 2, 2)) as pool,
        pytest.raises(JobFailedError, match=r"no engine is left: ") as failure,
    ):
        answers_of(pool, requests)
    assert "(ValueError: a hard problem)" in str(failure.value)
    assert "(signal 9)" in str(failure.value)
    assert all(map(gone, pids(tmp_path)))


def test_what_came_before_an_engine_died_is_kept(tmp_path: Path) -> None:
    requests = [*(make_request(f"r{number}") for number in range(6)), make_request("poison")]
    found: list[Completion] = []
    with closing(make_pool(tmp_path, 2, 2)) as pool, pytest.raises(JobFailedError):  # noqa: PT012
        for answers in pool.stream(RequestQueue(requests, always), SAMPLING):
            found += answers
    assert sorted(answer.key for answer in found) == [f"r{number}" for number in range(6)]


def test_an_engine_that_does_not_start_is_said_and_the_others_do_the_work(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    with closing(make_pool(tmp_path, 2, 4)) as pool:
        assert pool.engines == 1
        assert len(answers_of(pool, [make_request(f"r{n}") for n in range(4)])) == 4
    (sentence,) = pool.incidents
    assert "(RuntimeError: out of luck) with 0 requests in flight" in sentence


def test_a_pool_of_which_nothing_starts_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "fail").touch()
    with pytest.raises(JobFailedError, match=r"no engine is left.*out of luck"):
        make_pool(tmp_path, 1, 1)


def test_a_budget_guard_that_runs_low_ends_the_asking_and_pays_for_what_is_in_flight(
    tmp_path: Path,
) -> None:
    asked = 0

    def may_ask() -> bool:
        nonlocal asked
        asked += 1
        return asked <= 5

    with closing(make_pool(tmp_path, 2, 100)) as pool:
        feed = RequestQueue([make_request(f"r{number}") for number in range(100)], may_ask)
        found = [a for some in pool.stream(feed, SAMPLING) for a in some]
    assert sorted(answer.key for answer in found) == [f"r{number}" for number in range(5)]


def _job(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.jobs.engine_stand_in", str(folder)]
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        # A suite that was started in the background has Ctrl-C switched off, and hands that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        assert soon((folder / "running").exists)
        assert len(pids(folder)) == 2
        assert not any(map(gone, pids(folder)))
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_engines_end_with_the_job_however_it_ends(tmp_path: Path, number: signal.Signals) -> None:
    for child in _job(tmp_path):
        os.kill(child.pid, number)
        assert soon(lambda: all(map(gone, pids(tmp_path))))
        child.wait()


def test_a_budget_guard_knows_that_engines_step_side_by_side(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @dataclass
    class Meter:
        spent: float = 0.0
        usd_per_second: float = 1.0
        closing_seconds: float = 2.0

        def left_usd(self) -> float:
            return 1000.0 - self.spent

    @dataclass
    class Engines:
        engines: int
        steps: int = 0

    def reserve_usd(engines: int, steps: int) -> int:
        """Dollars that must be left after ten seconds, to the dollar."""
        clock = [0.0]
        monkeypatch.setattr(evaluate.time, "monotonic", lambda: clock[0])
        meter, of = Meter(), Engines(engines)
        context = SimpleNamespace(meter=meter)
        guard = evaluate.BudgetGuard(context, of, longest_answer=50)  # type: ignore[arg-type]
        clock[0], of.steps = 10.0, steps
        return next(left for left in range(1000) if not _low(guard, meter, left))

    def _low(guard: evaluate.BudgetGuard, meter: Meter, left: int) -> bool:
        meter.spent = 1000.0 - left
        return guard.low

    # 100 steps in 10 s: 0.1 s a step, and the longest answer has 50 of them; 2 s for the end.
    assert reserve_usd(engines=1, steps=100) == 5 + 2
    # The same number of steps by two engines: each took 0.2 s.
    assert reserve_usd(engines=2, steps=100) == 10 + 2
    assert reserve_usd(engines=2, steps=200) == 5 + 2


def test_a_budget_guard_is_empty_before_the_next_look_would_overdraw_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(evaluate.time, "monotonic", lambda: clock[0])

    class Meter:
        """A dollar per second, and a budget of ten."""

        usd_per_second = 1.0
        closing_seconds = 2.0

        def left_usd(self) -> float:
            return 10.0 - clock[0]

    context = SimpleNamespace(meter=Meter())
    guard = evaluate.BudgetGuard(context, SimpleNamespace(), longest_answer=1)  # type: ignore[arg-type]
    while not guard.empty:
        clock[0] += 0.7
    # One look more, and stopping, are still paid for.
    assert clock[0] + Meter.closing_seconds <= 10.0 < clock[0] + Meter.closing_seconds + 0.7 + 0.7


@settings(max_examples=50, deadline=None)
@given(n=st.integers(0, 8), taken=st.integers(0, 8), again=st.integers(0, 8))
def test_requests_that_are_given_back_are_the_first_again_and_in_order(
    n: int, taken: int, again: int
) -> None:
    requests = [make_request(str(number)) for number in range(n)]
    feed = RequestQueue(requests, always)
    out = [request for _ in range(taken) if (request := next(feed, None)) is not None]
    returned = out[-again:] if again else []
    feed.give_back(returned)
    assert list(feed) == returned + requests[len(out) :]


CUDA = make_catalog().stacks["gpu"]


def test_each_engine_sees_one_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_worker, "visible_devices", lambda: ["2", "5", "7"])
    assert engine_worker.worker_environments(CUDA, 2) == [
        {"CUDA_VISIBLE_DEVICES": "2"},
        {"CUDA_VISIBLE_DEVICES": "5"},
    ]
    with pytest.raises(UsageError, match="found 3 GPUs for 4 engines"):
        engine_worker.worker_environments(CUDA, 4)


def test_engines_on_a_processor_share_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    for name in ("OMP_NUM_THREADS", "VLLM_CPU_OMP_THREADS_BIND"):
        monkeypatch.delenv(name, raising=False)
    expected = {"OMP_NUM_THREADS": "4", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
    assert engine_worker.worker_environments(STACK, 2) == [expected, expected]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert engine_worker.worker_environments(STACK, 2)[0]["OMP_NUM_THREADS"] == "1"
