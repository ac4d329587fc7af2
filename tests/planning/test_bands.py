"""Estimates on a GPU: bands from calibrations, several engines, and what is never invented."""

from typing import Any

import pytest

from tests.support.worlds import PACKAGES, make_catalog, make_lock, make_request
from tina_bench.errors import UsageError
from tina_bench.planning.gpus import is_gpu
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Amounts, Estimate, Machine, Plan, Snapshot, Speed
from tina_bench.store.records import JobKind

ONE = {"profile": "gpu", "models": ("base-a",), "tasks": ("t1",), "seeds": (0,)}
HOUR = 3600.0


def band(low: float, central: float, high: float) -> dict[str, Any]:
    return {"low": low, "central": central, "high": high, "confidence": "read", "method": "m"}


CALIBRATION = {
    "title": "t",
    "hardware": "1 GPU",
    "gpu": "l40s",
    "run_gpu_seconds": {"t1": band(1 * HOUR, 2 * HOUR, 4 * HOUR), "t2": band(1, 10, 20)},
    "answer_seconds": band(0.5 * HOUR, 1.5 * HOUR, 3 * HOUR),
    "step_gpu_seconds": {"r1": band(1, 2, 3)},
    "completion_gpu_seconds": band(10, 20, 30),
    "completion_tokens": 8,
    "source": "s",
}
BORROWED = {**CALIBRATION, "gpu": None, "stands_for": ["l40s"], "argument": "a"}
PRICE = {
    "device": "NVIDIA L40S",
    "gpu": "l40s",
    "billed_per": "gpu",
    "price_usd_per_hour": 0.5,
    "provider": "p",
    "source": "s",
}
NO_FIGURES = {
    f"stacks/gpu/{name}": None
    for name in ("output_tokens_per_second", "load_seconds", "train_seconds_per_step",
                 "grade_seconds_per_sample")
}  # fmt: skip


def plan_of(snapshot: Snapshot | None = None, **given: Any) -> Plan:
    """A plan on the stack for GPUs, of which nothing is known but the calibration."""
    changes = {
        **NO_FIGURES,
        "prices/rent": PRICE,
        "calibrations": {"c": CALIBRATION},
        **given.pop("changes", {}),
    }
    request = make_request(**{**ONE, **given})
    machine = Machine(has_gpu=False, packages=PACKAGES)
    return make_plan(request, make_catalog(**changes), make_lock(), snapshot or Snapshot(), machine)


def of_kind(plan: Plan, kind: JobKind) -> list[Estimate]:
    return [p.estimate for p in plan.jobs if p.job.kind is kind]


def hours(estimates: list[Estimate]) -> tuple[float, float, float]:
    return tuple(
        sum(getattr(e, end).gpu_hours for e in estimates) for end in ("low", "central", "high")
    )


def wall(estimates: list[Estimate]) -> tuple[float, float, float]:
    return tuple(
        sum(getattr(e, end).seconds for e in estimates) / HOUR for end in ("low", "central", "high")
    )


def test_a_run_is_the_calibration_s_band_at_the_gpu_s_price_also_where_it_cannot_run() -> None:
    plan = plan_of()
    assert plan.blocked
    (run,) = of_kind(plan, JobKind.EVALUATE)
    assert run.low == Amounts(1 * HOUR, 1, 0.5)
    assert run.central == Amounts(2 * HOUR, 2, 1.0)
    assert run.high == Amounts(4 * HOUR, 4, 2.0)
    assert run.basis == "calibration c (1 GPU)"
    assert list(plan.calibrations) == ["c"]
    assert (plan.gpu, plan.price.name, plan.price.usd_per_hour) == ("l40s", "rent", 0.5)


def test_start_and_grading_are_inside_a_calibrated_run_and_not_counted_again() -> None:
    plan = plan_of(
        changes={"stacks/gpu/load_seconds": 100, "stacks/gpu/grade_seconds_per_sample": 5}
    )
    assert wall(of_kind(plan, JobKind.EVALUATE)) == (1, 2, 4)
    (grade,) = of_kind(plan, JobKind.GRADE)
    assert grade.central == Amounts(0, 0, 0)


def test_two_engines_halve_the_time_and_not_the_gpu_hours() -> None:
    one, two = (plan_of(seeds=(0, 1, 2, 3), gpu_count=n) for n in (1, 2))
    assert hours(of_kind(one, JobKind.EVALUATE)) == hours(of_kind(two, JobKind.EVALUATE))
    assert hours(of_kind(one, JobKind.EVALUATE)) == (4, 8, 16)
    assert wall(of_kind(one, JobKind.EVALUATE)) == (4, 8, 16)
    assert wall(of_kind(two, JobKind.EVALUATE)) == (2, 4, 8)
    # The second on which a local file is hashed is paid for both GPUs.
    usd = one.total.known_central.cost_usd
    assert usd == pytest.approx(two.total.known_central.cost_usd, rel=1e-3)


