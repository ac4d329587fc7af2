"""Sequential verdicts: a supermartingale by enumeration, bounds that nest, decisions that stay."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tina_bench.errors import UsageError
from tina_bench.stats.claims.sequential import confidence_sequence, decide, plausible_scores
from tina_bench.stats.methods import betting
from tina_bench.stats.methods.betting import LARGEST_BET, STAKES, Capital
from tina_bench.stats.types import Question, Verdict

AIME = {"claimed_percent": 40.0, "decimals": 2, "k0": 64, "margin_points": 5.0, "family": 6}

chances = st.lists(
    st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.01, 0.99)), min_size=1, max_size=3
)


@st.composite
def matrices(draw, most_problems=8, most_runs=12):
    n, k = draw(st.integers(1, most_problems)), draw(st.integers(1, most_runs))
    rows = st.lists(st.booleans(), min_size=k, max_size=k)
    return np.array(draw(st.lists(rows, min_size=n, max_size=n)), dtype=bool)


def outcomes(n, k):
    for bits in itertools.product([False, True], repeat=n * k):
        yield np.array(bits, dtype=bool).reshape(n, k)


def chance_of(correct, p):
    p = np.asarray(p)[:, None]
    return float(np.where(correct, p, 1 - p).prod())


def plain_capital(correct, resolution, theta, *, upwards):
    """The capital of the docstring, a loop an answer, without groups, logarithms or arrays."""
    n, k = correct.shape
    capitals = dict.fromkeys(STAKES, 1.0)
    history = []
    for run in range(k):
        earlier = [sum(map(int, correct[i, :run])) for i in range(n)]
        mean = (sum(earlier) + 1) / (n * run + 2)
        pseudo = 2.0
        if run > 1:
            within = sum(x * (run - x) for x in earlier) / (n * run * (run - 1))
            between = mean * (1 - mean) - within
            pseudo = 100.0 if between <= 0 else min(max(within / between, 0.5), 100.0)
        guesses = [(x + pseudo * mean) / (run + pseudo) for x in earlier]
        centre = sum(guesses) / n
        variance = sum(g * (1 - g) for g in guesses) / n
        if theta <= centre:
            stretched = [g * theta / centre for g in guesses]
        else:
            stretched = [1 - (1 - g) * (1 - theta) / (1 - centre) for g in guesses]
        assert math.isclose(sum(stretched) / n, theta, abs_tol=1e-12)
        for stake in STAKES:
            bet = min(stake * resolution / variance, LARGEST_BET) * (1 if upwards else -1)
            for i in range(n):
                capitals[stake] *= 1 + bet * (int(correct[i, run]) - stretched[i])
        history.append(sum(STAKES[stake] * capitals[stake] for stake in STAKES))
    return history


def test_the_weights_of_the_mixture_are_a_distribution():
    assert sum(STAKES.values()) == pytest.approx(1)
    assert min(STAKES.values()) > 0
    assert LARGEST_BET < 1


@settings(max_examples=25, deadline=None)
@given(p=chances, upwards=st.booleans(), resolution=st.sampled_from([0.02, 0.1, 0.3]))
def test_expected_capital_against_the_truth_is_at_most_1_after_every_run(p, upwards, resolution):
    """Every outcome of up to 3 problems and 3 runs, with its chance: nothing is simulated."""
    n, k, theta = len(p), 3, float(np.mean(p))
    expected = np.zeros(k)
    for correct in outcomes(n, k):
        chance = chance_of(correct, p)
        if chance > 0:
            history = Capital(correct, resolution).log_history(theta, upwards=upwards)
            expected += chance * np.exp(history)
    assert (expected <= 1 + 1e-9).all()
    assert np.diff(expected).max() <= 1e-9, "a supermartingale never gains"


def test_with_equal_chances_the_first_bet_is_fair_to_the_last_cent():
    expected = sum(
        chance_of(correct, (0.3, 0.3)) * np.exp(Capital(correct, 0.1).log_history(0.3, upwards=up))
        for correct in outcomes(2, 1)
        for up in (True,)
    )
    assert expected == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(correct=matrices(), theta=st.floats(0.01, 0.99), upwards=st.booleans())
def test_capital_is_that_of_a_loop_over_every_answer(correct, theta, upwards):
    found = np.exp(Capital(correct, 0.07).log_history(theta, upwards=upwards))
    assert found == pytest.approx(plain_capital(correct, 0.07, theta, upwards=upwards), rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(correct=matrices(), grid=st.lists(st.floats(0, 1), min_size=2, max_size=6))
def test_bets_upwards_fall_as_the_candidate_rises_and_bets_downwards_rise(correct, grid):
    capital = Capital(correct, 0.05)
    for upwards in (True, False):
        histories = np.array([capital.log_history(t, upwards=upwards) for t in sorted(grid)])
        steps = np.diff(histories, axis=0) * (1 if upwards else -1)
        assert (steps <= 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(correct=matrices(), error=st.sampled_from([0.05, 0.3, 0.9]))
def test_bounds_are_those_of_a_grid_of_candidates_on_the_side_that_is_not_refuted(correct, error):
    capital = Capital(correct, 0.05)
    low, high = capital.bounds(error)
    assert 0 <= low <= 1
    assert 0 <= high <= 1
    for theta in np.linspace(0, 1, 41):
        lower = capital.log_history(theta, upwards=True).max() >= -np.log(error)
        upper = capital.log_history(theta, upwards=False).max() >= -np.log(error)
        assert (theta <= low) == lower or abs(theta - low) < 1e-5
        assert (theta >= high) == upper or abs(theta - high) < 1e-5


@settings(max_examples=60, deadline=None)
@given(correct=matrices())
def test_more_runs_never_widen_what_fewer_had_narrowed(correct):
    lows, highs = [], []
    for k in range(1, correct.shape[1] + 1):
        found = confidence_sequence(correct[:, :k], 0.9, resolution=5)
        lows.append(found.low)
        highs.append(found.high)
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)


@settings(max_examples=40, deadline=None)
@given(correct=matrices(most_problems=12), seed=st.integers(0, 99))
def test_the_order_of_problems_decides_nothing(correct, seed):
    shuffled = np.random.default_rng(seed).permutation(correct, axis=0)
    assert decide(shuffled, **AIME) == decide(correct, **AIME)


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("p", [(0.0, 1.0, 0.5, 0.2), (0.3, 0.3, 0.3, 0.3), (0.9, 0.05, 0.6, 1.0)])
def test_beyond_the_mean_sums_of_unequal_chances_spread_less_than_the_binomial(p, n):
    """Hoeffding's theorem 4 by enumeration, in the range in which it is used."""
    p = p[:n]
    theta, mass = float(np.mean(p)), np.zeros(n + 1)
    for correct in outcomes(n, 1):
        mass[int(correct.sum())] += chance_of(correct, p)
    for total in range(n + 1):
        if total >= n * theta + 1:
            assert mass[total:].sum() <= stats.binom.sf(total - 1, n, theta) + 1e-12
        if total <= n * theta - 1:
            assert mass[: total + 1].sum() <= stats.binom.cdf(total, n, theta) + 1e-12


