"""`--scale tiny`: a recipe, and all that it needs, scaled down by declared rules. Pure.

A tiny training takes the same path as the real one with the same algorithm, rewards and adapter
shape, on the embedded base; only sizes change. Every change is a sentence that goes onto every
result. What it proves is that the recipe runs; its scores say nothing about the recipe.

Kept as they are: loss, scaling of rewards, KL coefficient, clipping, G, temperature, learning rate,
schedule and warm-up share, LoRA rank, alpha, dropout and layers, reward functions and weights,
precision, seed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tina_bench.catalog.recipes import Recipe, Reward
from tina_bench.catalog.schema import (
    Catalog,
    CatalogEntry,
    Model,
    ModelKind,
    Profile,
    Source,
    Stack,
)
from tina_bench.catalog.training import deviations, target_range
from tina_bench.errors import CatalogError


class Scale(StrEnum):
    """How large a recipe is trained."""

    TINY = "tiny"


BASE = "smoke-base"
DATASET = "embedded:smoke-train"
PROFILE = "smoke"
"""Whose tasks and stack stand in."""
CONTEXT_TOKENS = 512
"""Context of the embedded base, `tina_bench/embedded/base/config.json`."""
COMPLETION_TOKENS = 64
STEPS = 4
SAVE_STEPS = 2
"""So that a training can be taken up in its middle."""
PROMPTS = 2
"""Of a micro-step."""
MICRO_STEPS = 1
PROBLEMS = 64
LENGTH_PARAMETERS = ("max_len_characters", "max_len_tokens")
PREFIX = f"scale {Scale.TINY}: "
TARGET_PARAMETERS = ("target_min_tokens", "target_max_tokens")


@dataclass(frozen=True, slots=True)
class _Change:
    field: str
    old: Any
    new: Any

    @property
    def sentence(self) -> str:
        return f"{PREFIX}{self.field} is {_text(self.new)}, in the recipe {_text(self.old)}"


def _text(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def tiny_name(name: str) -> str:
    """The name that an entry has at this scale: never the real one's."""
    return f"{name}.{Scale.TINY}"


def _reward(reward: Reward, factor: float) -> Reward:
    """Lengths in proportion to the completion's; what is per token, in inverse proportion.

    An L1 reward is the same number for a completion that is as far off its target in proportion.
    """
    changed = dict(reward.parameters)
    for key in LENGTH_PARAMETERS:
        if key in changed:
            changed[key] = max(1.0, round(changed[key] * factor))
    for key in TARGET_PARAMETERS:
        if key in changed:
            changed[key] = max(1.0, round(changed[key] * factor))
            changed["alpha"] = reward.parameters["alpha"] / factor
    return reward.model_copy(update={"parameters": changed})


def _optimizer(recipe: Recipe) -> dict[str, Any]:
    """Few steps on a schedule whose length keeps its ratio to the step it stops at."""
    given = recipe.optimizer
    changes: dict[str, Any] = {
        "per_device_train_batch_size": min(
            PROMPTS * recipe.grpo.num_generations, given.per_device_train_batch_size
        ),
        "gradient_accumulation_steps": min(MICRO_STEPS, given.gradient_accumulation_steps),
        "num_gpus": min(2, given.num_gpus),
        "save_steps": SAVE_STEPS,
    }
    if given.max_steps is not None:
        stop = given.stop_step or given.max_steps
        changes["stop_step"] = STEPS
        changes["max_steps"] = max(STEPS, round(STEPS * given.max_steps / stop))
    elif given.stop_step is not None:
        changes["stop_step"] = STEPS
    return changes


def tiny(recipe: Recipe, stack: Stack) -> Recipe:
    """The recipe at scale tiny; its `deviations` name every field that is not the recipe's own.

    They also name what training on `stack` differs in, for that the small recipe quotes nothing
    published any more.

    - base, data, system prompt and chat template: the embedded ones (the published prompts have
      characters that the embedded vocabulary lacks, and are longer than its context), so that an
      L1 prompt does not state its target either, which that base was never taught to read;
    - completions of 64 tokens, prompts of what the context of 512 then leaves; lengths in rewards
      by the same factor;
    - at most two prompts a micro-step, one micro-step a device and two devices; four optimizer
      steps, a checkpoint every two, the schedule in proportion. Without `max_steps`, as many
      problems as make four steps of the given epochs;
    - the engine's context, where stated, is prompt and completion.
    """
    grpo, optimizer = recipe.grpo, _optimizer(recipe)
    completion = min(COMPLETION_TOKENS, grpo.max_completion_length)
    factor = completion / grpo.max_completion_length
    small = recipe.model_copy(
        update={
            "title": f"{recipe.title} (scale tiny)",
            "base": BASE,
            "dataset": DATASET,
            "dataset_subset": "default",
            "dataset_split": "train",
            "dataset_revision": None,
            "problem_field": "problem",
            "answer_field": "answer",
            "dataset_size": PROBLEMS,
            "system_prompt": None,
            "system_prompt_from": None,
            "chat_template_from": None,
            "twin": None if recipe.twin is None else tiny_name(recipe.twin),
            "rewards": tuple(_reward(reward, factor) for reward in recipe.rewards),
            "grpo": grpo.model_copy(
                update={
                    "max_completion_length": completion,
                    "max_prompt_length": _prompt_length(grpo.max_prompt_length, completion),
                    "vllm_max_model_len": None,
                }
            ),
            "optimizer": recipe.optimizer.model_copy(update=optimizer),
        }
    )
    epochs = small.optimizer.num_train_epochs
    if small.optimizer.max_steps is None and epochs is not None:
        problems = max(1, round(STEPS * small.prompts_per_step / epochs))
        small = small.model_copy(update={"dataset_size": problems})
    sentences = [change.sentence for change in _changes(recipe, small)]
    if target_range(recipe) is not None:
        sentences.append(f"{PREFIX}prompts do not state the answer length that their reward wants")
    own = (*recipe.deviations, *deviations(recipe, stack))
    return small.model_copy(update={"deviations": (*own, *sentences)})


