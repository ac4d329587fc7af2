"""All comparisons of a large board, measured against as many paired t-tests by scipy."""

import time
from itertools import combinations

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture
from scipy import stats

from tests.support.made import make_result
from tina_bench.stats.comparisons.all_pairs import PairTable, compare_all
from tina_bench.stats.comparisons.ranks import rank_bands
from tina_bench.store.records import ProblemOutcome, ResultRecord

TASKS = {"aime24": 30, "aime25": 30, "amc23": 40, "gpqa": 198, "minerva": 272, "math500": 500}
MODELS = 32
RUNS = 10


def board() -> list[ResultRecord]:
    """32 models of slowly growing strength on six tasks of real sizes."""
    rng = np.random.default_rng(4)
    records = []
    for task, n in TASKS.items():
        hardness = rng.normal(0, 2, n)
        for model in range(MODELS):
            chances = 1 / (1 + np.exp(-(hardness + rng.normal(0, 0.7, n) + 0.03 * model)))
            answers = (rng.random((n, RUNS)) < chances[:, None]).tolist()
            problems = tuple(
                ProblemOutcome(
                    problem=f"p{index:04d}",
                    index=index,
                    correct=tuple(row),
                    undecided=(False,) * RUNS,
                    answered=(True,) * RUNS,
                    truncated=(False,) * RUNS,
                    tokens_out=(100,) * RUNS,
                )
                for index, row in enumerate(answers)
            )
            name = f"model-{model:02d}"
            records.append(make_result(((1,) * RUNS,), model=name, task=task, problems=problems))
    return records


def t_tests(records: list[ResultRecord]) -> float:
    """Seconds that scipy takes for one paired t-test a comparison, averages included."""
    means = {
        task: [
            np.array([np.mean(problem.correct) for problem in record.problems])
            for record in records
            if record.task == task
        ]
        for task in TASKS
    }
    means["average"] = [np.concatenate(parts) for parts in zip(*means.values(), strict=True)]
    begun = time.perf_counter()
    for rows in means.values():
        for a, b in combinations(rows, 2):
            stats.ttest_rel(a, b)
    return time.perf_counter() - begun


def test_a_board_of_32_models_takes_little_more_than_its_t_tests(
    benchmark: BenchmarkFixture,
) -> None:
    records = board()
    tables: tuple[PairTable, ...] = benchmark.pedantic(
        compare_all, args=(records,), rounds=5, iterations=1
    )
    for table in tables:
        assert len(rank_bands(table).bands) == MODELS
    comparisons = sum(len(table.comparisons) for table in tables)
    assert comparisons == 7 * MODELS * (MODELS - 1) // 2
    ratio = benchmark.stats.stats.median / t_tests(records)
    benchmark.extra_info |= {
        "what": f"{comparisons} exact comparisons with power and ranks ÷ as many t-tests by scipy",
        "ratio": round(ratio, 2),
        "compare_seconds_median": round(benchmark.stats.stats.median, 3),
        "target": "comparisons and verdicts together ≤ 5 s",
    }
    assert ratio <= 6
