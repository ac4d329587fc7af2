"""`python -m tina_bench.jobs.golds FOLDER HOME`: write down what tasks ask and what is right.

FOLDER holds `order.json`, a `ProblemOrder` by task name, and gets `problems.json`, a list of
`StoredProblem` by task name, or the sentence why a task's problems cannot be made. A process of its
own, as making a problem takes LightEval and grading it again may take another version of it.
"""

import importlib.util
import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from tina_bench.errors import TinaBenchError
from tina_bench.jobs.lighteval_tasks import TaskProblem, load_problems
from tina_bench.store.regrade_job import NO_ENGINE, ORDER_FILE, PROBLEMS_FILE, ProblemOrder


def stored(problem: TaskProblem) -> dict[str, Any]:
    """A problem as JSON: what JSON cannot hold of the document is left out."""
    doc = problem.doc
    return {
        "problem": problem.id,
        "index": problem.index,
        "query": doc.query,
        "choices": [str(choice) for choice in doc.choices or ()],
        "golds": [str(gold) for gold in doc.get_golds()],
        "fields": {
            field.name: getattr(doc, field.name)
            for field in fields(doc)
            if _is_json(getattr(doc, field.name))
        },
    }


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _problems(name: str, order: ProblemOrder, home: Path) -> list[dict[str, Any]] | str:
    try:
        return [stored(one) for one in load_problems(name, order.task, order.dataset, home)]
    except TinaBenchError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever a prompt function makes of foreign rows
        return f"task {name}: {type(error).__name__}: {error}."


def main(folder: Path, home: Path) -> int:
    """Answer the order in `folder`; returns the exit code."""
    if importlib.util.find_spec("lighteval") is None:
        return NO_ENGINE
    order = json.loads((folder / ORDER_FILE).read_text(encoding="utf-8"))
    found = {
        name: _problems(name, ProblemOrder.model_validate(wanted), home)
        for name, wanted in sorted(order.items())
    }
    (folder / PROBLEMS_FILE).write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
