"""A cap is a cap: no job outlives its budget, and none is begun that cannot pay for its start."""

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import psutil
import pytest

from tests.running.test_local import Files, endless, entries_of, ignore, start_folder
from tests.support.runners import Ears, Scripted, make_execution
from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.metering.spending_limit import price_of_stretch
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.plan import make_plan
from tina_bench.running.execute import BilledPrice
from tina_bench.running.failures import BudgetSpentError
from tina_bench.running.local import LocalRunner
from tina_bench.running.progress import Progress
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import JobFolder, JobResult
from tina_bench.store.records import JobKind, Outcome

pytestmark = pytest.mark.slow

__all__ = ["endless"]
DOLLAR_A_SECOND = {"price_usd_per_hour": 3600.0, "billed_per": "machine"}
CATALOG, LOCK = make_catalog(), make_lock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def run_with(child_does: Callable[[psutil.Process], None], work: Path, home: Home) -> float:
    """Run the folder while something happens to its process; returns the wall seconds it took."""

    def disturb() -> None:
        while not (found := [p for p in parent.children() if "tina_bench.jobs" in p.cmdline()]):
            time.sleep(0.01)
        child_does(found[0])

    parent = psutil.Process()
    thread = Thread(target=disturb)
    begun = time.monotonic()
    thread.start()
    try:
        LocalRunner().run(work, home.root, ignore)
    finally:
        taken = time.monotonic() - begun
        thread.join()
    return taken


def test_a_job_that_would_go_on_is_asked_to_stop_and_ends_as_stopped_at_the_budget(
    home: Home, endless: Files
) -> None:
    work = start_folder(home, endless, budget_usd=6.0, **DOLLAR_A_SECOND)
    assert LocalRunner().run(work, home.root, ignore) == 0
    result = read_record(work / "result.json", JobResult)
    assert (result.outcome, result.failure) == (Outcome.BUDGET, None)
    entries = entries_of(work)
    assert (entries[-1].event, entries[-1].outcome) == ("end", Outcome.BUDGET)
    assert 0 < sum(entry.cost_usd or 0.0 for entry in entries) <= 6.0


def test_a_job_that_hangs_is_killed_before_its_budget_is_spent(home: Home, endless: Files) -> None:
    work = start_folder(home, endless, budget_usd=4.0, **DOLLAR_A_SECOND)
    taken: list[float] = []

    def hang() -> None:
        taken.append(run_with(lambda child: child.send_signal(signal.SIGSTOP), work, home))

    begun = time.monotonic()
    with pytest.raises(BudgetSpentError):
        hang()
    assert time.monotonic() - begun <= 4.0
    assert not [p for p in psutil.Process().children() if "tina_bench.jobs" in p.cmdline()]


def test_a_machine_that_slows_down_tenfold_does_not_overdraw_a_budget(
    home: Home, endless: Files
) -> None:
    """The job has the processor for a tenth of the time, from its first moment on."""
    work = start_folder(home, endless, budget_usd=8.0, **DOLLAR_A_SECOND)

    def slow_down(child: psutil.Process) -> None:
        try:
            while True:
                child.send_signal(signal.SIGSTOP)
                time.sleep(0.09)
                child.send_signal(signal.SIGCONT)
                time.sleep(0.01)
        except psutil.NoSuchProcess:
            return

    begun = time.monotonic()
    killed = False
    try:
        run_with(slow_down, work, home)
    except BudgetSpentError:
        killed = True
    assert time.monotonic() - begun <= 8.0 + 1.0, "the test's own thread has to end, too"
    spent = sum(entry.cost_usd or 0.0 for entry in entries_of(work))
    assert spent <= 8.0
    assert killed or read_record(work / "result.json", JobResult).outcome is Outcome.BUDGET


class Killed(Scripted):
    """A runner whose job of one kind does not stop at its budget, and has entered nothing."""

    seconds = 0.2

    def run(self, folder: Path, home: Path, on_progress: Callable[[Progress], None]) -> int:
        job = read_record(folder / "job.json", JobFolder)
        if job.kind is not JobKind.EVALUATE:
            return super().run(folder, home, on_progress)
        self.seen.append(job)
        time.sleep(self.seconds)
        raise BudgetSpentError


