"""The graders that stored answers can be graded with again, and what each of them does.

Their code is in `tina_bench.jobs.graders`; here is what can be said of them without an engine.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from tina_bench.errors import UsageError

RECORDED = "recorded"
"""Stands for the grades that a result record counts; nothing is graded again for it."""


class Answers(StrEnum):
    """What kind of answer a grader can read."""

    ANY = "any"
    FREE = "free"
    """A number or formula."""
    CHOICE = "choice"
    """The letter of one of several choices."""


class Grader(BaseModel):
    """One way to grade an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """As `--grader` takes it."""
    title: str
    """What it does, in one sentence."""
    source: str
    """Where its rules come from."""
    answers: Answers
    """What it can read."""
    packages: tuple[str, ...]
    """Distributions whose version decides its grades."""
    rules: int = 1
    """Grows when our own use of those packages changes, so that old grades are not taken for new
    ones."""


_MATH = ("math-verify", "latex2sympy2-extended")

GRADERS: dict[str, Grader] = {
    grader.name: grader
    for grader in (
        Grader(
            name="task",
            title="The task's own metric, as the record names it, run again: a difference is "
            "chance (a time limit inside the metric) or another version of its packages.",
            source="LightEval, by the import path in the record's provenance",
            answers=Answers.ANY,
            packages=("lighteval", *_MATH),
        ),
        Grader(
            name="math-verify",
            title="Math-Verify by itself with its own settings, a \\boxed answer before any other.",
            source="https://github.com/huggingface/Math-Verify (parse, verify)",
            answers=Answers.FREE,
            packages=_MATH,
        ),
        Grader(
            name="boxed-exact",
            title="The last \\boxed answer and no other, equal to the gold answer as text after "
            "the normalisation of the MATH benchmark; no algebra.",
            source="Hendrycks et al. 2021, arXiv 2103.03874, as LightEval's `math_normalizer`",
            answers=Answers.FREE,
            packages=("lighteval",),
        ),
        Grader(
            name="letter",
            title="The letter after the last 'Answer:', as prompts ask for it, and nothing else.",
            source="Inspect's `AnswerPattern.LETTER` (inspect_ai.scorer)",
            answers=Answers.CHOICE,
            packages=("inspect-ai",),
        ),
    )
}
"""By name, in the order in which they are listed."""


def choose_graders(names: list[str] | tuple[str, ...] | None) -> tuple[Grader, ...]:
    """The graders of those names, all of them for `None`; each once, in the registry's order.

    Raises `UsageError` for a name that there is not.
    """
    for name in names or ():
        if name not in GRADERS:
            raise UsageError(
                f"--grader: there is no grader {name!r}; choose among {', '.join(GRADERS)}."
            )
    return tuple(one for one in GRADERS.values() if names is None or one.name in names)
