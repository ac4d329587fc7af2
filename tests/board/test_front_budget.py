"""How much the first page weighs with all that it loads, where a board is as large as it gets."""

import gzip
import posixpath
import re
from pathlib import Path

import pytest
from board_pages import Page
from front_records import write_results

from tina_bench.board.site.build import SiteOptions, build_site
from tina_bench.catalog.load import load_catalog
from tina_bench.stats.report import build_report

pytestmark = [pytest.mark.slow, pytest.mark.nightly]

BUDGET_BYTES = 100_000
SCRIPT_BYTES = 15_000
LEVEL = 6
"""Of gzip: what servers use; GitHub Pages does."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("large")
    catalog = load_catalog()
    home = write_results(root / "home", catalog, models=32, tasks=7, seeds=2)
    report = build_report(catalog, home.measurements(None))
    options = SiteOptions(with_samples=False)
    build_site(home=home, catalog=catalog, report=report, out=root / "site", options=options)
    return root / "site"


def loaded(page: Page, folder: str = "") -> set[str]:
    """Files that a browser fetches for a page."""
    found = set()
    for tag, name, value in page.attributes:
        wanted = {"link": "href", "script": "src", "img": "src", "source": "src", "use": "href"}
        if wanted.get(tag) == name and not value.startswith(("#", "data:")):
            found.add(posixpath.normpath(posixpath.join(folder, value.partition("#")[0])))
    return {path for path in found if not path.startswith("http")}


def packed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), LEVEL))


def test_the_first_page_weighs_less_than_100_kb_with_everything_it_loads(large: Path) -> None:
    page = Page.of(large / "index.html")
    scores = re.findall(r'<data class="avg"', (large / "index.html").read_text(encoding="utf-8"))
    assert len(scores) >= 32 * 8  # it is the large board: every task, and the average
    files = {"index.html", *loaded(page)}
    assert {"assets/site.css", "assets/board.js"} <= files
    sizes = {path: packed(large / path) for path in sorted(files)}
    assert sum(sizes.values()) <= BUDGET_BYTES, sizes


def test_the_script_is_small_and_whole(large: Path) -> None:
    for name in ("board.js", "search.js"):
        script = (large / "assets" / name).read_text(encoding="utf-8")
        assert len(script.encode()) <= SCRIPT_BYTES
        # One vendored file: it brings nothing, evaluates nothing, and writes no markup.
        for word in ("import", "fetch(", "eval(", "Function(", "innerHTML", "document.write",
                     "insertAdjacentHTML", "http"):  # fmt: skip
            assert word not in script, (name, word)
