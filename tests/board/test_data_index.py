"""The index of all files, the feed and the preview of a built site."""

import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
from board_catalog import catalog
from board_pages import Page
from conftest import EVERYTHING, build
from PIL import Image

from tina_bench.board.content.context import SiteContext, collect_context
from tina_bench.board.data.feed import entries, feed
from tina_bench.board.data.index import MEDIA_TYPES, site_url
from tina_bench.board.data.schemas import SiteIndex
from tina_bench.board.data.social_card import picture
from tina_bench.board.output.replace import is_site
from tina_bench.board.site.build import SiteSummary
from tina_bench.errors import UsageError
from tina_bench.files.hashing import sha256_file
from tina_bench.stats.report import build_report
from tina_bench.store.home import Home

URL = "https://example.org/board"


@pytest.fixture(scope="module")
def index(site: Path) -> SiteIndex:
    return SiteIndex.model_validate_json((site / "index.json").read_bytes())


@pytest.fixture(scope="module")
def evidence(home: Home) -> SiteContext:
    return collect_context(home, catalog(), build_report(catalog(), home.results()), None)


def test_the_index_names_every_file_with_its_hash_size_and_kind(
    site: Path, index: SiteIndex, summary: SiteSummary
) -> None:
    files = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert [entry.path for entry in index.files] == sorted(files - {"index.json"})
    assert len(files) == summary.files
    for entry in index.files:
        path = site / entry.path
        assert (entry.sha256, entry.bytes) == (sha256_file(path), path.stat().st_size)
        assert entry.media_type == MEDIA_TYPES[path.suffix]
        if entry.schema_path is not None:
            assert (site / entry.schema_path).is_file()


def test_the_index_names_the_records_by_their_bytes(index: SiteIndex, home: Home) -> None:
    assert len(index.records) == len(home.results())
    for record in index.records:
        file = home.result_file(record.profile, record.model, record.task)
        assert record.sha256 == sha256_file(file)
    assert index.digest in index.cite
    assert (index.base_url, index.lock_sha256) == (None, None)


def test_a_folder_with_an_index_of_something_else_is_not_replaced(
    home: Home, tmp_path: Path
) -> None:
    for name in ("index.json", "manifest.json"):
        out = tmp_path / name.partition(".")[0]
        out.mkdir()
        (out / name).write_text(json.dumps({"what": "an app"}))
        (out / "thesis.tex").write_text("years of work")
        assert not is_site(out)
        with pytest.raises(UsageError, match="will not replace it"):
            build(home, out)
        assert (out / "thesis.tex").exists()


def test_the_feed_is_one_that_an_independent_reader_accepts(
    site: Path, evidence: SiteContext
) -> None:
    read = feedparser.parse((site / "feed.xml").read_bytes())
    assert (read.bozo, read.version) == (False, "atom10")
    expected = entries(evidence)
    assert [found.id for found in read.entries] == [entry.id for entry in expected]
    assert [found.title for found in read.entries] == [entry.title for entry in expected]
    assert len(read.entries) >= len(evidence.records) == 6
    moments = [found.updated for found in read.entries]
    assert moments == sorted(moments, reverse=True)
    assert read.feed.updated == moments[0]
    for found in read.entries:
        assert (site / found.link).is_file(), found.link


def test_a_result_keeps_its_id_wherever_it_is_published(evidence: SiteContext) -> None:
    here, there = (feedparser.parse(feed(evidence, url)) for url in (None, f"{URL}/"))
    assert [e.id for e in here.entries] == [e.id for e in there.entries]
    assert len({e.id for e in here.entries}) == len(here.entries)
    assert all(e.link.startswith(f"{URL}/models/") for e in there.entries)
    assert here.feed.id != there.feed.id


def test_a_hostile_title_cannot_break_the_feed(evidence: SiteContext) -> None:
    model = next(iter(evidence.records))[0]
    entry = evidence.catalog.models[model]
    title = "]]></title><script>\x00\x0b\ud800\u202e&amp;"
    models = {**evidence.catalog.models, model: entry.model_copy(update={"title": title})}
    hostile = replace(evidence, catalog=evidence.catalog.model_copy(update={"models": models}))
    read = feedparser.parse(feed(hostile, None), sanitize_html=False)
    assert not read.bozo
    assert any(
        "]]></title><script>⟨U+0000⟩⟨U+000B⟩⟨U+D800⟩⟨U+202E⟩&amp;" in e.title for e in read.entries
    )


def test_the_picture_is_of_the_size_that_previews_want_and_shows_the_counts(
    site: Path, evidence: SiteContext
) -> None:
    data = (site / "og.png").read_bytes()
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    assert len(data) < 100_000
    margin = image.convert("RGB").crop((1132, 0, 1200, 630))
    assert margin.getcolors(maxcolors=1), "something reaches into the margin"
    assert data == picture(evidence)
    without = replace(evidence, report=evidence.report.model_copy(update={"judgements": ()}))
    assert picture(without) != data


def test_previews_need_an_address_and_stand_on_the_front_page_only(
    home: Home, site: Path, tmp_path: Path
) -> None:
    built = build(home, tmp_path / "site", replace(EVERYTHING, with_samples=False, base_url=URL))

    def previews(path: Path) -> dict[str, str]:
        # Attributes of a page come in order: a name, then what it holds.
        found = [
            v
            for t, n, v in Page.of(path).attributes
            if t == "meta" and n in {"property", "content"}
        ]
        return {n: v for n, v in itertools.pairwise(found) if n.startswith("og:")}

    front = previews(built.out / "index.html")
    assert front["og:image"] == f"{URL}/og.png"
    assert front["og:url"] == f"{URL}/"
    assert front["og:description"].startswith("Public evidence holds ")
    assert previews(built.out / "cost.html") == {}
    relative = previews(site / "index.html")
    assert "og:image" not in relative
    assert relative["og:description"] == front["og:description"]
    assert json.loads((built.out / "index.json").read_bytes())["base_url"] == f"{URL}/"


def test_an_address_ends_in_a_slash_once() -> None:
    assert site_url(None) is None
    for said in ("https://example.org", "https://example.org/", "https://example.org//"):
        assert site_url(said) == "https://example.org/"
    assert site_url("http://[::1]:8000/a") == "http://[::1]:8000/a/"


@pytest.mark.parametrize(
    "said",
    ["", "example.org", "//example.org", "javascript:alert(1)", "https://", "ftp://example.org",
     "https://example.org/?a", "https://example.org/#a", "https://exa mple.org", "https://[x",
     'https://example.org/"onload=', "https://ex\u202eample.org", "https://example.org/\n"],
)  # fmt: skip
def test_what_is_no_address_of_a_folder_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="--base-url: found"):
        site_url(said)
