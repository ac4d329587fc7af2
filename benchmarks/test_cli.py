"""The command line starts and plans quickly, compared with what any Python program costs."""

import subprocess
import sys
import time
from statistics import median

from pytest_benchmark.fixture import BenchmarkFixture

from tina_bench.catalog.load import load_catalog
from tina_bench.files.hashing import digest
from tina_bench.lock.lockfile import read_lock
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Machine, Plan, Request, Snapshot

ROUNDS = 9
JOBS = 100_000


def seconds(*arguments: str) -> float:
    """Wall seconds of a Python process."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begun


def test_help_starts_like_any_typer_program(benchmark: BenchmarkFixture) -> None:
    empty = "import typer; app = typer.Typer(); app.command()(lambda: None); app(['--help'])"
    walls: list[tuple[float, float]] = []

    def pair() -> None:
        walls.append((seconds("-m", "tina_bench", "--help"), seconds("-c", empty)))

    benchmark.pedantic(pair, rounds=ROUNDS, iterations=1)
    ratio = median(ours / theirs for ours, theirs in walls)
    benchmark.extra_info |= {
        "what": "`tina-bench --help` ÷ an empty typer program's --help",
        "ratio": round(ratio, 2),
        "help_seconds_median": round(median(ours for ours, _ in walls), 3),
        "target": "--help ≤ 0.35 s",
    }
    assert ratio <= 2


def test_a_plan_of_a_hundred_thousand_jobs_is_mostly_hashing(benchmark: BenchmarkFixture) -> None:
    catalog, lock = load_catalog(), read_lock()
    seeds = tuple(range(JOBS // (2 * 2 * 3)))
    request = Request("smoke", seeds=seeds)
    machine = Machine(has_gpu=False, packages=catalog.stacks["cpu"].packages)
    plan: Plan = benchmark.pedantic(
        make_plan, args=(request, catalog, lock, Snapshot(), machine), rounds=5, iterations=1
    )
    begun = time.perf_counter()
    for planned in plan.jobs:
        digest([planned.job.id, planned.job.task, planned.job.seed])
    hashing = time.perf_counter() - begun
    ratio = benchmark.stats.stats.median / hashing
    benchmark.extra_info |= {
        "what": f"plan of {len(plan.jobs)} jobs ÷ one canonical hash a job",
        "ratio": round(ratio, 2),
        "plan_seconds_median": round(benchmark.stats.stats.median, 3),
        "target": "plan ≤ 2 s",
    }
    assert len(plan.jobs) >= 0.999 * JOBS
    assert ratio <= 15
