"""LightEval files made by hand: what a test does not name is plain and fits together."""

import json
from pathlib import Path
from typing import Any

from tina_bench.catalog.load import load_catalog
from tina_bench.importing.folder import ImportSummary, import_results
from tina_bench.importing.names import Attribution
from tina_bench.store.home import Home

CATALOG = load_catalog()
STAMP = "2025-03-14T23-12-53.542208"
TASK = "custom|aime24|0"


def old_document(**changes: Any) -> dict[str, Any]:
    """The old layout, as the logs of Open-RS have it: one task, 9 of 30."""
    made: dict[str, Any] = {
        "config_general": {
            "lighteval_sha": "?",
            "max_samples": None,
            "start_time": 100.0,
            "end_time": 160.0,
            "total_evaluation_time_secondes": "60.0",
            "model_name": "someone/model",
            "model_sha": "",
            "model_dtype": None,
        },
        "results": {
            TASK: {"extractive_match": 0.3, "extractive_match_stderr": 0.0850962943396763},
            "all": {"extractive_match": 0.3, "extractive_match_stderr": 0.0850962943396763},
        },
        "versions": {TASK: 1},
        "config_tasks": {
            "custom|aime24": {
                "name": "aime24",
                "hf_repo": "HuggingFaceH4/aime_2024",
                "hf_subset": "default",
                "hf_revision": None,
                "evaluation_splits": ["train"],
                "metric": [{"metric_name": "extractive_match", "corpus_level_fn": "mean"}],
                "num_samples": None,
                "effective_num_docs": 30,
            }
        },
        "summary_tasks": {
            TASK: {
                "hashes": {
                    "hash_examples": "e",
                    "hash_full_prompts": "p",
                    "hash_input_tokens": "i",
                    "hash_cont_tokens": "c",
                },
                "truncated": 0,
            }
        },
    }
    for path, value in changes.items():
        *folders, last = path.split("__")
        inner = made
        for name in folders:
            inner = inner[{"task": TASK, "config": "custom|aime24"}.get(name, name)]
        last = {"task": TASK, "config": "custom|aime24"}.get(last, last)
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    return made


def write_results(folder: Path, document: Any, stamp: str = STAMP) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"results_{stamp}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def take_in(home: Path, *paths: Path, **said: Any) -> ImportSummary:
    return import_results(paths, CATALOG, Home(home), Attribution(**said))