def test_a_killed_job_is_on_the_bill_with_all_its_time_and_nothing_is_begun_after_it(
    home: Home,
) -> None:
    plan = make_plan(make_request(models=("base-a", "base-b"), tasks=("t1",), seeds=(0,)),
                     CATALOG, LOCK, take_snapshot(home), FIT)  # fmt: skip
    plan = replace(plan, start_seconds={})
    runner, ears = Killed(cost_usd=0.25), Ears()
    summary = make_execution(
        home, CATALOG, LOCK, plan, runner, watcher=ears, budget_usd=100.0
    ).run()
    assert [str(kind) for kind, _ in runner.kinds] == ["fetch", "evaluate"]
    assert summary.budget_reached
    assert summary.failures == []
    (work,) = home.jobs.glob("evaluate-*")
    entries = entries_of(work)
    assert [entry.event for entry in entries] == ["start", "spent"]
    # The price of the test is a dollar a second.
    assert entries[-1].cost_usd == price_of_stretch(runner.seen[-1], entries[-1].wall_seconds, 0)
    assert entries[-1].wall_seconds >= runner.seconds
    assert summary.spent_usd == pytest.approx(0.25 + entries[-1].wall_seconds)
    assert ears.ended[-1][0] is Outcome.BUDGET


@pytest.mark.parametrize(
    ("budget_usd", "begun"), [(12.0, ["fetch"]), (14.0, ["fetch", "evaluate"])]
)
def test_no_job_is_begun_whose_start_the_budget_does_not_pay(
    home: Home, budget_usd: float, begun: list[str]
) -> None:
    """A fetch costs a dollar; an engine takes ten seconds to start and two to end."""
    plan = make_plan(make_request(models=("base-a",), tasks=("t1",), seeds=(0,)),
                     CATALOG, LOCK, take_snapshot(home), FIT)  # fmt: skip
    plan = replace(plan, start_seconds={JobKind.EVALUATE: 10.0, JobKind.GRADE: 10.0})
    runner = Scripted()
    summary = make_execution(home, CATALOG, LOCK, plan, runner, budget_usd=budget_usd).run()
    assert [str(kind) for kind, _ in runner.kinds] == begun
    assert summary.budget_reached
    assert (summary.spent_usd or 0.0) <= budget_usd


def test_a_grading_holds_no_gpu_and_so_nothing_is_reserved_for_any(home: Home) -> None:
    """An engine on two GPUs starts and ends for 24 dollars; a grading costs none by the GPU."""
    asked = make_request(profile="gpu", models=("base-a",), tasks=("t1",), seeds=(0,))
    plan = make_plan(asked, CATALOG, LOCK, take_snapshot(home), FIT)
    plan = replace(plan, start_seconds={JobKind.EVALUATE: 10.0, JobKind.GRADE: 10.0}, gpu_count=2)
    runner, price = Scripted(), BilledPrice("test", 3600.0, "gpu")
    summary = make_execution(
        home, CATALOG, LOCK, plan, runner, price=price, gpus=(0, 1), budget_usd=26.0
    ).run()
    assert [str(kind) for kind, _ in runner.kinds] == ["fetch", "evaluate", "grade"]
    assert not summary.budget_reached


def test_the_budget_of_a_run_is_handed_from_job_to_job_and_never_exceeded(home: Home) -> None:
    plan = make_plan(make_request(models=("base-a", "tina-1"), tasks=("t1", "t2"), seeds=(0, 1)),
                     CATALOG, LOCK, take_snapshot(home), FIT)  # fmt: skip
    plan = replace(plan, start_seconds={})
    runner = Scripted(cost_usd=1.5)
    summary = make_execution(home, CATALOG, LOCK, plan, runner, budget_usd=5.0).run()
    given = [job.budget_usd for job in runner.seen]
    assert given == [5.0, 3.5, 2.0, 0.5]
    assert summary.budget_reached
