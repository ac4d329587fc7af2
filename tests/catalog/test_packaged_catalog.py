"""The catalog that comes with the package: it loads, it is frozen, it explains itself."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from tests.support.program import ROOT
from tina_bench.catalog import schema
from tina_bench.catalog.load import SHAPES, load_catalog
from tina_bench.catalog.schema import Catalog, Claim, Entry, Source

CATALOG = load_catalog()
PUBLISHED = ROOT.parent / "shared" / "facts" / "published.toml"
TASKS = ("aime24", "aime25", "amc23", "math500", "gpqa", "minerva")


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
    for claim in CATALOG.claims.values():
        assert claim.who
        assert claim.source
    for price in CATALOG.prices.values():
        assert price.provider
        assert price.source


def test_a_claim_prints_no_more_digits_than_it_says() -> None:
    for name, claim in CATALOG.claims.items():
        assert round(claim.value_percent, claim.decimals) == claim.value_percent, name


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
    return [thing for thing in found if issubclass(thing, Entry) and thing is not Entry]


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


def _published() -> dict[str, Any]:
    if not PUBLISHED.exists():
        pytest.skip(f"{PUBLISHED}: the collected facts are not part of a checkout")
    return tomllib.loads(PUBLISHED.read_text(encoding="utf-8"))


TABLES = (("v1_baselines", "Table 2"), ("v1_tina_main", "Table 3"))


def _claim(model_title: str, task: str, table: str) -> Claim:
    found = [
        claim
        for claim in CATALOG.claims.values()
        if CATALOG.models[claim.model].title == model_title
        and claim.task == task
        and re.search(rf"v1\b.*{table}\b", claim.source)
    ]
    assert len(found) == 1, f"{model_title} on {task}: {len(found)} claims of {table}"
    return found[0]


@pytest.mark.parametrize(("section", "table"), TABLES)
def test_the_paper_s_tables_stand_in_the_catalog_cell_by_cell(section: str, table: str) -> None:
    rows = _published()[section]
    assert rows
    for row in rows:
        for task in TASKS:
            claim = _claim(row["name"], task, table)
            assert claim.value_percent == row[task], f"{row['name']} on {task}"
            assert claim.decimals == 2
            assert claim.runs == 1


def test_the_catalog_claims_nothing_of_these_tables_that_they_do_not_print() -> None:
    published = _published()
    cells = sum(len(published[section]) * len(TASKS) for section, _ in TABLES)
    claims = [c for c in CATALOG.claims.values() if re.search(r"v1\b.*Table [23]\b", c.source)]
    assert len(claims) == cells == 66


@pytest.mark.parametrize(("section", "table"), TABLES)
def test_the_printed_averages_follow_from_the_cells(section: str, table: str) -> None:
    for row in _published()[section]:
        mean = sum(_claim(row["name"], task, table).value_percent for task in TASKS) / len(TASKS)
        # Cells and average are each rounded to two digits: half a unit on either side.
        assert mean == pytest.approx(row["avg"], abs=0.0101), row["name"]


@pytest.mark.parametrize(("section", "table"), TABLES)
def test_a_single_run_claim_is_a_whole_number_of_problems(section: str, table: str) -> None:
    for row in _published()[section]:
        for task in TASKS:
            claim, n = _claim(row["name"], task, table), CATALOG.tasks[task].n_problems
            correct = round(claim.value_percent * n / 100)
            assert round(100 * correct / n, 2) == claim.value_percent, f"{row['name']} on {task}"


def test_the_embedded_tasks_have_as_many_problems_as_the_catalog_says() -> None:
    folder = Path(ROOT / "tina_bench" / "embedded" / "tasks")
    for task in CATALOG.tasks.values():
        if task.source is Source.EMBEDDED:
            lines = (folder / f"{task.dataset}.jsonl").read_bytes().splitlines()
            assert len(lines) == task.n_problems, task.dataset
