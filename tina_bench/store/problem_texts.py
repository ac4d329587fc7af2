"""What was asked: the text and the right answers of a task's problems, kept once per home.

Result records name problems by a hash of their text. The texts are kept apart, so that a page can
show what an answer answers. No figure depends on them.

Guarantees: a file is whole or absent, and never changes; a text that is read has the hash that
records name it by, and a file the hash in its own name.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from tina_bench.errors import IntegrityError
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest, problem_id
from tina_bench.store.home import Home, read_record
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


class ProblemTexts(Record):
    """All problems of a task."""

    schema_version: Literal[1] = 1
    task: str
    """Task."""
    problems: tuple[ProblemText, ...]
    """In dataset order."""

    @property
    def sha256(self) -> str:
        """Hash of the content, which names the file."""
        return digest(self.model_dump(mode="json"))


def keep_problems(home: Home, task: str, problems: Iterable[ProblemText]) -> None:
    """Write the problems of a task into the home, unless the same ones are there already."""
    ordered = tuple(sorted(problems, key=lambda problem: problem.index))
    texts = ProblemTexts(task=task, problems=ordered)
    path = home.problems_file(task, texts.sha256)
    if not path.exists():
        write_model(path, texts)


def read_problems(home: Home, task: str) -> dict[str, ProblemText]:
    """Every problem of a task that the home has the text of, by id; empty without any.

    Where two files have one problem, the first by name counts. Raises `IntegrityError` for a file
    whose content has another hash than its name, and for a text that has another than its id.
    """
    found: dict[str, ProblemText] = {}
    for path in sorted(home.problems.glob(f"{task}-*.json")):
        if path.stem.rpartition("-")[0] != task:
            continue  # of another task, whose name begins alike
        texts = read_record(path, ProblemTexts)
        if home.problems_file(texts.task, texts.sha256) != path:
            raise _refusal(path, "other problems than those whose hash the name holds")
        seen: Counter[str] = Counter()
        for problem in texts.problems:
            if problem.problem != problem_id(problem.text, seen[problem.text]):
                raise _refusal(path, f"for row {problem.index} an id that is not its text's hash")
            seen[problem.text] += 1
            found.setdefault(problem.problem, problem)
    return found


def _refusal(path: Path, found: str) -> IntegrityError:
    return IntegrityError(
        f"{path}: found {found}; delete the file: the next grading of the task writes it again."
    )