@settings(max_examples=80, deadline=None)
@given(answers=st.integers(1, 300), share=st.floats(0, 1), tail=st.sampled_from([0.01, 1e-4]))
def test_scores_beyond_the_plausible_ones_make_the_total_rarer_than_the_tail(answers, share, tail):
    total = round(share * answers)
    low, high = plausible_scores(total, total, answers, tail)
    expected = stats.binomtest(total, answers).proportion_ci(1 - 2 * tail)
    assert low == pytest.approx(min(expected.low, max(0, (total - 1) / answers)), abs=1e-9)
    assert high == pytest.approx(max(expected.high, min(1, (total + 1) / answers)), abs=1e-9)
    for theta in (low * 0.999, low * 0.9):
        if theta > 0:
            assert total >= answers * theta + 1
            assert stats.binom.sf(total - 1, answers, theta) <= tail * 1.001


def coins(n, k, p, seed=1):
    return np.random.default_rng([4, 6, seed]).random((n, k)) < p


def test_a_score_at_the_claim_is_reproduced_and_one_far_off_is_not():
    same = decide(coins(30, 64, 0.4), **AIME)
    assert (same.verdict, same.runs) == (Verdict.REPRODUCED, 64)
    assert same.decided_after is not None
    assert same.decided_after < 64
    assert 35 <= same.low_percent <= same.measured_percent <= same.high_percent <= 45
    far = decide(coins(30, 64, 0.8), **AIME)
    assert far.verdict is Verdict.NOT_REPRODUCED
    assert far.decided_after is not None
    assert far.decided_after <= 4
    assert far.family_low_percent > far.claim_high_percent
    assert decide(coins(30, 2, 0.4), **AIME).verdict is None


