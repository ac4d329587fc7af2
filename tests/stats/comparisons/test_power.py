from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import TTestPower

from tina_bench.stats.comparisons.paired import PairedOutcomes, Weighting, paired_differences
from tina_bench.stats.comparisons.power import SIZE, TARGET, powers

FIRST, SECOND = np.array([0]), np.array([1])


def sheet_of(solved_a, solved_b, k_a, k_b, task="aime"):
    n = len(solved_a)
    return PairedOutcomes(
        task,
        ("a", "b"),
        tuple(f"p{i:04d}" for i in range(n)),
        np.array([solved_a, solved_b], dtype=np.int64),
        np.array([k_a, k_b], dtype=np.int64),
    )


def made_pair(n, k, seed=0, spread=0.15):
    rng = np.random.default_rng(seed)
    chances = rng.beta(0.5, 0.9, n)
    other = np.clip(chances + rng.normal(0, spread, n), 0, 1)
    return paired_differences(
        [sheet_of(rng.binomial(k, chances), rng.binomial(k, other), k, k)], FIRST, SECOND
    )


def without_steps(found):
    """As if its test had a continuous statistic, as Student's has."""
    return replace(found, half_step=0 * found.half_step, half_step_of_one_run=0.0)


@given(
    st.sampled_from([5, 30, 40, 198, 500]),
    st.sampled_from([1, 4, 10]),
    st.integers(0, 1000),
    st.floats(0.5, 60),
)
@settings(max_examples=60, deadline=None)
def test_power_is_that_of_the_paired_t_test_of_statsmodels(n, k, seed, points):
    found = without_steps(made_pair(n, k, seed))
    (made,) = powers(found, differences_points=[points])
    sd = float(np.sqrt(found.variance[0] * n))
    reference = TTestPower().power(points / 100 / sd, n, SIZE)
    if np.isnan(reference):  # statsmodels has no value where hardly any comparison misses
        critical = stats.t.isf(SIZE / 2, n - 1)
        reference = stats.nct.sf(critical, n - 1, points / 100 / sd * n**0.5)
    assert made.needed[0].power == pytest.approx(min(1.0, reference), abs=1e-6)


@pytest.mark.parametrize("n", [30, 40, 198, 500])
def test_the_detectable_difference_and_the_problems_needed_are_those_of_statsmodels(n):
    found = without_steps(made_pair(n, 4))
    (made,) = powers(found, differences_points=[3])
    sd = float(np.sqrt(found.variance[0] * n))
    effect = TTestPower().solve_power(nobs=n, alpha=SIZE, power=TARGET)
    assert made.minimum_detectable_points == pytest.approx(100 * sd * effect, rel=1e-4)
    problems = TTestPower().solve_power(0.03 / sd, alpha=SIZE, power=TARGET)
    assert abs(made.needed[0].problems - problems) <= 1 + 0.01 * problems


@pytest.mark.parametrize("n", [30, 40, 198, 500])
@pytest.mark.parametrize("hypotheses", [1, 45, 496])
def test_after_correction_it_takes_the_difference_that_scipy_says(n, hypotheses):
    # statsmodels' solver loses its way at such levels: its tails are NaN there.
    found = made_pair(n, 4)
    (made,) = powers(found, hypotheses=hypotheses)
    shift = (made.corrected_points / 100 - 1 / 4 / n) / float(np.sqrt(found.variance[0]))
    critical = stats.t.isf(SIZE / hypotheses / 2, n - 1)
    assert stats.nct.sf(critical, n - 1, shift) == pytest.approx(TARGET, abs=1e-6)


def test_the_detectable_difference_is_found_with_80_percent_power():
    found = made_pair(30, 10)
    least = powers(found)[0].minimum_detectable_points
    (made,) = powers(found, differences_points=[least])
    assert made.needed[0].power == pytest.approx(TARGET, abs=1e-4)
    assert made.needed[0].problems == pytest.approx(30, abs=1)
    assert made.needed[0].runs == pytest.approx(10, abs=1)


