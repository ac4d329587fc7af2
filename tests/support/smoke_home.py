"""The smoke profile run once for all tests of a run, whichever process asks first.

It takes two minutes, and what it leaves is read by many files. So it is made once under a lock and
never changed: a test that writes takes `smoke_copy`.
"""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.program import Program

SMOKE = ("reproduce", "--all", "--profile", "smoke")
SEEDS = 8


def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this test run."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "smoke-home"


@pytest.fixture(scope="session")
def smoke_home(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """A home in which the smoke profile was reproduced; not to be written to."""
    folder = _folder(tmp_path_factory)
    folder.mkdir(exist_ok=True)
    made, failed, program = folder / "made", folder / "failed", Program(folder / "home")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if failed.exists():
            pytest.fail(f"the smoke profile failed for another worker: {failed.read_text()}")
        if not made.exists():
            try:
                program.run(*SMOKE)
            except BaseException as error:
                failed.write_text(f"{error}", encoding="utf-8")
                raise
            made.touch()
    return program


@pytest.fixture(scope="module")
def smoke_copy(smoke_home: Program, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The same home for a file of tests to change."""
    root = tmp_path_factory.mktemp("smoke") / "home"
    shutil.copytree(smoke_home.root, root)
    return Program(root)
