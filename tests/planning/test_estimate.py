"""Estimates: measured beats written down, and unknown stays unknown."""

import pytest

from tests.support.made import make_entry, make_job_result, make_result
from tests.support.worlds import FIT, USD_PER_SECOND, make_catalog, make_lock, make_request
from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import write_model
from tina_bench.planning.figures import FETCH_SECONDS, MERGE_SECONDS
from tina_bench.planning.measured_speeds import measured_speeds, take_snapshot
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Plan, Snapshot, Speed
from tina_bench.store.home import Home
from tina_bench.store.records import JobKind, LedgerEntry, Outcome, Phase

ONE = {"models": ("tina-1",), "tasks": ("t1",), "seeds": (0, 1)}


def plan_of(
    snapshot: Snapshot | None = None, changes: dict[str, object] | None = None, **given: object
) -> Plan:
    catalog = make_catalog(**(changes or {}))
    return make_plan(
        make_request(**{**ONE, **given}), catalog, make_lock(), snapshot or Snapshot(), FIT
    )


def seconds(plan: Plan) -> list[tuple[str, float | None, str]]:
    return [(str(p.job.kind), p.estimate.central.seconds, p.estimate.basis) for p in plan.jobs]


def test_without_measurements_the_catalog_s_figures_are_used() -> None:
    # t1: 10 problems of 20 tokens at 100 tokens a second; half a second a grading; engine 10 s.
    assert seconds(plan_of()) == [
        ("fetch", FETCH_SECONDS, "fixed"),
        ("train", 10 + 5 * 2, "catalog"),
        ("merge", MERGE_SECONDS, "fixed"),
        ("evaluate", 10 + 2, "catalog"),
        ("evaluate", 2, "catalog"),
        ("grade", 5, "catalog"),
        ("grade", 5, "catalog"),
    ]


MEASURED = Snapshot(
    speeds={("cpu", "tina-1"): Speed(1, 50, 0.1, 3)}, mean_tokens_out={("tina-1", "t1"): 40}
)


def test_the_ledger_beats_the_catalog() -> None:
    assert seconds(plan_of(MEASURED)) == [
        ("fetch", FETCH_SECONDS, "fixed"),
        ("train", 10 + 5 * 3, "ledger"),
        ("merge", MERGE_SECONDS, "fixed"),
        ("evaluate", 1 + 10 * 40 / 50, "ledger"),
        ("evaluate", 10 * 40 / 50, "ledger"),
        ("grade", 1, "ledger"),
        ("grade", 1, "ledger"),
    ]


def test_half_a_measurement_says_that_it_is_mixed() -> None:
    only_speed = Snapshot(speeds=MEASURED.speeds)
    only_length = Snapshot(mean_tokens_out=MEASURED.mean_tokens_out)
    for snapshot, expected in ((only_speed, 1 + 10 * 20 / 50), (only_length, 10 + 10 * 40 / 100)):
        first = next(p for p in plan_of(snapshot).jobs if p.job.kind is JobKind.EVALUATE)
        assert (first.estimate.central.seconds, first.estimate.basis) == (expected, "mixed")


@pytest.mark.parametrize(
    "speeds",
    [{("gpu", "tina-1"): Speed(1, 50, 0.1, 3)}, {("cpu", "tina-2"): Speed(1, 50, 0.1, 3)}],
    ids=["another stack", "another model"],
)
def test_what_was_measured_elsewhere_is_not_used(speeds: dict[tuple[str, str], Speed]) -> None:
    assert seconds(plan_of(Snapshot(speeds=speeds))) == seconds(plan_of())


def test_the_price_is_the_stack_s_unless_another_is_given() -> None:
    sum_ = plan_of().total.central
    assert sum_.seconds is not None
    assert sum_.cost_usd == pytest.approx(sum_.seconds * USD_PER_SECOND)
    assert plan_of(price_usd_per_hour=0.0).total.central.cost_usd == 0
    dear = plan_of(price_usd_per_hour=3600.0).total.central
    assert dear.cost_usd == pytest.approx(sum_.seconds)


