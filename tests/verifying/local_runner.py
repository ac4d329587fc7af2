"""A local runner of GitHub workflows (nektos/act) on a repository of records, on this host.

What act cannot have here comes from this machine: `OWNER/tina-bench@REF` is this very checkout,
and `actions/upload-artifact` a stand-in that copies to a folder of this host. `actions/checkout` is
act's own. Everything else is what GitHub's runner would do with the same file.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.program import ROOT

EXAMPLES = ROOT / "docs" / "examples"
UPLOAD = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02"
UPLOAD_STAND_IN = """\
name: upload to this host
description: what a runner without GitHub can do
inputs:
  name: {description: name, required: true}
  path: {description: folder, required: true}
  if-no-files-found: {description: ignored, required: false}
runs:
  using: composite
  steps:
    - shell: bash
      env: {UPLOADED: "${{ inputs.path }}"}
      run: mkdir -p "$UPLOADS" && cp -R "$UPLOADED" "$UPLOADS/"
"""


@dataclass(frozen=True)
class Ran:
    """How a workflow ended."""

    code: int
    output: str
    uploads: Path
    """What `actions/upload-artifact` was given."""


def copy_checkout(target: Path) -> Path:
    """This checkout as a clone of it would be, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if name.startswith("tests/") or not (ROOT / name).is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    commit(target)
    return target


def commit(repository: Path) -> None:
    """Make a repository of a folder, or commit what changed in it."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "--all"],
        [*identity, "commit", "-q", "--allow-empty", "-m", "x"],
        ["tag", "-f", "REF"],
    ):
        subprocess.run(["git", *command], cwd=repository, check=True, capture_output=True)


def run_workflow(
    repository: Path,
    event: str,
    checkout: Path,
    scratch: Path,
    *arguments: str,
    **environment: str,
) -> Ran:
    """Run every workflow of a repository that an event starts, each step as the file says."""
    upload = scratch / "upload"
    upload.mkdir(parents=True, exist_ok=True)
    (upload / "action.yml").write_text(UPLOAD_STAND_IN)
    # Its own cache, so that nothing of one run is found by another; pip keeps its own.
    kept = {
        **os.environ,
        "XDG_CACHE_HOME": str(scratch / "cache"),
        "XDG_CONFIG_HOME": str(scratch / "config"),
        **environment,
    }
    given = [f"--env={key}={value}" for key, value in environment.items()]
    done = subprocess.run(
        [
            Path(sys.executable).with_name("act"), event, "--no-cache-server",
            "--platform=ubuntu-latest=-self-hosted", "--platform=self-hosted=-self-hosted",
            f"--local-repository=OWNER/tina-bench@REF={checkout}",
            f"--local-repository={UPLOAD}={upload}",
            f"--env=PIP_CACHE_DIR={Path.home() / '.cache' / 'pip'}",
            f"--env=UPLOADS={scratch / 'uploads'}", *given, *arguments,
        ],
        cwd=repository, env=kept, capture_output=True, text=True, timeout=550, check=False,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout + done.stderr, scratch / "uploads")
