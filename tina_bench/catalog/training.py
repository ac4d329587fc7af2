"""A recipe as arguments of TRL's `GRPOConfig`, each with where it comes from. Pure.

Guarantees: what a training is started with and what a dry run shows are the same list, made without
any engine installed; every number of the recipe is in it. Where TRL 1.16 computes something else
than the trainer that a published recipe was written for, and has an option against that, the option
is set; where it has none, the difference is a sentence that goes onto every result (`deviations`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tina_bench.catalog.recipes import Recipe, Reward, RewardName
from tina_bench.catalog.schema import Model, Stack
from tina_bench.errors import CatalogError

PUBLISHED_TRAINER = "trl 0.15.2 (a copy of its trainer in the Tina repository, commit c6274cd)"
"""What the published recipes were written for (requirements and trainer at that commit)."""
COSINE_LENGTHS = ("max_len_characters", "max_len_tokens")
REWARD_PARAMETERS: dict[RewardName, tuple[str, ...]] = {
    "accuracy": (),
    "format": (),
    "tag_count": (),
    "length": (),
    "reasoning_steps": (),
    "cosine": ("min_value_wrong", "max_value_wrong", "min_value_correct", "max_value_correct"),
    "repetition_penalty": ("ngram_size", "max_penalty"),
    "length_l1_exact": ("alpha", "target_min_tokens", "target_max_tokens"),
    "length_l1_max": ("alpha", "delta", "target_min_tokens", "target_max_tokens"),
}
"""Parameters that each reward must be given; `cosine` also takes one of `COSINE_LENGTHS`."""
OPTIONAL_PARAMETERS: dict[RewardName, tuple[str, ...]] = {
    "accuracy": ("lenient",),
    "length_l1_exact": ("delta",),  # stated in published files; the reward has no use for it
}
"""Parameters that a reward may be given."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One argument of TRL's `GRPOConfig`."""

    name: str
    value: Any
    origin: str
    """Field of the recipe, or what else decides it and why."""


def is_published(recipe: Recipe) -> bool:
    """Whether the recipe is a published one: it quotes texts of a published source."""
    return recipe.system_prompt_from is not None or recipe.chat_template_from is not None


def as_trained_for(model: Model, recipe: Recipe) -> Recipe:
    """The recipe as far as a model needs it: up to the checkpoint that its published row stands on.

    The schedule stays the recipe's own, so that these are the first steps of the whole training.
    """
    if model.checkpoint_step is None:
        return recipe
    stopped = recipe.optimizer.model_copy(update={"stop_step": model.checkpoint_step})
    return recipe.model_copy(update={"optimizer": stopped})


def target_range(recipe: Recipe) -> tuple[int, int] | None:
    """Bounds of the answer length that each prompt asks for, tokens; `None` if no reward does."""
    for reward in recipe.rewards:
        if "target_min_tokens" in reward.parameters:
            bounds = (reward.parameters[f"target_{end}_tokens"] for end in ("min", "max"))
            low, high = (int(bound) for bound in bounds)
            return low, high
    return None


def _check_reward(name: str, reward: Reward) -> None:
    required = set(REWARD_PARAMETERS[reward.function])
    found = set(reward.parameters)
    if reward.function == "cosine":
        given = found & set(COSINE_LENGTHS)
        if len(given) != 1:
            raise CatalogError(
                f"recipe {name}: reward cosine: found {sorted(given) or 'neither'}, expected one "
                f"of {' and '.join(COSINE_LENGTHS)}: what a length is counted in."
            )
        required |= given
    unknown = found - required - set(OPTIONAL_PARAMETERS.get(reward.function, ()))
    if unknown or required - found:
        raise CatalogError(
            f"recipe {name}: reward {reward.function}: found the parameters "
            f"{', '.join(sorted(found)) or 'none'}, expected "
            f"{', '.join(sorted(required)) or 'none'}."
        )


