"""One home and one built site for all tests that only read them."""

import shutil
from pathlib import Path

import pytest
from board_catalog import catalog
from board_home import fabricate

from tina_bench.board.content.context import SiteContext, collect_context
from tina_bench.board.site.build import SiteOptions, SiteSummary, build_site
from tina_bench.board.transcripts import ALL_TEXTS
from tina_bench.catalog.schema import Catalog
from tina_bench.stats.report import build_report
from tina_bench.store.home import Home

EVERYTHING = SiteOptions(texts_a_task=ALL_TEXTS)


def build(home: Home, out: Path, options: SiteOptions = EVERYTHING) -> SiteSummary:
    known = catalog()
    report = build_report(known, home.results())
    return build_site(home=home, catalog=known, report=report, out=out, options=options)


def evidence_of(home: Home, known: Catalog) -> SiteContext:
    return collect_context(home, known, build_report(known, home.results()), None)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return fabricate(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def summary(home: Home, tmp_path_factory: pytest.TempPathFactory) -> SiteSummary:
    return build(home, tmp_path_factory.mktemp("sites") / "site")


@pytest.fixture(scope="session")
def site(summary: SiteSummary) -> Path:
    return summary.out


@pytest.fixture
def own_home(home: Home, tmp_path: Path) -> Home:
    """A copy that a test may damage."""
    shutil.copytree(home.root, tmp_path / "home")
    return Home(tmp_path / "home")
