"""Which recipe a name stands for, the request that trains it, and what exactly would run. Pure."""

import difflib
from typing import Any

from tina_bench.catalog.recipes import PublishedText, Recipe, Variant
from tina_bench.catalog.scale import Scale
from tina_bench.catalog.schema import Catalog, Model, ModelKind, Source, Stack
from tina_bench.catalog.training import (
    as_trained_for,
    check_recipe,
    deviations,
    grpo_settings,
    hints,
    target_range,
)
from tina_bench.errors import UsageError
from tina_bench.planning.types import Request

DEFAULT_PROFILE = "paper"
SCALED_PROFILE = "smoke"


def recipes_named(catalog: Catalog, name: str, variant: Variant | None = None) -> tuple[str, ...]:
    """The recipe that `name`, of a recipe or of a model, stands for; or the two that are twins.

    A recipe's own name stands for it alone. A model's name stands for both twins of its recipe, and
    so does what just their two names begin with: neither is chosen for the user. Raises
    `UsageError` where there is none.
    """
    found = _candidates(catalog, name)
    if variant is not None:
        chosen = tuple(one for one in found if catalog.recipes[one].variant is variant)
        if not chosen:
            raise UsageError(
                f"{name} has no recipe {variant}; it has "
                f"{', '.join(_with_variant(catalog, one) for one in found)}."
            )
        return chosen
    return found


def _candidates(catalog: Catalog, name: str) -> tuple[str, ...]:
    if name in catalog.recipes:
        return (name,)
    model = catalog.models.get(name)
    if model is not None and model.recipe is not None:
        twin = catalog.recipes[model.recipe].twin
        return (model.recipe,) if twin is None else (model.recipe, twin)
    begun = tuple(one for one in catalog.recipes if one.startswith(name))
    if len(begun) == 2 and catalog.recipes[begun[0]].twin == begun[1]:
        return begun
    if model is not None:
        raise UsageError(f"model {name} has no recipe, so there is nothing to train.")
    names = [*catalog.recipes, *(key for key, one in catalog.models.items() if one.recipe)]
    near = difflib.get_close_matches(name, names, n=3)
    raise UsageError(
        f"there is no recipe, and no model with one, named {name!r}; "
        + (f"near it: {', '.join(near)}." if near else "`tina-bench catalog list recipes` lists.")
    )


def _with_variant(catalog: Catalog, name: str) -> str:
    variant = catalog.recipes[name].variant
    return name if variant is None else f"{name} ({variant})"


def one_recipe(catalog: Catalog, name: str, found: tuple[str, ...]) -> str:
    """The only recipe found; raises `UsageError` naming both where there are two."""
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"{name} is trained in two ways that are not the same: "
        f"{' and '.join(_with_variant(catalog, one) for one in found)}; name one of them, or give "
        "--variant."
    )


def training_request(
    catalog: Catalog,
    name: str,
    recipe_name: str,
    *,
    whole: bool = False,
    profile: str | None = None,
    scale: Scale | None = None,
) -> tuple[Request, Catalog]:
    """The request that makes the recipe's adapter and nothing else, and the catalog to it.

    The model is the named one where it has the recipe, else the first that has. A published row may
    stand on an earlier checkpoint than the recipe's last (`as_trained_for`); with `whole`, and for
    the name of a recipe, it is a model that takes all of it, made up where there is none. The
    profile, which gives the stack, is the first that has the model, else the first that has the
    base.
    """
    recipe = catalog.recipes[recipe_name]
    standing = [key for key, one in catalog.models.items() if one.recipe == recipe_name]
    if whole or name not in catalog.models:
        standing = [
            key for key in standing if as_trained_for(catalog.models[key], recipe) == recipe
        ]
    if name in standing:
        model = name
    elif standing:
        model = standing[0]
    else:
        model = recipe_name if recipe_name not in catalog.models else f"{recipe_name}.whole"
        made_up = _stand_in(recipe_name, recipe)
        catalog = catalog.model_copy(update={"models": {**catalog.models, model: made_up}})
    if scale is not None:
        profile = SCALED_PROFILE
    request = Request(
        profile=profile or _profile_of(catalog, model, recipe.base),
        models=(model,),
        tasks=(),
        retrain=True,
        scale=scale,
    )
    return request, catalog


def _stand_in(recipe_name: str, recipe: Recipe) -> Model:
    return Model(
        title=recipe.title,
        kind=ModelKind.ADAPTER,
        family="recipes",
        source=Source.RECIPE,
        base=recipe.base,
        recipe=recipe_name,
    )


def _profile_of(catalog: Catalog, *names: str) -> str:
    for name in names:
        for profile_name, profile in catalog.profiles.items():
            if name in profile.models:
                return profile_name
    return DEFAULT_PROFILE


def _text(given: str | None, published: PublishedText | None, otherwise: str) -> dict[str, Any]:
    if published is not None:
        return {"published": published.model_dump(mode="json")}
    return {"text": given} if given is not None else {"none": otherwise}


def description(
    name: str, whole: Recipe, model: Model, stack_name: str, stack: Stack
) -> dict[str, Any]:
    """Everything about the training of a model by this recipe on this stack, as plain data.

    Raises `CatalogError` for a recipe that could not start at all.
    """
    check_recipe(name, whole)
    recipe = as_trained_for(model, whole)
    return {
        "recipe": name,
        "title": recipe.title,
        "variant": recipe.variant,
        "twin": recipe.twin,
        "note": recipe.note,
        "reference": recipe.reference,
        "base": recipe.base,
        "stack": stack_name,
        "data": {
            "dataset": recipe.dataset,
            "subset": recipe.dataset_subset,
            "split": recipe.dataset_split,
            "revision": recipe.dataset_revision,
            "problems": recipe.dataset_size,
            "problem_field": recipe.problem_field,
            "answer_field": recipe.answer_field,
            "max_prompt_tokens": recipe.grpo.max_prompt_length,
            "target_tokens": target_range(recipe),
        },
        "system_prompt": _text(recipe.system_prompt, recipe.system_prompt_from, "no system prompt"),
        "chat_template": _text(None, recipe.chat_template_from, "the base's own"),
        "rewards": [reward.model_dump(mode="json") for reward in recipe.rewards],
        "lora": recipe.lora.model_dump(mode="json"),
        "steps": recipe.steps,
        "steps_of_recipe": whole.steps,
        "checkpoint_confidence": model.checkpoint_confidence,
        "prompts_per_step": recipe.prompts_per_step,
        "completions_per_step": recipe.prompts_per_step * recipe.grpo.num_generations,
        "arguments": [
            {"name": setting.name, "value": setting.value, "from": setting.origin}
            for setting in grpo_settings(recipe, stack)
        ],
        "other_arguments": f"trl {stack.packages.get('trl', 'of the stack')}: its defaults",
        "deviations": [*recipe.deviations, *deviations(recipe, stack)],
        "hints": list(hints(recipe)),
        "unused_settings": recipe.unused_settings,
    }
