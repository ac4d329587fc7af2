"""Tasks as LightEval sees them: documents and prompts, each with an identity of its own.

LightEval's `Registry` imports every bundled task module, one of which downloads a pickle at import;
so the prompt function and the metric are imported directly, from the paths that the catalog names.
"""

import importlib
import json
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Task
from tina_bench.embedded.files import dataset_file
from tina_bench.errors import CatalogError, IntegrityError
from tina_bench.files.hashing import problem_id
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.store.job_folder import Dataset
from tina_bench.store.problem_texts import ProblemText


@dataclass(frozen=True)
class TaskProblem:
    """One problem of a task."""

    id: str
    """Hash of the query; a query that stands twice in a dataset is numbered."""
    index: int
    """Row in the dataset."""
    doc: Any
    """LightEval's `Doc`."""

    def text(self) -> ProblemText:
        """As it is kept for pages; what a grader takes for right is spelled as text."""
        return ProblemText(
            problem=self.id,
            index=self.index,
            text=self.doc.query,
            choices=tuple(str(choice) for choice in self.doc.choices or ()),
            golds=tuple(str(gold) for gold in self.doc.get_golds()),
        )


def import_path(path: str) -> Any:
    """The object that `module:attribute.path` names; raises `CatalogError` when there is none."""
    module_name, _, attributes = path.partition(":")
    try:
        found: Any = importlib.import_module(module_name)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except (ImportError, AttributeError) as error:
        raise CatalogError(
            f"catalog: found the import path {path!r}, expected something that exists in the "
            f"installed packages: {error}."
        ) from None
    return found


def task_metric(task: Task) -> Any:
    """LightEval's metric object of a task."""
    metric = import_path(task.metric)
    return getattr(metric, "value", metric)  # members of the enum `Metrics` wrap the metric


def read_rows(dataset: Dataset, home: Path, subset: str, split: str) -> list[dict[str, Any]]:
    """Rows of a locked dataset, every hash checked before anything else reads a byte.

    `home` is the root that `dataset.folder` is relative to. `subset` and `split` choose among the
    files of a hub dataset, as its own card says; an embedded one has only one of each.
    """
    if dataset.folder is not None:
        return _hub_rows(home / dataset.folder, dataset, subset, split)
    (name,) = dataset.sha256
    path: Path = dataset_file(name)
    verify_sha256(path.parent, dataset.sha256, f"dataset {dataset.name}")
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _hub_rows(folder: Path, dataset: Dataset, subset: str, split: str) -> list[dict[str, Any]]:
    """Rows as the dataset's own card lays them out; no program of the dataset's is ever run.

    The library's converted copies go into a folder of their own that is deleted afterwards: the
    locked folder is only read. A card may name files anywhere, so what it names is compared with
    the lock before the library opens it.
    """
    import datasets

    verify_sha256(folder, dataset.sha256, f"dataset {dataset.name}")
    _refuse_addresses(folder, dataset)
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory(prefix="tina-bench-rows-") as cache:
        try:
            builder = datasets.load_dataset_builder(str(folder), name=subset, cache_dir=cache)
            _refuse_strangers(folder, dataset, builder.config.data_files or {})
            builder.download_and_prepare()
            rows = builder.as_dataset(split=split)
            return [dict(row) for row in rows]
        except (ValueError, OSError, datasets.exceptions.DatasetsError) as error:
            raise IntegrityError(
                f"dataset {dataset.name}, configuration {subset!r}, split {split!r}: cannot be "
                f"read from its locked files: {' '.join(str(error).split()).removesuffix('.')}."
            ) from None


def _refuse_addresses(folder: Path, dataset: Dataset) -> None:
    """Refuse a card whose configurations name anything but files below it.

    Before the library sees it: it would ask a foreign server about its file at once.
    """
    if not (folder / "README.md").is_file():
        return
    from huggingface_hub import DatasetCard

    try:
        head = DatasetCard.load(folder / "README.md").data.to_dict()
    except Exception as error:  # noqa: BLE001 - whatever foreign text makes of a YAML reader
        raise IntegrityError(
            f"dataset {dataset.name}: the head of its card cannot be read: "
            f"{' '.join(str(error).split()).removesuffix('.')}."
        ) from None
    left: list[Any] = [head.get("configs") or []]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str) and (
            "://" in value
            or "::" in value
            or value.startswith(("/", "~"))
            or ".." in value.split("/")
        ):
            raise IntegrityError(
                f"dataset {dataset.name}: its card names {value!r}, expected only files that "
                "checkpoints.lock knows; nothing of it was read."
            )


def _refuse_strangers(folder: Path, dataset: Dataset, data_files: Any) -> None:
    """Refuse files that the lock does not know, such as one that lies beside the locked ones."""
    known = {str((folder / name).resolve()) for name in dataset.sha256}
    for files in data_files.values():
        for file in files:
            if "://" in str(file) or str(Path(file).resolve()) not in known:
                raise IntegrityError(
                    f"dataset {dataset.name}: its card names {str(file)!r}, expected only files "
                    "that checkpoints.lock knows; nothing of it was read."
                )


def lighteval_config(name: str, task: Task) -> Any:
    """LightEval's own description of a catalog task."""
    from lighteval.tasks.lighteval_task import LightevalTaskConfig

    return LightevalTaskConfig(
        name=name,
        prompt_function=import_path(task.prompt),
        hf_repo=task.dataset,
        hf_subset=task.subset,
        hf_avail_splits=[task.split],
        evaluation_splits=[task.split],
        metrics=[task_metric(task)],
        generation_size=task.max_new_tokens,
    )


def load_problems(name: str, task: Task, dataset: Dataset, home: Path) -> list[TaskProblem]:
    """Every problem of a task, in dataset order.

    Raises `IntegrityError` when the dataset is not the locked one or has another number of
    problems than the catalog says.
    """
    from lighteval.tasks.lighteval_task import LightevalTask

    lighteval_task = LightevalTask(lighteval_config(name, task))
    lighteval_task.dataset = {task.split: read_rows(dataset, home, task.subset, task.split)}
    if task.prompt_seed is not None:
        random.seed(task.prompt_seed)
    docs = sorted(lighteval_task.get_docs(), key=lambda doc: int(doc.id))
    if len(docs) != task.n_problems:
        raise IntegrityError(
            f"task {name}: found {len(docs)} problems in {dataset.name}, expected "
            f"{task.n_problems} as the catalog says."
        )
    problems: list[TaskProblem] = []
    seen: dict[str, int] = {}
    for doc in docs:
        repeat = seen.get(doc.query, 0)
        seen[doc.query] = repeat + 1
        problem = problem_id(doc.query, repeat)
        problems.append(TaskProblem(id=problem, index=int(doc.id), doc=doc))
    return problems
