"""`tina-bench plan` before a cent is spent: bands, what they stand on, what others paid."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import Ended, call
from tina_bench.planning import plan as plan_room
from tina_bench.planning.types import Machine
from tina_bench.running import select_runner

PAPER = ("--all", "--gpu", "l40s", "--count", "2", "--seeds", "10")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    home = tmp_path_factory.mktemp("none") / "home"
    return " ".join(call("plan", *PAPER, "--home", home).out.split())


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("none") / "home"
    return call("plan", *PAPER, "--home", home, "--json").json()


def test_the_paper_s_plan_imports_no_engine() -> None:
    code = (
        "import sys; from tina_bench.cli.app import app\n"
        f"app({['plan', *PAPER]!r}, standalone_mode=False)\n"
        "print({'torch', 'vllm', 'lighteval'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"


def test_every_model_has_a_band_that_is_in_order_and_parts_add_up(plan: Any) -> None:
    models = {part["model"]: part for part in plan["by_model"] if part["model"]}
    assert len(models) == 11
    for part in models.values():
        sum_ = part["total"]
        for quantity in ("seconds", "gpu_hours", "cost_usd"):
            low, central, high = (
                sum_[f"known_{end}"][quantity] for end in ("low", "central", "high")
            )
            assert 0 < low < central < high
        assert part["seeds"] == 10
    for end in ("known_low", "known_central", "known_high"):
        assert sum(part["total"][end]["cost_usd"] for part in plan["by_model"]) == pytest.approx(
            plan["total"][end]["cost_usd"]
        )


def test_json_says_what_the_figures_stand_on_with_sources(plan: Any) -> None:
    assert (plan["gpu"], plan["gpu_count"]) == ("l40s", 2)
    assert plan["total"]["basis"] == "calibration open-rs-logs (1 GPU, type not recorded)"
    calibration = plan["calibrations"]["open-rs-logs"]
    assert calibration["gpu"] is None
    assert calibration["stands_for"] == ["l40s"]
    assert "knoveleng/open-rs at 2889c474" in calibration["source"]
    assert all(band["method"] for band in calibration["run_gpu_seconds"].values())
    assert plan["price"]["usd_per_hour"] > 0
    assert plan["price"]["rule"]


def test_the_paper_s_own_dollars_stand_beside(plan: Any, text: str) -> None:
    totals = {claim["title"]: claim["total_usd"] for claim in plan["published"].values()}
    assert totals["Total: all tasks"] == 526
    assert totals["Best checkpoint in best-performance task"] == 9
    rs2 = next(part for part in plan["by_model"] if part["model"] == "tina-open-rs2")
    assert any(plan["published"][name]["total_usd"] == 32 for name in rs2["published"])
    assert "$32 (15 + 17)" in text
    assert "$526" in text
    assert re.search(
        r"Best checkpoint in best-performance task \$8 \$1 \$9 Tina authors read", text
    )


def test_a_sum_with_an_unknown_part_is_a_lower_bound_and_says_what_is_not_in_it(
    plan: Any, text: str
) -> None:
    assert plan["total"]["central"]["cost_usd"] is None
    assert "Estimate on 2 × l40s: ≥ " in text
    for words in plan["total"]["unknown"]:
        assert words in text
    assert "the time of" in text
    assert "tina-bench fetch" in text


def test_two_gpus_take_half_the_time_and_as_many_gpu_hours(plan: Any) -> None:
    one = call("plan", "--all", "--gpu", "l40s", "--count", "1", "--seeds", "10", "--json").json()

    def known(of: Any, quantity: str) -> float:
        return float(of["total"]["known_central"][quantity])

    assert known(plan, "seconds") == pytest.approx(known(one, "seconds") / 2, rel=0.01)
    assert known(plan, "gpu_hours") == pytest.approx(known(one, "gpu_hours"), rel=0.01)


def test_your_price_is_used() -> None:
    def usd(*price: str) -> float:
        found = call("plan", *PAPER, "--json", *price).json()
        return float(found["total"]["known_central"]["cost_usd"])

    assert usd("--price", "l40s=2") == pytest.approx(2 * usd("--price", "1"))


def test_a_gpu_that_nobody_has_measured_is_unknown_with_a_way_out() -> None:
    ended = call("plan", "--all", "--gpu", "h100")
    assert ended.code == 0
    assert "Estimate on 1 × h100: unknown" in ended.out
    assert "--task aime24 --seeds 1 --budget 2" in " ".join(ended.out.split())


def test_a_calibration_of_one_s_own_is_a_file_and_no_code(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[calibrations.mine]\ntitle = "t"\nhardware = "1 H100 of mine"\ngpu = "h100"\n'
        'source = "me"\n[calibrations.mine.run_gpu_seconds.aime24]\nlow = 36\ncentral = 72\n'
        'high = 108\nconfidence = "measured"\nmethod = "three runs"\n',
        encoding="utf-8",
    )
    asked = ("plan", "-m", "open-rs1", "-t", "aime24", "--seeds", "1", "--gpu", "h100", "--json")
    plan = call(*asked, "--catalog", mine).json()
    assert plan["total"]["basis"] == "calibration mine (1 H100 of mine)"
    assert plan["total"]["known_central"]["gpu_hours"] == pytest.approx(0.02)


REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "an unknown GPU": (("plan", "--all", "--gpu", "tpu"), "--gpu: found 'tpu', expected one"),
    "a GPU for a processor": (
        ("plan", "--all", "-p", "smoke", "--gpu", "l40s"),
        "profile smoke computes on the processor",
    ),
    "GPUs that are no numbers": (
        ("reproduce", "--all", "--gpus", "a,b"),
        "--gpus: found 'a,b', expected numbers of GPUs, as in '0,1'",
    ),
    "a GPU twice": (("reproduce", "--all", "--gpus", "0,0"), "expected every GPU once"),
    "more engines than GPUs": (
        ("reproduce", "--all", "--gpus", "0,1", "--engines", "3"),
        "--engines: found 3, expected not more than there are GPUs (2)",
    ),
    "GPUs for a processor's engine": (
        ("reproduce", "--all", "-p", "smoke", "--gpus", "0"),
        "--gpus: this stack computes on the processor",
    ),
}


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_together_is_one_sentence(
    arguments: tuple[str, ...], sentence: str
) -> None:
    ended: Ended = call(*arguments)
    assert ended.code == 11
    assert sentence in ended.sentence


def test_a_budget_without_a_price_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rare(packages: list[str]) -> Machine:
        return Machine(has_gpu=True, packages=dict.fromkeys(packages), gpus=("NVIDIA Rare 9000",))

    monkeypatch.setattr(plan_room, "this_machine", rare)
    monkeypatch.setattr(select_runner, "this_machine", rare)
    ended = call("reproduce", "--all", "--runner", "local", "--budget", "5")
    assert ended.code == 11
    assert "the catalog has no on-demand price for nvidia-rare-9000" in ended.sentence
    assert not (tmp_path / "home").exists()
    assert (
        call("reproduce", "--all", "--runner", "local", "--budget", "5", "--price", "1").code == 22
    )


def _bad(**changes: str) -> str:
    values = {"low": "1", "central": "2", "high": "3", "task": "aime24", **changes}
    return (
        '[calibrations.c]\ntitle = "t"\nhardware = "h"\nsource = "s"\n'
        f"[calibrations.c.run_gpu_seconds.{values['task']}]\nlow = {values['low']}\n"
        f"central = {values['central']}\nhigh = {values['high']}\n"
        'confidence = "read"\nmethod = "m"\n'
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: _bad(low="5"), ("calibrations.c.run_gpu_seconds.aime24", "'low' ≤ 'central'")),
        (lambda: _bad(low="-1"), ("calibrations.c.run_gpu_seconds.aime24.low", "found -1")),
        (lambda: _bad(task="nope"), ("calibrations.c.run_gpu_seconds: found 'nope'", "'tasks'")),
        (lambda: '[calibrations.c]\ntitle = "t"\nhardware = "h"\nsource = "s"\n', ("one figure",)),
    ],
    ids=["order", "negative", "unknown task", "empty"],
)
def test_a_bad_calibration_is_refused_by_file_and_key(
    tmp_path: Path, made: Callable[[], str], words: tuple[str, ...]
) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(made(), encoding="utf-8")
    ended = call("plan", "--all", "--catalog", mine)
    assert ended.code == 12
    for word in (str(mine), *words):
        assert word in ended.sentence


def test_help_teaches_what_a_band_is() -> None:
    text = " ".join(call("plan", "--help").out.split())
    assert "--gpu" in text
    assert "lowest to highest" in text
