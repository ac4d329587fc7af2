"""Every recipe of the catalog trains: real optimizer steps, and an adapter that loads."""

import pytest

from tests.jobs.tiny_trainings import Trainings
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.recipes import Variant
from tina_bench.catalog.scale import STEPS
from tina_bench.jobs.train import grpo_arguments
from tina_bench.store.records import Outcome

pytestmark = pytest.mark.engine

CATALOG = load_catalog()
DR_GRPO = ("tina-open-rs3-drgrpo-as-described", "tina-open-rs3-drgrpo-as-published-code")
EVERY_RUN = ("smoke-grpo", "tina-openr1-as-described", *DR_GRPO)
"""Both losses, with and without KL, most rewards of the catalog; the others train nightly."""
RECIPES = [
    name if name in EVERY_RUN else pytest.param(name, marks=pytest.mark.nightly)
    for name in sorted(CATALOG.recipes)
]
HALF = "in-two-halves"
TEMPLATED = "with-a-template-of-its-own"
LONG = "with-long-prompts"


@pytest.fixture(scope="module")
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    """Those that are selected, and three more: stopped half-way, with texts, leaving rows."""
    from tina_bench.store.home import Home

    trainings = Trainings(Home(tmp_path_factory.mktemp("tiny")), CATALOG)
    smoke = trainings.small("smoke-grpo")
    selected = {
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and hasattr(item, "callspec")
        and "name" in item.callspec.params
    }
    names = sorted(selected | {"smoke-grpo", *DR_GRPO})
    folders = [trainings.prepare(name, trainings.small(name)) for name in names]
    half = smoke.optimizer.model_copy(update={"stop_step": STEPS // 2})
    folders.append(trainings.prepare(HALF, smoke.model_copy(update={"optimizer": half})))
    folders.append(
        trainings.prepare(
            TEMPLATED,
            smoke,
            system_prompt="Add.",
            chat_template="{% for m in messages %}{{ m.content }};{% endfor %}<|assistant|>",
        )
    )
    short = smoke.grpo.model_copy(update={"max_prompt_length": 25})
    folders.append(trainings.prepare(LONG, smoke.model_copy(update={"grpo": short})))
    trainings.run(folders)
    assert trainings.outputs(HALF).steps == STEPS // 2
    trainings.run([trainings.prepare(HALF, smoke)])
    return trainings


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_takes_real_steps_with_its_own_rewards(trained: Trainings, name: str) -> None:
    recipe = trained.small(name)
    assert trained.result(name).outcome is Outcome.DONE
    assert trained.outputs(name).steps == STEPS
    steps = trained.steps(name)
    assert [step["step"] for step in steps] == list(range(1, STEPS + 1))
    for step in steps:
        means = [step[f"reward_{reward.function}"] for reward in recipe.rewards]
        assert all(mean is not None for mean in means), "each reward was asked, and answered"
        weighted = sum(
            reward.weight * mean for reward, mean in zip(recipe.rewards, means, strict=True)
        )
        assert step["reward"] == pytest.approx(weighted, abs=1e-4)
    assert any(step["grad_norm"] > 0 for step in steps[1:]), "something was learned from"
    assert (steps[0]["kl"] is None) == (recipe.grpo.beta == 0)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_yields_an_adapter_of_its_shape_that_loads_and_has_moved(
    trained: Trainings, name: str
) -> None:
    from peft import PeftModel
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM

    recipe, folder = trained.small(name), trained.folder(name) / "adapter"
    weights = load_file(folder / "adapter_model.safetensors")
    assert trained.outputs(name).parameters_trained == sum(w.numel() for w in weights.values())
    moved = [key for key, weight in weights.items() if "lora_B" in key and weight.any()]
    assert moved, "B begins at zero: it was trained"
    base = AutoModelForCausalLM.from_pretrained(trained.home.root / "base")
    loaded = PeftModel.from_pretrained(base, folder)
    config = loaded.peft_config["default"]
    assert (config.r, config.lora_alpha, config.lora_dropout) == (
        recipe.lora.rank,
        recipe.lora.alpha,
        recipe.lora.dropout,
    )
    assert set(config.target_modules) == set(recipe.lora.target_modules)


@pytest.mark.parametrize("name", RECIPES)
def test_the_adapter_says_what_was_changed_for_it(trained: Trainings, name: str) -> None:
    deviations = trained.outputs(name).adapter.deviations
    assert set(trained.small(name).deviations) <= set(deviations)
    assert any("max_completion_length is 64" in sentence for sentence in deviations)


def test_a_training_taken_up_half_way_takes_each_step_once(trained: Trainings) -> None:
    assert trained.outputs(HALF).steps == STEPS
    assert [step["step"] for step in trained.steps(HALF)] == list(range(1, STEPS + 1))


def test_a_training_taken_up_half_way_ends_where_an_unbroken_one_does(trained: Trainings) -> None:
    name = "adapter_model.safetensors"
    broken, whole = trained.outputs(HALF), trained.outputs("smoke-grpo")
    assert broken.adapter.sha256[name] == whole.adapter.sha256[name]


def test_a_published_system_prompt_and_template_reach_the_model(trained: Trainings) -> None:
    # The base was not taught this template: other prompts, so other completions.
    own, other = trained.steps("smoke-grpo"), trained.steps(TEMPLATED)
    assert trained.result(TEMPLATED).outcome is Outcome.DONE
    assert own[0]["completion_length"] != other[0]["completion_length"]


def test_over_long_prompts_are_left_out_and_the_adapter_says_how_many(trained: Trainings) -> None:
    (sentence,) = [s for s in trained.outputs(LONG).adapter.deviations if "left out" in s]
    assert "of 64 training prompts have more than 25 tokens" in sentence


def test_dr_grpo_as_described_is_dr_grpo_and_as_published_code_is_not() -> None:
    described = {n: r for n, r in CATALOG.recipes.items() if r.grpo.loss_type == "dr_grpo"}
    assert described
    for recipe in described.values():
        assert recipe.variant is Variant.AS_DESCRIBED
        published = CATALOG.recipes[str(recipe.twin)]
        assert published.variant is Variant.AS_PUBLISHED_CODE
        for variant, loss, scaling in (
            (recipe, "dr_grpo", "none"),
            (published, "grpo", "group"),
        ):
            arguments = grpo_arguments(variant, CATALOG.stacks["current"])
            assert (arguments["loss_type"], arguments["scale_rewards"]) == (loss, scaling)


def test_the_two_losses_do_not_make_the_same_adapter(trained: Trainings) -> None:
    described = {n: r for n, r in CATALOG.recipes.items() if r.grpo.loss_type == "dr_grpo"}
    assert {(name, recipe.twin) for name, recipe in described.items()} == {DR_GRPO}
    first = [trained.steps(name)[0] for name in DR_GRPO]
    assert first[0]["completion_length"] == first[1]["completion_length"]
    assert first[0]["grad_norm"] != first[1]["grad_norm"]
