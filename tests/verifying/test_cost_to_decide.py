"""What deciding costs: on the device that was measured on, whatever machine verifies."""

from pathlib import Path

import pytest

from tests.support.made import make_entry
from tests.support.sealed import mixed, seal
from tests.verifying.cases import Scene, claim, measure, of, write_claims
from tina_bench.errors import DamagedLogError
from tina_bench.files.append_log import LogWriter
from tina_bench.store.home import Home
from tina_bench.store.records import Phase
from tina_bench.verifying.reports.text import deciding
from tina_bench.verifying.types import CostToDecide

GPU_CLAIM = claim("aime24", model="tina-open-rs2", value_percent=43.33, runs=64)


def on_gpu(tmp_path: Path, **given: object) -> Scene:
    home = Home(tmp_path / "gpu")
    seal(home, "tina-open-rs2", "aime24", mixed(30, 1, 12), stack="current",
         **{"profile": "paper", "hardware": {"gpus": ["NVIDIA L40S"]}, **given})  # fmt: skip
    return Scene(home, write_claims(tmp_path / "gpu.toml", {"gpu": GPU_CLAIM}))


def priced(scene: Scene, name: str) -> CostToDecide:
    found = of(scene.verify(), name)
    assert found.verdict == "INCONCLUSIVE"
    assert found.further is not None
    assert found.further.seeds == found.further_seeds
    return found.further


def test_a_gpus_hours_and_dollars_come_with_their_range_and_basis(tmp_path: Path) -> None:
    price = priced(on_gpu(tmp_path), "gpu")
    assert price.gpu_hours is not None
    assert price.usd is not None
    assert price.gpu_hours_range is not None
    assert 0 < price.gpu_hours_range[0] <= price.gpu_hours <= price.gpu_hours_range[1]
    assert price.basis.startswith("l40s; speed: calibration ")


def test_another_gpu_has_another_price(tmp_path: Path) -> None:
    slow = priced(on_gpu(tmp_path / "a"), "gpu")
    fast = priced(on_gpu(tmp_path / "b", hardware={"gpus": ["NVIDIA H100 80GB HBM3"]}), "gpu")
    assert fast.basis.startswith("h100")
    assert (fast.gpu_hours, fast.usd) != (slow.gpu_hours, slow.usd)


def test_a_profile_that_nobody_knows_has_no_price_and_says_so(tmp_path: Path) -> None:
    scene = on_gpu(tmp_path, profile="gone")
    price = priced(scene, "gpu")
    assert (price.gpu_hours, price.usd) == (None, None)
    assert price.basis == "unknown: the catalog has no profile gone"
    said = deciding(of(scene.verify(), "gpu"))
    assert "an unknown number of GPU-hours, unknown dollars" in said


def near(scene: Scene, tmp_path: Path) -> Scene:
    write_claims(scene.claims, {"near": claim(value_percent=40.0, decimals=1, runs=64)})
    scene.home = measure(tmp_path / "once", right=11, runs=1)
    return scene


def test_speeds_of_the_ledger_beside_the_records_win(scene: Scene, tmp_path: Path) -> None:
    scene = near(scene, tmp_path)
    by_catalog = priced(scene, "near")
    with LogWriter(scene.home.done_folder("evaluate-smoke-base-1") / "ledger.jsonl") as log:
        entries = [
            make_entry(model="smoke-base", phase=Phase.LOAD, wall_seconds=50.0),
            make_entry(model="smoke-base", wall_seconds=3600.0, tokens_out=100),
        ]
        log.append(entry.model_dump(mode="json") for entry in entries)
    by_ledger = priced(scene, "near")
    assert by_catalog.usd is not None
    assert by_ledger.usd is not None
    assert by_ledger.usd > 100 * by_catalog.usd


def test_a_damaged_ledger_is_told_and_not_priced_over(scene: Scene, tmp_path: Path) -> None:
    scene = near(scene, tmp_path)
    path = scene.home.done_folder("evaluate-smoke-base-1") / "ledger.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text("damaged\n")
    with pytest.raises(DamagedLogError, match="line 1"):
        scene.verify()


def test_a_settled_claim_has_no_price(scene: Scene) -> None:
    found = of(scene.verify(), "too-high")
    assert found.further is None
    assert deciding(found) == ""
