"""The workflow that publishes: valid, pinned, with as few rights as it can have, and run here."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.program import ROOT
from tests.verifying.local_runner import UPLOAD_STAND_IN, commit, run_workflow
from tina_bench.board.data.schemas import SiteIndex

pytestmark = pytest.mark.slow

WORKFLOW = ROOT / ".github" / "workflows" / "pages.yml"
BIN = Path(sys.executable).parent
PINNED = re.compile(r"^actions/[\w-]+@[0-9a-f]{40}$")
RUN_HERE = {"Build", "Check"}
"""Not run here: Python and the installation, which docs/examples are tested with."""
UPLOAD = "actions/upload-pages-artifact@56afc609e74202658d3ffba0e8f6dda462b719fa"


def load() -> dict[Any, Any]:
    loaded = yaml.safe_load(WORKFLOW.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_it_is_valid_by_githubs_own_schema() -> None:
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_every_action_is_pinned_and_no_script_has_an_expression_in_it() -> None:
    steps = [step for job in load()["jobs"].values() for step in job["steps"]]
    for step in steps:
        assert PINNED.match(step.get("uses", "actions/x@" + "0" * 40)), step
        assert "${{" not in step.get("run", "")
        if "checkout" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False


def test_only_the_job_that_runs_no_code_of_ours_may_publish() -> None:
    loaded = load()
    assert loaded["permissions"] == {"contents": "read"}
    assert "permissions" not in loaded["jobs"]["site"]
    publish = loaded["jobs"]["publish"]
    assert publish["permissions"] == {"pages": "write", "id-token": "write"}
    assert all("run" not in step for step in publish["steps"])
    assert publish["needs"] == "site"
    assert "pull_request" in publish["if"]


@pytest.mark.nightly
def test_the_site_is_built_and_checked_from_committed_records(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "board"))
    from board_home import fabricate

    repository = tmp_path / "repository"
    fabricate(repository / "leaderboard" / "records", tasks=("aime24",), seeds=(0, 1))
    (repository / "checkpoints.lock").write_bytes((ROOT / "checkpoints.lock").read_bytes())
    loaded = load()
    site = loaded["jobs"]["site"]
    site["steps"] = [
        step
        for step in site["steps"]
        if step.get("name") in RUN_HERE or "setup-python" not in step.get("uses", "setup-python")
    ]
    assert len(site["steps"]) == 4
    loaded["on"] = loaded.pop(True)  # YAML 1.1 reads `on` as true
    target = repository / ".github" / "workflows" / "pages.yml"
    target.parent.mkdir(parents=True)
    target.write_text(yaml.safe_dump({**loaded, "jobs": {"site": site}}))
    commit(repository)
    upload = tmp_path / "upload-pages"
    upload.mkdir()
    (upload / "action.yml").write_text(UPLOAD_STAND_IN)
    ran = run_workflow(
        repository,
        "push",
        tmp_path,
        tmp_path,
        f"--local-repository={UPLOAD}={upload}",
        "--var=LEADERBOARD_URL=https://board.example.org",
        PATH=f"{BIN}:{os.environ['PATH']}",
    )
    assert ran.code == 0, ran.output[-6000:]
    assert "Findings: 0 changed, 0 error" in ran.output
    built = SiteIndex.model_validate_json((ran.uploads / "site" / "index.json").read_bytes())
    assert built.base_url == "https://board.example.org/"
    assert built.lock_sha256 is not None
    assert len(built.records) == 2
