"""Homes of result records and catalogs of claims, as large and as hostile as a test asks for."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from board_catalog import catalog as small_catalog

from tina_bench.board.content.context import SiteContext, collect_context
from tina_bench.board.output.cache import Cache
from tina_bench.catalog.schema import Catalog
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest
from tina_bench.stats.report import build_report
from tina_bench.store.home import Home
from tina_bench.store.records import ProblemOutcome, Provenance, ResultRecord

START = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=datetime.UTC)
TASKS = ("aime24", "aime25", "amc23", "math500", "gpqa", "minerva", "olympiadbench")
SIZES = {"aime24": 30, "aime25": 30, "amc23": 40}
"""Problems; of other tasks, 50."""
SAMPLING = {"temperature": 0.6, "top_p": 0.95}
LIMIT_TOKENS = 32_768


def _provenance(model: str, task: str) -> Provenance:
    return Provenance(
        tina_bench_version="0.1.0", weights_sha256={"model.safetensors": digest(model)},
        dataset_sha256={task: digest(task)}, prompts_sha256=digest([task]), engine={},
        sampling=SAMPLING, grader={"metric": "m:m"}, packages={}, stack="current",
        profile="paper", hardware={}, protocol="p" * 16, sample_log=f"samples/{model}/x.jsonl",
        sample_log_bytes=0, sample_log_sha256=digest(""), grade_log=f"grades/{model}/x.jsonl",
        command_line=("tina-bench",), started_at=START, finished_at=START,
    )  # fmt: skip


def record(model: str, task: str, n: int, k: int, seed: int) -> ResultRecord:
    """Generated outcomes: chances by problem, lengths that are longer where the answer is wrong."""
    rng = np.random.default_rng([5, seed, n, k])
    correct = rng.random((n, k)) < rng.beta(0.7, 0.7, n)[:, None]
    tokens = np.minimum(rng.lognormal(8 + 0.5 * ~correct, 0.8), LIMIT_TOKENS).astype(int) + 1
    cut = tokens > LIMIT_TOKENS
    correct &= ~cut
    return ResultRecord(
        model=model, task=task, seeds=tuple(range(k)), provenance=_provenance(model, task),
        problems=tuple(
            ProblemOutcome(
                problem=digest([task, i])[:16], index=i, correct=tuple(correct[i].tolist()),
                undecided=(False,) * k, answered=tuple((~cut[i]).tolist()),
                truncated=tuple(cut[i].tolist()), tokens_out=tuple(tokens[i].tolist()),
            )
            for i in range(n)
        ),
    )  # fmt: skip


def catalog(
    titles: dict[str, str], tasks: Sequence[str], claims: int, *, costs: bool = True
) -> Catalog:
    """Models by name and title, adapters all but the first, with so many claims about them."""
    rng = np.random.default_rng([6, claims])
    small = small_catalog().model_dump(mode="json")
    names = list(titles)
    hub = {"family": "Made up", "source": "hub"}
    models: dict[str, Any] = {
        name: {"title": title, "kind": "baseline", "repo": f"org/{name}", **hub}
        for name, title in titles.items()
    }
    models[names[0]]["kind"] = "base"
    for name in names[1:]:
        models[name] |= {"kind": "adapter", "base": names[0]}
    pairs = [(model, task) for model in names for task in tasks]
    printed = {
        f"claim-{number}": {
            "model": pairs[number % len(pairs)][0], "task": pairs[number % len(pairs)][1],
            "value_percent": round(float(rng.uniform(20, 80)), 1), "decimals": 1,
            "runs": int(rng.integers(1, 16)), "who": f"Team {number % 5}",
            "source": f"table {number}", "confidence": "read", "sampling": SAMPLING,
        }
        for number in range(claims)
    }  # fmt: skip
    task = small["tasks"]["aime24"]
    return Catalog.model_validate(
        {
            "models": models,
            "tasks": {t: {**task, "title": t.upper(), "n_problems": SIZES.get(t, 50)}
                      for t in tasks},
            "claims": printed,
            "costs": {f"cost-{m}": {"title": m, "model": m, "kind": "row", "train_usd": 3 + 7 * i,
                                    "eval_usd": 1, "total_usd": 4 + 7 * i, "who": "Team 0",
                                    "source": "table", "confidence": "read"}
                      for i, m in enumerate(names[1:])} if costs else {},
            "stacks": small["stacks"],
            "profiles": {"paper": {**small["profiles"]["paper"], "models": names,
                                   "tasks": list(tasks)}},
            "prices": small["prices"],
        }
    )  # fmt: skip


def evidence(
    root: Path, known: Catalog, measured: Sequence[str], tasks: Sequence[str], *, k: int = 4,
    cache: Cache | None = None,
) -> SiteContext:  # fmt: skip
    """Evidence of a home in which these models were measured on these tasks."""
    home = Home(root)
    for m, model in enumerate(measured):
        for t, task in enumerate(tasks):
            made = record(model, task, SIZES.get(task, 50), k, 100 * m + t)
            write_model(home.result_file("paper", model, task), made)
    return collect_context(home, known, build_report(known, home.results()), None, cache=cache)
