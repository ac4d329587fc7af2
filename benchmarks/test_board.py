"""Building a board again costs a fraction of building it; `board_site.py` has the large figures."""

import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.board_home import make_home
from tina_bench.board.site.build import SiteOptions, build_site
from tina_bench.catalog.load import load_catalog
from tina_bench.store.home import Home

SAMPLES, CHARACTERS = 60_000, 4_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("board") / "home"
    make_home(root, SAMPLES, CHARACTERS)
    return Home(root)


def test_a_rebuild_with_nothing_new_takes_less_than_half(
    benchmark: BenchmarkFixture, home: Home, tmp_path: Path
) -> None:
    catalog, options = load_catalog(), SiteOptions(cache=tmp_path / "cache")

    def build() -> int:
        out = tmp_path / "site"
        made = build_site(home=home, catalog=catalog, out=out, options=options)
        return made.taken_over

    begun = time.perf_counter()
    assert build() == 0
    first = time.perf_counter() - begun
    taken_over = benchmark.pedantic(build, rounds=3, iterations=1)
    ratio = benchmark.stats.stats.median / first
    benchmark.extra_info |= {
        "what": f"build with nothing new ÷ first build, {taken_over} answers",
        "ratio": round(ratio, 2),
        "first_seconds": round(first, 2),
    }
    assert taken_over >= SAMPLES
    assert ratio <= 0.5