def test_gpu_hours_are_hours_on_a_gpu_and_zero_on_a_processor() -> None:
    assert plan_of().total.central.gpu_hours == 0
    on_gpu = plan_of(profile="gpu")
    for planned in on_gpu.jobs:
        amounts = planned.estimate.central
        assert amounts.seconds is not None
        computes = planned.job.kind not in {JobKind.FETCH, JobKind.GRADE}
        assert amounts.gpu_hours == pytest.approx(amounts.seconds / 3600 if computes else 0)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("stacks/cpu/output_tokens_per_second", "evaluate"),
        ("stacks/cpu/train_seconds_per_step", "train"),
        ("stacks/cpu/grade_seconds_per_sample", "grade"),
        ("tasks/t1/expected_output_tokens", "evaluate"),
    ],
)
def test_one_unknown_part_makes_the_sum_unknown_and_leaves_the_others_known(
    path: str, kind: str
) -> None:
    plan = plan_of(changes={path: None})
    for planned in plan.jobs:
        estimate = planned.estimate
        known = planned.job.kind != kind
        assert (estimate.central.seconds is not None) == known
        assert (estimate.central.cost_usd is not None) == known
        assert (estimate.basis == "unknown") != known
    assert (plan.total.central.seconds, plan.total.central.cost_usd) == (None, None)
    assert (plan.total.known_central.seconds or 0) > 0
    assert len(plan.total.unknown) == 1


def test_a_measurement_makes_an_unknown_figure_known() -> None:
    changes = {
        f"stacks/cpu/{name}": None
        for name in ("output_tokens_per_second", "load_seconds", "train_seconds_per_step",
                     "grade_seconds_per_sample")
    }  # fmt: skip
    assert plan_of(changes=changes).total.central.seconds is None
    assert plan_of(MEASURED, changes=changes).total.central.seconds is not None


def test_how_long_a_download_takes_is_unknown() -> None:
    first = plan_of(models=("far",)).jobs[0]
    assert first.job.kind is JobKind.FETCH
    assert (first.estimate.central.seconds, first.estimate.basis) == (None, "unknown")


def spent(attempt: str, phase: Phase, wall: float, **given: object) -> LedgerEntry:
    return make_entry(attempt=attempt, phase=phase, wall_seconds=wall, **given)


def test_speeds_are_work_over_time_across_attempts_interrupted_ones_included() -> None:
    entries = [
        make_entry(attempt="whole", event="start", phase=Phase.LOAD),
        spent("whole", Phase.LOAD, 12),
        spent("whole", Phase.LOAD, 8),
        spent("whole", Phase.GENERATE, 10, tokens_out=1000),
        spent("whole", Phase.GENERATE, 10, tokens_out=0),
        make_entry(attempt="whole", event="end", outcome=Outcome.DONE),
        # Killed while generating: no end entry, but what it did counts.
        make_entry(attempt="killed", event="start", phase=Phase.LOAD),
        spent("killed", Phase.LOAD, 40),
        spent("killed", Phase.GENERATE, 5, tokens_out=1500),
        # Died while loading: it never got anywhere, and says nothing of how long loading takes.
        spent("stillborn", Phase.LOAD, 500),
        spent("g", Phase.GRADE, 4, samples=40, kind=JobKind.GRADE),
        spent("g", Phase.LOAD, 77, kind=JobKind.GRADE),
        spent("t", Phase.TRAIN, 30, steps=60, kind=JobKind.TRAIN),
        spent("t", Phase.LOAD, 99, kind=JobKind.TRAIN),
    ]
    assert measured_speeds(entries) == {
        ("cpu", "m"): Speed(
            load_seconds=(20 + 40) / 2,
            output_tokens_per_second=pytest.approx(2500 / 25),
            grade_seconds_per_sample=pytest.approx(0.1),
            train_seconds_per_step=pytest.approx(0.5),
        )
    }


