"""Seeded arithmetic problems: three evaluation tasks, and training problems that never repeat them.

Guaranteed:
- the same seed gives byte-identical problems on every Python and platform: all draws go through
  `random.Random.random`, the one method whose sequence the standard library promises to keep;
- no training problem shares its expression with any evaluation problem, whatever the wording,
  and no two evaluation problems share one either;
- a multiplication only ever comes first, so reading left to right and operator precedence agree
  and a problem has one answer.

Traded away: two expressions are "the same" when their numbers and operators are the same in the
same order. `7 + 8 - 3` and `8 + 7 - 3` therefore count as different problems; single steps such
as `7 + 8` are shared on purpose, they are what the model is meant to have learnt.
"""

import enum
import functools
import itertools
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TASKS_DIR = Path(__file__).parent / "tasks"

LOWEST, HIGHEST = 0, 99
"""Every running value stays within two digits: a model this small can learn the whole range."""


class Operator(enum.StrEnum):
    """The three operations of a chain."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"

    def apply(self, left: int, right: int) -> int:
        """The value of `left <operator> right`."""
        if self is Operator.ADD:
            return left + right
        if self is Operator.SUBTRACT:
            return left - right
        return left * right


class Family(enum.StrEnum):
    """How a chain is put into words."""

    COMPUTE = "compute"
    RECIPE = "recipe"
    STORY = "story"


@dataclass(frozen=True)
class Step:
    """One link of a chain: what is done to the running value."""

    operator: Operator
    operand: int


@dataclass(frozen=True)
class Expression:
    """A chain of steps; equality of two expressions is what "the same problem" means here."""

    start: int
    steps: tuple[Step, ...]

    def values(self) -> list[int]:
        """The running value after each step, in order."""
        values, value = [], self.start
        for step in self.steps:
            value = step.operator.apply(value, step.operand)
            values.append(value)
        return values

    def crossings(self) -> int:
        """How many additions and subtractions carry or borrow across a ten."""
        before = [self.start, *self.values()[:-1]]
        return sum(crosses_ten(value, step) for value, step in zip(before, self.steps, strict=True))


@dataclass(frozen=True)
class MadeProblem:
    """An expression in the words of one family."""

    family: Family
    expression: Expression

    @property
    def text(self) -> str:
        """The user's message."""
        return _WORDING[self.family](self.expression)

    @property
    def answer(self) -> str:
        """The gold answer, a decimal integer."""
        return str(self.expression.values()[-1])


@dataclass(frozen=True)
class TaskSpec:
    """One evaluation task: how many problems, of which family and length, from which seed."""

    name: str
    n: int
    family: Family
    length: int
    """Steps per problem."""
    crossings: int
    """The least number of carries and borrows in a problem: the base model slips there."""
    seed: int


TASKS = {
    spec.name: spec
    for spec in (
        TaskSpec("smoke-30", n=30, family=Family.RECIPE, length=5, crossings=3, seed=30_2504),
        TaskSpec("smoke-40", n=40, family=Family.COMPUTE, length=4, crossings=2, seed=40_2504),
        TaskSpec("smoke-100", n=100, family=Family.STORY, length=3, crossings=1, seed=100_2504),
    )
}
"""Sized like AIME, AMC and a longer benchmark; the smaller, the harder."""

TRAINING_LENGTHS = (2, 3, 4, 5)
"""Steps per training problem, all equally likely."""

TRAINING_FILE, TRAINING_SEED, TRAINING_SIZE = "smoke-train", 4_2504, 2_000
"""The problems the RL recipe trains on. Pre-training draws from the same stream, other seeds."""


def crosses_ten(value: int, step: Step) -> bool:
    """Whether this addition carries, or this subtraction borrows."""
    if step.operator is Operator.MULTIPLY:
        return False
    return step.operator.apply(value, step.operand) // 10 != value // 10


def task_path(name: str) -> Path:
    """Where the committed file of a task, or of the training problems, lies."""
    return TASKS_DIR / f"{name}.jsonl"


@functools.cache
def task_problems(name: str) -> tuple[MadeProblem, ...]:
    """The problems of a task, regenerated from its seed (the committed file holds the same)."""
    spec = TASKS[name]
    taken = {p.expression for other in _names_before(name) for p in task_problems(other)}
    rng = seeded(spec.seed)
    problems: list[MadeProblem] = []
    while len(problems) < spec.n:
        expression = _expression(rng, spec.family, spec.length)
        # A problem that never crosses a ten is never slipped on: it would be right every time,
        # and a benchmark of such problems could not tell two models apart.
        if expression in taken or expression.crossings() < spec.crossings:
            continue
        taken.add(expression)
        problems.append(MadeProblem(spec.family, expression))
    return tuple(problems)


