"""Extras: tests that read files which others published, from ../shared/data.

They belong to no plain run, so that nothing is skipped where those files are not; the same claims
are held there by made files and by the facts in docs. `python -m pytest -m extra tests/extras`
runs them, and fails where the files are missing.
"""

from pathlib import Path

import pytest

from tests.support.program import ROOT

DATA = ROOT.parent / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "extra: reads files that others published, from ../shared/data; see above"
    )


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Only `-m extra` collects this folder."""
    return None if config.option.markexpr.startswith("extra") else True


def _published(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.fail(
            f"{path}: found nothing, expected what others published (docs/facts/README.md says "
            "whose); put it there, or run the tests without `-m extra`.",
            pytrace=False,
        )
    return path


@pytest.fixture(scope="session")
def published_logs() -> Path:
    """LightEval's result files from knoveleng/open-rs."""
    return _published("open-rs-logs")


@pytest.fixture(scope="session")
def published_evidence() -> Path:
    """A third party's runs, two measurers of AIME24 by problem, and further published scores."""
    return _published("evidence")


@pytest.fixture(scope="session")
def published_leaderboard() -> Path:
    """data.json of bethgelab/sober-reasoning."""
    return _published("sober-reasoning-leaderboard.json")


@pytest.fixture(scope="session")
def published_harness() -> Path:
    """A small folder of each harness, and files that two of them wrote."""
    return _published("harness")