def test_speeds_are_kept_apart_by_stack_and_model() -> None:
    entries = [
        spent("a", Phase.GENERATE, 1, tokens_out=10),
        spent("b", Phase.GENERATE, 1, tokens_out=20, model="n"),
        spent("c", Phase.GENERATE, 1, tokens_out=30, stack="gpu"),
    ]
    speeds = measured_speeds(entries)
    assert {pair: speed.output_tokens_per_second for pair, speed in speeds.items()} == {
        ("cpu", "m"): 10,
        ("cpu", "n"): 20,
        ("gpu", "m"): 30,
    }


@pytest.mark.parametrize(
    "entry",
    [
        spent("a", Phase.GENERATE, 9, tokens_out=0),
        spent("a", Phase.GENERATE, 0, tokens_out=9),
        spent("a", Phase.LOAD, 9),
        spent("a", Phase.IDLE, 9, tokens_out=9),
    ],
    ids=["no work", "no time", "never generated", "idle"],
)
def test_a_phase_that_got_nowhere_has_no_speed(entry: LedgerEntry) -> None:
    assert set(measured_speeds([entry]).values()) <= {Speed()}


def test_no_entries_give_no_speeds() -> None:
    assert measured_speeds([]) == {}


def test_a_snapshot_of_an_empty_home_is_empty_and_makes_nothing(tmp_path_factory) -> None:
    root = tmp_path_factory.mktemp("parent") / "home"
    assert take_snapshot(Home(root)) == Snapshot()
    assert not root.exists()


def test_a_snapshot_has_done_jobs_speeds_and_mean_lengths(tmp_path_factory) -> None:
    home = Home(tmp_path_factory.mktemp("home"))
    for name, done in (("fetch-a", ("j1",)), ("evaluate-b", ("j2", "j3"))):
        result = make_job_result(name, done)
        write_model(home.done_folder(name) / "result.json", result)
    write_model(home.work_folder("train-c") / "result.json", make_job_result("train-c", ("j4",)))
    write_model(home.result_file("smoke", "m", "t"), make_result(((10, 20), (30, 60))))
    with LogWriter(home.work_folder("train-c") / "ledger.jsonl") as log:
        log.append([spent("a", Phase.TRAIN, 10, steps=5).model_dump(mode="json")])
    assert take_snapshot(home) == Snapshot(
        done=frozenset({"j1", "j2", "j3"}),
        speeds={("cpu", "m"): Speed(train_seconds_per_step=2)},
        mean_tokens_out={("m", "t"): 30},
    )


def test_a_snapshot_for_a_gpu_has_the_speeds_of_that_gpu_and_of_the_processor(
    tmp_path_factory,
) -> None:
    home = Home(tmp_path_factory.mktemp("home"))

    def on(device: str, attempt: str, tokens: int) -> LedgerEntry:
        given = {"stack": "gpu", "device": device, "gpu_count": 1, "tokens_out": tokens}
        return spent(attempt, Phase.GENERATE, 10, **given)

    entries = [
        on("NVIDIA L40S", "a", 100),
        on("NVIDIA H100 80GB HBM3", "b", 1000),
        spent("c", Phase.GRADE, 10, stack="gpu", samples=5, kind=JobKind.GRADE),
    ]
    with LogWriter(home.work_folder("evaluate-m") / "ledger.jsonl") as log:
        log.append(entry.model_dump(mode="json") for entry in entries)

    def speed(gpu: str | None) -> Speed:
        return take_snapshot(home, gpu).speeds["gpu", "m"]

    assert speed("l40s").output_tokens_per_second == pytest.approx(10)
    assert speed("h100").output_tokens_per_second == pytest.approx(100)
    assert speed(None).output_tokens_per_second == pytest.approx(55)
    assert speed("l40s").grade_seconds_per_sample == pytest.approx(2)
    assert speed("a40").output_tokens_per_second is None


def test_the_speed_of_several_gpus_is_counted_for_one() -> None:
    both = spent("a", Phase.GENERATE, 10, stack="gpu", gpu_count=2, tokens_out=1000)
    (speed,) = measured_speeds([both]).values()
    assert speed.output_tokens_per_second == pytest.approx(50)