def check_recipe(name: str, recipe: Recipe) -> None:
    """Refuse what could only fail after an hour of downloads; raises `CatalogError`."""
    for reward in recipe.rewards:
        _check_reward(name, reward)
    functions = [reward.function for reward in recipe.rewards]
    if len(set(functions)) != len(functions):
        raise CatalogError(
            f"recipe {name}: rewards: found {', '.join(functions)}, expected each once."
        )
    if recipe.prompts_per_step % 1:
        raise CatalogError(
            f"recipe {name}: a step has {recipe.prompts_per_step:g} prompts, expected a whole "
            "number: batch size × accumulation × GPUs divisible by num_generations."
        )


def grpo_settings(recipe: Recipe, stack: Stack) -> tuple[Setting, ...]:
    """Every argument that `GRPOConfig` is given, the output folder excepted, in a fixed order.

    One process on one device trains: the recipe's other devices become micro-steps, so that an
    optimizer step is made of the same completions.
    """
    return (*_from_recipe(recipe), *_generation(recipe, stack), *_ours(stack))


def _from_recipe(recipe: Recipe) -> Iterator[Setting]:
    optimizer = recipe.optimizer
    yield Setting("seed", recipe.seed, "recipe.seed")
    yield Setting("data_seed", recipe.seed, "recipe.seed")
    weights = [reward.weight for reward in recipe.rewards]
    yield Setting("reward_weights", weights, "recipe.rewards")
    for key in (
        "loss_type",
        "scale_rewards",
        "beta",
        "epsilon",
        "num_generations",
        "num_iterations",
        "temperature",
        "top_p",
        "max_completion_length",
        "mask_truncated_completions",
    ):
        yield Setting(key, getattr(recipe.grpo, key), f"recipe.grpo.{key}")
    for key in ("learning_rate", "lr_scheduler_type"):
        yield Setting(key, getattr(optimizer, key), f"recipe.optimizer.{key}")
    kwargs = dict(optimizer.lr_scheduler_kwargs) or None
    yield Setting("lr_scheduler_kwargs", kwargs, "recipe.optimizer.lr_scheduler_kwargs")
    # transformers 5 takes a share of the schedule here when it is below 1.
    yield Setting("warmup_steps", optimizer.warmup_ratio, "recipe.optimizer.warmup_ratio")
    for key in ("max_grad_norm", "weight_decay", "per_device_train_batch_size"):
        yield Setting(key, getattr(optimizer, key), f"recipe.optimizer.{key}")
    accumulation, origin = optimizer.gradient_accumulation_steps, "gradient_accumulation_steps"
    if optimizer.num_gpus > 1:
        origin += f" ({accumulation}) × num_gpus ({optimizer.num_gpus}): one device does it all"
        accumulation *= optimizer.num_gpus
    yield Setting("gradient_accumulation_steps", accumulation, f"recipe.optimizer.{origin}")
    if optimizer.max_steps is not None:
        yield Setting("max_steps", optimizer.max_steps, "recipe.optimizer.max_steps")
    else:
        epochs = optimizer.num_train_epochs
        yield Setting("num_train_epochs", epochs, "recipe.optimizer.num_train_epochs")
    for key in ("save_steps", "bf16"):
        yield Setting(key, getattr(optimizer, key), f"recipe.optimizer.{key}")


