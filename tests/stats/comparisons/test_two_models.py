import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.descriptivestats import sign_test

from tests.stats.made_records import make_provenance, make_record, make_solved
from tina_bench.errors import UsageError
from tina_bench.stats.comparisons.paired import Weighting
from tina_bench.stats.comparisons.two_models import compare
from tina_bench.stats.methods import sign_flip
from tina_bench.stats.methods.sign_flip import sign_flip_test
from tina_bench.stats.types import Question, Validity


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
    monkeypatch.setattr(sign_flip, "MAX_STEPS", 0)
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


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=80))
@settings(max_examples=80, deadline=None)
def test_one_run_each_is_mcnemar_s_exact_test(answers):
    a, b = (np.array(column)[:, None] for column in zip(*answers, strict=True))
    made = compare([make_record(a)], [make_record(b, model="base")])
    both = [[(x & y).sum() for y in (b, ~b)] for x in (a, ~a)]
    assert made.p_value == pytest.approx(mcnemar(both, exact=True).pvalue)
    difference = a[:, 0].astype(int) - b[:, 0]
    assert made.p_value == pytest.approx(sign_flip_test(difference).p_value)
    if difference.any():
        assert made.p_value == pytest.approx(sign_test(difference, 0)[1])
    assert "McNemar" in made.method


def test_several_runs_are_clustered_by_problem():
    # 30 problems, each solved in all of 16 runs by one model only, are 30 observations, not 480.
    solved = [16] * 20 + [0] * 10
    a = make_solved(solved, k=16)
    b = make_solved([16 - x for x in solved], k=16, model="base")
    made = compare([a], [b])
    assert made.p_value == pytest.approx(stats.binomtest(20, 30).pvalue)


def test_greedy_runs_that_repeat_themselves_are_one_run():
    greedy = make_provenance(temperature=0)
    answers = np.arange(30)[:, None] < 20
    once = make_record(answers, provenance=greedy)
    often = make_record(np.repeat(answers, 8, axis=1), provenance=greedy)
    base = [make_record(np.arange(30)[:, None] < 12, model="base")]
    assert compare([often], base) == compare([once], base)


def test_each_copy_of_a_cluster_adds_no_evidence():
    rng = np.random.default_rng(9)
    a, b = rng.random((30, 4)) < 0.6, rng.random((30, 4)) < 0.4
    once = compare([make_record(a)], [make_record(b, model="base")])
    thrice = [make_record(np.repeat(x, 3, axis=0), model=m) for x, m in ((a, "tina"), (b, "base"))]
    clusters = {("aime", f"p{i:04d}"): f"question {i // 3}" for i in range(90)}
    clustered = compare(thrice[:1], thrice[1:], clusters=clusters)
    assert clustered.p_value == pytest.approx(once.p_value)
    assert clustered.difference_points == pytest.approx(once.difference_points)
    wide = clustered.interval.high - clustered.interval.low
    assert wide == pytest.approx(once.interval.high - once.interval.low, rel=0.01)
    naive = compare(thrice[:1], thrice[1:])
    assert naive.p_value < clustered.p_value
    assert naive.interval.high - naive.interval.low < 0.7 * wide


def test_the_standard_error_of_clusters_is_that_of_statsmodels():
    rng = np.random.default_rng(10)
    cluster = np.sort(rng.integers(0, 25, 60))
    a, b = (rng.random((60, 4)) < (0.3 + 0.02 * cluster)[:, None] for _ in range(2))
    names = {("aime", f"p{i:04d}"): f"c{c}" for i, c in enumerate(cluster)}
    made = compare([make_record(a)], [make_record(b, model="base")], clusters=names)
    difference = a.mean(axis=1) - b.mean(axis=1)
    groups = len(set(cluster.tolist()))
    fit = OLS(difference, np.ones(60)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}
    )
    squared = fit.bse[0] ** 2 * groups / (groups - 1)
    squared += (1 / 16 + 1 / 16) / groups / (groups - 1)  # the pseudo-answers
    half = 100 * stats.t.ppf(0.975, groups - 1) * squared**0.5
    assert (made.interval.high - made.interval.low) / 2 == pytest.approx(half)


def test_a_cluster_of_a_problem_that_is_not_compared_is_refused():
    a, b = make_solved([1, 1], k=1), make_solved([1, 1], k=1, model="base")
    with pytest.raises(UsageError, match="name problem 'p0007' of aime, which is none of"):
        compare([a], [b], clusters={("aime", "p0007"): "c"})


