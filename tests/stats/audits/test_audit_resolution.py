from math import sqrt

import numpy as np
import pytest
from audit_catalog import make_catalog, make_claim
from scipy import stats

from tests.catalog.facts import CATALOG
from tina_bench.stats.audits.resolution import resolution, resolutions, task_resolutions
from tina_bench.stats.evidence.chance import LEAST_SPREADS, Basis, Chance, chance_of

NOTHING = Chance(ratios={}, spreads={})


def spreads(ratio, count=40, runs=10, n=30, percent=30.0, seed=0):
    """Claims whose SDs are what chance makes of one true ratio."""
    rng = np.random.default_rng([4, 90, seed])
    variance = ratio * percent * (100 - percent) / n
    found = variance * rng.chisquare(runs - 1, count) / (runs - 1)
    return {
        f"s{i}": make_claim(percent, runs=runs, spread_points=float(sqrt(v)), model=f"m{i}")
        for i, v in enumerate(found)
    }


def test_one_problem_in_points_and_the_bound_are_the_formula():
    one = resolution("c", make_claim(43.33), 30, NOTHING)
    assert one.points_per_problem == pytest.approx(100 / 30)
    assert one.sd_bound_points == pytest.approx(100 * sqrt(0.4333 * 0.5667 / 30))
    assert one.half_width_bound_points == pytest.approx(1.959964 * one.sd_bound_points)
    assert one.sd_points is None
    assert one.basis is Basis.BOUND
    assert one.least_difference_points == pytest.approx(sqrt(2) * one.half_width_points)


def test_no_set_of_problems_scatters_more_than_the_bound():
    rng = np.random.default_rng([4, 91])
    for n in (30, 40, 500):
        chances = rng.beta(0.4, 0.8, n)
        bound = resolution("c", make_claim(round(100 * float(chances.mean()), 2)), n, NOTHING)
        true = 100 * sqrt((chances * (1 - chances)).sum()) / n
        assert true <= bound.sd_bound_points + 0.01


@pytest.mark.parametrize("runs", [3, 5, 10])
@pytest.mark.parametrize("ratio", [0.2, 0.5, 1.0])
def test_the_ratio_of_a_task_is_found_whatever_the_number_of_seeds(runs, ratio):
    found = [
        chance_of(make_catalog(spreads(ratio, runs=runs, seed=seed))).ratios["aime"]
        for seed in range(40)
    ]
    assert np.mean(found) == pytest.approx(ratio, rel=0.07)


def test_a_few_models_that_scatter_by_another_cause_do_not_move_the_ratio():
    plain = spreads(0.35)
    wild = {**plain, **{f"w{i}": make_claim(30.0, runs=3, spread_points=25.0) for i in range(3)}}
    before, after = (chance_of(make_catalog(c)).ratios["aime"] for c in (plain, wild))
    assert after == pytest.approx(before, rel=0.15)


def test_without_enough_published_spreads_the_bound_stands():
    few = dict(list(spreads(0.3).items())[: LEAST_SPREADS - 1])
    chance = chance_of(make_catalog(few))
    assert chance.ratios == {}
    assert chance.of_run("m0", "aime", 30.0, 30).basis is Basis.BOUND


def test_a_published_sd_of_nearly_nothing_is_drawn_towards_the_task_s():
    claims = {**spreads(0.4), "x": make_claim(30.0, model="x", runs=3, spread_points=0.1)}
    chance = chance_of(make_catalog(claims))
    own = chance.of_run("x", "aime", 30.0, 30)
    typical = chance.of_run("unknown", "aime", 30.0, 30)
    assert own.basis is Basis.PUBLISHED
    assert typical.basis is Basis.TASK
    assert 0.9 < own.variance / typical.variance < 1


def test_a_score_of_nothing_has_an_uncertainty():
    assert NOTHING.of_run("m", "aime", 0.0, 30).variance > 1
    assert NOTHING.of_run("m", "aime", 100.0, 30).variance > 1


@pytest.mark.parametrize("task", ["aime24", "aime25", "amc23", "math500", "minerva"])
def test_published_spreads_scatter_no_more_than_seeds_make_them(task):
    """What the prior's weight rests on: the middle half of the published ratios, each as a quantile
    of chi-square around the task's ratio, is hardly wider than a half."""
    ratio = chance_of(CATALOG).ratios[task]
    n = CATALOG.tasks[task].n_problems
    quantiles = []
    for claim in CATALOG.claims.values():
        if claim.task == task and claim.spread_points and claim.runs and claim.runs > 1:
            if not 10 <= claim.value_percent <= 90:
                continue
            bound = claim.value_percent * (100 - claim.value_percent) / n
            df = claim.runs - 1
            quantiles.append(stats.chi2.cdf(df * claim.spread_points**2 / bound / ratio, df))
    assert len(quantiles) >= 29
    inside = float(np.mean([0.25 < q < 0.75 for q in quantiles]))
    # With 30 quantiles the share inside has an SD of 0.09 around its true value.
    assert inside > 0.5 - 2 * 0.09


def test_a_single_aime_run_resolves_about_ten_points():
    one = {r.claim: r for r in resolutions(CATALOG, chance_of(CATALOG))}
    row = one["tina-v1-tina-open-rs2-aime24"]
    assert row.points_per_problem == pytest.approx(3.33, abs=0.01)
    assert 9 < row.half_width_points < 12
    assert 17 < row.half_width_bound_points < 18.5
    assert row.basis is Basis.TASK


def test_claims_of_several_runs_are_not_among_them():
    catalog = make_catalog([make_claim(), make_claim(runs=None), make_claim(runs=10)])
    found = resolutions(catalog, NOTHING)
    assert [r.claim for r in found] == ["c0", "c1"]
    (task,) = task_resolutions(catalog, found, NOTHING)
    assert (task.claims, task.n) == (2, 30)
    assert task.half_width_points[0] <= task.half_width_points[1]
