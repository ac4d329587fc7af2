from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_records import make_record, make_solved

from tina_bench.errors import UsageError
from tina_bench.stats.estimates import estimate, pass_at_k, same_problems, similar_problems
from tina_bench.stats.shapes import Question
from tina_bench.stats.spread import Variance, answer_variance

matrices = hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 12)))
small_matrices = hnp.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6)))


@given(small_matrices)
@settings(max_examples=60, deadline=None)
def test_pass_at_k_is_the_share_of_all_subsets_with_a_right_answer(correct):
    k = correct.shape[1]
    for draws, percent in pass_at_k(correct).items():
        subsets = [row[list(c)].any() for row in correct for c in combinations(range(k), draws)]
        assert percent == pytest.approx(100 * np.mean(subsets), abs=1e-9)


@given(matrices)
@settings(max_examples=150, deadline=None)
def test_both_intervals_hold_the_score_and_stay_within_0_and_100_with_some_width(correct):
    score = 100 * correct.mean()
    for interval in (same_problems(correct), similar_problems(correct)):
        assert 0 <= interval.low <= score + 1e-9
        assert score - 1e-9 <= interval.high <= 100
        assert interval.high - interval.low > 0.01


@given(matrices)
@settings(max_examples=100, deadline=None)
def test_answer_variance_is_above_zero_and_at_most_that_of_a_coin(correct):
    variance = answer_variance(correct)
    assert 0 < variance.value <= 0.25
    assert variance.degrees_of_freedom >= 3.99


@given(matrices, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_neither_the_order_of_problems_nor_that_of_runs_changes_an_interval(correct, random):
    shuffled = correct[random.sample(range(len(correct)), len(correct))]
    shuffled = shuffled[:, random.sample(range(correct.shape[1]), correct.shape[1])]
    for make in (same_problems, similar_problems):
        assert make(shuffled).low == pytest.approx(make(correct).low)
        assert make(shuffled).high == pytest.approx(make(correct).high)


@given(matrices)
@settings(max_examples=50, deadline=None)
def test_swapping_right_and_wrong_mirrors_the_intervals(correct):
    for make in (same_problems, similar_problems):
        assert make(~correct).low == pytest.approx(100 - make(correct).high)


def test_an_estimate_says_which_question_each_interval_answers():
    made = estimate(make_solved([0, 1, 2, 3, 4], k=4))
    assert made.same_problems.question is Question.SAME_PROBLEMS
    assert made.similar_problems.question is Question.SIMILAR_PROBLEMS


def test_an_estimate_counts_what_the_record_holds():
    correct = [[1, 1, 0], [1, 0, 0]]
    made = estimate(
        make_record(
            correct,
            truncated=[[False, False, True], [False] * 3],
            tokens_out=[[10, 20, 30], [10, 20, 30]],
        )
    )
    assert (made.n, made.k, made.n_correct) == (2, 3, 3)
    assert made.avg_percent == pytest.approx(50)
    assert made.run_percents == pytest.approx((100, 50, 0))
    assert made.sd_over_runs_points == pytest.approx(50)
    assert made.pass_at_k_percent[1] == pytest.approx(made.avg_percent)
    assert made.pass_at_k_percent[3] == pytest.approx(100)
    assert (made.truncated.count, made.truncated.total) == (1, 6)
    assert made.mean_tokens_out == pytest.approx(20)


def test_an_undecided_answer_is_not_correct_stays_in_the_denominator_and_is_not_unanswered():
    made = estimate(
        make_record(
            [[1, 1], [1, 0]],
            undecided=[[True, False], [False, False]],
            answered=[[False, True], [True, False]],
        )
    )
    assert made.n_correct == 2
    assert made.avg_percent == pytest.approx(50)
    assert (made.undecided.count, made.unanswered.count) == (1, 1)


def test_one_run_has_no_dispersion_over_runs():
    assert estimate(make_solved([0, 1, 1], k=1)).sd_over_runs_points is None


def test_one_run_is_taken_at_the_largest_variance_its_score_allows():
    unanimous = np.arange(30)[:, None] < 15
    coins = same_problems(unanimous)
    known_unanimous = same_problems(np.repeat(unanimous, 8, axis=1))
    assert coins.high - coins.low > 45
    assert known_unanimous.high - known_unanimous.low < 6


@pytest.mark.parametrize("n", [1, 2, 30])
@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("outcome", ["all correct", "all wrong", "all undecided"])
def test_degenerate_records_have_an_honest_width(n, k, outcome):
    made = estimate(
        make_record(
            np.full((n, k), outcome == "all correct"),
            undecided=np.full((n, k), outcome == "all undecided"),
        )
    )
    assert made.avg_percent == (100 if outcome == "all correct" else 0)
    for interval in (made.same_problems, made.similar_problems):
        assert interval.high - interval.low > min(99, 270 / (n * k))  # the rule of three, about
        assert interval.high == 100 or outcome != "all correct"
        assert interval.low == 0 or outcome == "all correct"


def test_one_problem_says_nothing_of_problems_like_it():
    made = estimate(make_solved([3], k=4))
    assert (made.similar_problems.low, made.similar_problems.high) == (0, 100)


@pytest.mark.parametrize("shape", [(0, 1), (1, 0)])
def test_a_record_without_answers_is_refused(shape):
    with pytest.raises(UsageError, match="at least one of each"):
        estimate(make_record(np.zeros(shape)))


def test_a_record_with_a_short_row_is_refused():
    record = make_solved([1, 2], k=2)
    short = record.problems[0].model_copy(update={"correct": (True,)})
    with pytest.raises(UsageError, match="'correct' is of another length"):
        estimate(record.model_copy(update={"problems": (short, record.problems[1])}))


def test_a_record_with_a_problem_twice_is_refused():
    with pytest.raises(UsageError, match="lists a problem twice"):
        estimate(make_solved([1, 2], k=2, ids=["same", "same"]))


def test_adding_variances_adds_degrees_of_freedom_as_welch_and_satterthwaite_do():
    assert Variance(2.0, 5).plus(Variance(2.0, 5)).degrees_of_freedom == pytest.approx(10)
    assert Variance(2.0, 5).plus(Variance(0.0, np.inf)) == Variance(2.0, 5)
    assert Variance(1.0, np.inf).plus(Variance(1.0, np.inf)).degrees_of_freedom == np.inf
