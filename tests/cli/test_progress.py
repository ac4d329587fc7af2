"""How much is left of a plan, from its estimates and from what its jobs really took."""

import pytest

from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.cli.show.progress import TimeLeft
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Plan, Snapshot
from tina_bench.store.records import JobKind


@pytest.fixture
def plan() -> Plan:
    asked = make_request(models=("base-a",), tasks=("t1",), seeds=(0, 1, 2, 3))
    return make_plan(asked, make_catalog(), make_lock(), Snapshot(), FIT)


def seconds(plan: Plan, kind: JobKind) -> float:
    return sum(job.estimate.central.seconds or 0.0 for job in plan.jobs if job.job.kind is kind)


def test_before_anything_has_ended_all_of_the_estimate_is_left(plan: Plan) -> None:
    assert TimeLeft(plan).seconds == pytest.approx(plan.total.central.seconds)


def test_jobs_that_take_twice_as_long_raise_what_is_left_and_not_beyond_twice(plan: Plan) -> None:
    left = TimeLeft(plan)
    left.ended(JobKind.FETCH, "base-a", 2 * seconds(plan, JobKind.FETCH))
    rest = seconds(plan, JobKind.EVALUATE) + seconds(plan, JobKind.GRADE)
    assert left.seconds is not None
    assert rest < left.seconds < 1.2 * rest, "a fetch of a second says little of an evaluation"
    left.ended(JobKind.EVALUATE, "base-a", 2 * seconds(plan, JobKind.EVALUATE))
    assert 1.4 < left.seconds / seconds(plan, JobKind.GRADE) < 2.0


def test_nothing_is_said_where_a_part_is_unknown() -> None:
    asked = make_request(models=("base-a",), tasks=("t1",), seeds=(0,))
    blind = make_catalog(**{"stacks/cpu/output_tokens_per_second": None})
    left = TimeLeft(make_plan(asked, blind, make_lock(), Snapshot(), FIT))
    assert left.seconds is None
