"""The sites are built once. TINA_BENCH_HOSTILE=full takes ten thousand transcripts, not 180."""

import os

import pytest

from tests.hostile.sites import Sites, build_both
from tests.support.chromium import chromium

__all__ = ["chromium"]
FULL = os.environ.get("TINA_BENCH_HOSTILE") == "full"
SEEDS = 56 if FULL else 1
PAGES_IN_A_BROWSER = 100 if FULL else 4
PAGES_IN_PIXELS = 20 if FULL else 1


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return build_both(tmp_path_factory.mktemp("hostile"), SEEDS)
