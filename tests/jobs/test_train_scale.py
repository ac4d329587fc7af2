"""Scale tiny changes sizes by its rules, says all of it, and never stands for the real thing."""

from typing import Any

import pytest

from tests.support.worlds import make_catalog
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.recipes import Recipe
from tina_bench.catalog.scale import (
    BASE,
    COMPLETION_TOKENS,
    CONTEXT_TOKENS,
    DATASET,
    STEPS,
    Scale,
    tiny,
    tiny_catalog,
    tiny_name,
)
from tina_bench.catalog.schema import ModelKind, Source
from tina_bench.catalog.training import check_recipe
from tina_bench.cli.options.common import ScaleName
from tina_bench.errors import CatalogError, UsageError
from tina_bench.planning.scaled import at_scale
from tina_bench.planning.types import Request

CATALOG = load_catalog()
RECIPES = sorted(CATALOG.recipes)
CPU = CATALOG.stacks["cpu"]
KEPT = {
    "grpo": {"max_completion_length", "max_prompt_length", "vllm_max_model_len"},
    "optimizer": {
        "per_device_train_batch_size",
        "gradient_accumulation_steps",
        "num_gpus",
        "max_steps",
        "stop_step",
        "save_steps",
    },
    "lora": set(),
}
"""By part of a recipe: the fields that the scale may change. All others are kept."""


def small(name: str) -> Recipe:
    return tiny(CATALOG.recipes[name], CPU)


@pytest.mark.parametrize("name", RECIPES)
def test_algorithm_adapter_and_rewards_are_the_recipe_s_own(name: str) -> None:
    recipe, made = CATALOG.recipes[name], small(name)
    for part, sizes in KEPT.items():
        old, new = getattr(recipe, part).model_dump(), getattr(made, part).model_dump()
        assert {k: v for k, v in old.items() if k not in sizes} == {
            k: v for k, v in new.items() if k not in sizes
        }
    assert [(r.function, r.weight) for r in made.rewards] == [
        (r.function, r.weight) for r in recipe.rewards
    ]
    assert (made.seed, made.variant) == (recipe.seed, recipe.variant)
    check_recipe(name, made)


@pytest.mark.parametrize("name", RECIPES)
def test_it_stands_on_what_this_package_carries_and_fits_it(name: str) -> None:
    made = small(name)
    assert (made.base, made.dataset) == (BASE, DATASET)
    assert made.system_prompt_from is made.chat_template_from is made.system_prompt is None
    assert made.grpo.max_completion_length <= COMPLETION_TOKENS
    longest = (made.grpo.max_prompt_length or 0) + made.grpo.max_completion_length
    assert longest <= CONTEXT_TOKENS
    assert made.steps == STEPS
    assert made.prompts_per_step <= 4


@pytest.mark.parametrize("name", RECIPES)
def test_every_field_that_differs_is_said(name: str) -> None:
    recipe, made = CATALOG.recipes[name], small(name)
    said = " | ".join(made.deviations)
    for part in KEPT:
        old, new = getattr(recipe, part).model_dump(), getattr(made, part).model_dump()
        for field in old:
            if old[field] != new[field]:
                assert f"scale tiny: {part}.{field} is " in said, field
    for field in ("base", "dataset", "dataset_subset", "dataset_size", "problem_field"):
        if getattr(recipe, field) != getattr(made, field):
            assert f"scale tiny: {field} is " in said, field
    for field in ("system_prompt_from", "chat_template_from"):
        if getattr(recipe, field) is not None:
            assert f"scale tiny: {field} is " in said, field


@pytest.mark.parametrize("name", [n for n in RECIPES if CATALOG.recipes[n].chat_template_from])
def test_a_published_recipe_also_says_what_its_software_does_otherwise(name: str) -> None:
    assert any("trl 0.15.2" in sentence for sentence in small(name).deviations)


def recipe_with(**changes: Any) -> Recipe:
    return make_catalog(**{f"recipes/r1/{path}": value for path, value in changes.items()}).recipes[
        "r1"
    ]


def test_lengths_in_rewards_keep_their_proportion_to_the_completion() -> None:
    bounds = dict.fromkeys(
        ("min_value_wrong", "max_value_wrong", "min_value_correct", "max_value_correct"), 0.5
    )
    recipe = recipe_with(
        rewards=[
            {"function": "cosine", "weight": 1, "parameters": {**bounds, "max_len_tokens": 3584}},
            {"function": "length_l1_max", "weight": 1, "parameters": {
                "alpha": 0.0003, "delta": 0.5, "target_min_tokens": 112,
                "target_max_tokens": 3584}},
        ],
        **{"grpo/max_completion_length": 3584},
    )  # fmt: skip
    cosine, l1 = tiny(recipe, CPU).rewards
    # 64 of 3584 tokens: a 56th. 3584 / 56 = 64; 112 / 56 = 2; 0.0003 × 56 = 0.0168.
    assert cosine.parameters == {**bounds, "max_len_tokens": 64}
    assert l1.parameters == {
        "alpha": pytest.approx(0.0168),
        "delta": 0.5,
        "target_min_tokens": 2,
        "target_max_tokens": 64,
    }


