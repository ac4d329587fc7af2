"""Carrying out a plan: everything finished is kept, whatever happens, and a cap holds."""

import threading
from dataclasses import replace
from typing import Any

import pytest

from tests.support.runners import Ears, Scripted, make_execution
from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.errors import IntegrityError
from tina_bench.files.append_log import LogWriter
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Machine, Plan
from tina_bench.running import execute
from tina_bench.running.execute import Summary
from tina_bench.store.home import Home
from tina_bench.store.job_folder import (
    EvaluateInputs,
    FetchInputs,
    GradeInputs,
    MergeInputs,
    TrainInputs,
)
from tina_bench.store.records import JobKind, Outcome

CATALOG, LOCK = make_catalog(), make_lock()


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


def plan_for(home: Home, machine: Machine = FIT, **request: Any) -> Plan:
    asked = {"models": ("base-a",), "tasks": ("t1",), "seeds": (0,), **request}
    return make_plan(make_request(**asked), CATALOG, LOCK, take_snapshot(home), machine)


def carry_out(
    home: Home,
    runner: Scripted,
    *,
    machine: Machine = FIT,
    watcher: Ears | None = None,
    budget_usd: float | None = None,
    **request: Any,
) -> Summary:
    # What a start takes is no matter here: scripted jobs cost what the script says.
    plan = replace(plan_for(home, machine, **request), start_seconds={})
    given = {"watcher": watcher or Ears(), "budget_usd": budget_usd}
    return make_execution(home, CATALOG, LOCK, plan, runner, **given).run()


def folders(home: Home) -> list[str]:
    """Job folders without their hashes."""
    names = [path.name for path in sorted(home.jobs.iterdir())]
    return [".".join([name.rpartition("-")[0], *name.split(".")[1:]]) for name in names]


def test_a_whole_plan_goes_pool_by_pool_in_order_and_leaves_finished_folders(home: Home) -> None:
    runner, ears = Scripted(), Ears()
    summary = carry_out(home, runner, watcher=ears, models=("base-a", "tina-1"), seeds=(0, 1))
    expected = [
        ("fetch", "base-a"), ("evaluate", "base-a"), ("grade", "base-a"),
        ("train", "tina-1"), ("merge", "tina-1"), ("evaluate", "tina-1"), ("grade", "tina-1"),
    ]  # fmt: skip
    assert runner.kinds == expected
    assert summary == Summary(done=3 + 4 * 2, spent_usd=7.0)
    assert [outcome for outcome, _ in ears.ended] == [Outcome.DONE] * 7
    assert {(kind, model): n for kind, model, n in ears.started}["evaluate", "tina-1"] == 2
    assert folders(home) == sorted(f"{kind}-{model}" for kind, model in expected)
    assert plan_for(home, models=("base-a", "tina-1"), seeds=(0, 1)).jobs == ()


def test_every_kind_of_job_is_given_what_it_needs(home: Home) -> None:
    runner = Scripted()
    carry_out(home, runner, models=("tina-3",), tasks=("t1", "t2"))
    by = {(str(f.kind), f.jobs[0].model): f for f in runner.seen}
    fetch = by["fetch", "base-a"].inputs
    assert isinstance(fetch, FetchInputs)
    assert fetch.sizes == {"f": 1}
    train = by["train", "tina-3"].inputs
    assert isinstance(train, TrainInputs)
    assert train.recipe_name == "r3"
    assert train.base.folder == f"jobs/{by['merge', 'tina-1'].name}/weights"
    assert train.dataset.sha256 == {"f": "3" * 64}
    merge = by["merge", "tina-1"].inputs
    assert isinstance(merge, MergeInputs)
    assert merge.base.folder == f"jobs/{by['fetch', 'base-a'].name}/weights"
    assert merge.adapter.folder == f"jobs/{by['train', 'tina-1'].name}/weights"
    evaluate = by["evaluate", "tina-3"].inputs
    assert isinstance(evaluate, EvaluateInputs)
    assert evaluate.weights.folder == f"jobs/{by['merge', 'tina-3'].name}/weights"
    assert set(evaluate.protocol.tasks) == {"t1", "t2"}
    assert evaluate.protocol.datasets["t2"].sha256 == {"f": "1" * 64}
    grade = by["grade", "tina-3"].inputs
    assert isinstance(grade, GradeInputs)
    assert grade.identity == "identity"
    assert grade.protocol == evaluate.protocol
    for folder in runner.seen:
        assert (folder.price_name, folder.price_usd_per_hour) == ("test", 3600.0)
        assert folder.command_line == ("tina-bench", "reproduce")
        assert folder.budget_usd is None
    assert len({folder.attempt for folder in runner.seen}) == len(runner.seen)