def task_jsonl(name: str) -> str:
    """The text of a task file: one `{"id", "problem", "answer"}` object per line."""
    return _jsonl(name, task_problems(name), digits=3)


def training_jsonl() -> str:
    """The text of the RL recipe's training file, rows like a task's."""
    problems = list(itertools.islice(training_problems(TRAINING_SEED), TRAINING_SIZE))
    return _jsonl(TRAINING_FILE, problems, digits=4)


def training_problems(seed: int) -> Iterator[MadeProblem]:
    """An endless stream of problems of all families, none of them an evaluation problem.

    Pre-training and RL draw from the same stream with different seeds. Problems may repeat within
    a stream, as they would with any sampling with replacement.
    """
    held_out = evaluation_expressions()
    families = tuple(Family)
    rng = seeded(seed)
    while True:
        family = families[_below(rng, len(families))]
        expression = _expression(rng, family, TRAINING_LENGTHS[_below(rng, len(TRAINING_LENGTHS))])
        if expression not in held_out:
            yield MadeProblem(family, expression)


@functools.cache
def evaluation_expressions() -> frozenset[Expression]:
    """The expressions of all evaluation tasks."""
    return frozenset(p.expression for name in TASKS for p in task_problems(name))


def seeded(seed: int) -> random.Random:
    """The generator behind all embedded data; repeatable is the point, so not a secure one."""
    return random.Random(seed)  # noqa: S311


def _jsonl(name: str, problems: Sequence[MadeProblem], digits: int) -> str:
    rows = (
        {"id": f"{name}/{index:0{digits}d}", "problem": problem.text, "answer": problem.answer}
        for index, problem in enumerate(problems)
    )
    return "".join(json.dumps(row) + "\n" for row in rows)


def _names_before(name: str) -> list[str]:
    names = list(TASKS)
    return names[: names.index(name)]


def _below(rng: random.Random, n: int) -> int:
    """A number in `range(n)`, drawn in the one way that is stable across Python versions."""
    return int(rng.random() * n)


def _expression(rng: random.Random, family: Family, length: int) -> Expression:
    """A chain of `length` steps whose running value never leaves two digits."""
    while True:
        # Stories have nothing to multiply; the other families start with a product half the time.
        product_first = family is not Family.STORY and rng.random() < 0.5
        start = 2 + _below(rng, 8) if product_first else 2 + _below(rng, 78)
        steps = []
        for index in range(length):
            sign = Operator.ADD if rng.random() < 0.5 else Operator.SUBTRACT
            operator = Operator.MULTIPLY if product_first and index == 0 else sign
            steps.append(Step(operator, 2 + _below(rng, 8)))
        expression = Expression(start, tuple(steps))
        if all(LOWEST <= value <= HIGHEST for value in expression.values()):
            return expression


def _in_symbols(expression: Expression) -> str:
    steps = " ".join(f"{step.operator} {step.operand}" for step in expression.steps)
    return f"Compute {expression.start} {steps}."


def _as_recipe(expression: Expression) -> str:
    verbs = {Operator.ADD: "add", Operator.SUBTRACT: "subtract", Operator.MULTIPLY: "multiply by"}
    steps = ", ".join(f"{verbs[step.operator]} {step.operand}" for step in expression.steps)
    return f"Start with {expression.start}, {steps}."


def _as_story(expression: Expression) -> str:
    verbs = {Operator.ADD: "wins", Operator.SUBTRACT: "loses"}
    steps = ", ".join(f"{verbs[step.operator]} {step.operand}" for step in expression.steps)
    return f"Ann has {expression.start} coins, {steps}. How many now?"


_WORDING = {Family.COMPUTE: _in_symbols, Family.RECIPE: _as_recipe, Family.STORY: _as_story}


def write_files() -> None:
    """Write all task files and the training file anew."""
    for name in TASKS:
        task_path(name).write_text(task_jsonl(name), encoding="utf-8", newline="\n")
    task_path(TRAINING_FILE).write_text(training_jsonl(), encoding="utf-8", newline="\n")


if __name__ == "__main__":  # python -m tina_bench.embedded.problems
    write_files()