def _generation(recipe: Recipe, stack: Stack) -> Iterator[Setting]:
    """Who generates: vLLM inside the training process on CUDA, transformers elsewhere.

    The CUDA half has never run on a GPU of ours: what is tested is that TRL takes the arguments.
    """
    grpo = recipe.grpo
    if stack.device != "cuda":
        # vLLM's CPU backend drops the weights that TRL would have to replace.
        yield Setting("use_vllm", value=False, origin="house: TRL cannot drive vLLM on a CPU")
        return
    yield Setting("use_vllm", value=True, origin="house: stack on CUDA")
    yield Setting("vllm_mode", "colocate", "house: as published, beside the trainer")
    if grpo.vllm_gpu_memory_utilization is not None:
        key = "vllm_gpu_memory_utilization"
        yield Setting(key, grpo.vllm_gpu_memory_utilization, f"recipe.grpo.{key}")
    context, origin = grpo.vllm_max_model_len, "recipe.grpo.vllm_max_model_len"
    if context is None and grpo.max_prompt_length is not None:
        context = grpo.max_prompt_length + grpo.max_completion_length
        origin = "recipe.grpo: longest prompt + longest completion"
    yield Setting("vllm_max_model_length", context, origin)
    why = "house: off, the recipe's loss has no such factor"
    yield Setting("vllm_importance_sampling_correction", value=False, origin=why)


def _ours(stack: Stack) -> Iterator[Setting]:
    why = "house: off, the recipe's loss has no such factor"
    yield Setting("use_bias_correction_kl", value=False, origin=why)
    yield Setting("save_strategy", "steps", "house: checkpoints to go on from")
    yield Setting("save_total_limit", 2, "house: one to go on from, one in reserve")
    yield Setting("logging_steps", 1, "house: every step on record")
    yield Setting("use_cpu", stack.device == "cpu", "stack.device")
    yield Setting("report_to", "none", "house: no telemetry")
    yield Setting("disable_tqdm", value=True, origin="house: progress goes to the runner")


def deviations(recipe: Recipe, stack: Stack) -> tuple[str, ...]:
    """In what a training by this program differs from the published one, one sentence each.

    Empty for a recipe that was written for this program. Sources: the published trainer and its
    configuration (read in the file that `PUBLISHED_TRAINER` names)
    against trl 1.16.0, `trl/trainer/grpo_trainer.py`. Equal in both, and so not listed: the mean
    over tokens and sequences for the loss type `grpo`, the 1e-4 beside the standard deviation of
    rewards, the estimator of the KL divergence.
    """
    if not is_published(recipe):
        return ()
    return tuple(_deviations(recipe, stack))


def _deviations(recipe: Recipe, stack: Stack) -> Iterator[str]:
    used = ", ".join(
        f"{name} {stack.packages[name]}"
        for name in ("trl", "transformers", "peft", "torch")
        if name in stack.packages
    )
    yield f"trained with {used}; published with {PUBLISHED_TRAINER}, torch 2.5.1"
    temperature = recipe.grpo.temperature
    if temperature != 1:
        yield (
            f"log-probabilities in the loss are those at the sampling temperature {temperature:g}; "
            "the published trainer takes them at 1"
        )
    if stack.device != "cuda":
        yield "completions are generated by transformers; published: vLLM 0.7.2"
    else:
        yield "completions are generated by vLLM inside the trainer's process, on its device"
    gpus = recipe.optimizer.num_gpus
    if gpus > 1:
        yield (
            f"one device with {gpus} times the micro-steps, without DeepSpeed; published: {gpus} "
            "GPUs under DeepSpeed ZeRO-2"
        )
    yield "attention as transformers chooses it; published: flash_attention_2"


def hints(recipe: Recipe) -> tuple[str, ...]:
    """What of a recipe does not fit together, one sentence each."""
    grpo, found = recipe.grpo, []
    context = grpo.vllm_max_model_len
    wanted = (grpo.max_prompt_length or 0) + grpo.max_completion_length
    if context is not None and context < wanted:
        found.append(
            f"the engine's context of {context} tokens is shorter than prompt and completion "
            f"({wanted}): on CUDA completions end there, before max_completion_length."
        )
    if target_range(recipe) and not (recipe.system_prompt or recipe.system_prompt_from):
        found.append(
            "a reward has a target length, and without a system prompt no prompt states it."
        )
    for reward in recipe.rewards:
        characters = reward.parameters.get("max_len_characters")
        if characters is not None:
            found.append(
                f"cosine counts characters against {characters:g} and is not clamped: beyond that "
                "length it climbs again."
            )
    return tuple(found)
