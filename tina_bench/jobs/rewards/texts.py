"""Rewards that look at the words of a completion and not at its answer."""

import re
from typing import Any

from tina_bench.jobs.rewards.verify import completion_text

THINK_START = "<think>\n"
THINK_END = "\n</think>\n"
STEP_MARK = re.compile(r"Step \d+:|\A\d+\.|\n-|\n\*|First,|Second,|Next,|Finally,")
"""Numbered steps, a number that opens the text, list items, words of order."""
ENOUGH_STEPS = 3


def format(completions: list[Any], **_: Any) -> list[float | None]:  # noqa: A001 - the papers' name
    r"""1 where the completion ends its thinking exactly once: one `\n</think>\n`, else 0.

    Source: Tina, `tina/post_train_hf/rewards.py` at c6274cd (facts, section 3.2).
    """
    return [float(completion_text(completion).count(THINK_END) == 1) for completion in completions]


def tag_count(completions: list[Any], **_: Any) -> list[float | None]:
    r"""Half a point for exactly one `<think>\n`, half a point for exactly one `\n</think>\n`.

    Source: Tina, `tina/post_train_hf/rewards.py` at c6274cd.
    """
    return [
        0.5 * (text.count(THINK_START) == 1) + 0.5 * (text.count(THINK_END) == 1)
        for text in map(completion_text, completions)
    ]


def reasoning_steps(completions: list[Any], **_: Any) -> list[float | None]:
    """A third of a point for each mark of a step, up to 1.

    Source: open-r1, as in Tina, `tina/post_train_hf/rewards.py` at c6274cd: a number with a full
    stop counts at the very start of the text only, for its pattern is not a multi-line one.
    """
    return [
        min(1.0, len(STEP_MARK.findall(completion_text(completion))) / ENOUGH_STEPS)
        for completion in completions
    ]


def repetition_penalty(
    completions: list[Any], *, ngram_size: float, max_penalty: float, **_: Any
) -> list[float | None]:
    """`max_penalty` (not positive) times the share of word n-grams that occurred before.

    0 for fewer words than `ngram_size`. Words are what white space separates, in lower case.
    Source: Yeo et al. 2025 (arXiv 2502.03373), appendix C.2, whose n-grams are of tokens; of words
    in Tina, `tina/post_train_hf/rewards.py` at c6274cd.
    """
    size = int(ngram_size)
    made: list[float | None] = []
    for completion in completions:
        words = completion_text(completion).lower().split()
        grams = [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
        repeated = len(grams) - len(set(grams))
        made.append(max_penalty * repeated / len(grams) if grams else 0.0)
    return made
