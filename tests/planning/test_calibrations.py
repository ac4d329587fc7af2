"""The catalog's calibrations are what their sources say, computed again from the sources."""

from statistics import fmean

import pytest

from tests.catalog.facts import CATALOG, facts
from tina_bench.catalog.calibration import Band
from tina_bench.lock.lockfile import read_lock
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Machine, Plan, Request, Snapshot
from tina_bench.store.records import JobKind

LOGS = CATALOG.calibrations["open-rs-logs"]
PAPER = CATALOG.calibrations["tina-paper-training"]


@pytest.fixture(scope="module")
def logged() -> dict[str, list[float]]:
    """Wall seconds of every log, by task."""
    seconds: dict[str, list[float]] = {}
    runs = facts()["open_rs_logs"]["runs"]
    assert len(runs) == 53
    for run in runs:
        seconds.setdefault(run["task"], []).append(run["seconds"])
    return seconds


def ends(band: Band) -> tuple[float, float, float]:
    return band.low, band.central, band.high


def near(*values: float, digits: int = 1) -> object:
    return pytest.approx(values, abs=0.51 * 10**-digits)


@pytest.mark.parametrize("task", ["aime24", "math500", "amc23"])
def test_tasks_with_many_logs_have_their_lowest_mean_and_highest(
    logged: dict[str, list[float]], task: str
) -> None:
    seconds = logged[task]
    band = LOGS.run_gpu_seconds[task]
    assert ends(band) == near(min(seconds), fmean(seconds), max(seconds))
    assert band.observations == len(seconds)


def test_tasks_with_two_logs_have_their_mean_and_the_range_of_math_500(
    logged: dict[str, list[float]],
) -> None:
    math = logged["math500"]
    low, high = min(math) / fmean(math), max(math) / fmean(math)
    for task in ("minerva", "olympiadbench"):
        mean = fmean(logged[task])
        assert ends(LOGS.run_gpu_seconds[task]) == near(mean * low, mean, mean * high)
        assert LOGS.run_gpu_seconds[task].observations == len(logged[task]) == 2


def test_tasks_without_logs_are_derived_as_they_say_and_have_the_wider_bands(
    logged: dict[str, list[float]],
) -> None:
    aime = logged["aime24"]
    low, mean, high = min(aime), fmean(aime), max(aime)
    assert ends(LOGS.run_gpu_seconds["aime25"]) == near(low * low / mean, mean, high * high / mean)
    large = {
        task: [value / CATALOG.tasks[task].n_problems for value in logged[task]]
        for task in ("math500", "minerva", "olympiadbench")
    }
    n = CATALOG.tasks["gpqa"].n_problems
    assert ends(LOGS.run_gpu_seconds["gpqa"]) == near(
        n * min(map(min, large.values())),
        n * fmean(map(fmean, large.values())),
        n * max(map(max, large.values())),
    )
    for task in ("aime25", "gpqa"):
        assert LOGS.run_gpu_seconds[task].confidence == "derived"
        assert LOGS.run_gpu_seconds[task].observations is None


def test_the_longest_answer_takes_what_a_run_of_aime_takes() -> None:
    assert LOGS.answer_seconds is not None
    assert ends(LOGS.answer_seconds) == ends(LOGS.run_gpu_seconds["aime24"])


def rows() -> dict[str, tuple[float, int, float]]:
    """Dollars, steps and completions a step of every row of the paper's table that has steps."""
    usd = {row["name"]: row["train_usd"] for row in facts()["v1_cost"]}
    recipes = {row["recipe"]: row for row in facts()["recipe"]}
    trainings = {
        "Tina-STILL-3": ["still"],
        "Tina-DeepScaleR": ["deepscaler"],
        "Tina-Open-RS1": ["open_rs1"],
        "Tina-Open-RS2": ["open_rs2"],
        "Tina-Open-RS3": ["open_rs3"],
        "DrGRPO": ["open_rs3_drgrpo_ablation"],
        "LIMR": ["limr"],
        "LR ablation": ["limr_large_lr_ablation", "limr_small_lr_ablation"],
        "Rank ablation": ["limr_large_rank_ablation", "limr_medium_rank_ablation",
                          "limr_small_rank_ablation", "limr_tiny_rank_ablation"],
    }  # fmt: skip
    found = {}
    for name, files in trainings.items():
        steps = sum(recipes[file]["stop_step"] for file in files)
        (completions,) = {
            recipes[file]["num_generations"] * recipes[file]["prompts_per_step_derived"]
            for file in files
        }
        found[name] = (usd[name], steps, completions)
    return found


