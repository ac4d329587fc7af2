"""Estimates at the speed of the machine at hand: start times included, and with a band."""

import resource
from dataclasses import replace

import pytest

from tests.support.made import make_entry
from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.catalog.load import load_catalog
from tina_bench.planning.figures import AT_THIS_SPEED, PROBE_FACTOR
from tina_bench.planning.measured_speeds import measured_starts
from tina_bench.planning.plan import make_plan
from tina_bench.planning.probe import needs_probe, probe_seconds
from tina_bench.planning.types import Machine, Plan, Snapshot
from tina_bench.store.records import JobKind, Outcome, Phase

STARTS = {
    "stacks/cpu/train_start_seconds": 7,
    "stacks/cpu/grade_start_seconds": 5,
    "stacks/cpu/merge_seconds": 3,
    "stacks/cpu/probe_seconds": 0.5,
}
MEASURED = {("cpu", kind): 1.0 for kind in JobKind}


def plan_of(machine: Machine = FIT, snapshot: Snapshot | None = None) -> Plan:
    request = make_request(models=("tina-1",), tasks=("t1", "t2"), seeds=(0,))
    return make_plan(request, make_catalog(**STARTS), make_lock(), snapshot or Snapshot(), machine)


def seconds(plan: Plan) -> dict[str, float]:
    found: dict[str, float] = {}
    for job in plan.jobs:
        found[job.job.kind] = found.get(job.job.kind, 0.0) + (job.estimate.central.seconds or 0.0)
    return found


def probed(factor: float) -> Machine:
    return replace(FIT, probe_seconds=0.5 * factor)


def test_every_start_is_in_the_estimate_once_a_pool() -> None:
    found = seconds(plan_of())
    assert found["grade"] == 5 + (10 + 20) * 0.5
    assert found["evaluate"] == 10 + (10 + 20) * 20 / 100
    assert found["train"] == 7 + 5 * 2
    assert found["merge"] == 3


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_a_machine_that_takes_so_much_longer_for_the_probe_takes_so_much_longer(
    factor: float,
) -> None:
    plain, scaled = seconds(plan_of()), seconds(plan_of(probed(factor)))
    for kind in ("train", "merge", "evaluate", "grade"):
        assert scaled[kind] == pytest.approx(plain[kind] * factor)
    assert scaled["fetch"] == plain["fetch"], "hashing a file is not counted by the processor"


def test_a_scaled_figure_says_so_and_how_far_it_may_be_off() -> None:
    plan = plan_of(probed(2.0))
    (train,) = [job.estimate for job in plan.jobs if job.job.kind is JobKind.TRAIN]
    assert train.basis == AT_THIS_SPEED
    low, central, high = (a.seconds or 0.0 for a in (train.low, train.central, train.high))
    assert (low, high) == (pytest.approx(central / PROBE_FACTOR), central * PROBE_FACTOR)


def test_what_was_measured_here_is_not_scaled() -> None:
    snapshot = Snapshot(start_seconds=MEASURED)
    found = seconds(plan_of(probed(4.0), snapshot))
    assert found["merge"] == 1.0
    assert found["grade"] == 1.0 + 4 * (10 + 20) * 0.5, "its start is known, its speed is not"


def test_the_probe_runs_only_where_something_was_never_measured() -> None:
    assert needs_probe(Snapshot(), "cpu")
    assert needs_probe(Snapshot(start_seconds=MEASURED), "gpu")
    assert not needs_probe(Snapshot(start_seconds=MEASURED), "cpu")


def test_the_probe_is_measured_once_per_process() -> None:
    assert probe_seconds() == probe_seconds() > 0


def test_the_probe_works_in_a_process_of_its_own_as_jobs_do() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    probe_seconds.__wrapped__()
    after = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    here, there = (new.ru_utime - old.ru_utime for new, old in zip(after, before, strict=True))
    assert there > 2 * here


def test_a_plan_knows_what_each_kind_takes_to_start() -> None:
    starts = plan_of(probed(2.0)).start_seconds
    assert starts == {
        JobKind.TRAIN: 14, JobKind.MERGE: 6, JobKind.EVALUATE: 20, JobKind.GRADE: 10,
    }  # fmt: skip


def test_starts_are_those_of_attempts_that_came_to_work() -> None:
    def entries(attempt: str, load: float, phase: Phase | None, kind: JobKind) -> list[object]:
        given = {"attempt": attempt, "kind": kind, "stack": "cpu"}
        made = [make_entry(phase=Phase.LOAD, wall_seconds=load, **given)]
        return made + ([make_entry(phase=phase, wall_seconds=1.0, **given)] if phase else [])

    ended = {"event": "end", "outcome": Outcome.DONE, "wall_seconds": 0.0, "phase": Phase.LOAD}
    found = measured_starts([
        *entries("a", 10.0, Phase.GENERATE, JobKind.EVALUATE),
        *entries("b", 20.0, Phase.GENERATE, JobKind.EVALUATE),
        *entries("killed while it starts", 90.0, None, JobKind.EVALUATE),
        *entries("m", 6.0, None, JobKind.MERGE),
        make_entry(attempt="m", kind=JobKind.MERGE, stack="cpu", **ended),
    ])  # fmt: skip
    assert found == {("cpu", JobKind.EVALUATE): 15.0, ("cpu", JobKind.MERGE): 6.0}


def test_the_packaged_stack_has_every_figure_that_a_smoke_plan_needs() -> None:
    stack = load_catalog(()).stacks["cpu"]
    for name in ("load_seconds", "train_start_seconds", "grade_start_seconds", "merge_seconds",
                 "output_tokens_per_second", "grade_seconds_per_sample", "train_seconds_per_step",
                 "probe_seconds"):  # fmt: skip
        assert getattr(stack, name) is not None, name
