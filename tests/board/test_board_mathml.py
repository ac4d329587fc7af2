"""Formulas: MathML where they can be shown as they are meant, their source everywhere else."""

import time
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup, escape

from tina_bench.board.output.mathml import (
    _ATTRIBUTES,
    ELEMENTS,
    MOST_CHARACTERS,
    answer,
    formula,
    maths,
)
from tina_bench.formatting.escape import visible

COMMANDS = (
    "\\frac", "\\sqrt", "\\left(", "\\right)", "\\href", "\\style", "\\class", "\\color", "\\text",
    "\\hspace", "\\begin{pmatrix}", "\\end{pmatrix}", "\\unicode", "\\boxed", "\\mathbb",
    "\\phantom",
    "\\smash", "\\raise", "{", "}", "^", "_", "&", "\\\\", "$", "$$", "\\(", "\\)", "\\[", "\\]",
    "javascript:alert(1)", "<script>", "</math>", "&lt;", "&#60;", "\u202e", "\x00", " ", "x", "1",
    "\\mbox{<img src=x onerror=alert(1)>}", "\"onload=", "'", "]]>", "<!--", "\\def\\x{\\x\\x}\\x",
)  # fmt: skip
HOSTILE = st.lists(st.sampled_from(COMMANDS) | st.text(max_size=5), max_size=60).map("".join)


class Inside(HTMLParser):
    """What markup holds: every tag must be ours, in order, and closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        for name, value in attrs:
            if tag in ("code", "span"):
                assert tag == "span", (tag, name)
                assert name in ("class", "title")
            else:
                assert _ATTRIBUTES[name].fullmatch(value or ""), (tag, name, value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def inside(markup: Markup) -> Inside:
    found = Inside()
    found.feed(str(markup))
    found.close()
    assert found.open == []
    assert found.tags <= ELEMENTS | {"code", "span"}
    return found


@given(HOSTILE)
@settings(max_examples=400, deadline=None)
def test_no_text_makes_anything_but_formulas_and_escaped_text(text: str) -> None:
    for markup in (maths(text), answer(text)):
        inside(markup)
        assert "\u202e" not in markup
        assert "\x00" not in markup


@given(HOSTILE)
@settings(max_examples=200, deadline=None)
def test_a_formula_is_well_formed_by_itself(text: str) -> None:
    made = formula(text)
    if made is not None:
        assert ElementTree.fromstring(str(made)).tag == "math"


@given(st.text(alphabet=st.characters(exclude_characters="$\\"), max_size=200))
def test_text_without_a_formula_is_escaped_just_as_everywhere(text: str) -> None:
    assert maths(text) == escape(visible(text))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"\frac{1}{2}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>"),
        (r"x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        (r"\pi \leq 4", "<mi>π</mi><mo>≤</mo><mn>4</mn>"),
        (r"\text{<script>}_1", "<mtext>&lt;script&gt;</mtext>"),
        (r"50\%", "<mn>50</mn><mi>%</mi>"),
    ],
)
def test_an_answer_in_latex_is_a_formula(source: str, shown: str) -> None:
    for text in (source, f"${source}$", f" \\({source}\\) ", f"$${source}$$"):
        made = answer(text)
        assert made.startswith('<math display="inline">')
        assert shown in made


@pytest.mark.parametrize(
    "source",
    [
        "42", "(A)", "", "no formula at all", r"\href{javascript:alert(1)}{x}",
        r"\style{color:red}{x}", r"\unicode{x202e}_1",
        r"\class{a}{x_1}", r"\color{white} x_1", r"\hspace{999em} x_1", r"\hspace{-9em} x_1",
        r"\phantom{7} x_1", r"\smash{x_1}", r"\foo x_1", r"\frac{1", "x_1 \u202e",
        "x^" * 3000, "{" * 500 + "x_1" + "}" * 500,
    ],
)  # fmt: skip
def test_what_is_no_formula_or_asks_for_more_than_one_stays_its_source(source: str) -> None:
    made = answer(source)
    assert made.startswith("<code>")
    assert inside(made).text.replace("⟨U+202E⟩", "\u202e") == source


def test_formulas_are_found_in_running_text_and_prices_are_not() -> None:
    made = maths(r"Pay $5 and $10, not \$3; find $x$, \(y_1\) and $$z$$ or \[w\]: 1 < 2.")
    assert made.count("<math ") == 4
    assert made.count('display="block"') == 2
    assert made.startswith(r"Pay $5 and $10, not \$3; find <math")
    assert made.endswith(": 1 &lt; 2.")


def test_a_formula_that_cannot_be_shown_stands_whole_with_its_delimiters() -> None:
    assert maths(r"a $\foo{<b>}$ c") == Markup(r"a <code>$\foo{&lt;b&gt;}$</code> c")


@pytest.mark.parametrize(
    "text",
    [
        "$" * 40_000, "\\(" * 20_000, "\\[x" * 20_000, "$$x" * 20_000, "$x" * 20_000,
        "$" + "{" * 60_000 + "$", "$x$" * 20_000, "\\begin{matrix}" * 4_000, "$\\frac" * 9_000,
    ],
)  # fmt: skip
def test_a_hostile_text_takes_neither_long_nor_much(text: str) -> None:
    started = time.process_time()  # whatever else the machine does
    made = maths(text)
    assert time.process_time() - started < 5
    assert len(made) < 40 * len(text) + MOST_CHARACTERS
    inside(made)
