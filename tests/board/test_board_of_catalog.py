"""The board of a home that has nothing: the catalog, and what public evidence says of it."""

import gzip
import json
from pathlib import Path

import pytest
from board_pages import Page

from tests.support.program import processor_seconds
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
        ended, seconds = processor_seconds("leaderboard", "build", "--no-cache", "--json")
    assert ended.code == 0, ended.err
    made = ended.json()
    assert made["pages"] > 600
    # Of processors, children included: however busy the machine is, and on a single core.
    assert seconds <= MOST_SECONDS
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


def test_a_claim_that_was_not_measured_opens_with_what_is_known_of_it(site: Path) -> None:
    text = " ".join(Page.of(site / "claims" / "tina-v1-open-rs3-aime24.html").text.split())
    start = text.index("43.33 claimed")
    known, word, ours = (
        text.index(what, start)
        for what in ("What is known:", "others undecided", "not measured by us")
    )
    assert start < known < word < ours
    assert "3 teams, 13 runs" in text[known:word]


def test_every_score_of_the_catalog_has_an_estimate_and_a_word(site: Path) -> None:
    catalog = load_catalog()
    others = {row["claim"] for row in json.loads((site / "data/others.json").read_bytes())}
    assert others == {*catalog.claims, *catalog.averages}
    estimates = json.loads((site / "data/estimates.json").read_bytes())
    known = {(row["model"], row["task"]): row for row in estimates}
    for claim in catalog.claims.values():
        weights = catalog.models[claim.model].published_as or claim.model
        assert (weights, claim.task) in known or (claim.model, claim.task) in known
    assert known["r1-distill-qwen-1.5b", "aime24"]["teams"] >= 10
