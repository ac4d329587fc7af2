"""Hashes of tasks' problems, as far as their datasets are here.

Making a problem takes LightEval, so a process of its own does it (`tina_bench.jobs.problems`):
reading and writing a lock never imports an engine.
"""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import LockError
from tina_bench.files.hashing import sha256_file
from tina_bench.files.worker_process import NO_ENGINE, read_answer, run_worker
from tina_bench.lock.hub_cache import cached, hub_files, place
from tina_bench.lock.lockfile import Lock, LockedFiles, LockedTask
from tina_bench.store.job_folder import Dataset
from tina_bench.store.regrade_job import ProblemAnswer, ProblemOrder, TaskInput, TaskProblems

WORKER = "tina_bench.jobs.problems"
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
        wanted: dict[str, TaskInput] = {}
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
            wanted[task_name] = TaskInput(
                task=task,
                dataset=Dataset(
                    name=task.dataset,
                    folder=None if folder is None else folder.name,
                    sha256={path: file.sha256 for path, file in entry.files.items()},
                ),
            )
        return _ask(wanted, scratch) if wanted else {}


def _ask(tasks: dict[str, TaskInput], scratch: Path) -> dict[str, LockedTask | str] | None:
    end = run_worker(
        WORKER,
        scratch,
        ProblemOrder(wanted="sha256", tasks=tasks),
        str(scratch),
        timeout_seconds=TIMEOUT_SECONDS,
    )
    if end.code == NO_ENGINE:
        return None
    if end.code != 0 or not end.answered:
        raise LockError(f"tasks: the process that makes their problems {end.how}.")
    return {
        name: _locked(found) for name, found in read_answer(scratch, ProblemAnswer).tasks.items()
    }


def _locked(made: TaskProblems) -> LockedTask | str:
    if made.refusal is not None:
        return made.refusal
    found = {"problems_sha256": made.sha256, "packages": made.packages}
    return LockedTask.model_validate(found)


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
