"""`python -m tina_bench.jobs.problems FOLDER ROOT`: make the problems of tasks.

A worker (`tina_bench.files.worker_process`) that is given a `ProblemOrder` and answers with a
`ProblemAnswer`: hashes for the lock, or the problems themselves for grading again. ROOT is what
datasets' folders are relative to. A process of its own because making a problem takes LightEval,
which the lock never imports, and grading again may take another version of it.
"""

import importlib.util
import json
import signal
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from tina_bench.errors import TinaBenchError
from tina_bench.files.hashing import digest
from tina_bench.files.worker_process import NO_ENGINE, read_order, write_answer
from tina_bench.jobs.lighteval_tasks import TaskProblem, load_problems
from tina_bench.jobs.parent_death import die_with_parent
from tina_bench.metering.hardware import installed
from tina_bench.store.job_folder import GRADER_PACKAGES
from tina_bench.store.regrade_job import (
    ProblemAnswer,
    ProblemOrder,
    StoredProblem,
    TaskInput,
    TaskProblems,
)


def problems_sha256(problems: list[TaskProblem]) -> str:
    """Hash over every problem's query, choices and gold answer, in dataset order."""
    return digest(
        [
            [problem.doc.query, list(problem.doc.choices), list(problem.doc.get_golds())]
            for problem in problems
        ]
    )


def stored(problem: TaskProblem) -> StoredProblem:
    """A problem without LightEval: what JSON cannot hold of the document is left out."""
    doc = problem.doc
    return StoredProblem(
        problem=problem.id,
        index=problem.index,
        query=doc.query,
        choices=tuple(str(choice) for choice in doc.choices or ()),
        golds=tuple(str(gold) for gold in doc.get_golds()),
        fields={
            field.name: getattr(doc, field.name)
            for field in fields(doc)
            if _is_json(getattr(doc, field.name))
        },
    )


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def make_problems(
    name: str, asked: TaskInput, wanted: Literal["sha256", "problems"], root: Path
) -> TaskProblems:
    """What is wanted of a task's problems, or the sentence why they cannot be made."""
    try:
        problems = load_problems(name, asked.task, asked.dataset, root)
        if wanted == "problems":
            return TaskProblems(problems=tuple(stored(problem) for problem in problems))
        packages = {name: version or "none" for name, version in installed(GRADER_PACKAGES).items()}
        return TaskProblems(sha256=problems_sha256(problems), packages=packages)
    except TinaBenchError as error:
        return TaskProblems(refusal=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a prompt function makes of foreign rows
        return TaskProblems(refusal=f"task {name}: {type(error).__name__}: {error}.")


def main(folder: Path, root: Path) -> int:
    """Answer the order in `folder`; returns the exit code."""
    die_with_parent(signal.SIGTERM)
    if importlib.util.find_spec("lighteval") is None:
        return NO_ENGINE
    order = read_order(folder, ProblemOrder)
    made = {
        name: make_problems(name, asked, order.wanted, root)
        for name, asked in sorted(order.tasks.items())
    }
    write_answer(folder, ProblemAnswer(tasks=made))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
