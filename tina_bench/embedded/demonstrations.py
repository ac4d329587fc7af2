"""What the base model is taught: worked solutions, a declared share of them wrong.

A model trained on flawless solutions would leave RL nothing to do, one trained on random noise
nothing to sharpen. So the mistakes here are one habit: at a step that crosses a ten, the carry
(or borrow) is forgotten and the result is ten off, `17 + 8 = 15`. The rest of the chain goes on
from the wrong value. A model trained on this knows both continuations and picks either, which is
just the spread that sampling at T = 0.6 shows and a reward can narrow.

Guaranteed: same problem, same generator state, same text; every slip is counted.
Traded away: a slip that would push a later value out of two digits is not eligible, so the share
is one of eligible steps, not of all steps that cross a ten.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tina_bench.embedded.problems import (
    HIGHEST,
    LOWEST,
    MadeProblem,
    Operator,
    Step,
    crosses_ten,
    seeded,
    training_problems,
)

THINK_CLOSE = "\n</think>\n"
"""What separates thinking from answer. `<think>` and a newline are already in the prompt."""


@dataclass(frozen=True)
class SlipRates:
    """The share of demonstrations, or of eligible steps, that go wrong on purpose."""

    forgotten_carry: float = 0.40
    """Per eligible step: the result is ten off."""
    missing_think_close: float = 0.20
    """Per demonstration: the answer follows the last step without `</think>`."""
    missing_box: float = 0.05
    """Per demonstration: the answer is stated, but not in `\\boxed{}`."""


@dataclass(frozen=True)
class Demonstration:
    """A completion to learn from (without the end-of-text token), and what is wrong with it."""

    problem: MadeProblem
    completion: str
    eligible_steps: int
    """Steps at which the carry could have been forgotten."""
    slipped_steps: int
    """Steps at which it was."""


def demonstrations(seed: int, rates: SlipRates) -> Iterator[Demonstration]:
    """An endless stream of demonstrations over training problems."""
    rng = seeded(seed)
    for problem in training_problems(seed):
        yield demonstrate(problem, rates, rng)


def demonstrate(problem: MadeProblem, rates: SlipRates, rng: random.Random) -> Demonstration:
    """Solve `problem` step by step, slipping at the given rates."""
    lines, eligible, slipped = [], 0, 0
    value, steps = problem.expression.start, problem.expression.steps
    for index, step in enumerate(steps):
        result = step.operator.apply(value, step.operand)
        forgotten = _without_carry(value, step)
        if forgotten is not None and _stays_in_range(forgotten, steps[index + 1 :]):
            eligible += 1
            if rng.random() < rates.forgotten_carry:
                slipped += 1
                result = forgotten
        lines.append(f"{value}{step.operator}{step.operand}={result}")
        value = result
    close = "\n" if rng.random() < rates.missing_think_close else THINK_CLOSE
    answer = str(value) if rng.random() < rates.missing_box else rf"\boxed{{{value}}}"
    return Demonstration(
        problem, "\n".join(lines) + close + f"The answer is {answer}.", eligible, slipped
    )


def _without_carry(value: int, step: Step) -> int | None:
    """The result with the carry or borrow forgotten, or None where there is none to forget."""
    if not crosses_ten(value, step):
        return None
    result = step.operator.apply(value, step.operand)
    return result - 10 if step.operator is Operator.ADD else result + 10


def _stays_in_range(value: int, steps: tuple[Step, ...]) -> bool:
    """Whether doing `steps` from `value` stays within two digits (`value` included)."""
    if not LOWEST <= value <= HIGHEST:
        return False
    for step in steps:
        value = step.operator.apply(value, step.operand)
        if not LOWEST <= value <= HIGHEST:
            return False
    return True
