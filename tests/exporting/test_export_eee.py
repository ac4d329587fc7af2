"""Every Eval Ever: valid by its own schemas, and the same bytes whenever it is written.

The schemas are those of the wheel every-eval-ever 0.3.0, under its licence beside them.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.exporting.exports import RECORDS, export
from tests.importing.made_files import take_in
from tests.importing.made_harness import NAMELESS, OURS, WRITERS, write_csv
from tests.support.sealed import seal, shares
from tina_bench.exporting.options import Relationship
from tina_bench.store.home import Home

SCHEMAS = Path(__file__).parent / "every_eval_ever"


def validator(name: str) -> Draft7Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def documents(folder: Path) -> dict[Path, Any]:
    """Every aggregate, valid by the schema."""
    schema = validator("eval.schema.json")
    found = {path: json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))}
    for path, document in found.items():
        assert list(schema.iter_errors(document)) == [], path
    return found


def samples(path: Path) -> list[Any]:
    """The samples beside an aggregate, valid by their schema."""
    schema = validator("instance_level_eval.schema.json")
    beside = path.with_name(f"{path.stem}_samples.jsonl")
    rows = [json.loads(line) for line in beside.read_text().splitlines()]
    for row in rows:
        assert list(schema.iter_errors(row)) == [], beside
    return rows


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("eee") / "records"
    made = export(RECORDS, "eee", folder)
    assert (made.files, made.own, made.answers, made.left_out) == (12, 6, 2720, ())
    return folder


def test_aggregates_and_samples_are_what_the_schemas_ask_for(records: Path) -> None:
    found = documents(records)
    assert len(found) == 6
    for path, document in found.items():
        rows = samples(path)
        detailed = document["detailed_evaluation_results"]
        assert detailed["total_rows"] == len(rows)
        assert (records / detailed["file_path"]).parent == path.parent
        data = (records / detailed["file_path"]).read_bytes()
        assert detailed["checksum"] == hashlib.sha256(data).hexdigest()
        pairs = {(row["sample_id"], row["metadata"]["seed"]) for row in rows}
        assert len(pairs) == len(rows), "one row a problem and seed"
        assert {row["evaluation_id"] for row in rows} == {document["evaluation_id"]}
        right = sum(row["evaluation"]["is_correct"] for row in rows)
        (result,) = document["evaluation_results"]
        assert result["score_details"]["score"] == right / len(rows)


def test_scores_lie_in_their_bounds_with_an_interval_around_them(records: Path) -> None:
    for document in documents(records).values():
        (result,) = document["evaluation_results"]
        metric, score = result["metric_config"], result["score_details"]
        interval = score["uncertainty"]["confidence_interval"]
        assert metric["min_score"] <= interval["lower"] <= score["score"]
        assert score["score"] <= interval["upper"] <= metric["max_score"]
        assert interval["confidence_level"] == 0.95
        assert score["uncertainty"]["num_samples"] == int(score["details"]["answers"])


def test_cost_hardware_and_verdict_are_told_as_words(records: Path) -> None:
    document = next(
        one for one in documents(records).values() if "30/smoke-base/" in one["evaluation_id"]
    )
    told = document["source_metadata"]["additional_details"]
    assert all(isinstance(value, str) for value in told.values())
    assert float(told["model_cost_usd"]) > 0
    assert "processor" in json.loads(told["hardware"])
    assert told["verdict smoke-base-smoke-30"].startswith("REPRODUCED: ")
    assert told["claim smoke-base-smoke-30"].startswith("39.01 % by tina-bench authors")
    assert told["measured_by"] == "tina-bench"


def test_names_and_ids_come_from_the_content_so_that_a_second_export_is_the_same(
    records: Path, tmp_path: Path
) -> None:
    export(RECORDS, "eee", tmp_path / "again")
    before, after = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*.*")}
        for root in (records, tmp_path / "again")
    )
    assert before == after


def test_without_texts_samples_are_valid_and_have_none(tmp_path: Path) -> None:
    export(RECORDS, "eee", tmp_path / "out", texts=False, tasks=("smoke-30",))
    for path in documents(tmp_path / "out"):
        for row in samples(path):
            assert (row["input"]["raw"], row["output"]["raw"]) == ("", [])
            assert "sample_hash" not in row


@pytest.mark.parametrize("name", WRITERS)
def test_imports_are_those_of_a_third_party_whatever_harness_wrote_them(
    name: str, tmp_path: Path
) -> None:
    WRITERS[name](tmp_path / "theirs")
    said = {"model": OURS} if name in NAMELESS else {}
    take_in(tmp_path / "home", tmp_path / "theirs", reported_by="A team", **said)
    made = export(tmp_path / "home", "eee", tmp_path / "out")
    assert made.own == 0
    assert made.imported > 0
    for path, document in documents(tmp_path / "out").items():
        source = document["source_metadata"]
        assert source["evaluator_relationship"] == "third_party"
        assert source["additional_details"]["measured_by"] == "others"
        counted = "detailed_evaluation_results" not in document
        assert source["source_type"] == ("documentation" if counted else "evaluation_run")
        if not counted:
            samples(path)


def test_who_measured_and_how_they_stand_to_the_model_is_what_the_user_says(tmp_path: Path) -> None:
    given = {"who": "A team", "url": "https://example.org", "relationship": Relationship.THIRD}
    export(RECORDS, "eee", tmp_path / "out", tasks=("smoke-30",), **given)
    for document in documents(tmp_path / "out").values():
        source = document["source_metadata"]
        assert source["source_organization_name"] == "A team"
        assert source["source_organization_url"] == "https://example.org"
        assert source["evaluator_relationship"] == "third_party"


def test_a_model_of_the_hub_goes_by_its_repository_and_one_trained_here_does_not(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path / "home")
    seal(home, "open-rs1", "aime24", shares(30, 1, 9))
    seal(home, "open-rs1", "amc23", shares(40, 1, 9), profile="paper.retrained")
    export(home.root, "eee", tmp_path / "out")
    ids = {
        one["evaluation_results"][0]["evaluation_name"]: one["model_info"]["id"]
        for one in documents(tmp_path / "out").values()
    }
    assert ids == {"aime24": "knoveleng/Open-RS1", "amc23": "open-rs1.retrained"}


@pytest.mark.parametrize(
    "model", ["../up", "/root/ckpt", "con", "a/b/c:d", "data", "x.", "ä" * 200]
)
def test_a_name_that_is_no_folder_is_kept_in_the_file_and_made_one_for_its_place(
    model: str, tmp_path: Path
) -> None:
    rows = [{"model": model, "task": "aime24", "seed": 0, "correct": 9, "n": 30}]
    take_in(tmp_path / "home", write_csv(tmp_path / "theirs.csv", rows))
    export(tmp_path / "home", "eee", tmp_path / "out")
    ((path, document),) = documents(tmp_path / "out").items()
    assert document["model_info"]["id"] == model
    parts = path.relative_to(tmp_path / "out").parts
    assert len(parts) == 5
    assert not {"..", "con", "data"} & set(parts[1:])
