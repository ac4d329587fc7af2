"""The catalog and the pins of docs/facts never name different bytes for the same thing."""

import re
from typing import Any

import pytest

from tests.catalog.facts import CATALOG, facts, pins

SURE = {"proven", "many", "two", "one", "prefix", "id only: no revision found", "name only"}
HEX = {"sha256": 64, "git_blob": 40, "blob": 40, "commit": 40}
"""Digits of each kind of hash."""


def commits(entry: dict[str, Any]) -> set[str]:
    """Every commit of an entry, some of them only as far as they are known."""
    found = [entry.get("revision"), entry.get("revision_prefix")]
    found += [other["revision"] for other in entry.get("other_revisions", ())]
    return {one for one in found if one is not None}


def agree(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


@pytest.mark.parametrize("name", pins()["models"])
def test_a_model_of_the_catalog_is_of_a_repository_and_commit_of_the_pins(name: str) -> None:
    model, pin = CATALOG.models[name], pins()["models"][name]
    assert model.repo == pin["repo"]
    if model.revision is not None and commits(pin):
        assert any(agree(model.revision, known) for known in commits(pin))


def test_a_dataset_of_the_catalog_is_of_a_commit_of_the_pins() -> None:
    known = pins()["datasets"]
    named = {task.dataset for task in CATALOG.tasks.values()}
    named |= {recipe.dataset for recipe in CATALOG.recipes.values()}
    assert set(known) <= named
    for task in CATALOG.tasks.values():
        if task.revision is not None and task.dataset in known:
            assert any(agree(task.revision, one) for one in commits(known[task.dataset]))


def test_what_was_not_found_has_no_commit_and_the_rest_has_one() -> None:
    without = pins()["not_found"]
    have = {name for name, pin in pins()["models"].items() if commits(pin)}
    assert not have & set(without["models"])
    assert not set(pins()["datasets"]) & set(without["datasets"])


def test_the_checkpoints_of_the_logs_are_those_of_the_catalog() -> None:
    family = {n for n, m in CATALOG.models.items() if m.family == "Open-RS checkpoints"}
    assert {f"openrs-grpo-{name}" for name in pins()["open_rs_logged"]["revisions"]} == family


def test_prompt_hashes_are_of_as_many_problems_as_the_catalog_s_tasks() -> None:
    hashes = pins()["prompt_hashes"]
    assert {task: CATALOG.tasks[task].n_problems for task in hashes} == {
        task: row["n"] for task, row in hashes.items()
    }


def entries(value: Any) -> list[dict[str, Any]]:
    """Every table of the file."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [value] if isinstance(value, dict) else []
    return found + [entry for one in inner for entry in entries(one)]


def test_every_hash_has_all_its_digits_or_is_called_a_prefix() -> None:
    for entry in entries(pins()):
        assert entry.get("confidence", "many") in SURE
        for key, digits in HEX.items():
            if key in entry:
                assert re.fullmatch(rf"[0-9a-f]{{{digits}}}", entry[key]), entry
        whole = re.fullmatch(r"[0-9a-f]{40}", entry.get("revision", "0" * 40))
        assert whole or "digits" in entry["note"] or "prefix" in entry["note"], entry
        if "revision_prefix" in entry:
            assert entry["confidence"] == "prefix"


def test_an_entry_says_where_it_was_seen() -> None:
    for section in ("models", "datasets", "images"):
        for name, entry in pins()[section].items():
            assert entry["sources"], name


def test_every_row_of_the_facts_says_where_it_was_read() -> None:
    for section, rows in facts().items():
        for row in rows if isinstance(rows, list) else [rows]:
            assert section == "meta" or row.get("source") or row.get("file"), (section, row)
