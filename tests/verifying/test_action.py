"""The composite action and the example workflows: valid, safe with hostile inputs, and run here."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import etree

from tests.support.program import ROOT
from tests.verifying.cases import CLAIMS, HOSTILE, Scene, measure, write_claims
from tests.verifying.local_runner import EXAMPLES, commit, copy_checkout, run_workflow
from tests.verifying.test_baseline import accept
from tina_bench.verifying.baseline import Baseline, write_baseline
from tina_bench.verifying.fail_on import FailOn

pytestmark = pytest.mark.slow

ACTION = ROOT / "action.yml"
BIN = Path(sys.executable).parent
PINNED = re.compile(r"^(OWNER/tina-bench@REF|[\w-]+/[\w-]+@[0-9a-f]{40})$")


def load(path: Path) -> dict[str, Any]:
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def steps(path: Path) -> list[dict[str, Any]]:
    loaded = load(path)
    if "runs" in loaded:
        return list(loaded["runs"]["steps"])
    return [step for job in loaded["jobs"].values() for step in job["steps"]]


RELEASE = ROOT / ".github" / "workflows" / "release.yml"
FILES = [ACTION, RELEASE, *sorted(EXAMPLES.glob("*.yml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_is_valid_by_githubs_own_schema(path: Path) -> None:
    schema = "vendor.github-actions" if path == ACTION else "vendor.github-workflows"
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", schema, path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_script_has_an_expression_in_it(path: Path) -> None:
    scripts = [step["run"] for step in steps(path) if "run" in step]
    assert scripts
    for script in scripts:
        assert "${{" not in script, "a value that becomes part of a script is a script"


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.name)
def test_examples_pin_what_they_use_and_ask_for_nothing_but_reading(path: Path) -> None:
    assert load(path)["permissions"] == {"contents": "read"}
    for step in steps(path):
        if "uses" in step:
            assert PINNED.match(step["uses"]), step["uses"]
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_a_gpu_of_ones_own_is_started_by_no_stranger() -> None:
    triggers = load(EXAMPLES / "reproduce-on-gpu.yml")[True]  # YAML 1.1 reads `on` as true
    assert set(triggers) == {"workflow_dispatch"}


def test_every_input_of_the_action_is_used_and_reaches_a_script_as_a_variable() -> None:
    loaded = load(ACTION)
    passed = {value for step in steps(ACTION) for value in step.get("env", {}).values()}
    assert passed == {f"${{{{ inputs.{name} }}}}" for name in loaded["inputs"]}
    for step in steps(ACTION):
        for variable in step["env"]:
            assert f"${variable}" in step["run"] or f"${{{variable}" in step["run"]


@dataclass(frozen=True)
class Stepped:
    """How the action's own step ended."""

    code: int
    output: str
    outputs: dict[str, str]
    summary: str


@pytest.fixture
def workspace(tmp_path: Path) -> Scene:
    """A repository of records, as the first example wants it."""
    folder = tmp_path / "repository"
    claims = write_claims(folder / "claims" / "mine.toml")
    return Scene(measure(folder / "records"), claims)


def verify_step(scene: Scene, tmp_path: Path, **inputs: str) -> Stepped:
    """Run the script of the action's second step as a runner does, on what is installed here."""
    temp = tmp_path / "temp"
    temp.mkdir(exist_ok=True)
    if not (temp / "tina-bench").exists():
        (temp / "tina-bench").symlink_to(BIN.parent)
    loaded = load(ACTION)
    given = {name: str(entry["default"]) for name, entry in loaded["inputs"].items()} | inputs
    assert set(given) == set(loaded["inputs"])
    step = steps(ACTION)[1]
    environment = {
        variable: given[re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", r"\1", expression)]
        for variable, expression in step["env"].items()
    }
    script = tmp_path / "step.sh"
    script.write_text(step["run"])
    said, page = tmp_path / "outputs.txt", tmp_path / "summary.md"
    for path in (said, page):
        path.write_text("")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", script],
        cwd=scene.claims.parent.parent,
        env={
            **os.environ, **environment, "RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(said),
            "GITHUB_STEP_SUMMARY": str(page), "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(scene.claims.parent.parent),
        },
        capture_output=True, text=True, timeout=550, check=False,
    )  # fmt: skip
    outputs = dict(line.split("=", 1) for line in said.read_text().splitlines())
    return Stepped(done.returncode, done.stdout + done.stderr, outputs, page.read_text())


def test_the_step_counts_fails_and_annotates(workspace: Scene, tmp_path: Path) -> None:
    ended = verify_step(workspace, tmp_path, catalog="claims", junit="out/j.xml", badge="out/b.svg")
    assert ended.code == 1
    assert ended.outputs["exit-code"] == "1"
    # With the packaged claim about the same model and task.
    assert ended.outputs["reproduced"] == "2"
    assert ended.outputs["not-reproduced"] == "1"
    assert ended.outputs["broken-records"] == ended.outputs["accepted"] == "0"
    assert json.loads(Path(ended.outputs["report"]).read_text())["exit_code"] == 1
    assert "::error file=claims/mine.toml,line=" in ended.output
    assert "NOT\\_REPRODUCED" in ended.summary
    etree.parse(workspace.claims.parent.parent / "out" / "j.xml")


