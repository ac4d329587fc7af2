"""Sums of estimates: known only when every part is, and then beside it what is known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.planning.plan import make_plan
from tina_bench.planning.totals import by_model, total
from tina_bench.planning.types import Amounts, Estimate, PlannedJob, Snapshot
from tina_bench.store.records import Job, JobKind

JOB = Job(id="1", kind=JobKind.EVALUATE, model="m", task="t", seed=0, pool="p")


def amounts(seconds: float | None) -> Amounts:
    known = seconds is not None
    return Amounts(seconds, seconds / 3600 if known else None, seconds * 2 if known else None)


def estimate(low: float | None, high: float | None = None, basis: str = "catalog") -> Estimate:
    top = low if high is None else high
    middle = None if low is None or top is None else (low + top) / 2
    return Estimate(amounts(low), amounts(middle), amounts(top), basis)


def planned(*estimates: Estimate, kind: JobKind = JobKind.EVALUATE) -> list[PlannedJob]:
    job = JOB.model_copy(update={"kind": kind})
    return [PlannedJob(job, "why", one) for one in estimates]


SECONDS = st.integers(0, 10**6).map(float)
KNOWN = st.tuples(SECONDS, SECONDS).map(lambda pair: estimate(min(pair), max(pair)))
UNKNOWN = st.just(estimate(None, basis="unknown"))


@settings(max_examples=100, deadline=None)
@given(parts=st.lists(KNOWN | UNKNOWN, max_size=6), again=st.integers(0, 3))
def test_a_sum_is_known_exactly_when_all_its_parts_are_and_adds_ends_to_ends(
    parts: list[Estimate], again: int
) -> None:
    parts += parts[:1] * again  # the same estimate for several jobs
    sum_ = total(planned(*parts))
    known = [part for part in parts if part.central.seconds is not None]
    for end, known_end in (("low", "known_low"), ("central", "known_central"),
                           ("high", "known_high")):  # fmt: skip
        seconds = sum(getattr(part, end).seconds for part in known)
        assert getattr(sum_, known_end).seconds == pytest.approx(seconds)
        assert getattr(sum_, known_end).cost_usd == pytest.approx(2 * seconds)
        whole = getattr(sum_, end)
        if len(known) < len(parts):
            assert whole == Amounts(None, None, None)
        else:
            assert whole.seconds == pytest.approx(seconds)
    assert bool(sum_.unknown) == (len(known) < len(parts))


def test_what_is_not_in_a_sum_is_said_in_words() -> None:
    nothing = estimate(None, basis="unknown")
    jobs = [
        *planned(nothing, nothing, estimate(1)),
        *planned(nothing, kind=JobKind.FETCH),
        *planned(nothing, nothing, kind=JobKind.MERGE),
    ]
    assert total(jobs).unknown == (
        "the time of 1 download", "the merging of 2 adapters", "2 runs",
    )  # fmt: skip


def test_a_download_whose_time_is_unknown_leaves_gpu_hours_known() -> None:
    download = Estimate(*[Amounts(None, 0.0, None)] * 3, basis="unknown")
    sum_ = total([*planned(download, kind=JobKind.FETCH), *planned(estimate(3600))])
    assert sum_.central == Amounts(None, 1.0, None)
    assert sum_.known_central == Amounts(3600, 1.0, 7200)


def test_where_a_sum_comes_from_is_said_of_what_is_not_fixed() -> None:
    def of(*bases: str) -> str:
        return total(planned(*(estimate(1, basis=basis) for basis in bases))).basis

    assert of("fixed", "ledger", "ledger") == "ledger"
    assert of("fixed") == of() == "fixed"
    assert of("ledger", "catalog") == "mixed"
    assert total(planned(estimate(None, basis="unknown"))).basis == "unknown"


def test_the_parts_of_a_plan_are_its_models_and_add_up_to_it() -> None:
    plan = make_plan(make_request(), make_catalog(), make_lock(), Snapshot(), FIT)
    parts = by_model(plan.jobs)
    assert [part.model for part in parts] == ["base-a", "base-b", "tina-1", "tina-2", "tina-3"]
    assert sum(part.total.central.seconds for part in parts) == pytest.approx(
        plan.total.central.seconds
    )
    assert [part.seeds for part in parts] == [2] * 5
    assert [part.steps[JobKind.EVALUATE] for part in parts] == [6] * 5
    for part in parts:
        others = [p for p in plan.jobs if p.job.model == part.model and p.job.task is None]
        rest = total(others).central.seconds
        assert part.evaluation.central.seconds == pytest.approx(part.total.central.seconds - rest)
