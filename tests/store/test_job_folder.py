"""`job.json` and `result.json`: what is handed in comes out, of the right kind."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.made import make_fetch_folder
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import IntegrityError
from tina_bench.files.atomic import write_model
from tina_bench.store.home import read_record
from tina_bench.store.job_folder import (
    Dataset,
    EvaluateInputs,
    FetchInputs,
    GradeInputs,
    JobFolder,
    JobInputs,
    MergeInputs,
    Protocol,
    TrainInputs,
    Weights,
)

CATALOG = load_catalog()
CPU = CATALOG.stacks["cpu"]
PROFILE = CATALOG.profiles["smoke"]
WEIGHTS = Weights(folder="jobs/fetch-a/weights", sha256={"model.safetensors": "0" * 64})
DATA = Dataset(name="smoke-30", sha256={"smoke-30.jsonl": "1" * 64})
PROTOCOL = Protocol(
    profile="smoke",
    sampling=PROFILE.sampling,
    max_model_tokens=512,
    remove_reasoning_tags=True,
    stack_name="cpu",
    stack=CPU,
    tasks={"smoke-30": CATALOG.tasks["smoke-30"]},
    datasets={"smoke-30": DATA},
)
INPUTS: list[JobInputs] = [
    FetchInputs(sizes={"f": 1}, sha256={"f": "0" * 64}),
    TrainInputs(
        recipe_name="smoke-grpo",
        recipe=CATALOG.recipes["smoke-grpo"],
        base=WEIGHTS,
        dataset=DATA,
        stack=CPU,
    ),
    MergeInputs(base=WEIGHTS, adapter=WEIGHTS, stack=CPU),
    EvaluateInputs(weights=WEIGHTS, protocol=PROTOCOL),
    GradeInputs(identity="i", protocol=PROTOCOL),
]


@pytest.mark.parametrize("inputs", INPUTS, ids=lambda inputs: inputs.kind)
def test_a_job_folder_comes_back_with_inputs_of_its_kind(tmp_path: Path, inputs: JobInputs) -> None:
    folder = make_fetch_folder({}, kind=inputs.kind, inputs=inputs)
    write_model(tmp_path / "job.json", folder)
    found = read_record(tmp_path / "job.json", JobFolder)
    assert found == folder
    assert type(found.inputs) is type(inputs)


@pytest.mark.parametrize("inputs", INPUTS, ids=lambda inputs: inputs.kind)
def test_inputs_that_claim_another_kind_are_refused(tmp_path: Path, inputs: JobInputs) -> None:
    values = make_fetch_folder({}, kind=inputs.kind, inputs=inputs).model_dump(mode="json")
    values["inputs"]["kind"] = "merge" if inputs.kind == "fetch" else "fetch"
    (tmp_path / "job.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"job\.json: inputs\."):
        read_record(tmp_path / "job.json", JobFolder)


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"kind": "dance"}, "inputs"),
        ({}, "inputs"),
        ({"kind": "fetch", "sizes": {"f": "many"}, "sha256": {}}, "inputs.fetch.sizes.f"),
    ],
)
def test_wrong_inputs_are_refused_where_they_are_wrong(
    tmp_path: Path, values: dict[str, Any], where: str
) -> None:
    folder = make_fetch_folder({}).model_dump(mode="json") | {"inputs": values}
    (tmp_path / "job.json").write_text(json.dumps(folder), encoding="utf-8")
    with pytest.raises(IntegrityError) as refusal:
        read_record(tmp_path / "job.json", JobFolder)
    assert f"job.json: {where}: " in str(refusal.value)
