"""Hashes of tasks' problems, as far as their datasets are here.

Making a problem takes LightEval, so a process of its own does it (`tina_bench.jobs.problems`):
whoever only reads or writes a lock never imports an engine.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import LockError
from tina_bench.files.hashing import sha256_file
from tina_bench.lock.hub_cache import cached, hub_files, place
from tina_bench.lock.lockfile import Lock, LockedFiles, LockedTask

WORKER = "tina_bench.jobs.problems"
NO_ENGINE = 3
"""The worker's exit code where LightEval is not installed."""
TIMEOUT_SECONDS = 600


def _folder(entry: LockedFiles, target: Path) -> Path | None:
    """A folder with a hub dataset's locked files and no others; `None` where it is not cached."""
    found = {}
    for name, file in hub_files("dataset", entry).items():
        path = cached(file)
        if path is None or sha256_file(path) != file.sha256:
            return None
        found[name] = path
    for name, path in found.items():
        place(path, target / name)
    return target


def compute(
    catalog: Catalog, lock: Lock, datasets: Collection[str] | None = None
) -> dict[str, LockedTask | str] | None:
    """Every task whose locked dataset is here, or the sentence why its problems cannot be made.

    Only the tasks of `datasets`, where that is given. `None` where LightEval is not installed.
    Raises `LockError` when the worker itself fails.
    """
    with tempfile.TemporaryDirectory(prefix="tina-bench-") as name:
        scratch = Path(name)
        order: dict[str, Any] = {}
        folders: dict[str, Path | None] = {}
        for task_name, task in sorted(catalog.tasks.items()):
            entry = lock.datasets.get(task.dataset)
            if entry is None or (datasets is not None and task.dataset not in datasets):
                continue
            folder = None
            if entry.source == "hub":
                if task.dataset not in folders:
                    folders[task.dataset] = _folder(entry, scratch / f"data-{len(folders)}")
                folder = folders[task.dataset]
                if folder is None:
                    continue
            order[task_name] = {
                "task": task.model_dump(mode="json"),
                "dataset": {
                    "name": task.dataset,
                    "folder": None if folder is None else folder.name,
                    "sha256": {path: file.sha256 for path, file in entry.files.items()},
                },
            }
        return _ask(order, scratch) if order else {}


def _ask(order: dict[str, Any], scratch: Path) -> dict[str, LockedTask | str] | None:
    (scratch / "order.json").write_text(json.dumps(order), encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", WORKER, str(scratch)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if ended.returncode == NO_ENGINE:
        return None
    if ended.returncode != 0:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise LockError(
            f"tasks: the process that makes their problems ended with {ended.returncode}: {last}."
        )
    answer = json.loads((scratch / "answer.json").read_text(encoding="utf-8"))
    return {
        name: found["refusal"] if "refusal" in found else LockedTask.model_validate(found)
        for name, found in answer.items()
    }


@dataclass(frozen=True)
class TaskRenewal:
    """A lock with its tasks brought up to what is here."""

    lock: Lock
    refused: dict[str, str]
    """Why a task's problems cannot be made, by task."""
    computed: bool
    """False where LightEval is not installed, and all tasks stay as they were."""


def renew_tasks(
    catalog: Catalog, lock: Lock, datasets: Collection[str] | None = None
) -> TaskRenewal:
    """Compute every task whose locked dataset is here; the others stay as they were.

    Only the tasks of `datasets`, where that is given.
    """
    computed = compute(catalog, lock, datasets)
    if computed is None:
        return TaskRenewal(lock, {}, computed=False)
    refused = {name: found for name, found in computed.items() if isinstance(found, str)}
    tasks = {name: entry for name, entry in lock.tasks.items() if name not in refused}
    tasks |= {name: found for name, found in computed.items() if isinstance(found, LockedTask)}
    return TaskRenewal(lock.model_copy(update={"tasks": tasks}), refused, computed=True)