def test_a_completion_that_is_short_already_stays() -> None:
    assert tiny(recipe_with(), CPU).grpo.max_completion_length == 8


def test_the_schedule_keeps_its_ratio_to_the_step_it_stops_at() -> None:
    made = tiny(recipe_with(**{"optimizer/max_steps": 1500, "optimizer/stop_step": 750}), CPU)
    assert (made.optimizer.max_steps, made.optimizer.stop_step) == (2 * STEPS, STEPS)


def test_epochs_stay_and_the_data_shrinks() -> None:
    changes = {"max_steps": None, "stop_step": None, "num_train_epochs": 2.0}
    made = tiny(recipe_with(**{f"optimizer/{k}": v for k, v in changes.items()}), CPU)
    assert made.optimizer.num_train_epochs == 2
    assert made.optimizer.max_steps is None
    assert made.steps == STEPS


def test_scaled_entries_stand_beside_the_real_ones_under_names_of_their_own() -> None:
    scaled = tiny_catalog(CATALOG)
    assert scaled.recipes.items() >= CATALOG.recipes.items()
    assert scaled.models.items() >= CATALOG.models.items()
    for name, model in CATALOG.models.items():
        if model.recipe is None:
            assert tiny_name(name) not in scaled.models
            continue
        made = scaled.models[tiny_name(name)]
        assert (made.kind, made.source, made.base) == (ModelKind.ADAPTER, Source.RECIPE, BASE)
        assert made.recipe in scaled.recipes
        assert made.recipe not in CATALOG.recipes
        assert made.checkpoint_step is None
    about = {claim.model for claim in scaled.claims.values()}
    assert not about & (set(scaled.models) - set(CATALOG.models)), "no claim is about one"


def test_a_name_that_is_taken_is_refused() -> None:
    world = CATALOG.model_copy(
        update={"models": {**CATALOG.models, "smoke-tina.tiny": CATALOG.models["smoke-base"]}}
    )
    with pytest.raises(CatalogError, match=r"models\.smoke-tina\.tiny: found an entry"):
        tiny_catalog(world)


def test_the_command_line_knows_every_scale() -> None:
    assert [str(name) for name in ScaleName] == [str(scale) for scale in Scale]


def test_a_request_at_scale_speaks_of_scaled_names_only() -> None:
    asked = Request("smoke", models=("smoke-tina",), retrain=True, scale=Scale.TINY)
    request, catalog = at_scale(asked, CATALOG)
    assert (request.profile, request.models) == ("smoke.tiny", ("smoke-tina.tiny",))
    profile = catalog.profiles["smoke.tiny"]
    assert profile.models == ("smoke-tina.tiny",), "the base has no recipe, so it is left out"
    assert profile.tasks == CATALOG.profiles["smoke"].tasks


def test_a_request_without_a_scale_is_left_alone() -> None:
    request = Request("smoke")
    assert at_scale(request, CATALOG) == (request, CATALOG)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"models": ("smoke-base",)}, "smoke-base has no recipe"),
        ({"profile": "no-recipes"}, "no-recipes has no model with a recipe"),
        ({"tasks": ("foreign",)}, "foreign does not fit the embedded base"),
    ],
)
def test_what_cannot_be_scaled_is_refused_by_name(given: dict[str, Any], words: str) -> None:
    smoke = CATALOG.profiles["smoke"]
    world = CATALOG.model_copy(
        update={
            "profiles": {
                **CATALOG.profiles,
                "no-recipes": smoke.model_copy(update={"models": ("smoke-base",)}),
            },
            "tasks": {**CATALOG.tasks, "foreign": CATALOG.tasks["smoke-30"]},
        }
    )
    asked = Request(**{"profile": "smoke", "retrain": True, "scale": Scale.TINY, **given})
    with pytest.raises(UsageError, match=words):
        at_scale(asked, world)


def test_names_that_do_not_exist_are_left_for_the_planner_to_refuse() -> None:
    asked = Request("nowhere", models=("nobody",), retrain=True, scale=Scale.TINY)
    request, _ = at_scale(asked, CATALOG)
    assert (request.profile, request.models) == ("nowhere", ("nobody",))
