import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tina_bench.stats.methods import sign_flip, stratified_sign_flip
from tina_bench.stats.methods.sign_flip import flip_distribution, sign_flip_test
from tina_bench.stats.methods.stratified_sign_flip import Stratum, weighted_sign_flip_test

values = st.lists(st.integers(-6, 6), min_size=1, max_size=5)


def stratum(differences, weight):
    sizes, counts = np.unique(np.abs(differences), return_counts=True)
    return Stratum(sizes[sizes > 0], counts[sizes > 0], weight)


def by_all_flips(groups, weights):
    """The p-value over all 2^n flips, in whole numbers."""
    flat = [w * abs(d) for group, w in zip(groups, weights, strict=True) for d in group]
    observed = abs(sum(w * sum(group) for group, w in zip(groups, weights, strict=True)))
    signs = np.array(list(itertools.product([-1, 1], repeat=len(flat))))
    return float(np.mean(np.abs(signs @ np.array(flat)) >= observed))


@given(st.lists(st.tuples(values, st.integers(1, 50)), min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_the_weighted_p_value_is_that_of_all_flips(parts):
    groups, weights = zip(*parts, strict=True)
    made = weighted_sign_flip_test(
        [stratum(group, weight) for group, weight in parts],
        sum(weight * sum(group) for group, weight in parts),
    )
    assert made.p_value == pytest.approx(by_all_flips(groups, weights), rel=1e-9)
    assert "exact sign-flip" in made.method


@given(st.lists(st.tuples(values, st.integers(1, 10**9)), min_size=2, max_size=3))
@settings(max_examples=80, deadline=None)
def test_few_flips_are_exact_whatever_the_weights(parts):
    groups, weights = zip(*parts, strict=True)
    made = weighted_sign_flip_test(
        [stratum(group, weight) for group, weight in parts],
        sum(weight * sum(group) for group, weight in parts),
    )
    assert made.p_value == pytest.approx(by_all_flips(groups, weights), rel=1e-9)
    assert made.method.startswith("exact sign-flip")


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_rounding_never_makes_a_p_value_too_small(seed):
    rng = np.random.default_rng(seed)
    groups = [rng.integers(-5, 7, size) for size in rng.integers(3, 7, 3)]
    weights = rng.integers(1, 10**6, 3).tolist()
    parts = [stratum(group, weight) for group, weight in zip(groups, weights, strict=True)]
    observed = sum(w * int(g.sum()) for g, w in zip(groups, weights, strict=True))
    exact = by_all_flips([group.tolist() for group in groups], weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stratified_sign_flip, "MOST_POINTS", 0)
        made = weighted_sign_flip_test(parts, observed)
    assert made.p_value >= exact * (1 - 1e-9)
    # What rounding may add are the flips whose sum lies just below the observed one.
    assert made.p_value <= exact + 0.1


@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5, 0.8])
def test_six_tasks_of_unlike_size_have_their_p_value_within_a_hundredth_sd(monkeypatch, shift):
    sizes = (30, 30, 40, 198, 272, 500)
    common = math.lcm(*sizes)
    rng = np.random.default_rng([7, int(10 * shift)])
    parts, observed = [], 0
    for n in sizes:
        differences = np.round(rng.normal(shift, 3, n)).astype(np.int64)
        parts.append(stratum(differences, common // n))
        observed += common // n * int(differences.sum())
    coarse = weighted_sign_flip_test(parts, observed)
    assert "rounding p up" in coarse.method
    monkeypatch.setattr(stratified_sign_flip, "SLACK", 1 / 5000)
    fine = weighted_sign_flip_test(parts, observed)
    assert fine.p_value * (1 - 1e-9) <= coarse.p_value
    # In the tail by as much as a normal tail rises over a hundredth of a standard deviation.
    z = stats.norm.isf(fine.p_value / 2)
    assert coarse.p_value <= fine.p_value * stats.norm.sf(z - 0.01) / stats.norm.sf(z) * 1.01


def test_one_stratum_is_the_ordinary_test():
    for seed in range(5):
        differences = np.random.default_rng(seed).integers(-4, 6, 60)
        weighted = weighted_sign_flip_test([stratum(differences, 17)], 17 * int(differences.sum()))
        assert weighted.p_value == pytest.approx(sign_flip_test(differences).p_value, rel=1e-9)


def test_far_tails_keep_their_relative_precision():
    ones = np.ones(200, dtype=np.int64)
    made = weighted_sign_flip_test([stratum(ones, 3), stratum(ones, 3)], 3 * 400)
    assert made.p_value == pytest.approx(2 * 0.5**400, rel=1e-6)
    made = weighted_sign_flip_test([stratum(ones, 3), stratum(ones, 3)], 3 * 340)
    assert made.p_value == pytest.approx(2 * stats.binom.sf(369, 400, 0.5), rel=1e-6)


def test_sums_too_large_for_whole_steps_take_the_normal_limit_and_say_so(monkeypatch):
    rng = np.random.default_rng(3)
    groups = [rng.integers(-8, 9, 100), rng.integers(-8, 10, 150)]
    parts = [stratum(group, weight) for group, weight in zip(groups, (3, 2), strict=True)]
    observed = 3 * int(groups[0].sum()) + 2 * int(groups[1].sum())
    exact = weighted_sign_flip_test(parts, observed)
    monkeypatch.setattr(stratified_sign_flip, "MAX_STEPS", 0)
    limit = weighted_sign_flip_test(parts, observed)
    assert "normal limit" in limit.method
    assert limit.p_value == pytest.approx(exact.p_value, rel=0.05)


def test_no_difference_at_all_has_a_p_value_of_1():
    nothing = np.zeros(5, dtype=np.int64)
    assert weighted_sign_flip_test([stratum(nothing, 1), stratum(nothing, 2)], 0).p_value == 1
    level = np.array([1, -1], dtype=np.int64)
    assert weighted_sign_flip_test([stratum(level, 1), stratum(nothing, 2)], 0).p_value == 1


@given(st.dictionaries(st.integers(1, 30), st.integers(1, 40), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_distribution_over_flips_has_the_moments_of_a_sum_of_signs(of_size):
    sizes = np.array(sorted(of_size))
    counts = np.array([of_size[size] for size in sizes.tolist()])
    chance = flip_distribution(sizes, counts)
    total = int(sizes @ counts)
    assert len(chance) == total + 1
    sums = 2 * np.arange(total + 1) - total
    assert chance.sum() == pytest.approx(1)
    assert chance @ sums == pytest.approx(0, abs=1e-9 * total)
    assert chance @ sums**2 == pytest.approx(float(sizes**2 @ counts))
    assert chance == pytest.approx(chance[::-1], abs=1e-15)


def test_equal_sizes_joined_give_what_single_flips_give(monkeypatch):
    rng = np.random.default_rng(2)
    for _ in range(10):
        sizes, counts = np.unique(rng.integers(1, 7, 50), return_counts=True)
        one_by_one = np.ones(1)
        for size in np.repeat(sizes, counts).tolist():
            one_by_one = sign_flip._spread(one_by_one, size, np.array([0.5, 0.5]))
        assert flip_distribution(sizes, counts) == pytest.approx(one_by_one, rel=1e-10, abs=0)
