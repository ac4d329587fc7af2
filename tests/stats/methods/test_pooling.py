"""Pooled measurements, against statsmodels and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from tina_bench.stats.methods.pooling import pool

PIECES = st.lists(st.tuples(st.floats(0, 100), st.floats(0.05, 80)), min_size=2, max_size=9)


@given(PIECES)
@settings(deadline=None)
def test_everything_is_what_statsmodels_says(pieces: list[tuple[float, float]]) -> None:
    values, variances = map(np.array, zip(*pieces, strict=True))
    found = pool(values.tolist(), variances.tolist())
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = combine_effects(values, variances, method_re="pm", use_t=True)
    assert found.q == pytest.approx(max(0.0, theirs.q), abs=1e-9)
    assert found.plain_mean == pytest.approx(theirs.mean_effect_fe)
    assert found.plain_variance == pytest.approx(theirs.sd_eff_w_fe**2)
    # Theirs stops where the estimating equation is met to 1e-5.
    assert found.tau_squared == pytest.approx(max(0.0, theirs.tau2), rel=1e-3, abs=1e-2)
    assert found.mean == pytest.approx(theirs.mean_effect_re, rel=1e-3, abs=1e-3)
    plain = theirs.sd_eff_w_re**2
    assert found.variance == pytest.approx(max(theirs.var_hksj_re, plain), rel=1e-3)


@given(PIECES)
@settings(deadline=None)
def test_the_variance_between_measurers_makes_their_scatter_what_it_should_be(
    pieces: list[tuple[float, float]],
) -> None:
    found = pool(*map(list, zip(*pieces, strict=True)))
    freedom = len(pieces) - 1
    weights = [1 / (variance + found.tau_squared) for _, variance in pieces]
    squares = [(value - found.mean) ** 2 for value, _ in pieces]
    scatter = sum(w * s for w, s in zip(weights, squares, strict=True))
    if found.tau_squared > 0:
        assert scatter == pytest.approx(freedom, rel=1e-6)
    else:
        assert scatter <= freedom * (1 + 1e-9)


@given(PIECES)
def test_the_order_of_measurements_changes_nothing(
    pieces: list[tuple[float, float]],
) -> None:
    mixed = sorted(pieces, reverse=True)
    first = pool(*map(list, zip(*pieces, strict=True)), 64.0)
    assert pool(*map(list, zip(*mixed, strict=True)), 64.0) == first


def test_equal_values_pool_to_themselves_with_the_joint_variance() -> None:
    found = pool([30.0, 30.0], [4.0, 4.0])
    assert (found.mean, found.q, found.tau_squared, found.i_squared) == (30.0, 0.0, 0.0, 0.0)
    assert found.variance == pytest.approx(2.0)


def test_a_single_measurement_is_its_own_pool() -> None:
    found = pool([12.5], [9.0])
    assert (found.mean, found.variance, found.p_value) == (12.5, 9.0, 1.0)
