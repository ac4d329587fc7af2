import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.stats.made_records import make_record, make_solved
from tina_bench.stats.comparisons.all_pairs import PairVerdict, compare_all
from tina_bench.stats.comparisons.ranks import rank_bands
from tina_bench.stats.types import Question


def bands_of(records):
    return rank_bands(compare_all(records)[0])


def test_models_far_apart_have_one_rank_each():
    records = [make_solved([2 * i] * 40, k=10, model=f"m{i}") for i in range(5)]
    made = bands_of(records)
    assert [(band.model, band.best, band.worst) for band in made.bands] == [
        ("m4", 1, 1), ("m3", 2, 2), ("m2", 3, 3), ("m1", 4, 4), ("m0", 5, 5),
    ]  # fmt: skip
    assert made.bands[2].better == ("m3", "m4")
    assert made.bands[2].worse == ("m0", "m1")
    assert made.question is Question.SIMILAR_PROBLEMS
    assert made.level == 0.95


def test_equal_models_may_have_any_rank():
    made = bands_of([make_solved([5] * 40, k=10, model=f"m{i}") for i in range(4)])
    assert all((band.best, band.worst) == (1, 4) for band in made.bands)
    assert [band.model for band in made.bands] == ["m0", "m1", "m2", "m3"]


def test_one_problem_more_decides_no_rank_on_aime():
    rng = np.random.default_rng(4)
    solved = rng.random(30) < 0.45
    one_more = solved.copy()
    one_more[np.flatnonzero(~solved)[0]] = True
    made = bands_of([make_record(x[:, None], model=m) for m, x in (("a", solved), ("b", one_more))])
    assert [(band.model, band.best, band.worst) for band in made.bands] == [
        ("b", 1, 2), ("a", 1, 2),
    ]  # fmt: skip


@given(st.integers(0, 10_000), st.integers(2, 7), st.sampled_from([1, 4]))
@settings(max_examples=40, deadline=None)
def test_bands_follow_from_the_findings_and_contain_the_observed_rank(seed, models, k):
    rng = np.random.default_rng(seed)
    records = [
        make_record(rng.random((30, k)) < rng.random(), model=f"m{i}") for i in range(models)
    ]
    table = compare_all(records)[0]
    made = rank_bands(table)
    told = sum(pair.finding is not PairVerdict.NOT_TOLD_APART for pair in table.comparisons)
    assert sum(len(band.better) for band in made.bands) == told
    assert sum(len(band.worse) for band in made.bands) == told
    scores = table.scores_percent
    for band in made.bands:
        above = sum(score > band.score_percent for score in scores.values())
        below = sum(score < band.score_percent for score in scores.values())
        assert 1 <= band.best <= 1 + above
        assert models - below <= band.worst <= models
        assert band.best == 1 + len(band.better)
        assert band.worst == models - len(band.worse)
        assert band.best <= band.worst


def test_bands_do_not_depend_on_the_order_of_records():
    rng = np.random.default_rng(1)
    records = [make_record(rng.random((30, 4)) < i / 6, model=f"m{i}") for i in range(6)]
    assert bands_of(records) == bands_of(records[::-1])


def test_who_was_left_out_stays_named():
    records = [make_solved([1] * 30, k=2, model=m) for m in "abc"]
    records.append(make_solved([1] * 20, k=2, model="short"))
    made = bands_of(records)
    assert [band.model for band in made.bands] == ["a", "b", "c"]
    assert "short" in made.left_out
