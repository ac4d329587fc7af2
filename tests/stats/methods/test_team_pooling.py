"""Pooling teams: the posterior against plain integration, its limits, and the order of teams."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from tina_bench.stats.methods.team_pooling import TAUS, pool_teams, prior_masses

SCORES = st.floats(5, 95)
VARIANCES = st.floats(0.05, 60)
TEAMS = st.lists(st.tuples(SCORES, VARIANCES), min_size=1, max_size=6)


def integrated(values, variances, scale):
    """P(theta <= x) by quadrature over tau, without any grid of ours."""

    def weight(tau):
        w = 1 / (np.array(variances) + tau**2)
        mu = (w * values).sum() / w.sum()
        prior = 2 * stats.t.pdf(tau / scale, 4) / scale
        return (
            prior * np.sqrt(w.prod() / w.sum()) * np.exp(-0.5 * (w * (values - mu) ** 2).sum()),
            mu,
            1 / w.sum(),
        )

    total = integrate.quad(lambda t: weight(t)[0], 0, 200, limit=400)[0]

    def below(x):
        def inner(tau):
            mass, mu, variance = weight(tau)
            return mass * stats.norm.cdf((x - mu) / np.sqrt(variance))

        return integrate.quad(inner, 0, 200, limit=400)[0] / total

    return below


@pytest.mark.parametrize(
    ("values", "variances", "scale"),
    [
        ((43.33,), (25.7,), 3.0),
        ((30.0, 33.0), (2.0, 8.0), 3.0),
        ((84.0, 85.5, 82.9, 84.4), (0.3, 0.2, 1.2, 0.6), 2.0),
        ((20.0, 31.0, 40.0), (4.0, 1.0, 2.0), 3.0),
    ],
)
def test_the_ends_of_the_interval_are_those_of_plain_integration(values, variances, scale):
    low, high = pool_teams(values, variances, scale).interval(0.95)
    below = integrated(np.array(values), variances, scale)
    assert below(low) == pytest.approx(0.025, abs=0.002)
    assert below(high) == pytest.approx(0.975, abs=0.002)


def test_the_prior_is_a_half_t_whole_and_with_its_median():
    for scale in (1.5, 2.0, 3.0):
        masses = prior_masses(scale)
        assert masses.sum() == pytest.approx(1)
        middle = TAUS[np.searchsorted(np.cumsum(masses), 0.5)]
        assert middle == pytest.approx(scale * stats.t.ppf(0.75, 4), rel=0.16)


def test_a_single_run_of_one_team_reads_31_to_56_and_not_43_33():
    """Section "One team" of docs/statistics.md: 13 of 30 once, the variance that AIME24 has."""
    pool = pool_teams([43.33], [0.31 * 1e4 * 15 / 34 * 19 / 34 / 30], 3.0)
    low, high = pool.interval(0.95)
    assert (round(pool.mean, 1), round(low), round(high)) == (43.3, 31, 56)


@given(TEAMS, st.randoms(use_true_random=False))
def test_the_order_of_teams_changes_nothing(teams, random):
    mixed = list(teams)
    random.shuffle(mixed)
    one, other = (pool_teams(*zip(*found, strict=True), 3.0) for found in (teams, mixed))
    assert one.interval(0.95) == other.interval(0.95)
    assert one.mean == other.mean
    assert one.above(40.0) == other.above(40.0)


@given(TEAMS, st.floats(0, 20))
def test_one_more_team_scatters_at_least_as_far_as_what_teams_have_in_common(teams, variance):
    pool = pool_teams(*zip(*teams, strict=True), 3.0)
    low, high = pool.interval(0.95)
    next_low, next_high = pool.predictive(0.95, variance)
    assert next_low <= low + 1e-6
    assert next_high >= high - 1e-6


@given(TEAMS, st.floats(-30, 30))
def test_scores_that_move_together_move_the_estimate_by_as_much(teams, by):
    values, variances = zip(*teams, strict=True)
    here = pool_teams(values, variances, 2.0)
    there = pool_teams([value + by for value in values], variances, 2.0)
    assert there.mean == pytest.approx(here.mean + by, abs=1e-6)
    assert there.tau_median == here.tau_median


def test_teams_that_agree_leave_little_doubt_and_teams_that_do_not_leave_much():
    alike = pool_teams([30.0, 30.2, 29.9, 30.1], [1.0] * 4, 3.0)
    apart = pool_teams([20.0, 40.0, 25.0, 35.0], [1.0] * 4, 3.0)
    assert alike.tau_median < 1.5
    assert apart.tau_median > 5
    assert alike.tau_above(5.0) < 0.05
    assert apart.tau_above(5.0) > 0.9
    assert np.diff(alike.interval(0.95)) < np.diff(apart.interval(0.95)) / 3


def test_chances_beyond_a_value_are_those_of_the_mixture():
    pool = pool_teams([30.0, 36.0], [4.0, 1.0], 3.0)
    low, high = pool.interval(0.9)
    assert pool.above(high) == pytest.approx(0.05, abs=1e-6)
    assert pool.above(low) == pytest.approx(0.95, abs=1e-6)
    low, high = pool.predictive(0.9, 7.0)
    assert pool.further_above(high, 7.0) == pytest.approx(0.05, abs=1e-6)
    assert pool.further_above(low, 7.0) == pytest.approx(0.95, abs=1e-6)
