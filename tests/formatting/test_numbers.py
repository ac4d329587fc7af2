"""Figures are printed in one way each, and no figure is rounded to nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tina_bench.formatting.numbers import (
    dollars,
    dollars_as_given,
    estimated,
    estimated_dollars,
    gib_text,
    p_cell,
    p_text,
    plural,
    round_dollars,
    short_digest,
    usd_text,
)

PROBABILITIES = st.floats(min_value=0, max_value=1)
AMOUNTS = st.floats(min_value=0.0001, max_value=1e6)


@pytest.mark.parametrize(
    ("value", "cell", "text"),
    [
        (0.0, "< 0.0001", "p < 0.0001"),
        (0.0001, "0.0001", "p = 0.0001"),
        (0.03125, "0.031", "p = 0.031"),
        (1.0, "1", "p = 1"),
    ],
)
def test_a_p_value_has_two_significant_digits(value: float, cell: str, text: str) -> None:
    assert (p_cell(value), p_text(value)) == (cell, text)


@given(PROBABILITIES)
def test_no_p_value_is_printed_as_zero(value: float) -> None:
    assert p_text(value) in {f"p {p_cell(value)}", f"p = {p_cell(value)}"}
    assert float(p_cell(value).removeprefix("< ")) > 0


def test_a_p_value_that_is_not_known_is_a_dash_in_a_cell() -> None:
    assert p_cell(None) == "–"


@given(AMOUNTS)
def test_no_amount_of_money_is_printed_as_zero(value: float) -> None:
    texts = (dollars(value), usd_text(value), dollars_as_given(value), round_dollars(value))
    for text in (*texts, f"${estimated_dollars(value)}"):
        assert float(text.removeprefix("$").replace(",", "")) > 0


def test_an_estimate_has_no_more_digits_than_it_deserves() -> None:
    assert [estimated(v) for v in (0.0, 0.456, 9.876, 45.67, 456.7)] == [
        "0.00", "0.46", "9.88", "45.7", "457",
    ]  # fmt: skip
    assert [estimated_dollars(v) for v in (0, 0.0123, 0.1)] == ["0.00", "0.0123", "0.10"]


def test_a_count_has_its_noun_and_its_thousands_apart() -> None:
    assert [plural(n, "run") for n in (0, 1, 2, 1319)] == [
        "0 runs",
        "1 run",
        "2 runs",
        "1,319 runs",
    ]
    assert plural(2, "party", "parties") == "2 parties"


def test_sizes_and_hashes_are_shortened_alike_everywhere() -> None:
    assert (gib_text(3 * 2**29), gib_text(3 * 2**30, 0)) == ("1.50 GiB", "3 GiB")
    assert short_digest("sha256:0123456789abcdef") == short_digest("0123456789abcdef")
    assert short_digest("0123456789abcdef") == "0123456789ab"
    assert short_digest(None) == "–"
