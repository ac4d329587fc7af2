"""Every file that a program reads follows a published schema, and the schemas are schemas."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tina_bench.board.data.columns import COLUMNS
from tina_bench.board.data.schemas import DIALECT, SAMPLE_COLUMNS, SiteIndex, schema_files
from tina_bench.board.output.elements import Table
from tina_bench.files.hashing import digest

PUBLISHED = Path(__file__).parent / "published_schemas.json"
FREE = {"training"}
"""Its columns are whatever the trainer logged."""


@pytest.fixture(scope="module")
def index(site: Path) -> SiteIndex:
    return SiteIndex.model_validate_json((site / "index.json").read_bytes())


def validator(site: Path, path: str) -> Draft202012Validator:
    schema = json.loads((site / path).read_bytes())
    assert schema["$schema"] == DIALECT
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def test_every_json_file_follows_the_schema_that_the_index_names(
    site: Path, index: SiteIndex
) -> None:
    checked = 0
    for entry in index.files:
        if entry.path.startswith("data/") and entry.media_type != "text/javascript":
            assert entry.schema_path is not None, entry.path
        if entry.media_type != "application/json" or entry.schema_path is None:
            continue
        found = json.loads((site / entry.path).read_bytes())
        validator(site, entry.schema_path).validate(found)
        checked += 1
    assert checked >= 6 + 6
    whole = json.loads((site / "index.json").read_bytes())
    validator(site, "schema/index.v1.json").validate(whole)


def test_every_table_has_a_schema_and_it_names_its_columns(site: Path, index: SiteIndex) -> None:
    tables = [e for e in index.files if e.path.startswith("data/") and e.path.endswith(".json")]
    for entry in tables:
        assert entry.schema_path is not None, entry.path
        if entry.path.startswith("data/records/"):
            continue
        schema = json.loads((site / entry.schema_path).read_bytes())
        table = (site / entry.path).with_suffix(".csv")
        header = table.read_text(encoding="utf-8").partition("\n")[0].split(",")
        assert schema["items"]["required"] == header, entry.path


def test_every_column_of_every_table_is_described(site: Path, index: SiteIndex) -> None:
    """A new column gets an entry in `COLUMNS` of `tina_bench.board.data.columns`."""
    for path in sorted((site / "schema").glob("*.json")) + sorted(
        (site / "schema/plots").glob("*")
    ):
        schema = json.loads(path.read_bytes())
        if schema.get("type") != "array" or schema["title"] in FREE:
            continue
        for column, found in schema["items"]["properties"].items():
            described = found.get("description") or "$ref" in found
            assert described, (path.name, column)
            if found.get("title") is None and "$ref" not in found:
                assert found == COLUMNS[column], (path.name, column)


def test_a_wrong_value_is_refused_by_the_schema(site: Path) -> None:
    rows = json.loads((site / "data/results.json").read_bytes())
    check = validator(site, "schema/results.v1.json")
    assert check.is_valid(rows)
    for column, value in (
        ("model", 7),
        ("n_problems", -1),
        ("avg_percent", "40"),
        ("same_problems_question", "something else"),
    ):
        assert not check.is_valid([{**rows[0], column: value}]), column
    assert not check.is_valid([{k: v for k, v in rows[0].items() if k != "task"}])


def test_the_answers_schema_has_the_columns_of_the_files(site: Path) -> None:
    found = sorted(site.glob("data/samples/*/*.parquet"))
    assert found
    for path in found:
        kinds = {"string": "string", "int64": "integer", "bool": "boolean"}
        schema = pyarrow.parquet.read_schema(path)
        assert {f.name: kinds[str(f.type)] for f in schema} == {
            name: kind for name, (kind, _) in SAMPLE_COLUMNS.items()
        }
        columns = set(pd.read_csv(path.with_suffix(".csv"), nrows=1).columns)
        assert columns <= set(SAMPLE_COLUMNS)


def test_tables_of_one_kind_share_a_schema() -> None:
    tables = [
        Table.of(f"plots/curve-{name}", "x", [], ("model", "score_percent"), kind="plots/curve")
        for name in ("a", "b")
    ]
    made = dict(schema_files(tables, "https://example.org/board/"))
    assert sorted(made) == [
        "schema/index.v1.json", "schema/plots/curve.v1.json", "schema/record.v1.json",
        "schema/samples.v1.json",
    ]  # fmt: skip
    identity = json.loads(made["schema/plots/curve.v1.json"])["$id"]
    assert identity == "https://example.org/board/schema/plots/curve.v1.json"


def without_words(schema: object) -> object:
    """A schema less its descriptions, which may be worded better at any time."""
    if isinstance(schema, dict):
        words = ("description", "title", "$id")
        return {key: without_words(value) for key, value in schema.items() if key not in words}
    return [without_words(value) for value in schema] if isinstance(schema, list) else schema


def test_a_schema_that_others_read_by_changes_only_with_its_version(site: Path) -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    folder = site / "schema"
    found = {
        str(path.relative_to(folder)): digest(without_words(json.loads(path.read_bytes())))[:16]
        for path in folder.rglob("*.json")
    }
    assert found == published, (
        "a schema has other columns or types than the published one of its version: raise the "
        f"version in `_VERSIONS` of tina_bench/board/data/schemas.py, and write to {PUBLISHED}: "
        + json.dumps(dict(sorted(found.items())), indent=1)
    )
