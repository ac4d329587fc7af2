"""The world that every case spoils."""

import shutil
from pathlib import Path

import pytest

from tests.bad_inputs.world import World, build


@pytest.fixture(scope="session")
def whole_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which everything is right; nobody may change it."""
    return build(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def world(whole_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy of it, to be spoilt."""
    monkeypatch.delenv("TINA_BENCH_LOCK", raising=False)
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "world" / "home"))
    shutil.copytree(whole_world.root, tmp_path / "world")
    return World(tmp_path / "world")
