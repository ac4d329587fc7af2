import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_records import make_record, make_solved
from scipy import stats

from tina_bench.errors import UsageError
from tina_bench.stats import signflip
from tina_bench.stats.compare import compare
from tina_bench.stats.shapes import Question
from tina_bench.stats.signflip import sign_flip_test


@given(st.lists(st.integers(-12, 12), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_the_sign_flip_p_value_is_that_of_scipy_over_all_flips(differences):
    values = np.array(differences)
    reference = stats.permutation_test(
        (values,),
        np.mean,
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    ) if len(values) > 1 else None  # fmt: skip
    observed = abs(values.sum())
    flips = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)
    brute = np.mean(np.abs(values @ flips) >= observed)
    assert sign_flip_test(values).p_value == pytest.approx(brute)
    if reference is not None and observed:
        assert sign_flip_test(values).p_value == pytest.approx(reference.pvalue)


@given(st.lists(st.integers(-20, 20), max_size=40), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_neither_unit_nor_sign_nor_order_changes_the_p_value(differences, unit):
    p = sign_flip_test(np.array(differences, dtype=np.int64)).p_value
    changed = -unit * np.array(differences[::-1], dtype=np.int64)
    assert sign_flip_test(changed).p_value == pytest.approx(p)


def test_a_difference_beyond_the_reach_of_floats_has_a_small_p_value_not_zero():
    assert 0 < sign_flip_test(np.ones(1500, dtype=np.int64)).p_value < 1e-300


def test_the_normal_limit_is_close_to_the_exact_p_value_and_says_what_it_is(monkeypatch):
    differences = np.random.default_rng(3).integers(-8, 10, 300)
    exact = sign_flip_test(differences)
    monkeypatch.setattr(signflip, "MAX_STEPS", 0)
    limit = sign_flip_test(differences)
    assert "normal limit" in limit.method
    assert "exact" in exact.method
    assert limit.p_value == pytest.approx(exact.p_value, rel=0.05)


def test_a_comparison_pairs_by_problem_id_not_by_position():
    ids = [f"q{i}" for i in range(20)]
    counts = np.arange(20) % 5
    a = make_solved(counts, k=4, ids=ids)
    b = make_solved(counts[::-1], k=4, ids=ids[::-1], model="base")
    made = compare([a], [b])
    assert made.difference_points == 0
    assert made.p_value == 1
    assert made.interval.question is Question.SIMILAR_PROBLEMS
    assert made.interval.high < 5  # every difference is zero: nothing but the pseudo-answers


def test_runs_of_different_number_are_compared_by_share():
    a = make_solved([5] * 20 + [10] * 10, k=10)
    b = make_solved([1] * 20 + [2] * 10, k=2, model="base")
    assert compare([a], [b]).difference_points == 0


def test_tasks_are_pooled_with_equal_weight_a_problem():
    a = [make_solved([1] * 10, k=1), make_solved([1] * 30, k=1, task="amc")]
    b = [
        make_solved([0] * 10, k=1, model="base"),
        make_solved([1] * 30, k=1, task="amc", model="base"),
        make_solved([1], k=1, task="only here", model="base"),
    ]
    made = compare(a, b)
    assert made.tasks == ("aime", "amc")
    assert made.n == 40
    assert made.difference_points == pytest.approx(25)
    assert made.p_value == pytest.approx(2 / 2**10)
    assert compare(a[::-1], b[::-1]) == made


def test_swapping_models_mirrors_the_comparison():
    rng = np.random.default_rng(5)
    a = make_record(rng.random((30, 4)) < 0.6)
    b = make_record(rng.random((30, 4)) < 0.4, model="base")
    there, back = compare([a], [b]), compare([b], [a])
    assert there.difference_points == -back.difference_points
    assert there.p_value == back.p_value
    assert there.interval.low == pytest.approx(-back.interval.high)


@pytest.mark.parametrize("n", [1, 2, 30])
@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("share_b", [0, 1])
def test_equal_differences_leave_some_width(n, k, share_b):
    made = compare([make_solved([k] * n, k=k)], [make_solved([k * share_b] * n, k=k, model="base")])
    assert made.interval.low <= made.difference_points <= made.interval.high
    assert made.interval.high - made.interval.low > 1
    assert made.p_value == (1 if share_b else 2 / 2**n)


def test_equal_models_differ_significantly_in_one_comparison_in_twenty():
    rng = np.random.default_rng(11)
    p_values, inside = [], 0
    for _ in range(400):
        chances = rng.beta(0.5, 0.5, (30, 1))
        made = compare(
            [make_record(rng.random((30, 4)) < chances)],
            [make_record(rng.random((30, 4)) < chances, model="base")],
        )
        p_values.append(made.p_value)
        inside += made.interval.low <= 0 <= made.interval.high
    assert np.mean(np.array(p_values) < 0.05) <= 0.05 + 2.5 * (0.05 * 0.95 / 400) ** 0.5
    assert inside / 400 >= 0.95 - 2.5 * (0.05 * 0.95 / 400) ** 0.5


def test_other_problems_of_a_task_are_refused():
    a = make_solved([1, 1], k=1, ids=["x", "y"])
    b = make_solved([1, 1], k=1, ids=["x", "z"], model="base")
    with pytest.raises(UsageError, match="different problems of aime: 1 only the first, 1 only"):
        compare([a], [b])


def test_models_without_a_common_task_are_refused():
    with pytest.raises(UsageError, match="no task in common"):
        compare([make_solved([1], k=1)], [make_solved([1], k=1, task="amc", model="base")])


def test_several_models_on_a_side_are_refused():
    a, b = make_solved([1], k=1), make_solved([1], k=1, model="base", task="amc")
    with pytest.raises(UsageError, match="one model a side"):
        compare([a, b], [b])


def test_two_records_of_a_task_are_refused():
    a = make_solved([1], k=1)
    with pytest.raises(UsageError, match="two records of tina on aime"):
        compare([a, make_solved([0], k=1)], [make_solved([1], k=1, model="base")])


def test_170_problems_take_less_than_a_twentieth_of_a_second():
    rng = np.random.default_rng(2)
    a = [make_record(rng.random((170, 10)) < 0.6)]
    b = [make_record(rng.random((170, 16)) < 0.5, model="base")]
    compare(a, b)
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        compare(a, b)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.05