def test_a_step_costs_what_the_paper_s_row_says_at_one_dollar_and_at_a_half() -> None:
    table = rows()
    seen = set()
    for recipe, band in PAPER.step_gpu_seconds.items():
        row = band.method.removeprefix("row ").partition(":")[0]
        usd, steps, _ = table[row]
        hour = 3600 / steps
        expected = near((usd - 0.5) * hour, usd * hour, (usd + 0.5) * 2 * hour, digits=2)
        assert ends(band) == expected, recipe
        seen.add(row)
    assert seen == set(table)


def test_other_recipes_get_the_range_of_all_rows_over_their_completions() -> None:
    table = rows().values()
    lows = [(usd - 0.5) * 3600 / steps / n for usd, steps, n in table]
    highs = [(usd + 0.5) * 7200 / steps / n for usd, steps, n in table]
    central = 3600 * sum(usd for usd, _, _ in table) / sum(steps * n for _, steps, n in table)
    assert PAPER.completion_gpu_seconds is not None
    assert ends(PAPER.completion_gpu_seconds) == near(min(lows), central, max(highs), digits=3)


def paper(**given: object) -> Plan:
    request = Request(profile="paper", gpu="l40s", gpu_count=2, **given)  # type: ignore[arg-type]
    nowhere = Machine(has_gpu=False, packages={})
    return make_plan(request, CATALOG, read_lock(), Snapshot(), nowhere)


def test_what_the_paper_paid_for_one_run_of_its_tasks_lies_in_the_band() -> None:
    plan = paper(models=("r1-distill-qwen-1.5b",), seeds=(0,))
    runs = [p.estimate for p in plan.jobs if p.job.kind is JobKind.EVALUATE]
    low, central, high = (
        sum(getattr(run, end).gpu_hours for run in runs) for end in ("low", "central", "high")
    )
    # $6 for six baselines at $1 a GPU-hour; 2 GPU-hours if that was half a dollar.
    assert low < 1 < central < 2 < high
    assert f"{central:.2f}" in LOGS.argument, "the catalog quotes this figure"


def test_the_whole_paper_is_estimated_on_a_machine_that_has_nothing() -> None:
    plan = paper()
    assert set(plan.blocked) == {planned.job.id for planned in plan.jobs}
    runs = [p.estimate for p in plan.jobs if p.job.kind is JobKind.EVALUATE]
    assert all(run.central.gpu_hours is not None for run in runs)
    assert {"open-rs-logs"} == set(plan.calibrations)
    assert len(plan.published) > 17


def test_retraining_the_main_models_takes_what_the_table_says() -> None:
    plan = paper(models=("tina-open-rs2",), retrain=True)
    (training,) = (p.estimate for p in plan.jobs if p.job.kind is JobKind.TRAIN)
    # Both GPUs are held, and one trains: twice the paper's fifteen hours for 850 steps, of which
    # the row's checkpoint is the 450th.
    share = 450 / 850
    assert training.central.gpu_hours == pytest.approx(30 * share, rel=1e-3)
    assert training.central.seconds == pytest.approx(15 * 3600 * share, rel=1e-3)
    # At a dollar a GPU-hour that is what the paper prints for its best checkpoint.
    printed = CATALOG.costs["tina-v1-best-checkpoint-in-best-performance-task"].train_usd
    assert training.central.seconds / 3600 == pytest.approx(printed, abs=0.5)
    assert any("of whole trainings" in sentence for sentence in plan.advice)
