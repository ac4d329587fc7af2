"""Rows of a dataset as the conversations that a recipe trains on."""

import json
import random
from collections.abc import Iterable
from typing import Any

from tina_bench.catalog.recipes import Recipe
from tina_bench.catalog.training import target_range
from tina_bench.errors import CatalogError, UsageError

TARGET_REQUEST = "\nThink for {tokens} tokens."
"""How a prompt states its target length (L1, arXiv 2503.04697; appended to the system prompt as in
Tina, `tina/post_train_hf/preprocess.py` at c6274cd)."""


def field(row: dict[str, Any], path: str) -> str:
    """The text at `path`: a column's name, or a way into one, as `messages.0.content`.

    A step into text reads it as JSON first. Raises `CatalogError` where the way ends.
    """
    if path in row:
        return str(row[path])
    found: Any = row
    for step in path.split("."):
        try:
            found = json.loads(found) if isinstance(found, str) else found
            found = found[int(step)] if isinstance(found, list) else found[step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise CatalogError(
                f"recipe: found no {path!r} in the training data, whose columns are "
                f"{', '.join(sorted(row))}; set 'problem_field' and 'answer_field' to what it has."
            ) from None
    return str(found)


def conversations(
    recipe: Recipe, rows: Iterable[dict[str, Any]], system_prompt: str | None
) -> list[dict[str, Any]]:
    """Each row as TRL's conversational `prompt`, with what the rewards need beside it.

    Where a reward has a target length, each row gets one of its own, drawn evenly between the
    reward's bounds by the recipe's seed, in the order of the data. Its system prompt ends with it;
    without a system prompt it is nowhere stated (`tina_bench.catalog.training.hints` says so).
    """
    targets = target_range(recipe)
    draw = random.Random(recipe.seed)  # noqa: S311 - a repeatable draw, not a secret
    made = []
    for row in rows:
        extra: dict[str, Any] = {"gold": field(row, recipe.answer_field)}
        system = system_prompt
        if targets is not None:
            extra["target_tokens"] = draw.randint(*targets)
            system = system and system + TARGET_REQUEST.format(tokens=extra["target_tokens"])
        first = [] if not system else [{"role": "system", "content": system}]
        user = {"role": "user", "content": field(row, recipe.problem_field)}
        made.append({"prompt": [*first, user], **extra})
    return made


def fitting(
    recipe: Recipe, rows: list[dict[str, Any]], tokenizer: Any, context_tokens: int
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The rows whose prompts are short enough, and the deviation if some are not.

    TRL 1.16 has no limit on prompts any more. The published trainer (facts, section 3.2) computed
    the loss on the last `max_prompt_length` tokens of a longer one, after its engine had answered
    the whole; here a longer one is left out, so that what is learned answers the whole prompt.
    Raises `UsageError` when too few are left for one step.
    """
    room = context_tokens - recipe.grpo.max_completion_length
    limit = min(room, recipe.grpo.max_prompt_length or room)
    kept = [row for row in rows if _tokens(tokenizer, row["prompt"]) <= limit]
    if len(kept) < recipe.prompts_per_step:
        raise UsageError(
            f"recipe {recipe.title}: {len(kept)} of {len(rows)} training prompts have {limit} "
            f"tokens or fewer, expected at least the {recipe.prompts_per_step:g} of one step; "
            "prompt and completion must fit 'max_prompt_length' and the base's context of "
            f"{context_tokens} tokens."
        )
    left_out = len(rows) - len(kept)
    if not left_out:
        return kept, ()
    sentence = (
        f"{left_out} of {len(rows)} training prompts have more than {limit} tokens and were left "
        "out; the published trainer keeps the end of such a prompt"
    )
    return kept, (sentence,)


def _tokens(tokenizer: Any, prompt: list[dict[str, str]]) -> int:
    text = tokenizer.apply_chat_template(prompt, add_generation_prompt=True, tokenize=False)
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])
