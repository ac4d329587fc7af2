"""Generated results of many models, as large as a board becomes: records without logs."""

import datetime
from pathlib import Path

import numpy as np

from tina_bench.catalog.schema import Catalog
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest
from tina_bench.store.home import Home
from tina_bench.store.records import ProblemOutcome, Provenance, ResultRecord

START = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.UTC)
MOST_PROBLEMS = 60
"""Of a task: a page shows one number a task, whatever that is over."""


def _provenance(model: str, task: str, minutes: int) -> Provenance:
    return Provenance(
        tina_bench_version="0.1.0",
        weights_sha256={"model.safetensors": digest([model])},
        dataset_sha256={f"{task}.parquet": digest([task])},
        prompts_sha256=digest([task, "prompts"]),
        engine={"vllm": "0.31.0", "dtype": "bfloat16"},
        sampling={"temperature": 0.6, "top_p": 0.95, "max_new_tokens": 32768},
        grader={"metric": "lighteval.metrics:metric"},
        packages={"vllm": "0.31.0"},
        stack="current",
        profile="paper",
        hardware={"gpus": ["NVIDIA L40S"]},
        deviations=(),
        protocol="p" * 16,
        sample_log=f"samples/{model}/none.jsonl",
        sample_log_bytes=0,
        sample_log_sha256="0" * 64,
        grade_log=f"grades/{model}/none.jsonl",
        command_line=("tina-bench", "reproduce"),
        started_at=START,
        finished_at=START + datetime.timedelta(minutes=minutes),
    )


def _record(model: str, task: str, n: int, seeds: tuple[int, ...], number: int) -> ResultRecord:
    rng = np.random.default_rng([5, number])
    ease = np.clip(rng.beta(0.8, 0.8, n) + 0.01 * (number % 32) - 0.15, 0, 1)
    correct = rng.random((n, len(seeds))) < ease[:, None]
    none = (False,) * len(seeds)
    return ResultRecord(
        model=model,
        task=task,
        seeds=seeds,
        problems=tuple(
            ProblemOutcome(
                problem=digest([task, index])[:16],
                index=index,
                correct=tuple(bool(value) for value in row),
                undecided=none,
                answered=tuple(not value for value in none),
                truncated=none,
                tokens_out=(1000,) * len(seeds),
            )
            for index, row in enumerate(correct)
        ),
        provenance=_provenance(model, task, number),
    )


def write_results(
    root: Path,
    catalog: Catalog,
    *,
    models: int = 32,
    tasks: int = 7,
    seeds: int = 10,
    named: dict[str, list[str]] | None = None,
) -> Home:
    """A home with results of so many of the catalog's models and tasks, or of those named."""
    home = Home(root)
    claims = list(catalog.claims.values())
    if named is None:
        # Those that most was published of: the fullest page that the catalog can make.
        number = {name: sum(c.model == name for c in claims) for name in catalog.models}
        hub = [name for name, task in catalog.tasks.items() if task.source == "hub"][:tasks]
        chosen = sorted(number, key=lambda name: (-number[name], name))[:models]
        named = dict.fromkeys(chosen, hub)
    for i, (model, its) in enumerate(named.items()):
        for j, task in enumerate(its):
            n = min(catalog.tasks[task].n_problems, MOST_PROBLEMS)
            record = _record(model, task, n, tuple(range(seeds)), 32 * j + i)
            write_model(home.result_file("paper", model, task), record)
    return home
