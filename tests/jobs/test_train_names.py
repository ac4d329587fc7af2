"""`tina-bench train NAME`: what a name stands for, and the request that it becomes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import call, run
from tests.support.worlds import FIT, make_catalog, make_lock
from tina_bench.catalog.load import load_catalog
from tina_bench.catalog.recipes import Variant
from tina_bench.catalog.schema import Catalog
from tina_bench.catalog.training import as_trained_for
from tina_bench.errors import UsageError
from tina_bench.planning.plan import make_plan
from tina_bench.planning.trainings import one_recipe, recipes_named, training_request
from tina_bench.planning.types import Snapshot

CATALOG = load_catalog()
TINA = "tina-open-rs2"


def world(**changes: Any) -> Catalog:
    """r1 and r2 are twins; tina-1 is trained by r1, far is published and would be by r3."""
    return make_catalog(
        **{
            "recipes/r1/variant": "as-published-code",
            "recipes/r1/twin": "r2",
            "recipes/r2/variant": "as-described",
            "recipes/r2/twin": "r1",
            "models/far/kind": "adapter",
            "models/far/base": "base-a",
            "models/far/recipe": "r3",
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("name", "found"),
    [("r1", ("r1",)), ("r3", ("r3",)), ("far", ("r3",)), ("tina-1", ("r1", "r2"))],
)
def test_a_recipe_s_name_is_itself_and_a_model_s_both_twins(
    name: str, found: tuple[str, ...]
) -> None:
    assert recipes_named(world(), name) == found


def test_what_two_twins_names_begin_with_stands_for_both() -> None:
    twins = {variant: CATALOG.recipes[f"{TINA}-{variant}"] for variant in Variant}
    only = CATALOG.model_copy(
        update={"models": {}, "recipes": {f"{TINA}-{v}": r for v, r in twins.items()}}
    )
    assert set(recipes_named(only, TINA)) == set(only.recipes)


def test_two_twins_are_refused_by_both_names_and_a_variant_chooses() -> None:
    with pytest.raises(UsageError) as error:
        one_recipe(world(), "tina-1", ("r1", "r2"))
    assert "r1 (as-published-code) and r2 (as-described)" in str(error.value)
    assert recipes_named(world(), "tina-1", Variant.AS_DESCRIBED) == ("r2",)
    with pytest.raises(UsageError, match="far has no recipe as-described; it has r3"):
        recipes_named(world(), "far", Variant.AS_DESCRIBED)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("base-a", "model base-a has no recipe"),
        ("tina-l", "near it: .*tina-1"),
        ("nothing-like-it", "`tina-bench catalog list recipes`"),
    ],
)
def test_a_name_without_a_recipe_is_one_sentence(name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        recipes_named(world(), name)


def kinds(catalog: Catalog, name: str, recipe: str) -> list[tuple[str, str]]:
    request, widened = training_request(catalog, name, recipe, profile="cpu")
    plan = make_plan(request, widened, make_lock(), Snapshot(), FIT)
    return [(str(planned.job.kind), planned.job.model) for planned in plan.jobs]


def test_a_training_fetches_and_trains_and_does_nothing_else() -> None:
    assert kinds(world(), "r1", "r1") == [("fetch", "base-a"), ("train", "tina-1")]


def test_a_published_adapter_is_trained_and_not_fetched() -> None:
    made = kinds(world(**{"recipes/r3/base": "base-a"}), "far", "r3")
    assert made == [("fetch", "base-a"), ("train", "far")]


def test_a_recipe_that_no_model_stands_for_is_trained_under_its_own_name() -> None:
    assert kinds(world(), "r2", "r2")[-1] == ("train", "tina-2")
    alone = world(**{"models/tina-2/recipe": "r1"})
    assert kinds(alone, "r2", "r2")[-1] == ("train", "r2")


def test_a_model_is_trained_up_to_the_checkpoint_of_its_published_row() -> None:
    changes = {"models/tina-3/checkpoint_step": 3, "models/tina-3/checkpoint_confidence": "derived"}
    catalog = world(**changes)
    ids = {}
    for name, whole in (("tina-3", False), ("tina-3", True), ("r3", False)):
        request, widened = training_request(catalog, name, "r3", whole=whole, profile="cpu")
        plan = make_plan(request, widened, make_lock(), Snapshot(), FIT)
        training = plan.jobs[-1]
        recipe = as_trained_for(widened.models[training.job.model], widened.recipes["r3"])
        ids[name, whole] = (training.job.id, recipe.steps)
    assert [steps for _, steps in ids.values()] == [3, 5, 5]
    assert ids["tina-3", True][0] == ids["r3", False][0] != ids["tina-3", False][0]


def test_the_dry_run_says_that_it_stops_at_a_checkpoint_and_how_sure_that_is() -> None:
    row = CATALOG.models[TINA]
    (shown,) = call("train", TINA, "--variant", "as-published-code", "--dry-run", "--json").json()
    recipe = CATALOG.recipes[shown["recipe"]]
    assert (shown["steps"], shown["steps_of_recipe"]) == (row.checkpoint_step, recipe.steps)
    told = call("train", TINA, "--variant", "as-published-code", "--dry-run").out
    assert f"{row.checkpoint_step} of {recipe.steps}" in told
    assert str(row.checkpoint_confidence) in told
    (whole,) = call("train", shown["recipe"], "--dry-run", "--json").json()
    assert whole["steps"] == recipe.steps


def test_the_stack_is_that_of_the_first_profile_that_has_the_model() -> None:
    request, _ = training_request(CATALOG, "smoke-tina", "smoke-grpo")
    assert request.profile == "smoke"


def test_the_dry_run_shows_both_twins_whole_and_says_they_are_two() -> None:
    ended = call("train", TINA, "--dry-run", "--json")
    shown = {one["recipe"]: one for one in ended.json()}
    assert set(shown) == {f"{TINA}-{variant}" for variant in Variant}
    for name, one in shown.items():
        recipe = CATALOG.recipes[name]
        arguments = {row["name"]: row["value"] for row in one["arguments"]}
        assert arguments["learning_rate"] == recipe.optimizer.learning_rate
        assert all(row["from"] for row in one["arguments"])
        assert one["prompts_per_step"] == recipe.prompts_per_step
        assert one["note"] == recipe.note
        assert {job["kind"] for job in one["plan"]["jobs"]} == {"fetch", "train"}
        assert any("trl 0.15.2" in sentence for sentence in one["deviations"])
    told = call("train", TINA, "--dry-run").out
    assert "Two recipes, never mixed" in told
    assert all(name in told for name in shown)


@pytest.mark.parametrize("name", ["tina-fastcurl", "tina-l1-exact", "tina-l1-max"])
def test_a_recipe_that_the_published_code_cannot_start_says_so(name: str) -> None:
    note = CATALOG.recipes[name].note
    assert "start" in note
    assert call("train", name, "--dry-run", "--json").json()[0]["note"] == note


def test_the_dry_run_names_what_is_missing() -> None:
    (shown,) = call("train", f"{TINA}-as-described", "--dry-run", "--json").json()
    assert shown["plan"]["missing"], "here is no GPU"
    told = call("train", f"{TINA}-as-described", "--dry-run").out
    assert "Missing:" in told


def test_training_a_name_with_twins_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    ended = call("train", TINA, "--home", tmp_path / "home")
    assert ended.code == 11
    for variant in Variant:
        assert f"{TINA}-{variant}" in ended.sentence
    assert not (tmp_path / "home").exists()


def test_an_unknown_variant_is_one_sentence() -> None:
    ended = call("train", TINA, "--dry-run", "--variant", "as-imagined")
    assert ended.code == 11
    assert "as-published-code, as-described" in ended.sentence


def test_a_dry_run_loads_no_engine() -> None:
    ended = run("train", TINA, "--dry-run", "--json", python=("-X", "importtime"))
    assert json.loads(ended.out)
    modules = {line.rpartition("|")[2].strip() for line in ended.err.splitlines()}
    assert "tina_bench.planning.trainings" in modules, "the list of imports was not understood"
    assert not modules & {"torch", "trl", "transformers", "peft", "vllm", "datasets"}


def test_scale_without_retrain_is_refused() -> None:
    ended = call("plan", "--all", "--profile", "smoke", "--scale", "tiny")
    assert ended.code == 11
    assert "--retrain" in ended.sentence


def test_a_plan_with_retrain_trains_what_it_would_fetch() -> None:
    given = ("plan", "--profile", "paper", "--model", "tina-still-3", "--json")
    fetched = {(job["kind"], job["model"]) for job in call(*given).json()["jobs"]}
    trained = {(job["kind"], job["model"]) for job in call(*given, "--retrain").json()["jobs"]}
    assert ("fetch", "tina-still-3") in fetched - trained
    assert ("train", "tina-still-3") in trained - fetched


def test_a_plan_at_scale_tiny_speaks_of_no_real_model(tmp_path: Path) -> None:
    given = ("--model", "tina-limr", "--retrain", "--scale", "tiny", "--seeds", "1")
    given += ("--home", str(tmp_path))
    plan = call("plan", "--profile", "paper", *given, "--json").json()
    assert plan["request"]["profile"] == "paper.tiny"
    assert {job["model"] for job in plan["jobs"]} == {"smoke-base", "tina-limr.tiny"}
    assert {job["task"] for job in plan["jobs"] if job["task"]} == set(
        CATALOG.profiles["smoke"].tasks
    )
    assert plan["missing"] == []
