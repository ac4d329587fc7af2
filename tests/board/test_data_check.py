"""The board's own site passes its own check, hostile answers and all."""

from pathlib import Path

from tina_bench.board.checking.check import check_site
from tina_bench.store.home import Home


def test_the_built_site_has_nothing_that_its_check_finds(site: Path, home: Home) -> None:
    checked = check_site(site, home=home)
    assert checked.findings == ()
    assert checked.not_looked_at == ()
    assert checked.pages == len(list(site.rglob("*.html")))
    assert checked.links > 1_000
