"""Answers repeat what was asked: where a problem may not be published, its answers are not."""

from pathlib import Path

import pandas as pd
from board_catalog import BASE, catalog
from board_pages import Page
from test_board_build import only

from tina_bench.board.site.build import SiteOptions, build_site
from tina_bench.board.transcripts import ALL_TEXTS
from tina_bench.store.home import Home


def test_answers_to_problems_that_may_not_be_published_have_no_text_on_the_site(
    own_home: Home, tmp_path: Path
) -> None:
    only(own_home, BASE, "aime24", "amc23")
    known = catalog()
    secret = known.tasks["aime24"].model_copy(update={"dataset": "Idavidrein/gpqa"})
    known = known.model_copy(update={"tasks": {**known.tasks, "aime24": secret}})
    site = tmp_path / "site"
    build_site(home=own_home, catalog=known, out=site, options=SiteOptions(texts_a_task=ALL_TEXTS))
    page = Page.of(site / "runs" / BASE / "aime24" / "seed-0.html")
    assert page.transcripts == []
    assert "The authors of GPQA ask" in page.text
    samples = pd.read_parquet(site / "data" / "samples" / BASE / "aime24.parquet")
    assert samples["text"].isna().all()
    assert Page.of(site / "runs" / BASE / "amc23" / "seed-0.html").transcripts != []
    marker = "let x < y & y > z"  # stands in most answers
    for path in site.rglob("*"):
        if path.is_file() and "aime24" in path.as_posix():
            assert marker.encode() not in path.read_bytes(), path
            assert marker.replace("<", "&lt;").encode() not in path.read_bytes(), path
