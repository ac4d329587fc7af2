"""Measure the smoke profile's claims anew: `python benchmarks/smoke_claims.py HOME`.

The base is sampled with 64 seeds. The recipe is trained five times, with training seeds 1 to 5, and
each adapter is sampled with 16 seeds: the spread between trainings is part of the claim, because
another machine's arithmetic trains another adapter. Prints the claims as catalog TOML.
"""

import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from tina_bench.catalog.load import load_catalog
from tina_bench.stats.methods.score_variance import answer_variance
from tina_bench.stats.outcome_matrix import correct_answers
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord

TRAINING_SEEDS = (1, 2, 3, 4, 5)
BASE_RUNS, ADAPTER_RUNS = 64, 16


def variants(folder: Path) -> Path:
    """A user's catalog with one recipe and model a training seed."""
    catalog = load_catalog()
    recipe = catalog.recipes["smoke-grpo"].model_dump(mode="json", exclude_none=True)
    model = catalog.models["smoke-tina"].model_dump(mode="json", exclude_none=True)
    profile = catalog.profiles["smoke"].model_dump(mode="json", exclude_none=True)
    names = [f"smoke-tina-{seed}" for seed in TRAINING_SEEDS]
    document: dict[str, Any] = {
        "recipes": {f"smoke-grpo-{s}": recipe | {"seed": s} for s in TRAINING_SEEDS},
        "models": {
            f"smoke-tina-{s}": model | {"recipe": f"smoke-grpo-{s}"} for s in TRAINING_SEEDS
        },
        "profiles": {
            "claims-base": profile | {"models": ["smoke-base"], "seeds": list(range(BASE_RUNS))},
            "claims-tina": profile | {"models": names, "seeds": list(range(ADAPTER_RUNS))},
        },
    }
    path = folder / "claims-catalog.toml"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    return path


def score(record: ResultRecord) -> float:
    """avg@k, percent."""
    return 100 * record.n_correct / (record.n * record.k)


def sampling_variance(record: ResultRecord) -> float:
    """Variance of avg@k from sampling alone, points squared."""
    return 100**2 * answer_variance(correct_answers(record)).value / (record.n * record.k)


def claims(records: dict[tuple[str, str], ResultRecord]) -> dict[str, Any]:
    """The claims, rounded as they will be printed."""
    made: dict[str, Any] = {}
    shared = {
        "decimals": 2,
        "who": "tina-bench authors",
        "source": "benchmarks/smoke_claims.py, machine of BENCHMARKS.md",
        "confidence": "measured",
        "stack": "cpu",
        "sampling": {"temperature": 0.6, "top_p": 0.95},
    }
    for task in load_catalog().profiles["smoke"].tasks:
        base = records["smoke-base", task]
        made[f"smoke-base-{task}"] = {
            "model": "smoke-base",
            "task": task,
            "value_percent": round(score(base), 2),
            "runs": base.k,
            **shared,
        }
        trained = [records[f"smoke-tina-{seed}", task] for seed in TRAINING_SEEDS]
        scores = [score(record) for record in trained]
        between = statistics.variance(scores) - float(np.mean([*map(sampling_variance, trained)]))
        made[f"smoke-tina-{task}"] = {
            "model": "smoke-tina",
            "task": task,
            "value_percent": round(statistics.mean(scores), 2),
            "runs": sum(record.k for record in trained),
            "trainings": len(trained),
            "training_sd_points": round(max(0.0, between) ** 0.5, 2),
            "note": "By training seed: " + ", ".join(f"{value:.2f}" for value in scores),
            **shared,
        }
    return made


def main(home: Path) -> None:
    """Run both profiles in `home`, then print the claims."""
    catalog = variants(home)
    for profile in ("claims-base", "claims-tina"):
        subprocess.run(
            [
                sys.executable, "-m", "tina_bench", "reproduce", "--all", "--profile", profile,
                "--catalog", str(catalog), "--home", str(home),
            ],
            check=True, stdout=sys.stderr,
        )  # fmt: skip
    records = {(record.model, record.task): record for record in Home(home).results()}
    sys.stdout.write(tomli_w.dumps({"claims": claims(records)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
