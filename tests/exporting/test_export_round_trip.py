"""What is exported comes back with equal counts."""

from pathlib import Path

import pytest

from tests.exporting.exports import RECORDS, export, imported_counts, own_counts, taken_in
from tests.importing.made_files import take_in
from tests.importing.made_harness import MODEL, NAMELESS, OURS, TASK, WRITERS, write_csv
from tests.support.sealed import mixed, seal
from tina_bench.store.home import Home

FORMS = ("csv", "eee")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("texts", [True, False])
def test_own_results_come_back_with_equal_counts(form: str, *, texts: bool, tmp_path: Path) -> None:
    path = tmp_path / f"out.{form}"
    export(RECORDS, form, path, texts=texts)
    assert taken_in(path, tmp_path / "home") == own_counts(RECORDS)


@pytest.mark.parametrize("form", FORMS)
def test_a_hub_model_comes_back_under_its_own_name(form: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "r1-distill-qwen-1.5b", "aime24", mixed(30, 4, 31))
    seal(home, "open-rs3", "amc23", mixed(40, 3, 61))
    path = tmp_path / f"out.{form}"
    export(home.root, form, path)
    assert taken_in(path, tmp_path / "other") == own_counts(home.root)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", WRITERS)
def test_imports_come_back_with_the_counts_that_they_had(
    form: str, name: str, tmp_path: Path
) -> None:
    WRITERS[name](tmp_path / "theirs")
    said = {"model": OURS} if name in NAMELESS else {}
    take_in(tmp_path / "home", tmp_path / "theirs", **said)
    path = tmp_path / f"out.{form}"
    export(tmp_path / "home", form, path)
    before, after = imported_counts(tmp_path / "home"), taken_in(path, tmp_path / "other")
    assert _comparable(after, form) == _comparable(before, form)


def _comparable(counts: object, form: str) -> object:
    """Every Eval Ever has no place for the single runs of a measurement without answers."""
    if form == "csv" or not isinstance(counts, dict):
        return counts
    return {key: [row[:4] for row in rows] for key, rows in counts.items()}


@pytest.mark.parametrize("form", FORMS)
def test_counts_by_problem_and_printed_scores_come_back_as_far_as_the_format_can_tell_them(
    form: str, tmp_path: Path
) -> None:
    named = {"model": MODEL, "task": TASK}
    counted = [{**named, "problem": i, "correct": i % 3, "trials": 2} for i in range(30)]
    printed = [{**named, "percent": 43.33, "runs": 3, "who": "A team"}]
    take_in(tmp_path / "home", write_csv(tmp_path / "counted.csv", counted))
    take_in(tmp_path / "home", write_csv(tmp_path / "printed.csv", printed))
    made = export(tmp_path / "home", form, tmp_path / f"out.{form}")
    assert made.imported == 2
    before = imported_counts(tmp_path / "home")
    assert taken_in(tmp_path / f"out.{form}", tmp_path / "other") == before
