import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tina_bench.stats.claims.p_values import printed_totals
from tina_bench.stats.methods.beta_binomial import Posterior, fit
from tina_bench.stats.methods.replicates import MOST_ANSWERS, fresh_runs, predict

CERTAIN = Posterior(np.array([0.4]), np.array([3.0]), np.array([1.0]))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(1, 2))
@settings(max_examples=40, deadline=None)
def test_the_total_of_fresh_runs_is_the_sum_over_every_outcome(counts, k0):
    """Brute force: every way in which the problems' Beta-Binomials can come out."""
    made = predict(CERTAIN, np.array(counts), 4, k0)
    expected = np.zeros(len(counts) * k0 + 1)
    alone = [stats.betabinom(k0, 3 * 0.4 + x, 3 * 0.6 + 4 - x).pmf(range(k0 + 1)) for x in counts]
    for outcome in itertools.product(range(k0 + 1), repeat=len(counts)):
        expected[sum(outcome)] += np.prod([p[s] for p, s in zip(alone, outcome, strict=True)])
    assert made.exact
    assert made.at_most == pytest.approx(np.cumsum(expected), abs=1e-12)


def test_one_fresh_run_is_the_poisson_binomial_of_scipy():
    counts = np.array([0, 1, 2, 3, 4, 4, 2])
    chances = (3 * 0.4 + counts) / 7
    expected = stats.poisson_binom.cdf(range(8), chances)
    assert predict(CERTAIN, counts, 4, 1).at_most == pytest.approx(expected, abs=1e-12)


def test_mean_and_spread_of_fresh_runs_carry_what_is_not_known_of_the_chances():
    counts = np.array([0, 3, 10, 5, 8, 1] * 5)
    made = fresh_runs(counts, 10, 1)
    chance = np.diff(made.at_most, prepend=0)
    shares = np.arange(31) / 30
    assert made.mean == pytest.approx(chance @ shares, abs=1e-9)
    assert made.sd == pytest.approx(np.sqrt(chance @ (shares - made.mean) ** 2), abs=1e-9)
    p = counts / 10
    assert made.sd > np.sqrt((p * (1 - p)).sum()) / 30


def test_beyond_the_exact_sum_normal_components_say_the_same():
    counts = np.array([0, 3, 10, 5, 8, 1] * 10)
    known = fit(counts, 10)
    k0 = MOST_ANSWERS // 60
    exact, normal = predict(known, counts, 10, k0), predict(known, counts, 10, k0 + 1)
    assert (exact.exact, normal.exact) == (True, False)
    at = np.linspace(0.1, 0.9, 33)
    both = [np.interp(at, np.linspace(0, 1, f.answers + 1), f.at_most) for f in (exact, normal)]
    assert np.abs(both[0] - both[1]).max() < 0.005


@given(
    st.integers(2, 12).flatmap(
        lambda k: st.tuples(st.just(k), st.lists(st.integers(0, k), min_size=1, max_size=60))
    )
)
@settings(max_examples=80, deadline=None)
def test_any_result_gives_a_distribution_that_does_not_depend_on_the_order_of_problems(drawn):
    k, counts = drawn
    made = fresh_runs(np.array(counts), k, 1)
    assert made.at_most[-1] == pytest.approx(1)
    assert (np.diff(made.at_most) >= 0).all()
    assert (fresh_runs(np.array(counts[::-1]), k, 1).at_most == made.at_most).all()
    assert 0 < made.sd < 0.6


def test_swapping_right_and_wrong_mirrors_the_distribution():
    counts = np.array([0, 3, 10, 5, 8, 1] * 5)
    made, mirrored = fresh_runs(counts, 10, 1), fresh_runs(10 - counts, 10, 1)
    chance = np.diff(made.at_most, prepend=0)
    assert np.diff(mirrored.at_most, prepend=0) == pytest.approx(chance[::-1], abs=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), [(0.4, 0.8), (1.5, 2.5), (300, 300)])
def test_the_posterior_finds_the_population_that_answers_were_drawn_from(alpha, beta):
    rng = np.random.default_rng(11)
    counts = rng.binomial(16, rng.beta(alpha, beta, 4000))
    known = fit(counts, 16)
    correlation = known.weight @ (1 / (1 + known.concentration))
    assert known.weight.sum() == pytest.approx(1)
    assert known.weight @ known.mean == pytest.approx(alpha / (alpha + beta), abs=0.02)
    assert correlation == pytest.approx(1 / (1 + alpha + beta), abs=0.02)


def test_the_posterior_agrees_with_a_grid_twenty_times_as_fine():
    counts, k = np.array([0, 1, 4, 2, 4, 0, 3] * 6), 4
    known = fit(counts, k)
    mu, rho = np.meshgrid((np.arange(400) + 0.5) / 400, (np.arange(400) + 0.5) / 400)
    a, b = mu * (1 / rho - 1), (1 - mu) * (1 / rho - 1)
    log_weight = stats.beta(0.5, 0.5).logpdf(mu)
    for x, times in zip(*np.unique(counts, return_counts=True), strict=True):
        log_weight += times * stats.betabinom(k, a, b).logpmf(x)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    assert known.weight @ known.mean == pytest.approx((weight * mu).sum(), abs=2e-3)
    found = known.weight @ (1 / (1 + known.concentration))
    assert found == pytest.approx((weight * rho).sum(), abs=0.01)


def test_one_run_is_taken_as_equal_coins():
    made = fresh_runs(np.arange(30) < 12, 1, 1)
    coins = np.sqrt(0.4 * 0.6 / 30)
    assert made.sd == pytest.approx(coins * np.sqrt(2), rel=0.05)


def test_every_total_that_prints_as_the_claim_counts_for_it():
    assert printed_totals(43.33, 0.005, 30) == (13, 13)
    assert printed_totals(43.3, 0.05, 300) == (130, 130)
    assert printed_totals(43.0, 0.5, 300) == (128, 130)
    assert printed_totals(100.0, 0.5, 30) == (30, 30)
    assert printed_totals(31.9, 0.005, 198) == (63, 64)  # impossible: 63 is 31.82, 64 is 32.32
    made = fresh_runs(np.full(30, 4), 10, 10)
    assert made.p_value(128, 130) >= made.p_value(130, 130)


def test_a_p_value_is_never_zero_and_at_most_one():
    made = fresh_runs(np.full(500, 10), 10, 1)
    assert 0 < made.p_value(0, 0) < 1e-9
    assert made.p_value(0, 500) == 1
