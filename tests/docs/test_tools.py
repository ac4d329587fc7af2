"""What contributors' tools are told agrees with the project: versions, citation, changelog."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.program import ROOT
from tina_bench import __version__

CITATION = ROOT / "CITATION.cff"


def test_pre_commit_runs_the_versions_that_are_locked() -> None:
    locked = dict(
        re.findall(
            r"^([\w-]+)==([\w.]+)", (ROOT / "containers/cpu/dev.lock").read_text(), re.MULTILINE
        )
    )
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    used = {one["repo"].rpartition("/")[2]: one["rev"] for one in repos if one["repo"] != "local"}
    assert used == {"ruff-pre-commit": f"v{locked['ruff']}", "codespell": f"v{locked['codespell']}"}


def test_pre_commits_own_hooks_start_what_exists_on_files_that_exist() -> None:
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    [hooks] = [one["hooks"] for one in repos if one["repo"] == "local"]
    files = ["checkpoints.lock", "containers/cpu/dev.in", "tina_bench/catalog/data/smoke.toml"]
    for hook in hooks:
        script = hook["entry"].split()[0]
        assert script == ".venv/bin/tina-bench" or (ROOT / script).is_file()
        assert any(re.search(hook["files"], file) for file in files)
    assert all(any(re.search(hook["files"], file) for hook in hooks) for file in files)


def test_the_citation_is_valid_and_of_this_version() -> None:
    cited = yaml.safe_load(CITATION.read_text())
    assert cited["version"] == __version__
    assert cited["license"] == "Apache-2.0"
    done = subprocess.run(
        [Path(sys.executable).parent / "check-jsonschema",
         "--builtin-schema", "vendor.citation-file-format", CITATION],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_changelog_has_a_section_for_what_comes_next_or_for_this_version() -> None:
    sections = re.findall(
        r"^## \[(.+?)\](?: - \d{4}-\d\d-\d\d)?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert sections[0] in {"Unreleased", __version__}
    kinds = re.findall(r"^### (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
