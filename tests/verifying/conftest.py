"""A scene with every verdict in it."""

from pathlib import Path

import pytest

from tests.verifying.cases import Scene, measure, write_claims


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(measure(tmp_path / "records"), write_claims(tmp_path / "claims" / "mine.toml"))
