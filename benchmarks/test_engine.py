"""What our loop costs over the bare engine, and saves over the published way. Ratios only."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tina_bench.catalog.load import load_catalog
from tina_bench.embedded.files import model_folder
from tina_bench.store.home import Home
from tina_bench.store.records import JobKind

ROOT = Path(__file__).parents[1]
TASKS = ("smoke-30", "smoke-40", "smoke-100")
ROUNDS = 3


def seconds(*command: str, home: Path | None = None) -> float:
    """Wall seconds of a process from start to end; it must succeed."""
    environment = dict(os.environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if home is not None:
        environment["TINA_BENCH_HOME"] = str(home)
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    return time.perf_counter() - begun


def reproduce(home: Path, seeds: int) -> float:
    """Wall seconds of the whole `reproduce` of the base."""
    return seconds(
        "-m", "tina_bench", "reproduce", "--model", "smoke-base", "-p", "smoke",
        "--seeds", str(seeds), home=home,
    )  # fmt: skip


def requests_of(home: Path) -> Path:
    """The prompts and seeds of every sample in a home, for the bare engine."""
    from tests.e2e.program import Program
    from tina_bench.jobs.engine import engine_options
    from tina_bench.jobs.lighteval_tasks import load_problems
    from tina_bench.jobs.sample_requests import load_tokenizer, render_prompts
    from tina_bench.lock.lockfile import read_lock
    from tina_bench.store.job_folder import Dataset

    catalog, lock = load_catalog(), read_lock()
    profile = catalog.profiles["smoke"]
    stack, tokenizer = catalog.stacks["cpu"], load_tokenizer(model_folder())
    prompts: dict[tuple[str, str], list[int]] = {}
    for name in TASKS:
        files = lock.datasets[name].files
        data = Dataset(name=name, sha256={path: file.sha256 for path, file in files.items()})
        problems = load_problems(name, catalog.tasks[name], data, Path())
        for problem, ids, _ in render_prompts(
            tokenizer, problems, name, context_tokens=512, max_new_tokens=128
        ):
            prompts[name, problem.id] = list(ids)
    samples = Program(home).samples("smoke-base")
    path = home / "requests.json"
    work = {
        "engine": {
            "model": str(model_folder()),
            **engine_options(stack, profile.max_model_tokens),
        },
        "sampling": {"max_tokens": 128, **profile.sampling.model_dump()},
        "prompts": [prompts[sample.task, sample.problem] for sample in samples],
        "seeds": [sample.sample_seed for sample in samples],
    }
    path.write_text(json.dumps(work), encoding="utf-8")
    return path


def evaluate_again(home: Path) -> Callable[[], float]:
    """Wall seconds of the evaluate job's own process, on a home without samples."""
    (done,) = home.glob("jobs/evaluate-*")
    folder = home / "jobs" / f"{done.name}.work"

    def once() -> float:
        shutil.rmtree(home / "samples", ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(done / "job.json", folder / "job.json")
        return seconds("-m", "tina_bench.jobs", str(folder), "--home", str(home))

    return once


def test_evaluate_costs_little_over_the_bare_engine(
    benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    reproduce(home, seeds=8)
    requests = requests_of(home)
    again = evaluate_again(home)
    ours: list[float] = []
    bare: list[float] = []

    def pair() -> None:
        bare.append(seconds("-m", "benchmarks.bare_generate", str(requests)))
        ours.append(again())

    benchmark.pedantic(pair, rounds=ROUNDS, iterations=1)
    ratio = median(o / b for o, b in zip(ours, bare, strict=True))
    benchmark.extra_info |= {
        "what": "evaluate ÷ bare vllm.LLM.generate, engine start in both, 1360 samples",
        "ratio": round(ratio, 3), "target": "≤ 1.10",
        "ours_seconds": [round(value, 2) for value in ours],
        "bare_seconds": [round(value, 2) for value in bare],
    }  # fmt: skip
    assert ratio <= 1.10


def test_pooling_beats_a_process_a_task_and_seed_five_times(
    benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    walls: dict[str, float] = {}

    def both() -> None:
        walls["ours"] = reproduce(tmp_path / "home", seeds=4)
        walls["published way"] = sum(
            seconds("-m", "tests.jobs.lighteval_pipeline", str(tmp_path / "out"), task, str(seed))
            for task in TASKS
            for seed in range(4)
        )

    benchmark.pedantic(both, rounds=1, iterations=1)
    ratio = walls["published way"] / walls["ours"]
    benchmark.extra_info |= {
        "what": "a process a task × seed ÷ `reproduce`, grading in both, 3 tasks × 4 seeds",
        "ratio": round(ratio, 2), "target": "≥ 5",
        "seconds": {name: round(value, 1) for name, value in walls.items()},
    }  # fmt: skip
    kinds = {result.kind for result in Home(tmp_path / "home").finished().values()}
    assert kinds == {JobKind.FETCH, JobKind.EVALUATE, JobKind.GRADE}
    assert ratio >= 5


@pytest.fixture(autouse=True)
def _no_threads_of_the_suite(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "VLLM_CPU_OMP_THREADS_BIND"):
        monkeypatch.delenv(name, raising=False)
