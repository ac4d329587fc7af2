"""What a training is started with: all of the recipe, under TRL's own names, and nothing unsaid."""

from typing import Any

import pytest

from tests.support.worlds import make_catalog
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.recipes import Recipe
from tina_bench.catalog.training import (
    check_recipe,
    deviations,
    grpo_settings,
    hints,
    is_published,
    target_range,
)
from tina_bench.errors import CatalogError
from tina_bench.jobs.train import grpo_arguments

CATALOG = load_catalog()
RECIPES = sorted(CATALOG.recipes)
CPU, CUDA = CATALOG.stacks["cpu"], CATALOG.stacks["current"]
NO_ARGUMENT = {"max_prompt_length", "num_gpus", "stop_step"}
"""Fields that reach the training another way: its data, its micro-steps, its callback."""


def recipe_with(**changes: Any) -> Recipe:
    return make_catalog(**{f"recipes/r1/{path}": value for path, value in changes.items()}).recipes[
        "r1"
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_every_field_of_a_recipe_s_settings_is_an_argument_or_named_here(name: str) -> None:
    recipe = CATALOG.recipes[name]
    origins = " ".join(setting.origin for setting in grpo_settings(recipe, CUDA))
    for group in ("grpo", "optimizer"):
        for field, value in getattr(recipe, group).model_dump().items():
            if field not in NO_ARGUMENT and value is not None:
                assert f"recipe.{group}.{field}" in origins, field


@pytest.mark.engine
@pytest.mark.parametrize("name", RECIPES)
def test_trl_takes_every_argument_and_keeps_its_value(name: str, tmp_path: Any) -> None:
    from trl import GRPOConfig

    recipe = CATALOG.recipes[name]
    for stack in (CPU, CUDA):
        arguments = grpo_arguments(recipe, stack)
        # Without a GPU transformers refuses to begin; all else of the CUDA arguments is taken.
        config = GRPOConfig(output_dir=str(tmp_path), **{**arguments, "use_cpu": True})
        for argument, value in arguments.items():
            if argument not in {"use_cpu", "report_to"}:
                assert getattr(config, argument) == value, argument
        per_step = recipe.prompts_per_step * recipe.grpo.num_generations
        assert config.generation_batch_size == per_step, "one generation for one optimizer step"
        schedule = recipe.optimizer.max_steps or 1000
        assert config.get_warmup_steps(schedule) == pytest.approx(
            recipe.optimizer.warmup_ratio * schedule, abs=1
        )


@pytest.mark.engine
def test_trl_refuses_the_key_that_made_the_published_dr_grpo_recipe_plain_grpo() -> None:
    from trl import GRPOConfig

    with pytest.raises(TypeError, match="scale_reward"):
        GRPOConfig(output_dir="unused", scale_reward=False)


def test_no_argument_is_given_twice() -> None:
    names = [setting.name for setting in grpo_settings(CATALOG.recipes[RECIPES[0]], CUDA)]
    assert len(names) == len(set(names))


def test_fewer_devices_accumulate_more_micro_steps_and_say_so() -> None:
    recipe = recipe_with(**{"optimizer/num_gpus": 2, "optimizer/gradient_accumulation_steps": 3})
    found = {setting.name: setting for setting in grpo_settings(recipe, CPU)}
    assert found["gradient_accumulation_steps"].value == 6
    assert "num_gpus (2)" in found["gradient_accumulation_steps"].origin


def test_epochs_stand_where_there_is_no_number_of_steps() -> None:
    changes = {"max_steps": None, "stop_step": None, "num_train_epochs": 2.0}
    recipe = recipe_with(**{f"optimizer/{key}": value for key, value in changes.items()})
    found = grpo_arguments(recipe, CPU)
    assert found["num_train_epochs"] == 2
    assert "max_steps" not in found


def test_vllm_generates_on_cuda_and_transformers_elsewhere() -> None:
    recipe = recipe_with(
        **{
            "grpo/vllm_gpu_memory_utilization": 0.4,
            "grpo/max_prompt_length": 12,
            "grpo/max_completion_length": 20,
        }
    )
    on_cuda = grpo_arguments(recipe, CUDA)
    assert (on_cuda["use_vllm"], on_cuda["vllm_mode"]) == (True, "colocate")
    assert on_cuda["vllm_gpu_memory_utilization"] == 0.4
    assert on_cuda["vllm_max_model_length"] == 32, "prompt and completion, where nothing is stated"
    assert on_cuda["vllm_importance_sampling_correction"] is False
    elsewhere = grpo_arguments(recipe, CPU)
    assert elsewhere["use_vllm"] is False
    assert not {key for key in elsewhere if key.startswith("vllm")}


def test_only_a_recipe_that_quotes_published_texts_deviates_from_anything() -> None:
    own = CATALOG.recipes["smoke-grpo"]
    assert not is_published(own)
    assert deviations(own, CPU) == ()


def test_a_published_recipe_says_what_trl_does_otherwise() -> None:
    text = {"url": "https://u/prompt.py", "sha256": "0" * 64, "constant": "PROMPT"}
    recipe = recipe_with(
        **{"system_prompt_from": text, "grpo/temperature": 0.7, "optimizer/num_gpus": 2}
    )
    said = " | ".join(deviations(recipe, CPU))
    for words in (
        f"trl {CPU.packages['trl']}",
        "trl 0.15.2",
        "sampling temperature 0.7",
        "generated by transformers",
        "2 GPUs under DeepSpeed",
        "flash_attention_2",
    ):
        assert words in said
    assert "generated by vLLM" in " | ".join(deviations(recipe, CUDA))


@pytest.mark.engine
def test_trl_does_divide_by_the_temperature_as_the_deviation_says() -> None:
    import inspect

    from trl import GRPOTrainer

    source = inspect.getsource(GRPOTrainer.__init__)
    assert "add_fused_lm_head" in source
    assert "temperature=self.temperature" in source


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        ({"function": "cosine", "parameters": {"min_value_wrong": 0}}, "what a length is counted"),
        ({"function": "cosine", "parameters": {"max_len_tokens": 1, "max_len_characters": 1}},
         "what a length is counted"),
        ({"function": "cosine", "parameters": {"max_len_tokens": 1}}, "expected max_len_tokens"),
        ({"function": "accuracy", "parameters": {"strict": 1}}, "found the parameters strict"),
        ({"function": "repetition_penalty"}, "found the parameters none"),
        ({"function": "length_l1_max", "parameters": {"alpha": 1}}, "target_max_tokens"),
    ],
)  # fmt: skip
def test_a_reward_without_its_parameters_is_refused_before_anything_starts(
    reward: dict[str, Any], words: str
) -> None:
    recipe = recipe_with(rewards=[{"weight": 1, **reward}])
    with pytest.raises(CatalogError, match=words):
        check_recipe("r1", recipe)


