"""`python -m tina_bench.jobs.problems FOLDER`: hash the problems of tasks, for the lock.

FOLDER holds `order.json`, tasks and locked datasets by task name, and gets `answer.json`. Exit code
3 means that LightEval is not installed.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Task
from tina_bench.errors import TinaBenchError
from tina_bench.files.hashing import digest
from tina_bench.jobs.lighteval_tasks import load_problems
from tina_bench.metering.hardware import installed
from tina_bench.store.job_folder import GRADER_PACKAGES, Dataset

NO_ENGINE = 3


def problems_sha256(name: str, task: Task, dataset: Dataset, root: Path) -> str:
    """Hash over every problem's query, choices and gold answer, in dataset order.

    Raises `CatalogError` or `IntegrityError` when the problems cannot be made.
    """
    return digest(
        [
            [problem.doc.query, list(problem.doc.choices), list(problem.doc.get_golds())]
            for problem in load_problems(name, task, dataset, root)
        ]
    )


def _answer(name: str, order: dict[str, Any], root: Path) -> dict[str, Any]:
    task = Task.model_validate(order["task"])
    dataset = Dataset.model_validate(order["dataset"])
    try:
        found = problems_sha256(name, task, dataset, root)
    except TinaBenchError as error:
        return {"refusal": str(error)}
    except Exception as error:  # noqa: BLE001 - whatever a prompt function makes of foreign rows
        return {"refusal": f"task {name}: {type(error).__name__}: {error}."}
    return {"problems_sha256": found, "packages": installed(GRADER_PACKAGES)}


def main(folder: Path) -> int:
    """Answer the order in `folder`; returns the exit code."""
    if importlib.util.find_spec("lighteval") is None:
        return NO_ENGINE
    order = json.loads((folder / "order.json").read_text(encoding="utf-8"))
    answer = {name: _answer(name, wanted, folder) for name, wanted in order.items()}
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
