"""Holm's correction, against statsmodels'."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from tina_bench.stats.methods.holm import holm, holm_both_ways


@pytest.fixture(autouse=True, scope="module")
def _heap_left_out_of_collections() -> Iterator[None]:
    """statsmodels collects the garbage of the whole process at each of its corrections."""
    gc.freeze()
    yield
    gc.unfreeze()


P_VALUES = st.lists(st.floats(1e-12, 1), min_size=1, max_size=30)


@given(P_VALUES)
@settings(max_examples=50, deadline=None)
def test_the_correction_is_that_of_statsmodels_to_the_last_bit(p_values):
    assert holm(p_values) == multipletests(p_values, method="holm")[1].tolist()


def test_an_empty_family_has_nothing_to_correct():
    assert holm([]) == []


@given(P_VALUES)
@settings(max_examples=20, deadline=None)
def test_the_correction_is_holm_s_over_both_directions_of_every_pair(p_values):
    p = np.array(p_values)
    both = np.concatenate([p / 2, 1 - p / 2])
    reference = multipletests(both, method="holm")[1]
    adjusted = holm_both_ways(p)
    assert adjusted == pytest.approx(reference[: len(p)])
    # A little stricter than Holm over two-sided tests, and never below the p-value itself.
    two_sided = multipletests(p, method="holm")[1]
    assert (adjusted >= two_sided - 1e-12).all()
    assert (adjusted <= np.minimum(1, len(p) * p) + 1e-12).all()
    assert (adjusted >= p - 1e-15).all()
