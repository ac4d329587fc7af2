"""Reward functions, named as in the papers, of the shape that TRL calls.

They are our own code and used in training only: scores come from LightEval's metrics, so a flaw
here makes a worse adapter, never a better score. TRL 1.16 ships relatives of four of them, which
mean something else than the published ones: its `accuracy_reward` does not split equations, its
cosine counts tokens and is clamped, its repetition penalty looks at tokens and not at words, its
`think_format_reward` requires an opening tag.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from tina_bench.catalog.recipes import Recipe
from tina_bench.jobs.rewards.lengths import cosine, length, length_l1_exact, length_l1_max
from tina_bench.jobs.rewards.texts import format as format_reward
from tina_bench.jobs.rewards.texts import (
    reasoning_steps,
    repetition_penalty,
    tag_count,
)
from tina_bench.jobs.rewards.verify import accuracy

RewardFunction = Callable[..., list[float | None]]
REWARDS: dict[str, RewardFunction] = {
    "accuracy": accuracy,
    "format": format_reward,
    "tag_count": tag_count,
    "length": length,
    "reasoning_steps": reasoning_steps,
    "cosine": cosine,
    "repetition_penalty": repetition_penalty,
    "length_l1_exact": length_l1_exact,
    "length_l1_max": length_l1_max,
}
"""By the name that recipes use."""
NOT_ARGUMENTS = {"target_min_tokens", "target_max_tokens"}
"""Parameters of the prompts: each row of the data has a target of its own, drawn between them."""


def recipe_rewards(recipe: Recipe) -> list[RewardFunction]:
    """The recipe's rewards with their parameters, in its order.

    What TRL logs them under is the function's own name, which `functools.partial` leaves alone.
    """
    made: list[RewardFunction] = []
    for reward in recipe.rewards:
        given: dict[str, Any] = {
            name: value for name, value in reward.parameters.items() if name not in NOT_ARGUMENTS
        }
        if reward.function == "length":
            given["group_size"] = recipe.grpo.num_generations
        made.append(partial(REWARDS[reward.function], **given))
    return made
