"""What was asked: the text and the right answers of a task's problems, kept once a home.

Result records name problems by a hash of their text. The texts lie beside them, so that a page can
show what an answer answers. Nothing is judged by them: without them every figure is the same.

Guarantees: a file is whole or absent, and never changes; a text that is read has the hash that
records name it by, and a file the hash that its own name says.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from tina_bench.errors import IntegrityError
from tina_bench.store.atomic import write_text
from tina_bench.store.hashing import canonical_json, digest, problem_id
from tina_bench.store.home import Home, read_records
from tina_bench.store.records import Record


class ProblemText(Record):
    """One problem of a task."""

    schema_version: Literal[1] = 1
    problem: str
    """Problem id: hash of `text`, as samples and records name it."""
    index: int
    """Row in the dataset."""
    text: str
    """What is asked, before the model's chat template."""
    choices: tuple[str, ...] = ()
    """Answers to choose from; empty where there is no choice."""
    golds: tuple[str, ...] = ()
    """Right answers, as the grader is given them."""


def problems_sha256(problems: Sequence[ProblemText]) -> str:
    """Names the problems of a task, in dataset order."""
    return digest([problem.model_dump() for problem in problems])


def keep_problems(home: Home, task: str, problems: Iterable[ProblemText]) -> None:
    """Leave the problems of a task in the home, unless the same ones lie there already."""
    ordered = sorted(problems, key=lambda problem: problem.index)
    path = home.problems_file(task, problems_sha256(ordered))
    if not path.exists():
        lines = (canonical_json(problem.model_dump()) for problem in ordered)
        write_text(path, "".join(line + "\n" for line in lines))


def read_problems(home: Home, task: str) -> dict[str, ProblemText]:
    """Every problem of a task that the home has the text of, by id; empty without any.

    Where two files tell of one problem, the first by name stands. Raises `IntegrityError` for a
    file that is not what its name says, or a text that is not what its id says.
    """
    found: dict[str, ProblemText] = {}
    for path in sorted(home.problems.glob(f"{task}-*.jsonl")):
        if path.stem.rpartition("-")[0] != task:
            continue  # of another task, whose name begins alike
        problems = list(read_records(path, ProblemText))
        if home.problems_file(task, problems_sha256(problems)) != path:
            raise IntegrityError(
                f"{path}: found other problems than those whose hash the name holds; delete the "
                "file (the next grading of the task writes it again)."
            )
        seen: Counter[str] = Counter()
        for problem in problems:
            expected = problem_id(problem.text, seen[problem.text])
            seen[problem.text] += 1
            if problem.problem != expected:
                raise IntegrityError(
                    f"{path}: problem: found {problem.problem!r} for row {problem.index}, expected "
                    f"{expected!r}, the hash of its text; delete the file."
                )
            found.setdefault(problem.problem, problem)
    return found
