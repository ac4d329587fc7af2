"""Text of strangers: nothing hidden, nothing lost."""

import html
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tina_bench.board.output.templates import cited
from tina_bench.formatting.escape import transcript, visible

ANY_TEXT = st.text(st.characters(exclude_categories=()))
MARK = re.compile(r'<span class="control" title="[^"<>]*">⟨U\+([0-9A-F]{4,6})⟩</span>')


def recovered(markup: str) -> str:
    """What a reader of the markup can tell the text was."""
    parts = MARK.split(markup)
    texts = [html.unescape(part) for part in parts[::2]]
    controls = [chr(int(part, 16)) for part in parts[1::2]]
    return "".join(text + control for text, control in zip(texts, [*controls, ""], strict=True))


def hides(character: str) -> bool:
    kind = unicodedata.category(character)
    number = ord(character)
    return (
        (kind in {"Cc", "Cs", "Zl", "Zp"} and character not in "\t\n")
        or unicodedata.bidirectional(character)
        in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"}
        or number & 0xFFFE == 0xFFFE
        or 0xFDD0 <= number <= 0xFDEF
    )


@given(ANY_TEXT)
def test_any_text_can_be_recovered_from_its_markup(text: str) -> None:
    assert recovered(transcript(text)) == text


@given(ANY_TEXT)
def test_no_text_leaves_a_hidden_character_or_an_open_angle(text: str) -> None:
    for shown in (transcript(text), visible(text)):
        assert not any(hides(character) for character in shown)
        shown.encode("utf-8")
    assert "<" not in MARK.sub("", transcript(text))


def test_every_control_bidi_and_nonexistent_character_is_spelled_out() -> None:
    everything = [chr(number) for number in range(sys.maxunicode + 1)]
    for character in filter(hides, everything):
        assert visible(character) == f"⟨U+{ord(character):04X}⟩"


def test_a_text_that_spells_a_control_is_told_from_one_that_holds_it() -> None:
    assert transcript("⟨U+202E⟩") != transcript("\u202e")


@pytest.mark.parametrize(
    "text",
    ["javascript:alert(1)", "data:text/html,x", "ftp://x.example", "//x.example", "www.x.org"],
)
def test_only_web_addresses_become_links(text: str) -> None:
    assert "<a" not in cited(text)


@given(ANY_TEXT)
def test_a_citation_is_escaped_around_and_inside_its_links(text: str) -> None:
    shown = cited(f'{text} https://a.example/?q="><script>{text} arXiv 2504.15777v1 {text}')
    assert (
        re.sub(r'<a href="https?://[^"<>]*" rel="noopener">[^<>]*</a>', "", shown).count("<") == 0
    )
    assert 'href="https://arxiv.org/abs/2504.15777"' in shown