def test_more_runs_help_only_as_far_as_chance_goes():
    chances = np.linspace(0.2, 0.8, 40)
    k = 10
    solved = np.round(k * chances).astype(int)
    # Models that differ by problem as chance makes them: many runs tell ever smaller differences.
    rng = np.random.default_rng(1)
    alike = paired_differences(
        [sheet_of(rng.binomial(k, chances), rng.binomial(k, chances), k, k)], FIRST, SECOND
    )
    needed = powers(alike)[0].needed
    assert needed[-1].runs is not None
    # Models that are good at opposite problems: no number of runs tells a small mean difference.
    opposite = paired_differences([sheet_of(solved, solved[::-1], k, k)], FIRST, SECOND)
    first = powers(opposite)[0].needed[0]
    assert first.runs is None
    assert first.runs_known
    assert first.problems > 1000


def test_with_one_run_nobody_knows_how_many_would_do():
    made = powers(made_pair(30, 1))[0]
    assert all(part.runs is None and not part.runs_known for part in made.needed)
    assert made.minimum_detectable_points > 5


def test_the_noise_of_fresh_answers_is_estimated_without_bias():
    rng = np.random.default_rng(5)
    chances_a, chances_b = rng.beta(0.5, 0.9, (2, 60))
    k_a, k_b = 4, 10
    truth = (chances_a * (1 - chances_a) / k_a + chances_b * (1 - chances_b) / k_b).mean() / 60
    noise = [
        paired_differences(
            [sheet_of(rng.binomial(k_a, chances_a), rng.binomial(k_b, chances_b), k_a, k_b)],
            FIRST,
            SECOND,
        ).noise[0]
        for _ in range(2000)
    ]
    assert np.mean(noise) == pytest.approx(truth, rel=0.02)


def test_one_problem_has_no_known_spread_and_no_power():
    found = paired_differences([sheet_of([1], [0], 1, 1)], FIRST, SECOND)
    (made,) = powers(found)
    assert made.minimum_detectable_points is None
    assert made.corrected_points is None
    assert all(part.power is None and part.problems is None for part in made.needed)


def test_equal_models_have_some_detectable_difference_and_no_warning():
    with np.errstate(all="raise"):
        found = paired_differences([sheet_of([5] * 30, [5] * 30, 10, 10)], FIRST, SECOND)
        (made,) = powers(found)
    assert 0 < made.minimum_detectable_points < 5
    assert all(0 <= part.power <= 1 for part in made.needed)


def test_tasks_of_equal_weight_are_as_sure_as_their_smallest():
    rng = np.random.default_rng(6)
    sheets = []
    for task, n in (("aime", 30), ("math", 500)):
        p = rng.beta(1, 1, n)
        sheets.append(sheet_of(rng.binomial(4, p), rng.binomial(4, p), 4, 4, task))
    weighted = paired_differences(sheets, FIRST, SECOND, Weighting.TASKS)
    pooled = paired_differences(sheets, FIRST, SECOND, Weighting.PROBLEMS)
    aime = paired_differences(sheets[:1], FIRST, SECOND)
    least = [powers(found)[0].minimum_detectable_points for found in (pooled, weighted, aime)]
    assert least == sorted(least)
    # The larger task adds almost nothing to the error, and almost no degrees of freedom.
    assert weighted.variance[0] == pytest.approx(aime.variance[0] / 4, rel=0.1)
    assert 29 < weighted.freedom[0] < 45


@pytest.mark.parametrize(("n", "k"), [(30, 1), (40, 4), (500, 10)])
def test_half_a_step_of_the_lattice_is_added_to_what_is_needed(n, k):
    found = made_pair(n, k)
    exact, smooth = powers(found)[0], powers(without_steps(found))[0]
    # A flip moves the mean by two units of 1 / (n k) at least.
    more = exact.minimum_detectable_points - smooth.minimum_detectable_points
    assert more == pytest.approx(100 / (n * k))
    for one, other in zip(exact.needed, smooth.needed, strict=True):
        assert one.power < other.power or other.power > 0.9999
        assert one.problems >= other.problems
