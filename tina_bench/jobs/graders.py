"""What the graders of `tina_bench.catalog.graders` do with one answer.

Each library is imported where it is used, so that an interpreter that has Math-Verify alone can run
that grader, whatever the others need.
"""

import importlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from tina_bench.store.regrade_job import RegradeCell, StoredProblem

Reading = tuple[bool, str | None]
"""Whether the answer is right, and what was read out of it."""
THINKING = re.compile(r"<think>.*?</think>", re.DOTALL)


class UnreadableGoldError(Exception):
    """The grader finds nothing in the right answer itself, so it cannot decide."""


def without_thinking(text: str) -> str:
    """The text without `<think>…</think>`: what LightEval's `remove_reasoning_tags` leaves.

    Here again because LightEval is not in every interpreter that grades; a test holds the two
    together. One at a time from the left, as what remains can make a new pair.
    """
    while True:
        text, found = THINKING.subn("", text, count=1)
        if not found:
            return text


def by_task_metric(cell: RegradeCell, problem: StoredProblem, text: str) -> Reading:
    """The task's LightEval metric, by the function that the `grade` job uses."""
    from tina_bench.jobs.grade_workers import grade_with

    return grade_with(
        _metric(cell.metric), _doc(problem), text, remove_reasoning=cell.remove_reasoning_tags
    )


@cache
def _metric(path: str) -> Any:
    from tina_bench.jobs.lighteval_tasks import import_path

    found = import_path(path)
    return getattr(found, "value", found)  # members of the enum `Metrics` wrap the metric


def _doc(problem: StoredProblem) -> Any:
    """LightEval's `Doc`, from the fields that the installed version has."""
    from lighteval.tasks.requests import Doc

    known = Doc.__dataclass_fields__
    return Doc(**{name: value for name, value in problem.fields.items() if name in known})


def by_math_verify(cell: RegradeCell, problem: StoredProblem, text: str) -> Reading:
    """Math-Verify's `parse` and `verify` with its own settings, a boxed answer first.

    A gold answer that is a formula by itself is marked as one, as Math-Verify's documentation
    requires.
    """
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    from tina_bench.jobs.rewards.verify import is_bare

    ways = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    golds = [parse(f"${gold}$" if is_bare(gold) else gold, ways) for gold in problem.golds]
    if not all(golds):
        raise UnreadableGoldError
    found = parse(_seen(cell, text), ways)
    return any(bool(verify(gold, found)) for gold in golds), str(found[0]) if found else None


def by_boxed_text(cell: RegradeCell, problem: StoredProblem, text: str) -> Reading:
    """The last boxed answer as text, after the normalisation of the MATH benchmark."""
    from lighteval.metrics.normalizations import math_normalizer

    found = math_normalizer(_seen(cell, text))
    golds = [math_normalizer(gold if "\\boxed" in gold else f"\\boxed{{{gold}}}")
             for gold in problem.golds]  # fmt: skip
    if not all(golds):
        raise UnreadableGoldError
    return found in golds, found or None


def by_letter(cell: RegradeCell, problem: StoredProblem, text: str) -> Reading:
    """The letter after the last `Answer:`, as Inspect's pattern has it."""
    from inspect_ai.scorer import AnswerPattern

    match = re.search(AnswerPattern.LETTER.value, _seen(cell, text))
    golds = {gold.strip().upper() for gold in problem.golds}
    found = match[1].upper() if match else None
    return found in golds, found


def _seen(cell: RegradeCell, text: str) -> str:
    return without_thinking(text) if cell.remove_reasoning_tags else text


def load(grader: str, cells: Iterable[RegradeCell]) -> None:
    """Import what a grader uses, before workers are forked.

    Each would import it for itself otherwise, which takes longer than an answer may.
    """
    for name in LIBRARIES[grader]:
        importlib.import_module(name)
    if grader == "task":
        for cell in cells:
            _metric(cell.metric)


LIBRARIES: dict[str, tuple[str, ...]] = {
    "task": (
        "lighteval.metrics.metrics",
        "lighteval.models.model_output",
        "lighteval.tasks.requests",
        "lighteval.utils.utils",
    ),
    "math-verify": ("math_verify", "latex2sympy2_extended", "tina_bench.jobs.rewards.verify"),
    "boxed-exact": ("lighteval.metrics.normalizations",),
    "letter": ("inspect_ai.scorer",),
}
"""Modules by grader."""
FUNCTIONS: dict[str, Callable[[RegradeCell, StoredProblem, str], Reading]] = {
    "task": by_task_metric,
    "math-verify": by_math_verify,
    "boxed-exact": by_boxed_text,
    "letter": by_letter,
}


def regrade_text(grader: str, cell: RegradeCell, problem: StoredProblem, text: str) -> Reading:
    """What one grader says of one answer; runs in a worker process and may raise anything."""
    return FUNCTIONS[grader](cell, problem, text)
