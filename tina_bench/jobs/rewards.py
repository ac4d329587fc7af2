"""Reward functions, named as in the papers; each gives one number from 0 to 1 a completion.

They are our own code and used in training only: scores come from LightEval's metrics, so a flaw
here makes a worse adapter, never a better score.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

THINK_END = "\n</think>\n"


def completion_text(completion: Any) -> str:
    """The assistant's text of a completion as TRL hands it over, plain or conversational."""
    return completion if isinstance(completion, str) else str(completion[0]["content"])


@lru_cache(maxsize=100_000)
def _verified(text: str, gold: str) -> bool:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    answer = parse(text, [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()])
    return bool(verify(parse(gold, [ExprExtractionConfig()]), answer))


def accuracy(completions: list[Any], gold: list[str], **_: Any) -> list[float]:
    """1 where Math-Verify finds the answer equal to the gold one, else 0."""
    return [
        float(_verified(completion_text(completion), answer))
        for completion, answer in zip(completions, gold, strict=True)
    ]


def format(completions: list[Any], **_: Any) -> list[float]:  # noqa: A001 - the papers' name
    r"""1 where the completion ends its thinking exactly once: one `\n</think>\n`, else 0.

    Source: Tina, `tina/post_train_hf/rewards.py` at c6274cd (facts, section 3.2).
    """
    return [float(completion_text(completion).count(THINK_END) == 1) for completion in completions]


REWARDS: dict[str, Callable[..., list[float]]] = {"accuracy": accuracy, "format": format}
"""By the name that recipes use."""
