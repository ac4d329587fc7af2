"""Answers under several graders: agreement, flips, bounds, and tests that others have too."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tina_bench.catalog.graders import RECORDED
from tina_bench.stats.graders.audit import RuledAnswer, Ruling, audit_cell, compare_graders

R, W, U = Ruling.RIGHT, Ruling.WRONG, Ruling.UNDECIDED


def judged(*rows: tuple[Ruling, ...], k: int = 1, names: tuple[str, ...] = (RECORDED, "other")):
    """One answer a row, `k` to a problem, one ruling a grader."""
    return [
        RuledAnswer(
            f"p{at // k:03d}", at // k, at % k, f"key{at}", dict(zip(names, row, strict=True))
        )
        for at, row in enumerate(rows)
    ]


RULINGS = st.sampled_from(list(Ruling))
TWO = st.lists(st.tuples(RULINGS, RULINGS), min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(TWO)
def test_kappa_is_one_minus_observed_over_expected_disagreement(rows) -> None:
    found = compare_graders(judged(*rows), RECORDED, "other")
    first = [row[0] for row in rows]
    second = [row[1] for row in rows]
    observed = np.mean([a != b for a, b in rows])
    expected = np.mean([a != b for a, b in itertools.product(first, second)])
    if expected == 0:
        assert found.kappa is None
    else:
        assert found.kappa == pytest.approx(1 - observed / expected)
    assert found.agreement_percent == pytest.approx(100 * (1 - observed))


@settings(max_examples=200, deadline=None)
@given(TWO)
def test_with_one_run_the_test_is_the_binomial_test_of_the_flips(rows) -> None:
    found = compare_graders(judged(*rows), RECORDED, "other")
    one, other = found.right_by_first_only, found.right_by_second_only
    assert one == sum(a is R and b is not R for a, b in rows)
    assert other == sum(b is R and a is not R for a, b in rows)
    expected = stats.binomtest(one, one + other).pvalue if one + other else 1.0
    assert found.p_value == pytest.approx(expected)
    assert "McNemar" in found.p_method


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(RULINGS, RULINGS), min_size=6, max_size=16).filter(lambda r: len(r) % 2 == 0)
)
def test_with_several_runs_whole_problems_change_sign(rows) -> None:
    found = compare_graders(judged(*rows, k=2), RECORDED, "other")
    net = [(a is R) - (b is R) for a, b in rows]
    sums = [net[at] + net[at + 1] for at in range(0, len(net), 2)]
    flips = [abs(sum(s * v for s, v in zip(signs, sums, strict=True)))
             for signs in itertools.product((-1, 1), repeat=len(sums))]  # fmt: skip
    assert found.p_value == pytest.approx(np.mean([flip >= abs(sum(sums)) for flip in flips]))
    assert "clusters" in found.p_method


THREE = st.lists(st.tuples(RULINGS, RULINGS, RULINGS), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(THREE)
def test_no_truth_that_some_grader_allows_lies_outside_the_bounds(rows) -> None:
    names = (RECORDED, "b", "c")
    found = audit_cell("m", "t", judged(*rows, names=names), n=len(rows), k=1)
    assert all(
        found.lowest_percent <= s.percent <= found.highest_percent + 1e-9 for s in found.scores
    )
    least = most = 0
    for row in rows:  # an undecided answer may be either
        said = {ruling for ruling in row if ruling is not U} | ({R, W} if U in row else set())
        least += said == {R}
        most += R in said or len(said) == 2
    assert found.lowest_percent == pytest.approx(100 * least / len(rows))
    assert found.highest_percent == pytest.approx(100 * most / len(rows))


@settings(max_examples=50, deadline=None)
@given(THREE, st.randoms(use_true_random=False))
def test_the_order_of_answers_changes_nothing(rows, random) -> None:
    answers = judged(*rows, names=(RECORDED, "b", "c"))
    shuffled = random.sample(answers, len(answers))
    one, other = (audit_cell("m", "t", list_, n=len(rows), k=1) for list_ in (answers, shuffled))
    assert one == other


def test_undecided_is_told_apart_from_wrong_and_moves_no_score() -> None:
    found = audit_cell("m", "t", judged((W, U), (R, R)), n=2, k=1)
    (pair,) = found.pairs
    assert (pair.right_by_first_only, pair.right_by_second_only, pair.other_differences) == (
        0,
        0,
        1,
    )
    assert [score.percent for score in found.scores] == [50.0, 50.0]
    assert [score.undecided for score in found.scores] == [0, 1]
    assert [flip.rulings for flip in found.flips] == [{RECORDED: W, "other": U}]
    assert (found.lowest_percent, found.highest_percent) == (50.0, 100.0)


def test_what_no_grader_decided_is_disputed_but_no_flip() -> None:
    found = audit_cell("m", "t", judged((U, U), (R, R)), n=2, k=1)
    assert (found.disputed, found.flips) == (1, ())
    assert (found.lowest_percent, found.highest_percent) == (50.0, 100.0)


def test_a_grader_that_saw_some_answers_has_no_score_but_is_compared_on_these() -> None:
    answers = judged((R, R), (W, W), (R, W))
    del answers[1].rulings["other"]
    found = audit_cell("m", "t", answers, n=3, k=1, margin_points=5)
    recorded, other = found.scores
    assert recorded.percent == pytest.approx(200 / 3)
    assert (other.percent, other.shift_points, other.exceeds_margin, other.answers) == (
        None, None, None, 2,
    )  # fmt: skip
    (pair,) = found.pairs
    assert (pair.answers, pair.right_by_first_only) == (2, 1)


def test_graders_without_common_answers_are_no_pair() -> None:
    answers = judged((R, R), (W, W))
    del answers[0].rulings["other"], answers[1].rulings[RECORDED]
    assert compare_graders(answers, RECORDED, "other") is None


@pytest.mark.parametrize(("margin", "hangs"), [(10.0, True), (10.1, False), (None, False)])
def test_a_shift_as_large_as_the_margin_is_said(margin, hangs) -> None:
    rows = [(R, W)] + [(R, R)] * 9
    found = audit_cell("m", "t", judged(*rows), n=10, k=1, margin_points=margin)
    assert found.scores[1].shift_points == pytest.approx(-10.0)
    assert found.exceeds_margin is hangs
    assert found.width_points == pytest.approx(10.0)


def test_recorded_grades_come_first_then_graders_by_name() -> None:
    names = ("zeta", RECORDED, "alpha")
    found = audit_cell("m", "t", judged((R, R, W), names=names), n=1, k=1)
    assert [score.grader for score in found.scores] == [RECORDED, "alpha", "zeta"]
    assert [(pair.first, pair.second) for pair in found.pairs] == [
        (RECORDED, "alpha"), (RECORDED, "zeta"), ("alpha", "zeta"),
    ]  # fmt: skip
