"""The logs of Open-RS, made again: files of LightEval's form with the numbers of docs/facts.

Scores, seconds and the hashes of prompts and answers are the published ones; what the facts do not
have is plain. The folders are those of the authors' repository.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

from tests.catalog.facts import CATALOG, facts, pins

NAMES = {"math500": "math_500"}
"""How the authors' tasks are named where it is not as in the catalog."""
FOLDER = re.compile(r"(evals|overall)[_/]Exp(\d)_(\d+)")
"""Of one checkpoint: experiment and step, in the repository or in a copy with flat folders."""


def runs() -> list[dict[str, Any]]:
    """What the facts say of each file."""
    found: list[dict[str, Any]] = facts()["open_rs_logs"]["runs"]
    return found


def write_logs(folder: Path) -> Path:
    """Write all of them under the folder, in the order of their time stamps."""
    for run in sorted(runs(), key=lambda run: run["saved"]):
        path = folder / file_of(run)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document(run), indent=2), encoding="utf-8")
    return folder


def file_of(run: dict[str, Any]) -> str:
    """Where it lies below the repository's logs/."""
    model = facts()["open_rs_logs"]["model"]
    return f"{run['folder']}/results/{model}/results_{run['saved']}.json"


def checkpoint_of(path: str) -> tuple[str, int, int]:
    """Kind of folder, experiment and step of a file's path."""
    found = FOLDER.search(path)
    assert found, path
    return found[1], int(found[2]), int(found[3])


def document(run: dict[str, Any]) -> dict[str, Any]:
    """One file, as LightEval wrote it in March 2025."""
    n, share = run["n"], run["correct"] / run["n"]
    name = NAMES.get(run["task"], run["task"])
    printed = f"custom|{name}|0"
    scores = {
        "extractive_match": share,
        "extractive_match_stderr": math.sqrt(share * (1 - share) / (n - 1)),
    }
    hashes = {
        key: pins()["prompt_hashes"][run["task"]][key]
        for key in ("hash_examples", "hash_full_prompts", "hash_input_tokens")
    } | {"hash_cont_tokens": run["answers"]}
    counts = {"truncated": 0, "non_truncated": n, "padded": 0, "non_padded": n}
    return {
        "config_general": {
            "lighteval_sha": "?", "num_fewshot_seeds": 1, "override_batch_size": -1,
            "max_samples": None, "job_id": 0, "start_time": 1000.0,
            "end_time": 1000.0 + run["seconds"],
            "total_evaluation_time_secondes": str(run["seconds"]),
            "model_name": facts()["open_rs_logs"]["model"], "model_sha": "", "model_dtype": None,
            "model_size": None,
        },
        "results": {printed: scores, "all": scores},
        "versions": {printed: 1},
        "config_tasks": {f"custom|{name}": _config(run["task"], name, n)},
        "summary_tasks": {
            printed: {
                "hashes": hashes, **counts, "effective_few_shots": 0.0,
                "num_truncated_few_shots": 0,
            }
        },
        "summary_general": {"hashes": hashes, **counts, "num_truncated_few_shots": 0},
    }  # fmt: skip


def _config(task: str, name: str, n: int) -> dict[str, Any]:
    known = CATALOG.tasks[task]
    return {
        "name": name, "prompt_function": f"{name.partition('_')[0].rstrip('0123456789')}_prompt_fn",
        "hf_repo": known.dataset, "hf_subset": known.subset,
        "metric": [{
            "metric_name": "extractive_match", "higher_is_better": True, "category": "3",
            "use_case": "1", "sample_level_fn": "sample_level_fn", "corpus_level_fn": "mean",
        }],
        "hf_revision": None, "hf_filter": None, "hf_avail_splits": [known.split],
        "trust_dataset": False, "evaluation_splits": [known.split], "few_shots_split": None,
        "few_shots_select": None, "generation_size": known.max_new_tokens,
        "generation_grammar": None, "stop_sequence": [], "num_samples": None, "suite": ["custom"],
        "original_num_docs": n, "effective_num_docs": n, "must_remove_duplicate_docs": False,
        "version": 1,
    }  # fmt: skip
