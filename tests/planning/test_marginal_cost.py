"""What further runs take: as much as a plan for them would, and unknown where a plan's is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.worlds import FIT, USD_PER_SECOND, make_catalog, make_lock, make_request
from tina_bench.catalog.schema import Catalog
from tina_bench.planning.gpus import choose_price
from tina_bench.planning.marginal_cost import price_of_runs, price_together
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Amounts, Estimate, Request, Snapshot, Speed, UsedPrice
from tina_bench.store.records import JobKind

MEASURED = Snapshot(
    speeds={("cpu", "tina-1"): Speed(1, 50, 0.1, 3)}, mean_tokens_out={("tina-1", "t1"): 40}
)
NO_FIGURES = {
    f"stacks/cpu/{name}": None
    for name in ("output_tokens_per_second", "load_seconds", "grade_seconds_per_sample")
}


def used_price(catalog: Catalog, stack: str = "cpu", gpu: str | None = None) -> UsedPrice:
    return choose_price(catalog, catalog.stacks[stack], gpu, Request(profile=stack))


def alone(
    runs: int, snapshot: Snapshot | None = None, model: str = "tina-1", task: str = "t1",
    changes: dict[str, object] | None = None,
) -> Estimate:  # fmt: skip
    catalog = make_catalog(**(changes or {}))
    profile, price = catalog.profiles["cpu"], used_price(catalog)
    (estimate,) = price_of_runs(
        catalog, profile, snapshot or Snapshot(), price, None, {(model, task): runs}
    ).values()
    return estimate


def planned(runs: int, snapshot: Snapshot, *models: str, tasks: tuple[str, ...]) -> Amounts:
    """What a plan for so many new runs says of sampling and grading them."""
    request = make_request(models=models, tasks=tasks, seeds=tuple(range(runs)))
    plan = make_plan(request, make_catalog(), make_lock(), snapshot, FIT)
    parts = [p.estimate.central for p in plan.jobs if p.job.kind in ("evaluate", "grade")]
    assert sum(p.job.kind is JobKind.EVALUATE for p in plan.jobs) == runs * len(models) * len(tasks)
    return Amounts(
        sum(part.seconds or 0.0 for part in parts),
        sum(part.gpu_hours or 0.0 for part in parts),
        sum(part.cost_usd or 0.0 for part in parts),
    )


@pytest.mark.parametrize("snapshot", [Snapshot(), MEASURED], ids=["catalog", "ledger"])
@settings(max_examples=20, deadline=None)
@given(runs=st.integers(1, 40))
def test_further_runs_cost_what_a_plan_for_them_says(snapshot: Snapshot, runs: int) -> None:
    found = alone(runs, snapshot).central
    expected = planned(runs, snapshot, "tina-1", tasks=("t1",))
    assert found.seconds == pytest.approx(expected.seconds)
    assert found.cost_usd == pytest.approx(expected.cost_usd)
    assert found.gpu_hours == expected.gpu_hours == 0.0


def test_what_was_measured_here_comes_first_and_says_so() -> None:
    catalog_says, measured = alone(12), alone(12, MEASURED)
    # 10 problems: of 20 tokens at 100 a second, graded in half a second each; engine 10 s.
    assert catalog_says.central.seconds == pytest.approx(10 + 12 * (2 + 5))
    # Of 40 tokens at 50 a second, graded in a tenth of one; engine 1 s.
    assert measured.central.seconds == pytest.approx(1 + 12 * (8 + 1))
    assert measured.central.cost_usd == pytest.approx(109 * USD_PER_SECOND)
    assert (catalog_says.basis, measured.basis) == ("catalog", "ledger")


def test_unknown_figures_stay_unknown_and_are_not_zero() -> None:
    found = alone(3, changes=NO_FIGURES)
    assert (found.central.seconds, found.central.cost_usd, found.basis) == (None, None, "unknown")
    one_gap = alone(3, changes={"stacks/cpu/grade_seconds_per_sample": None})
    assert (one_gap.high.seconds, one_gap.basis) == (None, "unknown")


@pytest.mark.parametrize(("model", "task"), [("tina-9", "t1"), ("tina-1", "t9")])
def test_what_the_catalog_does_not_have_is_unknown(model: str, task: str) -> None:
    found = alone(3, model=model, task=task)
    assert (found.low, found.basis) == (Amounts(None, None, None), "unknown")


def test_no_runs_take_nothing() -> None:
    assert alone(0, changes=NO_FIGURES).high == Amounts(0.0, 0.0, 0.0)


def test_together_an_engine_starts_once_a_model_as_a_plan_says() -> None:
    catalog = make_catalog()
    needs = {(model, task): 3 for model in ("base-a", "base-b") for task in ("t1", "t2")}
    given = (catalog, catalog.profiles["cpu"], Snapshot(), used_price(catalog), None, needs)
    together = price_together(*given)
    expected = planned(3, Snapshot(), "base-a", "base-b", tasks=("t1", "t2"))
    assert together.central.seconds == pytest.approx(expected.seconds)
    each = [cell.central.seconds or 0.0 for cell in price_of_runs(*given).values()]
    assert sum(each) == pytest.approx((together.central.seconds or 0.0) + 2 * 10)


def test_a_calibration_s_band_is_carried_over_with_its_name() -> None:
    catalog = make_catalog(
        calibrations={
                "logs": {
                    "title": "t", "hardware": "1 GPU", "gpu": "l40s", "source": "s",
                    "run_gpu_seconds": {
                        "t1": {"low": 36, "central": 72, "high": 108, "confidence": "measured",
                               "method": "m"}
                    },
                }
            }
    )  # fmt: skip
    profile, price = catalog.profiles["gpu"], used_price(catalog, "gpu", "l40s")
    (found,) = price_of_runs(
        catalog, profile, Snapshot(), price, "l40s", {("base-a", "t1"): 50}
    ).values()
    hours = [end.gpu_hours for end in (found.low, found.central, found.high)]
    assert hours == pytest.approx([0.5, 1.0, 1.5])
    assert found.basis == "calibration logs (1 GPU)"
