"""The quick way to Student's t and the normal gives what the slow one gives."""

import math

from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tina_bench.stats.methods.distributions import normal_quantile, normal_tail, t_quantile, t_tail

SHARES = st.floats(1e-9, 1 - 1e-9)
VALUES = st.floats(-50, 50)
FREEDOM = st.floats(0.5, 1e6) | st.just(math.inf)


@given(SHARES, FREEDOM)
def test_quantiles_are_those_of_scipy_to_the_last_bit(share: float, freedom: float) -> None:
    assert t_quantile(share, freedom) == stats.t.ppf(share, freedom)
    assert normal_quantile(share) == stats.norm.ppf(share)


@given(VALUES, FREEDOM)
def test_tails_are_those_of_scipy_to_the_last_bit(value: float, freedom: float) -> None:
    assert t_tail(value, freedom) == stats.t.sf(value, freedom)
    assert normal_tail(value) == stats.norm.sf(value)


def test_infinity_leaves_no_tail_and_what_is_unknown_stays_unknown() -> None:
    assert t_tail(math.inf, 3.0) == normal_tail(math.inf) == 0.0
    assert math.isnan(t_tail(math.nan, 3.0))