def test_tasks_of_equal_weight_give_the_mean_of_the_tasks_differences():
    rng = np.random.default_rng(12)
    sides = [
        [make_record(rng.random((n, 4)) < p, task=task, model=model)
         for task, n in (("aime", 30), ("amc", 40), ("math", 500))]
        for model, p in (("tina", 0.55), ("base", 0.5))
    ]  # fmt: skip
    apart = [compare([a], [b]) for a, b in zip(*sides, strict=True)]
    made = compare(*sides, weights=Weighting.TASKS)
    assert made.difference_points == pytest.approx(np.mean([x.difference_points for x in apart]))
    back = compare(*sides[::-1], weights=Weighting.TASKS)
    assert back.difference_points == pytest.approx(-made.difference_points)
    assert back.p_value == made.p_value
    halves = [(x.interval.high - x.interval.low) / 2 for x in apart]
    errors = [h / stats.t.ppf(0.975, x.n - 1) for h, x in zip(halves, apart, strict=True)]
    # Welch (1938) and Satterthwaite (1946), as textbooks have it.
    total = sum(e**2 for e in errors) / 9
    freedom = sum(e**2 for e in errors) ** 2 / sum(
        e**4 / (x.n - 1) for e, x in zip(errors, apart, strict=True)
    )
    half = stats.t.ppf(0.975, freedom) * total**0.5
    assert (made.interval.high - made.interval.low) / 2 == pytest.approx(half)


def test_a_task_pooled_by_problem_and_by_task_is_the_same_when_alone():
    rng = np.random.default_rng(13)
    a = [make_record(rng.random((30, 4)) < 0.6)]
    b = [make_record(rng.random((30, 4)) < 0.5, model="base")]
    assert compare(a, b, weights=Weighting.TASKS) == compare(a, b)


@pytest.mark.parametrize(
    ("n", "differing", "k", "validity", "reason"),
    [
        (29, 20, 10, Validity.ROUGH, "fewer than 30 problems"),
        (30, 20, 4, Validity.NOMINAL, ""),
        (30, 20, 3, Validity.CONSERVATIVE, "fewer than 4 runs of fewer than 100 problems"),
        (100, 20, 1, Validity.NOMINAL, ""),
        (200, 11, 10, Validity.CONSERVATIVE, "the two differ on only 11 problems"),
    ],
)
def test_an_interval_says_where_its_level_cannot_be_taken_at_its_word(
    n, differing, k, validity, reason
):
    counts = [k] * differing + [0] * (n - differing)
    made = compare([make_solved(counts, k=k)], [make_solved([0] * n, k=k, model="base")]).interval
    assert (made.validity, made.validity_reason) == (validity, reason)


def test_models_asked_differently_often_get_the_greater_of_two_p_values():
    rng = np.random.default_rng(15)
    p = rng.beta(5, 0.5, 30)
    once, often = rng.binomial(1, p), rng.binomial(10, p)
    made = compare([make_solved(once, k=1)], [make_solved(often, k=10, model="base")])
    flips = sign_flip_test(10 * once - often).p_value
    share = once - often / 10
    squares = ((share - share.mean()) ** 2).sum() + 1 + 1 / 100
    t = share.mean() / (squares / 29 / 30) ** 0.5
    student = 2 * stats.t.sf(abs(t), 29)
    assert student > flips
    assert made.p_value == pytest.approx(student)
    assert "as runs differ in number" in made.method


def test_task_sizes_without_common_divisors_do_not_overflow():
    sizes = (499, 491, 487, 479, 467, 463)
    rng = np.random.default_rng(14)
    sides = [
        [make_record(rng.random((n, 3)) < p, task=f"t{n}", model=model) for n in sizes]
        for model, p in (("tina", 0.52), ("base", 0.5))
    ]
    made = compare(*sides, weights=Weighting.TASKS)
    squared = sum(
        ((a_sums - b_sums) ** 2).sum() / 9 / n**2
        for n, a_sums, b_sums in (
            (a.n, *(np.array([sum(p.correct) for p in side.problems]) for side in (a, b)))
            for a, b in zip(*sides, strict=True)
        )
    )
    z = 6 * abs(made.difference_points) / 100 / squared**0.5
    assert made.p_value == pytest.approx(2 * stats.norm.sf(z), rel=0.05)
    assert "rounding p up" in made.method