def test_what_an_earlier_invocation_finished_feeds_this_one(home: Home) -> None:
    carry_out(home, Scripted({JobKind.EVALUATE: "failed"}))
    runner = Scripted()
    assert carry_out(home, runner).failures == []
    assert runner.kinds == [("evaluate", "base-a"), ("grade", "base-a")]


def test_what_stands_on_a_failure_is_left_and_the_rest_goes_on(home: Home) -> None:
    runner, ears = Scripted({(JobKind.TRAIN, "tina-1"): "failed"}), Ears()
    summary = carry_out(home, runner, watcher=ears, models=("tina-1", "tina-2"))
    assert runner.kinds == [
        ("fetch", "base-a"), ("train", "tina-1"),
        ("train", "tina-2"), ("merge", "tina-2"), ("evaluate", "tina-2"), ("grade", "tina-2"),
    ]  # fmt: skip
    (failed,) = summary.failures
    assert str(failed) == "train tina-1: it did not work out."
    assert ears.ended[1] == (Outcome.FAILED, "it did not work out.")
    assert "train-tina-1.work" in folders(home)
    assert summary.spent_usd == 6.0, "the failed attempt is paid for too"


def test_runs_whose_samples_are_there_are_graded_though_their_neighbours_failed(home: Home) -> None:
    # The scripted engine gets one run short of the end before it fails.
    runner = Scripted({JobKind.EVALUATE: "failed"})
    summary = carry_out(home, runner, seeds=(0, 1, 2))
    assert runner.kinds[-1] == ("grade", "base-a")
    assert [job.seed for job in runner.seen[-1].jobs] == [0, 1]
    assert summary.done == 1 + 2 + 2


def test_a_process_that_dies_of_a_signal_is_a_failure_with_the_last_words_of_its_log(
    home: Home,
) -> None:
    runner, ears = Scripted({JobKind.EVALUATE: "crash"}), Ears()
    summary = carry_out(home, runner, watcher=ears)
    (failure,) = summary.failures
    assert str(failure).startswith(
        "evaluate base-a: its process ended with signal 9 (SIGKILL); log: "
    )
    assert "log.txt; if it was not you" in str(failure)
    assert failure.as_json()["kind"] == "killed"
    assert ears.ended[-1][1].endswith("the last words")
    assert folders(home) == ["evaluate-base-a.work", "fetch-base-a"]


def test_a_folder_that_was_left_is_taken_up_under_a_new_attempt_and_keeps_its_ledger(
    home: Home,
) -> None:
    crashed = Scripted({JobKind.EVALUATE: "crash"})
    carry_out(home, crashed)
    resumed = Scripted()
    assert carry_out(home, resumed).spent_usd == 2.0, "only what this invocation spent"
    before, after = crashed.seen[1], resumed.seen[0]
    assert (before.name, before.jobs) == (after.name, after.jobs)
    assert before.attempt != after.attempt
    attempts = {e.attempt for e in home.ledger() if e.kind is JobKind.EVALUATE}
    assert attempts == {before.attempt, after.attempt}
    assert folders(home) == ["evaluate-base-a", "fetch-base-a", "grade-base-a"]


def test_a_job_that_outlived_its_runner_is_waited_for(home: Home) -> None:
    carry_out(home, Scripted({JobKind.EVALUATE: "crash"}))
    (work,) = home.jobs.glob("evaluate-*.work")
    orphan = LogWriter(work / "ledger.jsonl")
    ending = threading.Timer(0.5, orphan.close)
    ending.start()
    summary = carry_out(home, Scripted())
    ending.join()
    assert summary.failures == []
    assert not work.exists()