def test_every_output_that_the_action_promises_is_set(workspace: Scene, tmp_path: Path) -> None:
    promised = load(ACTION)["outputs"]
    ended = verify_step(workspace, tmp_path, catalog="claims")
    assert set(ended.outputs) == set(promised)
    for name, entry in promised.items():
        assert entry["value"] == f"${{{{ steps.verify.outputs.{name} }}}}"


@pytest.mark.nightly
def test_the_step_hands_on_every_exit_code(workspace: Scene, tmp_path: Path) -> None:
    claims = {"catalog": "claims"}
    assert verify_step(workspace, tmp_path, **claims, **{"fail-on": "nothing"}).code == 0
    assert verify_step(workspace, tmp_path, **claims, **{"fail-on": "inconclusive"}).code == 3
    refused = verify_step(workspace, tmp_path, **claims, **{"fail-on": "x"})
    assert (refused.code, refused.outputs) == (11, {"exit-code": "11"})
    (log,) = workspace.home.root.glob("samples/*/*.jsonl")
    log.unlink()
    broken = verify_step(workspace, tmp_path, **claims)
    assert (broken.code, broken.outputs["broken-records"]) == (14, "1")
    allowed = verify_step(workspace, tmp_path, **claims, **{"without-samples": "true"})
    assert allowed.code == 1
    assert "not here, and" in allowed.output


@pytest.mark.parametrize("name", ["records", "fail-on", "baseline", "profile", "without-samples"])
def test_a_hostile_input_is_a_value_and_no_script(
    workspace: Scene, tmp_path: Path, name: str
) -> None:
    value = " ".join(HOSTILE).replace("\0", "").encode(errors="replace").decode()
    forged = f"$(touch {tmp_path}/forged); touch {tmp_path}/forged; `touch {tmp_path}/forged` "
    ended = verify_step(workspace, tmp_path, **{name: f'"; {forged}#{value}'})
    assert ended.code in {2, 11, 22}
    assert not (tmp_path / "forged").exists()
    assert set(ended.outputs) <= {"exit-code"}


def test_an_option_in_the_place_of_a_value_stays_a_value(workspace: Scene, tmp_path: Path) -> None:
    ended = verify_step(workspace, tmp_path, records="--help")
    assert ended.code == 11
    assert "--home --help: is no folder" in ended.output


@pytest.mark.nightly
def test_the_first_example_runs_as_it_stands(workspace: Scene, tmp_path: Path) -> None:
    """Through a local runner: installed from this checkout, accepted case and all."""
    repository = workspace.claims.parent.parent
    workflow = repository / ".github" / "workflows" / "verify.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text((EXAMPLES / "verify-records.yml").read_text())
    write_baseline(repository / "tina-bench-baseline.toml", accept(workspace, "too-high"))
    commit(repository)
    checkout = copy_checkout(tmp_path / "checkout")
    ran = run_workflow(repository, "push", checkout, tmp_path)
    assert ran.code == 0, ran.output[-8000:]
    assert "exit code 0, 2 reproduced, 1 not" in ran.output
    assert "Job succeeded" in ran.output
    junit = etree.parse(ran.uploads / "out" / "junit.xml")
    etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd"))).assertValid(junit)
    assert "1 accepted" in (ran.uploads / "out" / "claims.svg").read_text()


@pytest.mark.engine
@pytest.mark.nightly
def test_the_second_example_runs_within_its_budget_where_there_is_no_gpu(tmp_path: Path) -> None:
    """On the embedded profile: the same steps, with an engine on the processor."""
    repository = tmp_path / "repository"
    workflow = repository / ".github" / "workflows" / "reproduce.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text((EXAMPLES / "reproduce-on-gpu.yml").read_text())
    commit(repository)
    inputs = {"profile": "smoke", "models": "smoke-base", "seeds": "1", "budget": "0.5"}
    ran = run_workflow(
        repository,
        "workflow_dispatch",
        tmp_path,
        tmp_path,
        *(f"--input={name}={value}" for name, value in inputs.items()),
        f"--var=TINA_BENCH_HOME={tmp_path / 'home'}",
        PATH=f"{BIN}:{os.environ['PATH']}",
    )
    assert ran.code == 0, ran.output[-8000:]
    records = ran.uploads / "out" / "records"
    assert len(list(records.glob("results/smoke/smoke-base/*.json"))) == 3
    scene = Scene(measure(tmp_path / "unused"), write_claims(tmp_path / "c.toml", CLAIMS))
    scene.home = type(scene.home)(records)
    made = scene.verify(fail_on=frozenset[FailOn](), baseline=Baseline())
    assert made.problems == (), "what was handed over verifies anywhere"