def test_a_decision_is_the_same_however_many_runs_come_after_it():
    for seed in range(6):
        correct = coins(30, 64, 0.44, seed)
        found = [decide(correct[:, :k], **AIME) for k in range(1, 65)]
        decided = next((d for d in found if d.verdict is not None), None)
        for after in found:
            if decided is None or after.runs < decided.runs:
                assert after.verdict is None
            else:
                assert (after.verdict, after.decided_after) == (decided.verdict, decided.runs)


def test_a_larger_family_decides_against_a_claim_later_and_for_it_as_before():
    correct, of = coins(30, 40, 0.52), {key: AIME[key] for key in AIME if key != "family"}
    few, many = (decide(correct, **of, family=family) for family in (1, 500))
    assert few.verdict is Verdict.NOT_REPRODUCED
    assert many.decided_after is None or (few.decided_after or 99) < many.decided_after
    same = coins(30, 64, 0.4)
    first, second = (decide(same, **of, family=family) for family in (1, 500))
    assert first.low_percent == second.low_percent
    assert first.verdict is second.verdict is Verdict.REPRODUCED


def test_a_claim_from_one_run_is_harder_to_contradict_and_as_easy_to_bear_out():
    far = coins(30, 20, 0.7)
    one, many = (decide(far, **{**AIME, "k0": k0}) for k0 in (1, 64))
    assert one.verdict is None
    assert many.verdict is Verdict.NOT_REPRODUCED
    same = coins(30, 64, 0.4)
    assert decide(same, **{**AIME, "k0": 1}).verdict is Verdict.REPRODUCED


def test_the_margin_s_end_below_0_or_above_100_needs_no_proof():
    never = np.zeros((30, 12), dtype=bool)
    found = decide(never, **{**AIME, "claimed_percent": 2.0})
    assert found.verdict is Verdict.REPRODUCED
    assert found.low_percent == 0
    always = decide(~never, **{**AIME, "claimed_percent": 98.0})
    assert always.verdict is Verdict.REPRODUCED
    assert always.decided_after == found.decided_after


def test_a_margin_below_the_rounding_of_the_claim_proves_nothing():
    found = decide(coins(500, 64, 0.4), **{**AIME, "decimals": 0, "margin_points": 0.4})
    assert found.verdict is not Verdict.REPRODUCED


def test_the_interval_says_what_it_is():
    found = decide(coins(30, 10, 0.4), **AIME)
    assert found.interval.level == 0.9
    assert found.interval.question is Question.SAME_PROBLEMS
    assert "arXiv 2010.01686" in found.interval.method
    direct = confidence_sequence(coins(30, 10, 0.4), 0.9, resolution=5)
    assert direct == found.interval


@pytest.mark.parametrize(
    ("shape", "given", "word"),
    [
        ((0, 3), {}, "0 problems"),
        ((3, 0), {}, "0 runs"),
        ((3, 3), {"k0": 0}, "k0"),
        ((3, 3), {"margin_points": 0.0}, "margin_points"),
        ((3, 3), {"family": 0}, "family"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_one_sentence(shape, given, word):
    with pytest.raises(UsageError, match=word):
        decide(np.zeros(shape, dtype=bool), **{**AIME, **given})


def test_guesses_by_problem_halve_the_runs_of_equal_guesses(monkeypatch):
    """Where problems are sure or hopeless, what earlier runs showed of each is worth much."""
    rng = np.random.default_rng([4, 6, 77])
    p = np.array([0.02] * 15 + [0.98] * 9 + [0.5] * 6)
    runs = {"by problem": [], "equal": []}
    for _ in range(12):
        correct = rng.random((30, 64)) < p[:, None]
        claim = {**AIME, "claimed_percent": round(100 * float(p.mean()), 2)}
        runs["by problem"].append(decide(correct, **claim).decided_after or 65)
        with monkeypatch.context() as patched:
            patched.setattr(
                betting,
                "_guesses",
                lambda x, k: np.full(len(np.unique(x)), (x.sum() + 1) / (len(x) * k + 2)),
            )
            runs["equal"].append(decide(correct, **claim).decided_after or 65)
    assert 2 * np.mean(runs["by problem"]) < np.mean(runs["equal"])