def test_one_that_does_not_end_is_a_failure_that_says_what_to_do(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out(home, Scripted({JobKind.EVALUATE: "crash"}))
    (work,) = home.jobs.glob("evaluate-*.work")
    monkeypatch.setattr(execute, "ORPHANED_SECONDS", 0.2)
    runner = Scripted()
    with LogWriter(work / "ledger.jsonl"):
        (failure,) = carry_out(home, runner).failures
    assert "ledger.jsonl: another tina-bench is writing to this log; wait for it" in str(failure)
    assert ("evaluate", "base-a") not in runner.kinds


def test_an_old_result_is_not_taken_for_that_of_a_new_attempt_that_died(home: Home) -> None:
    carry_out(home, Scripted({JobKind.EVALUATE: "failed"}))
    summary = carry_out(home, Scripted({JobKind.EVALUATE: "crash"}))
    assert "signal 9" in str(summary.failures[0])
    assert not list(home.jobs.glob("evaluate-*.work/result.json"))


class Untouchable(Scripted):
    """A runner that may not be asked for one kind of job."""

    def run(self, folder: Any, home: Any, on_progress: Any) -> int:
        assert "fetch" not in folder.name, "a finished job was run again"
        return super().run(folder, home, on_progress)


def test_a_job_that_was_done_when_the_program_died_is_adopted_and_not_run_again(
    home: Home,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        carry_out(home, Scripted({JobKind.FETCH: "power cut"}))
    assert folders(home) == ["fetch-base-a.work"]
    summary = carry_out(home, Untouchable())
    assert summary.failures == []
    assert summary.done == 3
    assert folders(home) == ["evaluate-base-a", "fetch-base-a", "grade-base-a"]


def test_a_folder_that_was_done_for_fewer_jobs_is_not_adopted_for_more(home: Home) -> None:
    with pytest.raises(KeyboardInterrupt):
        carry_out(home, Scripted({JobKind.EVALUATE: "power cut"}), seeds=(0,))
    runner = Scripted()
    carry_out(home, runner, seeds=(0, 1))
    assert [job.seed for job in runner.seen[0].jobs] == [0, 1]


def test_more_seeds_of_a_finished_pool_get_a_folder_of_their_own(home: Home) -> None:
    names = []
    for seeds in ((0,), (0, 1), (0, 1, 2)):
        runner = Scripted()
        carry_out(home, runner, seeds=seeds)
        names.append([folder.name for folder in runner.seen if folder.kind is JobKind.EVALUATE])
        newest = [job.seed for job in runner.seen[-1].jobs]
        assert newest == [seeds[-1]]
    (first,), (second,), (third,) = names
    assert (second, third) == (f"{first}-2", f"{first}-3")
    assert len(home.finished()) == 1 + 3 + 3


def test_blocked_jobs_are_not_touched(home: Home) -> None:
    runner = Scripted()
    summary = carry_out(home, runner, machine=Machine(has_gpu=False, packages={}))
    assert runner.kinds == [("fetch", "base-a")]
    assert summary == Summary(done=1, spent_usd=1.0)


def test_a_budget_of_nothing_starts_nothing(home: Home) -> None:
    runner = Scripted()
    summary = carry_out(home, runner, budget_usd=0.0)
    assert runner.seen == []
    assert summary == Summary(budget_reached=True)
    assert not home.jobs.exists()


def test_each_step_is_told_what_is_left_and_none_starts_when_nothing_is(home: Home) -> None:
    runner = Scripted()
    summary = carry_out(home, runner, budget_usd=2.0)
    assert [folder.budget_usd for folder in runner.seen] == [2.0, 1.0]
    assert summary == Summary(done=2, budget_reached=True, spent_usd=2.0)
    assert folders(home) == ["evaluate-base-a", "fetch-base-a"]


def test_once_a_cost_is_unknown_nothing_is_left_of_a_budget(home: Home) -> None:
    runner = Scripted(cost_usd=None)
    summary = carry_out(home, runner, budget_usd=1000.0)
    assert runner.kinds == [("fetch", "base-a")]
    assert summary == Summary(done=1, budget_reached=True, spent_usd=None)


def test_without_a_budget_an_unknown_cost_stops_nothing_and_stays_unknown(home: Home) -> None:
    summary = carry_out(home, Scripted(cost_usd=None))
    assert summary == Summary(done=3, spent_usd=None)


def test_a_job_that_stops_at_the_budget_keeps_its_folder_and_ends_the_plan(home: Home) -> None:
    runner, ears = Scripted({JobKind.EVALUATE: "budget"}), Ears()
    summary = carry_out(home, runner, watcher=ears, seeds=(0, 1), budget_usd=9.0)
    assert summary == Summary(done=1 + 1, budget_reached=True, spent_usd=2.0)
    assert folders(home) == ["evaluate-base-a.work", "fetch-base-a"]
    assert ears.ended[-1] == (Outcome.BUDGET, "stopped at the budget")
    more = Scripted()
    assert carry_out(home, more, seeds=(0, 1)).failures == []
    assert more.kinds == [("evaluate", "base-a"), ("grade", "base-a")]


def test_samples_of_two_engines_are_never_graded_as_one_measurement(home: Home) -> None:
    first = Scripted({JobKind.GRADE: "failed"}, identity="engine-1")
    carry_out(home, first, seeds=(0,))
    with pytest.raises(IntegrityError, match=r"engine-1, engine-2.*another home"):
        carry_out(home, Scripted(identity="engine-2"), seeds=(0, 1))
