"""A request carried out from plan to results without a terminal or a command line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.runners import Scripted
from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.errors import (
    BlockedError,
    BudgetReachedError,
    JobFailedError,
    UsageError,
)
from tina_bench.planning.types import Machine, Plan
from tina_bench.running import reproduction as room
from tina_bench.running.options import RunOptions
from tina_bench.running.progress import Progress
from tina_bench.running.reproduction import Reproduction, open_reproduction
from tina_bench.running.select_runner import Choice, RunnerName
from tina_bench.running.until_decided import CellLook, Rule
from tina_bench.store.home import Home
from tina_bench.store.records import JobKind, Outcome


@dataclass
class Seen:
    """A watcher that writes down what happens, in order."""

    events: list[tuple[Any, ...]] = field(default_factory=list)

    def chosen(self, choice: Choice) -> None:
        self.events.append(("chosen", str(choice.name)))

    def ruled(self, rule: Rule, cells: int) -> None:
        self.events.append(("ruled", cells))

    def planned(self, plan: Plan, round_number: int) -> None:
        self.events.append(("planned", len(plan.jobs), round_number))

    def started(self, plan: Plan) -> None:
        self.events.append(("started",))

    def ended(self) -> None:
        self.events.append(("ended",))

    def looked(self, cells: list[CellLook], round_number: int) -> None:
        self.events.append(("looked", round_number))

    def noticed(self, sentence: str) -> None:
        self.events.append(("noticed", sentence))

    def pool_started(self, kind: JobKind, model: str, jobs: int) -> None:
        self.events.append((str(kind), model, jobs))

    def progress(self, progress: Progress) -> None:
        pass

    def pool_ended(self, outcome: Outcome, note: str) -> None:
        pass


Make = Callable[..., tuple[Reproduction, Seen]]
ASKED = make_request(models=("base-a",), tasks=("t1",), seeds=(0,))


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    def made(
        script: dict[Any, str] | None = None, machine: Machine = FIT, **given: Any
    ) -> tuple[Reproduction, Seen]:
        runner, seen = Scripted(script or {}), Seen()
        monkeypatch.setattr(room, "open_runner", lambda *_: runner)
        choice = Choice(RunnerName.LOCAL, "a test says so", machine)
        home = Home(tmp_path / "home")
        options = RunOptions(**given)
        return Reproduction(home, make_catalog(), make_lock(), choice, seen, options), seen

    return made


def test_a_request_is_planned_carried_out_and_summed_up(make: Make) -> None:
    reproduction, seen = make()
    outcome = reproduction.run(ASKED)
    assert outcome.error is None
    assert outcome.summary.done == 3
    assert outcome.summary.spent_usd == 3.0
    assert seen.events == [
        ("planned", 3, 1), ("started",), ("fetch", "base-a", 1), ("evaluate", "base-a", 1),
        ("grade", "base-a", 1), ("ended",),
    ]  # fmt: skip
    again = reproduction.run(ASKED)
    assert (again.plan.jobs, again.rounds, again.error) == ((), [], None)


def test_what_failed_is_in_the_outcome_and_what_was_finished_is_kept(make: Make) -> None:
    reproduction, seen = make({JobKind.EVALUATE: "failed"})
    outcome = reproduction.run(ASKED)
    assert isinstance(outcome.error, JobFailedError)
    assert outcome.summary.done == 1
    assert seen.events[-1] == ("ended",)
    after, _ = make()
    assert after.run(ASKED).summary.done == 2, "the fetch is not repeated"


def test_a_plan_of_which_nothing_can_run_leaves_no_trace(make: Make) -> None:
    reproduction, seen = make(machine=Machine(has_gpu=False, packages={}))
    outcome = reproduction.run(make_request(models=("far",), tasks=("t1",), seeds=(0,)))
    assert isinstance(outcome.error, BlockedError)
    assert outcome.rounds == []
    assert [event[0] for event in seen.events] == ["planned"]
    assert not reproduction.home.root.exists()


def test_a_budget_that_is_reached_is_the_error_and_the_rest_is_done_later(make: Make) -> None:
    reproduction, _ = make({JobKind.EVALUATE: "budget"}, budget_usd=100.0)
    outcome = reproduction.run(ASKED)
    assert isinstance(outcome.error, BudgetReachedError)
    assert "larger budget" in str(outcome.error)


def test_a_budget_that_is_no_number_is_refused_before_anything_is_planned(make: Make) -> None:
    with pytest.raises(UsageError, match="expected dollars"):
        make(budget_usd=float("nan"))


def test_an_interrupt_reaches_the_caller_and_the_watcher_is_let_go(make: Make) -> None:
    reproduction, seen = make({JobKind.FETCH: "power cut"})
    with pytest.raises(KeyboardInterrupt):
        reproduction.run(ASKED)
    assert seen.events[-1] == ("ended",)
    with reproduction.home.held():
        pass  # it was let go of


def test_a_reproduction_is_opened_with_the_runner_that_the_options_name(tmp_path: Path) -> None:
    seen, options = Seen(), RunOptions(runner="local", engines=2, price_name="mine")
    home = Home(tmp_path / "home")
    made, request = open_reproduction(ASKED, make_catalog(), make_lock(), home, options, seen)
    assert seen.events == [("chosen", "local")]
    assert (made.engines, made.gpus, request.gpu_count) == (2, None, 1)
    outcome = made.run(make_request(models=("far",), tasks=("t1",), seeds=(0,)))
    assert (outcome.choice, outcome.home, outcome.price_name) == (made.choice, home, "mine")
    assert isinstance(outcome.error, BlockedError)
    with pytest.raises(UsageError, match="--gpus: this stack computes on the processor"):
        open_reproduction(ASKED, make_catalog(), make_lock(), home, RunOptions(gpus="0"), seen)
