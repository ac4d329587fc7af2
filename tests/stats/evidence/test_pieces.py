"""One piece a team: variances by each kind of evidence, and what may not change them."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tina_bench.stats.evidence.chance import Chance, binomial_bound
from tina_bench.stats.evidence.measurement_types import Measurement
from tina_bench.stats.evidence.pieces import by_team, chance_variance, common_percent, scale_of
from tina_bench.stats.methods.score_variance import answer_variance

CHANCE = Chance(ratios={"aime": 0.31}, spreads={})
NO_RATIO = Chance(ratios={}, spreads={})


def measured(percent=40.0, **changes):
    values = {
        "name": "c", "origin": "claim", "model": "m", "task": "aime", "percent": percent,
        "decimals": 2, "n": 30, "runs": 1, "who": "w", "source": "s",
    }  # fmt: skip
    return Measurement(**{**values, **changes})


def variance(one, chance=CHANCE):
    return chance_variance(one, one.percent, chance)[0]


ROUNDING = 10.0**-4 / 12


def test_a_score_alone_has_the_task_s_share_of_the_bound_over_its_runs():
    bound = binomial_bound(40.0, 30)
    assert variance(measured(runs=16)) == pytest.approx(0.31 * bound / 16 + ROUNDING)
    assert variance(measured(runs=None)) == variance(measured(runs=1))
    assert variance(measured(), NO_RATIO) == pytest.approx(bound + ROUNDING)


def test_a_printed_spread_is_drawn_towards_the_task_s_and_weighs_its_runs():
    bound = binomial_bound(40.0, 30)
    one = measured(runs=10, spread_points=6.0)
    assert variance(one) == pytest.approx((64 * 0.31 * bound + 9 * 36) / 73 / 10 + ROUNDING)
    assert variance(one, NO_RATIO) == pytest.approx(bound / 10 + ROUNDING)
    wide = measured(runs=10, spread_points=9.0)
    assert variance(wide, NO_RATIO) == pytest.approx(max(bound, 81) / 10 + ROUNDING)


def test_a_spread_that_chance_cannot_reach_is_taken_for_none():
    assert variance(measured(runs=10, spread_points=40.0)) == variance(measured(runs=10))


def test_counts_by_run_are_their_own_spread_and_are_not_rounded():
    runs = (6, 12, 9, 7, 13)
    sd = float(np.std([100 * right / 30 for right in runs], ddof=1))
    counted = measured(percent=31.33, runs=5, correct_by_run=runs)
    printed = measured(percent=31.33, runs=5, spread_points=sd)
    assert variance(counted) == pytest.approx(variance(printed) - ROUNDING)


def test_answers_by_problem_give_their_own_variance():
    solved = (5, 5, 4, 3, 0, 0, 1, 2) + (0,) * 22
    one = measured(percent=100 * 20 / 150, runs=5, correct_by_problem=solved)
    expected = 1e4 * answer_variance(np.array(solved), 5).value / (30 * 5)
    assert variance(one) == pytest.approx(expected)


def test_runs_that_scatter_more_than_their_answers_can_weigh_less():
    solved = (3,) * 10 + (0,) * 20
    even = measured(percent=20.0, runs=5, correct_by_problem=solved, correct_by_run=(6,) * 5)
    uneven = even.model_copy(update={"correct_by_run": (0, 10, 10, 10, 0)})
    one_run = 1e4 * answer_variance(np.array(solved), 5).value / 30
    scores = 100 * np.array([0, 10, 10, 10, 0]) / 30
    q = ((scores - scores.mean()) ** 2).sum() / one_run
    assert q > 4
    assert variance(uneven) == pytest.approx(variance(even) * q / 4)


def test_measurements_of_a_team_are_one_piece_weighted_by_precision():
    many = measured(30.0, name="many", runs=64)
    few = measured(40.0, name="few", runs=1)
    (piece,) = by_team([few, many], CHANCE)
    assert piece.runs == 65
    assert 30 < piece.percent < 30.4
    common = common_percent([few, many])
    one, two = (chance_variance(m, common, CHANCE)[0] for m in (few, many))
    assert piece.se_points == pytest.approx(sqrt(1 / (1 / one + 1 / two)))
    assert [part.name for part in piece.parts] == ["few", "many"]


def test_people_under_two_names_are_one_team_and_others_are_not():
    found = [
        measured(name="a", who="Tina authors"),
        measured(name="b", who="Tina author (x)"),
        measured(name="c", who="others"),
    ]
    assert [piece.team for piece in by_team(found, CHANCE)] == ["Tina", "others"]


def test_what_trainings_differ_by_stays_however_often_one_is_measured():
    found = [measured(name=f"c{i}", runs=1000, model="m1") for i in range(5)]
    (piece,) = by_team(found, CHANCE, spread_between={"m1": 9.0})
    assert piece.se_points == pytest.approx(3.0, abs=0.01)
    two = [*found, measured(name="other", runs=1000, model="m2")]
    (piece,) = by_team(two, CHANCE, spread_between={"m1": 9.0, "m2": 9.0})
    assert piece.se_points == pytest.approx(3.0 / sqrt(2), abs=0.01)


KINDS = st.sampled_from(["alone", "spread", "no ratio", "large spread"])


@given(st.floats(5, 95), st.integers(1, 200), st.integers(1, 200), KINDS)
def test_more_runs_of_a_team_never_widen_its_own_variance(percent, runs, more, kind):
    """Of the same spread, where one is printed: another spread is other news."""
    chance = NO_RATIO if kind == "no ratio" else CHANCE
    bound = binomial_bound(percent, 30)
    spread = {"spread": sqrt(0.31 * bound), "large spread": sqrt(1.2 * bound)}.get(kind)
    few, many = (
        measured(percent, runs=k, spread_points=spread if k > 1 else None)
        for k in (runs, runs + more)
    )
    if runs > 1 or spread is None:
        assert variance(many, chance) <= variance(few, chance) + 1e-12


@given(st.lists(st.tuples(st.floats(5, 95), st.integers(1, 64)), min_size=1, max_size=6))
def test_a_further_measurement_never_widens_a_team_s_piece(rows):
    found = [measured(p, name=f"c{i}", runs=k) for i, (p, k) in enumerate(rows)]
    extra = measured(50.0, name="extra", runs=1)
    (before,) = by_team(found, CHANCE, common=50.0)
    (after,) = by_team([*found, extra], CHANCE, common=50.0)
    assert after.se_points < before.se_points


@given(
    st.lists(st.tuples(st.floats(5, 95), st.integers(1, 64), st.sampled_from("abc")), min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_order_of_measurements_changes_nothing(rows, random):
    found = [measured(p, name=f"c{i:03d}", runs=k, who=w) for i, (p, k, w) in enumerate(rows)]
    mixed = list(found)
    random.shuffle(mixed)
    assert by_team(found, CHANCE) == by_team(mixed, CHANCE)


def test_small_tasks_have_the_wider_prior():
    assert [scale_of(n) for n in (30, 40, 198, 272, 500, 675)] == [3, 3, 3, 2, 2, 2]
