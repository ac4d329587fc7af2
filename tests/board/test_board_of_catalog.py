"""The board of a home that has nothing: the catalog, and what public evidence says of it."""

import gzip
import time
from pathlib import Path

import pytest
from board_pages import Page

from tests.support.program import call
from tina_bench.board.checking.check import check_site
from tina_bench.catalog.load import load_catalog

pytestmark = pytest.mark.slow

MOST_SECONDS = 60


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that is not there yet, as ./runs is not in a fresh clone."""
    return tmp_path_factory.mktemp("fresh") / "runs"


@pytest.fixture(scope="module")
def site(empty_home: Path) -> Path:
    """Built by the command line, with nothing but the catalog."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINA_BENCH_HOME", str(empty_home))
        started = time.monotonic()
        ended = call("leaderboard", "build", "--no-cache", "--json")
        assert time.monotonic() - started <= MOST_SECONDS
    assert ended.code == 0, ended.err
    made = ended.json()
    assert made["pages"] > 600
    return Path(made["index"]).parent


def test_a_home_without_a_result_has_a_board_and_nothing_else(empty_home: Path, site: Path) -> None:
    assert site == empty_home / "site"
    assert [path.name for path in empty_home.iterdir()] == ["site"]
    catalog = load_catalog()
    for name in (*catalog.claims, *catalog.averages):
        assert (site / "claims" / f"{name}.html").is_file()


def test_the_board_of_the_catalog_passes_its_own_checks(site: Path) -> None:
    found = check_site(site)
    assert [str(one) for one in found.findings] == []


def test_the_front_page_of_the_catalog_is_small(site: Path) -> None:
    page = Page.of(site / "index.html")
    loads = ["index.html", "assets/site.css", "assets/board.js"]
    assert {v for _, n, v in page.attributes if n in {"src", "href"}} >= set(loads[1:])
    assert sum(len(gzip.compress((site / path).read_bytes(), 6)) for path in loads) <= 100_000
