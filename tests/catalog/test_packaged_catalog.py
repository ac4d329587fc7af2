"""The catalog that comes with the package: it loads, it is frozen, it explains itself."""

from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from tests.support.program import ROOT
from tina_bench.catalog import schema
from tina_bench.catalog.load import SHAPES, load_catalog
from tina_bench.catalog.schema import Catalog, CatalogEntry, Claim, Source

CATALOG = load_catalog()


def test_every_kind_of_entry_is_there() -> None:
    assert set(SHAPES) == set(Catalog.model_fields)
    assert [kind for kind in SHAPES if not getattr(CATALOG, kind)] == []


def test_loading_twice_gives_the_same_catalog() -> None:
    assert load_catalog() == CATALOG


def test_every_reference_resolves() -> None:
    for claim in CATALOG.claims.values():
        assert claim.model in CATALOG.models
        assert claim.task in CATALOG.tasks
        assert claim.stack is None or claim.stack in CATALOG.stacks
    for profile in CATALOG.profiles.values():
        assert set(profile.models) <= set(CATALOG.models)
        assert set(profile.tasks) <= set(CATALOG.tasks)
        assert profile.stack in CATALOG.stacks
    for model in CATALOG.models.values():
        assert model.base is None or model.base in CATALOG.models
        assert model.recipe is None or model.recipe in CATALOG.recipes
    for recipe in CATALOG.recipes.values():
        assert recipe.base in CATALOG.models
        assert recipe.twin is None or CATALOG.recipes[recipe.twin].twin in CATALOG.recipes
    for average in CATALOG.averages.values():
        assert average.model in CATALOG.models
        assert set(average.tasks or ()) <= set(CATALOG.tasks)
    for score in CATALOG.other_scores.values():
        assert score.model in CATALOG.models
    for cost in CATALOG.costs.values():
        assert cost.model is None or cost.model in CATALOG.models
    for stack in CATALOG.stacks.values():
        assert stack.price in CATALOG.prices


def test_the_profiles_of_the_readme_exist_and_smoke_needs_no_hub() -> None:
    assert {"paper", "smoke"} <= set(CATALOG.profiles)
    smoke = CATALOG.profiles["smoke"]
    assert CATALOG.stacks[smoke.stack].device == "cpu"
    sources = {CATALOG.models[name].source for name in smoke.models}
    sources |= {CATALOG.tasks[name].source for name in smoke.tasks}
    assert Source.HUB not in sources


def test_every_claim_and_price_says_who_says_so() -> None:
    for section in (CATALOG.claims, CATALOG.averages, CATALOG.other_scores, CATALOG.costs):
        for claim in section.values():
            assert claim.who
            assert claim.source
    for price in CATALOG.prices.values():
        assert price.provider
        assert price.source


def test_a_claim_prints_no_more_digits_than_it_says() -> None:
    for section in (CATALOG.claims, CATALOG.averages, CATALOG.other_scores):
        for name, claim in section.items():
            assert round(claim.value_percent, claim.decimals) == claim.value_percent, name


def test_the_whole_field_is_loaded() -> None:
    assert len(load_catalog().claims) > 500


@pytest.mark.parametrize("kind", SHAPES)
def test_an_entry_is_frozen(kind: str) -> None:
    entry = next(iter(getattr(CATALOG, kind).values()))
    field = next(iter(type(entry).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(entry, field, "changed")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(CATALOG, kind, {})


def _schemas() -> list[type[BaseModel]]:
    found = [thing for thing in vars(schema).values() if isinstance(thing, type)]
    return [
        thing for thing in found if issubclass(thing, CatalogEntry) and thing is not CatalogEntry
    ]


@pytest.mark.parametrize("shape", _schemas(), ids=lambda shape: shape.__name__)
def test_every_field_says_what_it_means_and_a_schema_refuses_unknown_keys(
    shape: type[BaseModel],
) -> None:
    if shape is not Catalog:  # the names of its fields are the names of the kinds
        silent = [name for name, info in shape.model_fields.items() if not info.description]
        assert silent == []
    assert shape.model_config["extra"] == "forbid"
    assert shape.model_config["frozen"]
    assert shape.__doc__


def test_every_confidence_is_one_that_readers_are_told_of() -> None:
    used = {claim.confidence for claim in CATALOG.claims.values()}
    assert used <= set(schema.Confidence)
    assert get_args(Claim.model_fields["metric"].annotation) == ("avg@k",)


def test_the_embedded_tasks_have_as_many_problems_as_the_catalog_says() -> None:
    folder = Path(ROOT / "tina_bench" / "embedded" / "tasks")
    for task in CATALOG.tasks.values():
        if task.source is Source.EMBEDDED:
            lines = (folder / f"{task.dataset}.jsonl").read_bytes().splitlines()
            assert len(lines) == task.n_problems, task.dataset
