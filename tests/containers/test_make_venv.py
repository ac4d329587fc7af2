"""Which Python the environment of a checkout is made with, and the sentence where none will do."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.program import ROOT

SCRIPT = ROOT / "containers" / "cpu" / "make-venv.sh"
TOOLS = ("bash", "dirname", "uname", "tr", "sort", "paste", "sed", "grep")
EXPECTED = "expected one of 3.11, 3.12 and 3.13; install one and run 'make PYTHON=/path/to/it'.\n"


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., str]:
    """What the script says on a machine that has these Pythons and no other."""

    def run(pythons: dict[str, str], *wanted: str) -> str:
        path = tmp_path / "bin"
        path.mkdir()
        for tool in TOOLS:
            (path / tool).symlink_to(str(shutil.which(tool)))
        for name, line in pythons.items():
            (path / name).write_text(f"#!/bin/sh\n{line}\n")
            (path / name).chmod(0o755)
        ended = subprocess.run(
            [SCRIPT, tmp_path / "venv", *wanted],
            env={"PATH": str(path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 1
        assert ended.stdout == ""
        assert not (tmp_path / "venv").exists()
        return ended.stderr

    return run


def says(version: str) -> str:
    """A Python that says its version, and lacks what is asked for next: nothing is installed."""
    return f'case "$2" in *ensurepip*) exit 1;; *) echo {version};; esac'


def test_pythons_that_are_too_old_and_too_new_are_both_named(made: Callable[..., str]) -> None:
    pythons = {name: says(name[6:]) for name in ("python3.10", "python3.14")}
    said = made(pythons | {"python3": says("3.14")})
    assert said == f"Found Python 3.10 and 3.14, {EXPECTED}"


def test_no_python_at_all_is_a_sentence(made: Callable[..., str]) -> None:
    assert made({}) == f"Found no Python 3, {EXPECTED}"


def test_the_python_that_was_asked_for_is_the_only_one_tried(made: Callable[..., str]) -> None:
    said = made({"python3.11": says("3.11"), "mine": says("3.10")}, "mine")
    assert said == f"Found Python 3.10, {EXPECTED}"


def test_a_python_that_was_asked_for_and_does_not_run_is_named(made: Callable[..., str]) -> None:
    said = made({"python3.11": says("3.11")}, "/nowhere/python")
    assert said == f"Found no Python 3 that runs as /nowhere/python, {EXPECTED}"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_first_that_runs_is_taken_under_whatever_name(
    made: Callable[..., str], version: str
) -> None:
    stand_in = "echo 'not installed' >&2; exit 127"  # as version managers leave one for each name
    said = made({"python3.11": stand_in, "python3.12": stand_in, "python3": says(version)})
    assert said == (
        f"Found Python {version} (python3) without ensurepip, which environments are made with; "
        "Debian and Ubuntu have it in a package of its own: "
        f"'apt install python{version}-venv'.\n"
    )


@pytest.mark.parametrize(
    ("made_by", "wanted", "is_same"),
    [("3.11.7", "3.11", True), ("3.11.7", "3.12", False), ("3.1.1", "3.11", False),
     ("3.11.7", "", False), (None, "3.11", False)],
)  # fmt: skip
def test_an_environment_that_another_version_made_is_noticed(
    tmp_path: Path, made_by: str | None, wanted: str, is_same: bool
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{says(wanted) if wanted else 'exit 127'}\n")
    python.chmod(0o755)
    venv = tmp_path / "venv"
    venv.mkdir()
    if made_by is not None:
        (venv / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {made_by}\n")
    asked = [SCRIPT, "--made-with", venv, python]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) is is_same
    assert ended.stdout + ended.stderr == ""