def test_no_number_of_engines_divides_an_answer_and_the_others_are_held_meanwhile() -> None:
    runs = of_kind(plan_of(gpu_count=8), JobKind.EVALUATE)
    assert wall(runs) == pytest.approx((0.5, 1.5, 3))
    assert hours(runs) == pytest.approx((4, 12, 24))
    assert runs[0].central.cost_usd == pytest.approx(6)


def test_a_run_shorter_than_the_longest_answer_has_no_answer_so_long() -> None:
    (run,) = of_kind(plan_of(tasks=("t2",), gpu_count=2), JobKind.EVALUATE)
    assert run.central.seconds == pytest.approx(10)


def test_the_start_of_the_engine_is_not_divided_and_counts_once_a_pool() -> None:
    changes = {"calibrations": {}, "stacks/gpu/load_seconds": 100,
               "stacks/gpu/output_tokens_per_second": 100}  # fmt: skip
    plan = plan_of(seeds=(0, 1), gpu_count=2, changes=changes)
    first, second = of_kind(plan, JobKind.EVALUATE)
    assert second.central.seconds == pytest.approx(1)
    assert first.central.seconds == pytest.approx(101)
    assert hours([first]) == pytest.approx((202 / HOUR,) * 3)


def test_what_was_measured_in_this_home_wins() -> None:
    measured = Snapshot(
        speeds={("gpu", "base-a"): Speed(7, 50, 0.1, 3)}, mean_tokens_out={("base-a", "t1"): 40}
    )
    plan = plan_of(measured)
    (run,) = of_kind(plan, JobKind.EVALUATE)
    assert run.low == run.high == run.central
    assert run.central.seconds == pytest.approx(7 + 10 * 40 / 50)
    assert run.basis == "ledger"
    assert plan.calibrations == {}


def test_one_measured_run_scales_the_calibration_of_the_tasks_that_were_not_measured() -> None:
    # t1 took a tenth of the calibration here: so will t2, in all models, on a GPU without any.
    measured = Snapshot(
        speeds={("gpu", "base-b"): Speed(0, 1 / 72, 0, None)}, mean_tokens_out={("base-b", "t1"): 1}
    )
    changes = {"prices/other": {**PRICE, "gpu": "h100"}}
    plan = plan_of(measured, tasks=("t2",), gpu="h100", changes=changes)
    (run,) = of_kind(plan, JobKind.EVALUATE)
    assert (run.low.seconds, run.central.seconds) == pytest.approx((0.1, 1))
    assert run.high.seconds == pytest.approx(2)
    assert run.basis == "calibration c, scaled to runs measured here"


def test_a_gpu_that_no_calibration_stands_for_is_unknown_and_the_plan_says_how_to_change_that() -> (
    None
):
    plan = plan_of(gpu="h100", changes={"prices/other": {**PRICE, "gpu": "h100"}})
    (run,) = of_kind(plan, JobKind.EVALUATE)
    assert run.central == Amounts(None, None, None)
    assert plan.price.name == "other"
    assert any("--task t1 --seeds 1 --budget 2" in sentence for sentence in plan.advice)


def test_a_calibration_that_records_the_gpu_goes_before_one_that_stands_for_it() -> None:
    both = {"a": BORROWED, "b": {**CALIBRATION, "hardware": "recorded"}}
    (run,) = of_kind(plan_of(changes={"calibrations": both}), JobKind.EVALUATE)
    assert run.basis == "calibration b (recorded)"
    (run,) = of_kind(plan_of(changes={"calibrations": {"a": BORROWED}}), JobKind.EVALUATE)
    assert run.basis == "calibration a (1 GPU)"


def test_a_training_is_its_steps_by_recipe_else_by_completions_else_unknown() -> None:
    def training(model: str, **changes: Any) -> Estimate:
        (found,) = of_kind(plan_of(models=(model,), changes=changes), JobKind.TRAIN)
        return found

    assert training("tina-1").central.seconds == pytest.approx(5 * 2)
    # r2: steps of two completions, 20 s each.
    assert training("tina-2").central.seconds == pytest.approx(5 * 2 * 20)
    longer = training("tina-2", **{"recipes/r2/grpo/max_completion_length": 9})
    assert longer.central == Amounts(None, None, None)


def test_a_training_holds_every_gpu_and_uses_one() -> None:
    plan = plan_of(models=("tina-1",), gpu_count=2)
    (training,) = of_kind(plan, JobKind.TRAIN)
    assert training.central.seconds == pytest.approx(10)
    assert training.central.gpu_hours == pytest.approx(20 / HOUR)
    assert any("training uses one GPU" in sentence for sentence in plan.advice)


