"""What is done to matplotlib's SVG changes its size and not what it shows."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from plots_svg import SVG, places

from tina_bench.board.plots.frame import linear_ticks, log_ticks
from tina_bench.board.plots.labels import ems, shortened, text_of
from tina_bench.board.plots.svg import PALETTE, _outline, inline, named

PLACE = st.tuples(
    st.floats(-900, 900, allow_nan=False).map(lambda v: round(v, 6)),
    st.floats(-900, 900, allow_nan=False).map(lambda v: round(v, 6)),
)


@given(st.lists(st.lists(PLACE, min_size=1, max_size=6), min_size=1, max_size=12))
def test_a_shortened_outline_leads_through_the_same_rounded_places(
    strokes: list[list[tuple[float, float]]],
) -> None:
    written = "".join(
        f"{'M' if n == 0 else 'L'} {x:f} {y:f} \n" for s in strokes for n, (x, y) in enumerate(s)
    )
    shown = places(_outline(written, 1))
    assert len(shown) == len(strokes)
    for stroke, kept in zip(strokes, shown, strict=True):
        assert len(kept) == len(stroke)
        for (x, y), (kept_x, kept_y) in zip(stroke, kept, strict=True):
            assert kept_x == pytest.approx(x, abs=0.0500001)
            assert kept_y == pytest.approx(y, abs=0.0500001)


def test_outlines_with_curves_keep_their_commands() -> None:
    circle = "M 0 3 \nC 0.795609 3 1.55874 2.683901 2.12132 2.12132 \nz\n"
    assert _outline(circle, 2) == "M0 3C0.8 3 1.56 2.68 2.12 2.12z"


def _figure() -> Figure:
    figure = Figure(figsize=(4, 2))
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    for height in range(5):
        axes.text(0, height, f"row {height}", color=PALETTE["ink"], fontsize=9)
    (marks,) = axes.plot(range(5), range(5), "o", color=PALETTE["measured"])
    named(marks, "some")
    axes.axhline(2.5, color=PALETTE["rule"], ls="--")
    return figure


def test_every_text_and_mark_has_the_colour_of_its_artist() -> None:
    root = ET.fromstring(inline(_figure(), name="x", label="Five rows."))
    rows = [e for e in root.iter(f"{SVG}text") if (e.text or "").startswith("row")]
    assert len(rows) == 5
    for row in rows:
        assert row.attrib["fill"] == f"var(--ink, {PALETTE['ink']})"
        assert row.attrib["font-size"] == "9px"
    (group,) = (e for e in root.iter() if e.get("data-is") == "some")
    marks = list(group.iter(f"{SVG}use"))
    assert len(marks) == 5
    assert {e.attrib["fill"] for e in marks} == {f"var(--measured, {PALETTE['measured']})"}


def test_nothing_is_left_of_the_standalone_document() -> None:
    svg = inline(_figure(), name="x", label="Five rows.")
    assert not re.search(r"style=|<style|<metadata|xlink|<!DOCTYPE|<\?xml|font-family", svg)
    assert not re.search(r"\d\.\d{3}", svg)
    used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    assert used == set(re.findall(r' id="([^"]+)"', svg))
    assert all(name.startswith("x-") for name in used)


def test_every_colour_of_a_figure_follows_the_page_s_scheme() -> None:
    svg = inline(_figure(), name="x", label="Five rows.")
    without = re.sub(r"var\(--[a-z-]+, #[0-9a-f]{6}\)", "", svg)
    assert set(re.findall(r"#[0-9a-f]{6}\b", without)) <= {"#000000"}  # the unstyled frame's


@given(st.text(max_size=120))
def test_a_label_has_no_line_break_and_stays_inside_its_width(text: str) -> None:
    shown = shortened(text)
    assert ems(shown) <= 26.0 + 1e-9
    assert "\n" not in shown
    assert "\t" not in shown


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=20))
def test_a_text_alternative_ends_with_where_the_rest_is(sentences: list[str]) -> None:
    text = text_of(*sentences)
    assert text.endswith("All values: data as CSV.")
    # The first sentence is always said; of what follows, no more than fits.
    assert len(text) <= max(400, 8 * len(sentences[0])) + 30 + 8 * 300


@given(st.floats(-1e3, 1e3), st.floats(-12, 12))
def test_ticks_lie_within_their_axis_and_are_told_apart(shift: float, decades: float) -> None:
    """From learning rates to tokens."""
    width = 10.0**decades
    low = shift * width
    shown = linear_ticks(low, low + width)
    assert 2 <= len(shown) <= 9
    assert all(low - 1e-6 * width <= place <= low + width * (1 + 1e-6) for place in shown)
    assert len(set(shown.values())) == len(shown)
    for place, text in shown.items():
        said_value = float(text.replace("\N{MINUS SIGN}", "-"))
        assert said_value == pytest.approx(place, abs=0.01 * width)


@given(st.floats(-4, 5), st.floats(0.05, 9))
def test_logarithmic_ticks_lie_within_their_axis(low: float, decades: float) -> None:
    found = log_ticks(low, low + decades)
    assert 2 <= len(found) <= 12
    assert found == sorted(found)
    assert all(
        10.0**low * (1 - 1e-6) <= tick <= 10.0 ** (low + decades) * (1 + 1e-6) for tick in found
    )