def test_a_batch_that_does_not_divide_into_groups_is_refused() -> None:
    recipe = recipe_with(**{"grpo/num_generations": 3})
    with pytest.raises(CatalogError, match="expected a whole number"):
        check_recipe("r1", recipe)


def test_a_reward_that_stands_twice_is_refused() -> None:
    recipe = recipe_with(rewards=[{"function": "format", "weight": 1}] * 2)
    with pytest.raises(CatalogError, match="expected each once"):
        check_recipe("r1", recipe)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_catalog_passes_the_check(name: str) -> None:
    check_recipe(name, CATALOG.recipes[name])


def test_hints_name_what_does_not_fit_together() -> None:
    cosine = {
        "function": "cosine",
        "weight": 1,
        "parameters": dict.fromkeys(
            ("min_value_wrong", "max_value_wrong", "min_value_correct", "max_value_correct"), 0.0
        )
        | {"max_len_characters": 100},
    }
    l1 = {
        "function": "length_l1_exact",
        "weight": 1,
        "parameters": {"alpha": 0.1, "target_min_tokens": 3, "target_max_tokens": 9},
    }
    recipe = recipe_with(
        rewards=[cosine, l1],
        **{
            "grpo/vllm_max_model_len": 100,
            "grpo/max_prompt_length": 50,
            "grpo/max_completion_length": 60,
        },
    )
    said = " | ".join(hints(recipe))
    assert "context of 100 tokens is shorter than prompt and completion (110)" in said
    assert "counts characters" in said
    assert "no prompt states it" in said
    assert target_range(recipe) == (3, 9)
    assert hints(recipe_with()) == ()