def test_a_download_uses_no_gpu_hours_and_leaves_the_bill_a_lower_bound() -> None:
    plan = plan_of(models=("far",))
    assert plan.total.central.gpu_hours == pytest.approx(2)
    assert plan.total.central.cost_usd is None
    assert plan.total.known_central.cost_usd == pytest.approx(1.0)
    assert plan.total.unknown == ("the time of 1 download",)
    assert any("tina-bench fetch" in sentence for sentence in plan.advice)
    assert plan_of(models=("far",), price_usd_per_hour=0.0).total.central.cost_usd == 0


def test_the_price_is_the_stack_s_or_the_newest_for_another_gpu_or_unknown() -> None:
    prices = {
        "prices/old": {**PRICE, "gpu": "h100", "price_usd_per_hour": 1, "date": "2025-01-01"},
        "prices/new-dear": {**PRICE, "gpu": "h100-sxm", "price_usd_per_hour": 4,
                            "date": "2026-01-01"},
        "prices/new": {**PRICE, "gpu": "h100", "price_usd_per_hour": 3, "date": "2026-01-01"},
        "prices/undated": {**PRICE, "gpu": "h100", "price_usd_per_hour": 0.1},
        "prices/spot": {**PRICE, "gpu": "a40", "kind": "spot", "date": "2026-01-01"},
    }  # fmt: skip
    assert plan_of(gpu="H100", changes=prices).price.name == "new"
    assert plan_of(gpu="h100-sxm", changes=prices).price.name == "new-dear"
    assert plan_of(gpu="l40s", changes=prices).price.name == "rent"
    unpriced = plan_of(gpu="a40", changes=prices)
    assert unpriced.price.usd_per_hour is None
    assert "--price" in unpriced.price.rule
    given = plan_of(gpu="a40", changes=prices, price_usd_per_hour=7.0)
    assert (given.price.name, given.price.usd_per_hour) == ("--price", 7.0)


def test_an_unknown_gpu_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"found 'tpu', expected .*: h100, l40s\."):
        plan_of(gpu="tpu", changes={"prices/other": {**PRICE, "gpu": "h100"}})


@pytest.mark.parametrize("given", [{"gpu": "l40s"}, {"gpu_count": 2}], ids=["gpu", "count"])
def test_gpus_for_a_stack_that_computes_on_the_processor_are_refused(given: Any) -> None:
    with pytest.raises(UsageError, match="leave --gpu and --count out"):
        plan_of(profile="cpu", **given)


def test_this_machine_s_gpu_is_recognised_by_its_driver_s_name() -> None:
    changes = {"prices/rent": PRICE, "prices/p": {**PRICE, "gpu": "h100"},
               "prices/q": {**PRICE, "gpu": "h100-pcie"}}  # fmt: skip

    def gpu_of(*names: str) -> str | None:
        machine = Machine(has_gpu=True, packages=PACKAGES, gpus=names)
        request = make_request(**ONE)
        return make_plan(request, make_catalog(**changes), make_lock(), Snapshot(), machine).gpu

    assert gpu_of("NVIDIA H100 PCIe") == "h100-pcie"
    assert gpu_of("NVIDIA H100 80GB HBM3") == "h100"
    assert gpu_of("NVIDIA L40") == "nvidia-l40", "no L40S, and not priced as one"
    assert gpu_of() == "l40s", "the one of the stack's price"


@pytest.mark.parametrize(
    ("device", "gpu", "same"),
    [
        ("NVIDIA L40S", "l40s", True),
        ("NVIDIA L40S + NVIDIA L40S", "l40s", True),
        ("NVIDIA L40", "l40s", False),
        ("NVIDIA L40S", "l40", False),
        ("NVIDIA A100-SXM4-80GB", "a100-80gb", True),
        ("NVIDIA A100-SXM4-40GB", "a100-80gb", False),
        ("NVIDIA RTX 6000 Ada Generation", "rtx-6000-ada", True),
    ],
)
def test_short_names_are_words_of_the_driver_s(device: str, gpu: str, same: bool) -> None:
    assert is_gpu(device, gpu) == same


def test_what_others_paid_stands_beside_as_soon_as_they_name_one_of_the_models() -> None:
    row = {"title": "t", "kind": "row", "who": "w", "source": "s", "confidence": "read",
           "total_usd": 9}  # fmt: skip
    costs = {
        "of-base-a": {**row, "model": "base-a"},
        "sum": {**row, "kind": "total"},
        "of-others": {**row, "model": "base-b", "who": "x"},
        "method": {**row, "model": "base-a", "total_usd": None},
    }
    assert list(plan_of(changes={"costs": costs}).published) == ["of-base-a", "sum"]
    assert list(plan_of(changes={"costs": costs}, models=("tina-1",)).published) == []