def _prompt_length(given: int | None, completion: int) -> int | None:
    return None if given is None else min(given, CONTEXT_TOKENS - completion)


def _changes(old: Recipe, new: Recipe) -> Iterator[_Change]:
    """Every field that differs, whatever the rules: a rule that forgot to say so would be found."""
    silent = {"title", "twin", "deviations", "rewards", "system_prompt_from", "chat_template_from"}
    for name in type(old).model_fields:
        before, after = getattr(old, name), getattr(new, name)
        if name in silent or before == after:
            continue
        if name in {"grpo", "optimizer", "lora"}:
            for inner in type(before).model_fields:
                if getattr(before, inner) != getattr(after, inner):
                    yield _Change(f"{name}.{inner}", getattr(before, inner), getattr(after, inner))
        else:
            yield _Change(name, before, after)
    for name, used in (("system_prompt", "none"), ("chat_template", "the embedded base's own")):
        text = getattr(old, f"{name}_from")
        if text is not None:
            yield _Change(f"{name}_from", text.constant, used)
    for before, after in zip(old.rewards, new.rewards, strict=True):
        for key, value in before.parameters.items():
            if after.parameters[key] != value:
                yield _Change(f"reward {before.function} {key}", value, after.parameters[key])


def tiny_model(name: str, model: Model, recipe_name: str) -> Model:
    """The model of that name at scale tiny: an adapter on the embedded base, without a claim."""
    return Model(
        title=f"{model.title} (scale tiny)",
        kind=ModelKind.ADAPTER,
        family=model.family,
        source=Source.RECIPE,
        base=BASE,
        recipe=tiny_name(recipe_name),
        note=f"{name} trained by its recipe at scale tiny: it shows that the recipe runs, and "
        "stands for nothing else.",
    )


def tiny_catalog(catalog: Catalog) -> Catalog:
    """The catalog with every recipe, every model that has one and every profile at scale tiny.

    Each stands under a name of its own (`tiny_name`) beside the real one, so that no job, sample,
    result or page of the one can be taken for the other's. A profile keeps its seeds and sampling;
    tasks, stack and context are the smoke profile's. One without trainable models has no twin.
    Raises `CatalogError` where such a name is taken.
    """
    stack = catalog.stacks[catalog.profiles[PROFILE].stack]
    recipes = {tiny_name(name): tiny(recipe, stack) for name, recipe in catalog.recipes.items()}
    trainable = {name: model for name, model in catalog.models.items() if model.recipe is not None}
    models = {
        tiny_name(name): tiny_model(name, model, str(model.recipe))
        for name, model in trainable.items()
    }
    embedded = catalog.profiles[PROFILE]
    profiles = {
        tiny_name(name): _profile(profile, embedded, trainable)
        for name, profile in catalog.profiles.items()
        if any(model in trainable for model in profile.models)
    }
    return catalog.model_copy(
        update={
            "recipes": _beside("recipes", catalog.recipes, recipes),
            "models": _beside("models", catalog.models, models),
            "profiles": _beside("profiles", catalog.profiles, profiles),
        }
    )


def _beside(
    section: str, real: Mapping[str, CatalogEntry], small: Mapping[str, CatalogEntry]
) -> dict[str, Any]:
    for name in small:
        if name in real:
            raise CatalogError(
                f"catalog: {section}.{name}: found an entry of a name that --scale {Scale.TINY} "
                "needs, expected none; give it another name."
            )
    return {**real, **small}


def _profile(profile: Profile, embedded: Profile, trainable: dict[str, Model]) -> Profile:
    return profile.model_copy(
        update={
            "title": f"{profile.title} (scale tiny)",
            "models": tuple(tiny_name(name) for name in profile.models if name in trainable),
            "tasks": embedded.tasks,
            "stack": embedded.stack,
            "max_model_tokens": embedded.max_model_tokens,
        }
    )
