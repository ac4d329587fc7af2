"""A budget in seconds, watched from outside: first asked, then killed, always in time."""

from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.made import make_fetch_folder
from tests.support.tiny import make_folder
from tina_bench.metering.spending_limit import (
    CLOSING_SECONDS,
    KILL_SECONDS,
    Demand,
    SpendingLimit,
    closing_seconds,
    start_usd,
)
from tina_bench.metering.unrecorded import bill_unrecorded
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import JobFolder
from tina_bench.store.records import JobKind


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def limit_of(seconds: float, clock: Clock, usd_per_hour: float = 3600.0) -> SpendingLimit:
    folder = make_fetch_folder(
        {}, budget_usd=seconds, price_usd_per_hour=usd_per_hour, billed_per="machine"
    )
    return SpendingLimit(folder, 0, clock)


@given(
    seconds=st.floats(10.0, 1e6),
    gaps=st.lists(st.floats(0.05, 0.4), min_size=1, max_size=20),
)
def test_a_job_is_asked_once_and_then_killed_before_its_money_is_spent(
    seconds: float, gaps: list[float]
) -> None:
    clock = Clock()
    limit = limit_of(seconds, clock)
    said = [limit.look()]
    for gap in gaps[: int(seconds)]:  # every gap that will come was seen once, long before the end
        clock.seconds += gap
        said.append(limit.look())
    gaps = gaps[: int(seconds)]
    clock.seconds = max(clock.seconds, seconds - 2 * closing_seconds(seconds) - 1)
    # A leap of the test's own, which is no gap between two looks.
    limit._looked = clock.seconds
    for gap in cycle(gaps):
        clock.seconds += gap
        said.append(limit.look())
        if said[-1] is Demand.KILL:
            break
    assert said.count(Demand.STOP) <= 1
    assert set(said[: said.index(Demand.KILL)]) <= {Demand.GO_ON, Demand.STOP}
    left = seconds - clock.seconds
    assert left >= 0, "dead before the money is spent"
    if Demand.STOP in said:
        assert said.index(Demand.STOP) < said.index(Demand.KILL)
    assert left <= closing_seconds(seconds) + KILL_SECONDS + 2 * max(gaps), "and not much before"


def test_without_looks_that_come_late_a_job_has_time_to_end_in_good_order() -> None:
    clock = Clock()
    limit = limit_of(100.0, clock)
    asked = killed = 0.0
    while not killed:
        clock.seconds += 0.1
        demand = limit.look()
        asked = clock.seconds if demand is Demand.STOP else asked
        killed = clock.seconds if demand is Demand.KILL else killed
    assert 95.0 < asked < killed < 100.0
    assert killed - asked >= 2.0


def test_work_that_costs_nothing_or_has_no_budget_is_never_ended() -> None:
    clock = Clock()
    free = limit_of(1.0, clock, usd_per_hour=0.0)
    boundless = SpendingLimit(make_fetch_folder({}, price_usd_per_hour=1.0), 0, clock)
    clock.seconds = 1e9
    assert free.look() is boundless.look() is Demand.GO_ON


@given(st.floats(0.0, 1e7))
def test_what_is_kept_for_the_end_is_a_small_part_that_never_shrinks_as_the_budget_grows(
    seconds: float,
) -> None:
    kept = closing_seconds(seconds)
    assert kept <= seconds / 4
    assert kept <= 10.0
    assert closing_seconds(seconds + 1) >= kept


FETCH_OR_GRADE = (JobKind.FETCH, JobKind.GRADE)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[JobKind, JobFolder]:
    """A job of each kind, on the stack that computes on GPUs."""
    home = Home(tmp_path_factory.mktemp("home"))
    made = {
        kind: read_record(make_folder(home, kind, stack="gpu") / "job.json", JobFolder)
        for kind in JobKind
        if kind is not JobKind.FETCH
    }
    return {JobKind.FETCH: make_fetch_folder({}), **made}


@given(
    kind=st.sampled_from(list(JobKind)),
    price=st.fixed_dictionaries(
        {
            "price_usd_per_hour": st.none() | st.floats(0.0, 1e3),
            "billed_per": st.sampled_from(["gpu", "machine"]),
            "gpus": st.none() | st.sampled_from([(0,), (0, 1), (3, 1, 2)]),
        }
    ),
    start_seconds=st.floats(0.0, 1e4),
)
def test_what_is_reserved_for_a_start_is_what_the_same_seconds_are_billed_for(
    folders: dict[JobKind, JobFolder], kind: JobKind, price: dict[str, Any], start_seconds: float
) -> None:
    folder = folders[kind].model_copy(update=price)
    seconds = start_seconds + min(CLOSING_SECONDS)
    with TemporaryDirectory() as path:
        billed = bill_unrecorded(folder, Path(path) / "ledger.jsonl", seconds)[-1].cost_usd
    # Nothing can be reserved for what has no known price; such a job ends the budget afterwards.
    assert start_usd(folder, start_seconds) == pytest.approx(billed or 0.0)
    if kind in FETCH_OR_GRADE and price["billed_per"] == "gpu":
        assert start_usd(folder, start_seconds) == 0.0
    elif price["gpus"] and price["price_usd_per_hour"]:
        units = len(price["gpus"]) if price["billed_per"] == "gpu" else 1
        assert billed == pytest.approx(units * price["price_usd_per_hour"] * seconds / 3600)


def test_nothing_is_reserved_for_a_start_of_unknown_length() -> None:
    assert start_usd(make_fetch_folder({}), None) == 0.0
