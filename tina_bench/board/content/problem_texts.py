"""What was asked, for pages: the texts that a home has and that may be published."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from tina_bench.board.output.cache import Cache
from tina_bench.board.output.mathml import answer, maths
from tina_bench.catalog.schema import Task
from tina_bench.catalog.withheld import withheld
from tina_bench.store.home import Home
from tina_bench.store.problem_texts import ProblemText, read_problems

MOST_CHARACTERS = 20_000
"""Of a problem's text on a page."""
_CUT = Markup('<p class="note">The text goes on; here it is cut after {} characters.</p>')


@dataclass(frozen=True, slots=True)
class Shown:
    """A problem as a page shows it."""

    question: Markup
    """What is asked, formulas as MathML, with the answers to choose from."""
    golds: tuple[Markup, ...]
    """Right answers."""


def _shown(problem: ProblemText) -> tuple[str, list[str]]:
    text = problem.text
    question = Markup('<p class="asked">{}</p>').format(maths(text[:MOST_CHARACTERS]))
    if len(text) > MOST_CHARACTERS:
        question += _CUT.format(MOST_CHARACTERS)
    # A task without a choice has its right answer as the only one.
    if len(problem.choices) > 1 and not set(problem.choices) <= set(problem.golds):
        items = Markup("").join(Markup("<li>{}</li>").format(maths(c)) for c in problem.choices)
        question += Markup('<ol class="choices">{}</ol>').format(items)
    return str(question), [str(answer(gold)) for gold in problem.golds]


class Problems(Mapping[str, Mapping[str, ProblemText]]):
    """By task, then problem id: what may be shown. Read when a task is first asked for."""

    def __init__(self, home: Home, tasks: Mapping[str, Task], cache: Cache | None = None) -> None:
        self._home = home
        self._tasks = tasks
        self._cache = cache or Cache()
        self._read: dict[str, Mapping[str, ProblemText]] = {}
        self._shown: dict[str, Mapping[str, Shown]] = {}

    def __getitem__(self, task: str) -> Mapping[str, ProblemText]:
        """The task's problems; empty where none is at hand, or none may be shown.

        Raises `IntegrityError` for a text that is not what its hash says.
        """
        if task not in self._read:
            hidden = withheld(self._tasks.get(task))
            self._read[task] = {} if hidden else read_problems(self._home, task)
        return self._read[task]

    def __iter__(self) -> Iterator[str]:
        """Tasks with a text that may be shown."""
        return (task for task in self._tasks if self[task])

    def __len__(self) -> int:
        """Number of them."""
        return sum(1 for _ in self)

    def shown(self, task: str) -> Mapping[str, Shown]:
        """The task's problems as markup, by id; cached between builds."""
        if task not in self._shown:
            problems = self[task]
            key = [problem.model_dump() for problem in problems.values()]

            def make() -> bytes:
                return json.dumps({name: _shown(one) for name, one in problems.items()}).encode()

            found = json.loads(self._cache.get("problems", key, make)) if problems else {}
            # Markup once more: what `_shown` returned by escaping, cached under its bytes' hash.
            self._shown[task] = {
                name: Shown(Markup(question), tuple(map(Markup, golds)))  # noqa: S704
                for name, (question, golds) in found.items()
            }
        return self._shown[task]
