import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from tests.stats.made_records import make_provenance, make_record, make_solved
from tina_bench.errors import UsageError
from tina_bench.stats.methods.score_variance import Variance, answer_variance
from tina_bench.stats.scores.estimates import estimate, estimate_average, estimate_totals, pass_at_k
from tina_bench.stats.scores.intervals import same_problems, similar_problems
from tina_bench.stats.types import Question, Validity

matrices = hnp.arrays(bool, st.tuples(st.integers(1, 40), st.integers(1, 12)))
small_matrices = hnp.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6)))

BOTH = (same_problems, similar_problems)


def interval_of(make, correct):
    return make(correct.sum(axis=1), correct.shape[1])


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
    for interval in (interval_of(make, correct) for make in BOTH):
        assert 0 <= interval.low <= score + 1e-9
        assert score - 1e-9 <= interval.high <= 100
        assert interval.high - interval.low > 0.01


@given(matrices)
@settings(max_examples=100, deadline=None)
def test_answer_variance_is_above_zero_and_at_most_that_of_a_coin(correct):
    variance = answer_variance(correct.sum(axis=1), correct.shape[1])
    assert 0 < variance.value <= 0.25
    assert variance.degrees_of_freedom >= 1.99


@given(matrices, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_neither_the_order_of_problems_nor_that_of_runs_changes_an_interval(correct, random):
    shuffled = correct[random.sample(range(len(correct)), len(correct))]
    shuffled = shuffled[:, random.sample(range(correct.shape[1]), correct.shape[1])]
    for make in BOTH:
        assert interval_of(make, shuffled) == interval_of(make, correct)


@given(matrices)
@settings(max_examples=50, deadline=None)
def test_swapping_right_and_wrong_mirrors_the_intervals(correct):
    for make in BOTH:
        mirrored = interval_of(make, ~correct)
        assert mirrored.low == pytest.approx(100 - interval_of(make, correct).high, abs=1e-9)


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
    coins = interval_of(same_problems, unanimous)
    known_unanimous = interval_of(same_problems, np.repeat(unanimous, 8, axis=1))
    assert coins.high - coins.low > 35
    assert coins.validity is Validity.CONSERVATIVE
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
        assert interval.high - interval.low > min(98, 270 / (n * k))  # the rule of three, about
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


@given(small_matrices)
@settings(max_examples=60, deadline=None)
def test_answer_variance_of_many_runs_is_the_mean_sample_variance_and_one_dissent(correct):
    n, k = correct.shape
    if k == 1:
        return
    plain = correct.var(axis=1, ddof=1).sum() / n + 1 / (k * n)
    rate = (correct.sum() + 1) / (correct.size + 2)
    made = answer_variance(correct.sum(axis=1), k)
    assert made.value == pytest.approx(min(plain, rate * (1 - rate)))


@pytest.mark.parametrize(("k", "p"), [(4, 0.3), (5, 0.5), (8, 0.9)])
def test_the_variance_behind_the_degrees_of_freedom_is_that_of_a_sample_variance(k, p):
    """Summed over every outcome of k coins: the estimate of Var[U] has Var[U] as its mean."""
    x = np.arange(k + 1)
    chance = np.array([math.comb(k, i) * p**i * (1 - p) ** (k - i) for i in x])
    u = x * (k - x) / (k * (k - 1))
    w = x * (x - 1) * (k - x) * (k - x - 1) / (k * (k - 1) * (k - 2) * (k - 3))
    estimated = (u - (3 + (k - 3) / (k - 1)) * w) / k
    true = chance @ u**2 - (chance @ u) ** 2
    assert chance @ estimated == pytest.approx(true)


@pytest.mark.parametrize(("right", "n"), [(0, 30), (3, 30), (15, 30), (29, 40), (40, 40)])
def test_one_run_of_yes_or_no_problems_gets_the_wilson_interval(right, n):
    made = similar_problems(np.arange(n) < right, 1)
    t = stats.t.ppf(0.975, n - 1)
    alpha = 2 * stats.norm.sf(t)  # statsmodels' Wilson with Student's quantile in z's place
    low, high = proportion_confint(right, n, alpha=alpha, method="wilson")
    assert (made.low, made.high) == pytest.approx((100 * low, 100 * high))


def test_problems_that_are_all_alike_leave_the_chance_of_their_answers():
    alike = similar_problems(np.full(30, 2), 4)
    low, high = proportion_confint(
        60, 120, alpha=2 * stats.norm.sf(stats.t.ppf(0.975, 29)), method="wilson"
    )
    assert (alike.low, alike.high) == pytest.approx((100 * low, 100 * high))


def test_an_interval_says_where_its_level_cannot_be_taken_at_its_word():
    assert same_problems(np.array([1, 2, 3] * 10), 4).validity is Validity.NOMINAL
    assert "both kinds" in same_problems(np.array([0, 4] * 15), 4).validity_reason
    assert "fewer than 4 runs" in same_problems(np.array([0, 1] * 15), 2).validity_reason
    assert similar_problems(np.array([1, 2, 3] * 10), 4).validity is Validity.NOMINAL
    assert "problems' worth of unsolved" in similar_problems(np.full(30, 9), 10).validity_reason
    assert similar_problems(np.array([1, 2, 3]), 4).validity is Validity.ROUGH


def test_greedy_runs_that_repeat_themselves_are_one_run():
    greedy = make_provenance(temperature=0)
    repeated = estimate(make_solved([0, 8] * 15, k=8, provenance=greedy))
    once = estimate(make_solved([0, 1] * 15, k=1))
    assert repeated.same_problems == once.same_problems
    assert repeated.same_problems.validity is Validity.CONSERVATIVE
    sampled = estimate(make_solved([0, 8] * 15, k=8))
    assert sampled.same_problems.high < repeated.same_problems.high


def test_rates_have_intervals_of_their_own():
    made = estimate(
        make_record(np.ones((30, 4)), truncated=np.arange(4)[None, :].repeat(30, 0) < 1)
    )
    assert made.truncated.interval.low < 25 < made.truncated.interval.high
    assert made.unanswered.interval.low == 0


def test_an_average_weighs_tasks_alike_whatever_their_size():
    small = estimate(make_solved([2] * 30, k=4, task="aime"))
    large = estimate(make_solved([3] * 500, k=4, task="math"))
    made = estimate_average([large, small])
    assert made.tasks == ("aime", "math")
    assert made.avg_percent == pytest.approx((50 + 75) / 2)
    low, high = (
        made.avg_percent - made.same_problems.low,
        made.same_problems.high - made.avg_percent,
    )
    parts = [e.same_problems.high - e.avg_percent for e in (small, large)]
    assert high == pytest.approx(np.hypot(*parts) / 2)
    assert low == pytest.approx(high)
    assert estimate_average([small, large]) == made


def test_an_average_of_two_models_or_of_one_task_twice_is_refused():
    one, other = (estimate(make_solved([1], k=2, model=name)) for name in ("a", "b"))
    for pair in ([one, other], [one, one]):
        with pytest.raises(UsageError, match="one estimate a task of one model"):
            estimate_average(pair)


@given(st.integers(1, 60), st.integers(1, 8), st.data())
@settings(max_examples=60, deadline=None)
def test_totals_alone_never_say_more_than_the_answers_behind_them(n, k, data):
    counts = np.array(data.draw(st.lists(st.integers(0, k), min_size=n, max_size=n)))
    known = estimate_totals(n, k, int(counts.sum()))
    full = estimate(make_solved(counts, k=k))
    assert known.avg_percent == pytest.approx(full.avg_percent)
    for name in ("same_problems", "similar_problems"):
        narrow, wide = getattr(full, name), getattr(known, name)
        assert wide.validity is not Validity.NOMINAL
        if n * k >= 30 and narrow.validity is Validity.NOMINAL:
            assert wide.low <= narrow.low + 1e-9
            assert wide.high >= narrow.high - 1e-9


def test_impossible_totals_are_refused():
    with pytest.raises(UsageError, match="found 31 right answers of 30 problems × 1 runs"):
        estimate_totals(30, 1, 31)
