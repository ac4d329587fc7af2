"""Is a completion's answer the right one? Math-Verify decides, set as in the published code."""

from functools import lru_cache
from typing import Any

MATHEMATICS = ("$", "\\boxed", "\\(", "\\[")
"""Any of these in a gold answer: it is marked as mathematics already."""


def completion_text(completion: Any) -> str:
    """The assistant's text of a completion as TRL hands it over, plain or conversational."""
    return completion if isinstance(completion, str) else str(completion[0]["content"])


def is_bare(text: str) -> bool:
    """Whether a gold answer is a formula by itself: neither marked as one nor a sentence."""
    words = text.split()
    prose = len(words) > 1 and any(word.isalpha() and len(word) > 1 for word in words)
    return not prose and not any(mark in text for mark in MATHEMATICS)


@lru_cache(maxsize=10_000)
def _gold(text: str) -> tuple[Any, ...]:
    from math_verify import parse

    marked = f"${text}$" if is_bare(text) else text
    return tuple(parse(marked, extraction_mode="first_match"))


@lru_cache(maxsize=100_000)
def is_correct(text: str, gold: str, *, lenient: bool = False) -> bool | None:
    r"""Whether Math-Verify finds the answer of `text` equal to `gold`; `None`: gold is unreadable.

    A bare gold answer is read as LaTeX, and of a worked solution the answer that Math-Verify finds
    first. Of the text only LaTeX counts, a `\boxed` one before any other, and the first that is
    found. Source: Tina, `tina/post_train_hf/rewards.py` at c6274cd. With `lenient` the settings are
    Math-Verify's own, which also read numbers that are not marked as mathematics.
    """
    from latex2sympy2_extended import NormalizationConfig  # type: ignore[import-untyped]
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    expected = _gold(gold)
    if not expected:
        return None
    if lenient:
        ways = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
        return bool(verify(list(expected), parse(text, ways)))
    strict = LatexExtractionConfig(
        normalization_config=NormalizationConfig(
            basic_latex=True,
            units=True,
            malformed_operators=False,
            nits=False,
            boxed="all",
            equations=True,
        ),
        boxed_match_priority=0,
        try_extract_without_anchor=False,
    )
    answer = parse(text, extraction_config=[strict], extraction_mode="first_match")
    return bool(verify(list(expected), answer))


def verdicts(
    completions: list[Any], gold: list[str], *, lenient: bool = False
) -> list[bool | None]:
    """`is_correct` of each completion."""
    return [
        is_correct(completion_text(completion), answer, lenient=lenient)
        for completion, answer in zip(completions, gold, strict=True)
    ]


def accuracy(
    completions: list[Any], gold: list[str], *, lenient: float = 0, **_: Any
) -> list[float | None]:
    """1 for the right answer, 0 for another or none, `None` where the gold answer is unreadable.

    `lenient`: 1 to let numbers count that are not marked as mathematics. Source: DeepSeek-R1 (arXiv
    2501.12948); details as in `is_correct`.
    """
    rights = verdicts(completions, gold, lenient=bool(lenient))
    return [None if right is None else float(right) for right in rights]
