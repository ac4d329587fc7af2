"""No transcript becomes markup, on any page, and every one can be read back exactly."""

import re
from collections import Counter
from pathlib import Path

import pytest
import turbohtml
from turbohtml import Element, Text

from tests.hostile.payloads import CANARY, KINDS, hostile
from tests.hostile.sites import Sites
from tina_bench.board.checking.check import check_site
from tina_bench.board.checking.findings import Level
from tina_bench.board.site.run_pages import PART_CHARACTERS

CONTROL = re.compile(r'<span class="control" title="[a-z0-9 -]+">⟨U\+([0-9A-F]{4,6})⟩</span>')
"""What a hidden character becomes: the only markup that a text may bring about."""


def pages(site: Path) -> dict[str, str]:
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.html"))
    }


def shape(text: str) -> Counter[tuple[str, tuple[tuple[str, str], ...]]]:
    """Every element with its attributes, as a browser's algorithm builds them."""
    found: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    for element in turbohtml.parse(text).iter_elements():
        given = {name: str(value) for name, value in element.attrs.items()}
        if element.tag == "span" and given.get("class") == "['control']":
            continue
        found[element.tag, tuple(sorted(given.items()))] += 1
    return found


def restored(pre: Element) -> str:
    """The text that a transcript's element was made from."""
    parts = []
    for child in pre.children:
        if isinstance(child, Text):
            parts.append(child.data)
        else:
            assert isinstance(child, Element)
            assert (child.tag, str(child.attrs["class"])) == ("span", "['control']")
            parts.append(chr(int(child.text.removeprefix("⟨U+").removesuffix("⟩"), 16)))
    return "".join(parts)


def test_the_payloads_are_all_different_and_of_every_kind() -> None:
    texts = [hostile(number) for number in range(2_000)]
    assert len(set(texts)) == len(texts)
    assert texts == [hostile(number) for number in range(2_000)]
    whole = "".join(texts)
    for part in ("<script>", "onerror=", "</pre>", "]]>", "{{", "\u202e", "\x00", "\ud800", CANARY,
                 "javascript:", "<svg", "<math", "\\frac", "--!>", "\uffff", "srcdoc"):  # fmt: skip
        assert whole.count(part) > 20, part
    assert sum(len(text) > PART_CHARACTERS for text in texts) >= 5
    assert len(KINDS) == 13


def test_there_is_no_unescaped_bracket_from_a_transcript_on_any_page(sites: Sites) -> None:
    benign = pages(sites.benign)
    for path, text in pages(sites.hostile).items():
        bare = CONTROL.sub("", text)
        assert bare.count("<") == benign[path].count("<"), path
        assert bare.count(">") == benign[path].count(">"), path


def test_every_page_has_the_elements_and_attributes_of_its_harmless_twin(sites: Sites) -> None:
    benign, found = pages(sites.benign), pages(sites.hostile)
    assert found.keys() == benign.keys()
    assert any(CONTROL.search(text) for text in found.values())
    for path, text in found.items():
        assert shape(text) == shape(benign[path]), path


def test_every_transcript_can_be_read_back_from_the_pages_exactly(sites: Sites) -> None:
    expected = Counter(
        text[start : start + PART_CHARACTERS]
        for text in sites.texts
        for start in range(0, max(len(text), 1), PART_CHARACTERS)
    )
    found: Counter[str] = Counter()
    for text in pages(sites.hostile).values():
        for pre in turbohtml.parse(text).select("pre.transcript:not(.end)"):
            found[restored(pre)] += 1
    assert sum(found.values()) >= len(sites.texts)
    assert found == expected


def test_no_text_of_a_model_is_in_a_table_that_a_spreadsheet_opens(sites: Sites) -> None:
    tables = sorted(sites.hostile.rglob("*.csv"))
    assert tables
    for path in tables:
        twin = sites.benign / path.relative_to(sites.hostile)
        assert path.read_bytes() == twin.read_bytes(), path


def test_the_site_s_own_check_finds_nothing_that_it_does_not_find_on_the_twin(sites: Sites) -> None:
    checked, twin = check_site(sites.hostile), check_site(sites.benign)
    found, expected = (
        Counter((f.rule, f.path) for f in one.findings if f.rule != "page-size")
        for one in (checked, twin)
    )
    assert found == expected
    assert checked.count(Level.CHANGED) == 0
    assert (checked.pages, checked.links) == (twin.pages, twin.links)


@pytest.mark.parametrize("name", ["feed.xml", "index.json"])
def test_nothing_of_a_transcript_is_in_what_programs_read(sites: Sites, name: str) -> None:
    assert CANARY not in (sites.hostile / name).read_text(encoding="utf-8")
