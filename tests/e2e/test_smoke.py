"""The main job, end to end: trained, evaluated, graded, metered, judged and shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.program import CALM, Program
from tests.support.smoke_home import SMOKE, smoke_copy, smoke_home
from tina_bench.catalog.load import load_catalog
from tina_bench.stats.comparisons.two_models import compare
from tina_bench.store.records import JobKind, Phase

pytestmark = pytest.mark.engine

__all__ = ["smoke_copy", "smoke_home"]
TASKS = ("smoke-30", "smoke-40", "smoke-100")


@pytest.fixture(scope="module")
def smoke(smoke_copy: Program) -> Program:
    """A copy: some tests damage it, and mend it again."""
    return smoke_copy


def test_every_model_is_measured_on_every_task_with_every_seed(smoke: Program) -> None:
    profile = load_catalog().profiles["smoke"]
    results = smoke.results()
    assert set(results) == {(m, t) for m in profile.models for t in TASKS}
    assert all(record.seeds == profile.seeds for record in results.values())
    assert {t: results["smoke-base", t].n for t in TASKS} == {
        "smoke-30": 30,
        "smoke-40": 40,
        "smoke-100": 100,
    }


def test_the_base_is_clearly_imperfect(smoke: Program) -> None:
    records = [smoke.results()["smoke-base", task] for task in TASKS]
    correct = sum(record.n_correct for record in records)
    total = sum(record.n * record.k for record in records)
    assert 0.30 <= correct / total <= 0.60


def test_the_recipe_raises_pass_at_1_by_fifteen_points_in_a_paired_test(smoke: Program) -> None:
    results = smoke.results()
    gain = compare(
        [results["smoke-tina", task] for task in TASKS],
        [results["smoke-base", task] for task in TASKS],
    )
    assert gain.difference_points >= 15
    assert gain.p_value < 0.001


def test_every_phase_of_both_models_is_on_the_bill(smoke: Program) -> None:
    spent = {(entry.model, entry.phase) for entry in smoke.ledger() if entry.wall_seconds > 0}
    assert {
        ("smoke-base", Phase.LOAD),
        ("smoke-base", Phase.GENERATE),
        ("smoke-base", Phase.GRADE),
        ("smoke-tina", Phase.TRAIN),
        ("smoke-tina", Phase.GENERATE),
    } <= spent
    assert all(entry.cost_usd is not None for entry in smoke.ledger())
    assert all(entry.energy_joules is None for entry in smoke.ledger()), "unknown, not zero"


def test_the_bill_counts_every_token_once(smoke: Program) -> None:
    billed = sum(entry.tokens_out for entry in smoke.ledger() if entry.model == "smoke-base")
    assert billed == sum(sample.tokens_out for sample in smoke.samples("smoke-base"))


def test_a_second_run_does_nothing_and_imports_no_engine(smoke: Program) -> None:
    before = sorted(path for path in smoke.root.rglob("*") if "site" not in path.parts)
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tina_bench", *SMOKE],
        env={**os.environ, **CALM, "TINA_BENCH_HOME": str(smoke.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Nothing to do" in ended.stdout
    imported = set(re.findall(r"\| +([\w.]+)$", ended.stderr, re.MULTILINE))
    assert not imported & {"torch", "vllm", "trl", "lighteval", "transformers"}
    assert before == sorted(path for path in smoke.root.rglob("*") if "site" not in path.parts)


def test_a_second_run_takes_less_than_three_seconds_of_processor_time(smoke: Program) -> None:
    # Processor time, because the other half of this suite keeps the other core busy.
    before = os.times()
    smoke.run(*SMOKE)
    after = os.times()
    used = after.children_user + after.children_system
    assert used - before.children_user - before.children_system <= 3.0


def test_two_seeds_differ_and_the_samples_of_a_problem_are_distinct(smoke: Program) -> None:
    texts: dict[tuple[str, str], list[str]] = {}
    for sample in sorted(smoke.samples("smoke-base"), key=lambda sample: sample.seed):
        texts.setdefault((sample.task, sample.problem), []).append(sample.text)
    runs = list(zip(*texts.values(), strict=True))
    assert len(set(runs)) == len(runs), "no two seeds gave the same run"
    distinct = sum(len(set(answers)) > 1 for answers in texts.values())
    assert distinct >= 0.8 * len(texts), "problems that are always answered alike are few"


def test_no_sample_key_stands_twice(smoke: Program) -> None:
    for model in ("smoke-base", "smoke-tina"):
        keys = [sample.key for sample in smoke.samples(model)]
        assert len(set(keys)) == len(keys) == 170 * 8


def test_verify_contradicts_no_smoke_claim_about_the_base(smoke: Program) -> None:
    ended = smoke.run("verify", "--model", "smoke-base", "--json")
    verdicts = {claim["verdict"] for claim in ended.json()["claims"]}
    assert len(ended.json()["claims"]) == 3
    assert verdicts <= {"REPRODUCED", "INCONCLUSIVE"}


def test_strict_verify_tells_an_open_case_from_a_settled_one(smoke: Program) -> None:
    counts = smoke.run("verify", "--model", "smoke-base", "--json").json()["counts"]
    smoke.run(
        "verify", "--model", "smoke-base", "--strict", code=3 if counts["INCONCLUSIVE"] else 0
    )


def test_the_board_shows_both_models_and_a_page_a_run(smoke: Program, tmp_path: Path) -> None:
    smoke.run("leaderboard", "build", "--out", str(tmp_path / "site"))
    index = (tmp_path / "site" / "index.html").read_text()
    assert "smoke-tina (LoRA + GRPO)" in index
    for model in ("smoke-base", "smoke-tina"):
        for task in TASKS:
            pages = list((tmp_path / "site" / "runs" / model / task).glob("seed-*.html"))
            assert len(pages) == 8
    page = (tmp_path / "site" / "runs" / "smoke-base" / "smoke-30" / "seed-0.html").read_text()
    sample = next(s for s in smoke.samples("smoke-base") if (s.task, s.seed) == ("smoke-30", 0))
    assert sample.text.splitlines()[0] in page


def test_other_grading_is_planned_without_any_generating(smoke: Program, tmp_path: Path) -> None:
    catalog = tmp_path / "mine.toml"
    catalog.write_text("""
        [profiles.thoughts-too]
        title = "the same samples, graded with their reasoning left in"
        models = ["smoke-base"]
        tasks = ["smoke-30", "smoke-40", "smoke-100"]
        seeds = [0, 1]
        stack = "cpu"
        max_model_tokens = 512
        sampling = { temperature = 0.6, top_p = 0.95 }
        remove_reasoning_tags = false
    """)
    ended = smoke.run(
        "plan", "--all", "--profile", "thoughts-too", "--catalog", str(catalog), "--json"
    )
    kinds = [job["kind"] for job in ended.json()["jobs"]]
    assert kinds == [JobKind.GRADE] * 6


def test_a_changed_byte_in_a_sample_log_is_refused_by_name(smoke: Program, tmp_path: Path) -> None:
    (path,) = (smoke.root / "samples" / "smoke-base").glob("*.jsonl")
    whole = path.read_bytes()
    middle = whole.index(b'"text":"', len(whole) // 2) + 9
    try:
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        ended = smoke.run("verify", code=14)
        assert str(path) in ended.err
        ended = smoke.run(
            "reproduce", "--model", "smoke-base", "-p", "smoke", "--seeds", "9", code=20
        )
        line = whole[:middle].count(b"\n") + 1
        assert f"{path}, line {line}" in ended.err
    finally:
        path.write_bytes(whole)


def test_a_wrong_byte_in_fetched_weights_is_refused_by_name(smoke: Program) -> None:
    (path,) = smoke.root.glob("jobs/fetch-smoke-base-*/weights/model.safetensors")
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        ended = smoke.run(
            "reproduce", "--model", "smoke-base", "-p", "smoke", "--seeds", "9", code=20
        )
        assert str(path) in ended.err
        assert "sha256" in ended.err
    finally:
        path.write_bytes(whole)
