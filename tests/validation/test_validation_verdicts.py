"""How often verdicts are wrong: contradicting true claims, confirming claims off by the margin."""

import numpy as np
import pytest
from grid import POPULATIONS, share_interval
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tina_bench.stats.claims.p_values import EQUIVALENCE_LEVEL, SIZE, outcome_p
from tina_bench.stats.scores.intervals import same_problems

TASKS = {"aime24": 30, "aime25": 30, "amc23": 40, "math500": 500, "gpqa": 198, "minerva": 272}
MARGINS = dict(zip(TASKS, (5.0, 5.0, 3.75, 2.0, 2.0, 2.0), strict=True))
MODELS = 8
LIKE = dict(zip(TASKS, (2, 2, 3, 4, 5, 1), strict=True))
"""Population of each task, by place in POPULATIONS."""


def a_claim(rng, chances, k0, decimals):
    value = 100 * rng.binomial(k0, chances).mean() / k0
    return round(value, decimals)


def p_of(solved, k, value, k0, decimals):
    return outcome_p(solved, k, value, 0.5 * 10.0**-decimals, k0)[0]


def is_confirmed(solved, k, value, margin, decimals=2):
    made = same_problems(solved, k, level=EQUIVALENCE_LEVEL)
    slack = margin - 0.5 * 10.0**-decimals
    return value - slack <= made.low and made.high <= value + slack


@pytest.mark.parametrize("k", [4, 10])
@pytest.mark.parametrize("k0", [1, 10])
def test_48_true_claims_are_all_left_standing_in_95_of_100_families(k, k0, full, findings):
    """A/A: claim and result of 8 models on 6 tasks are drawn from the same chances."""
    families = 1000 if full else 12
    rng = np.random.default_rng([4, 4, k, k0])
    wrong = nominal = cells = 0
    for _ in range(families):
        p_values, confirmed = [], []
        for task, n in TASKS.items():
            for _ in range(MODELS):
                chances = POPULATIONS[LIKE[task]].draw(rng, n)
                solved = rng.binomial(k, chances)
                value = a_claim(rng, chances, k0, 2)
                p_values.append(p_of(solved, k, value, k0, 2))
                confirmed.append(is_confirmed(solved, k, value, MARGINS[task]))
        rejected = multipletests(p_values, alpha=SIZE, method="holm")[0]
        wrong += bool((rejected & ~np.array(confirmed)).any())
        nominal += sum(p < SIZE for p in p_values)
        cells += len(p_values)
    findings(
        f"family-{k}-{k0}",
        [
            {
                "k": k,
                "k0": k0,
                "families": families,
                "cells": MODELS * len(TASKS),
                "family_wise_false_not_reproduced": wrong / families,
                "single_p_below_5_percent": nominal / cells,
            }
        ],
    )
    assert share_interval(wrong, families)[0] <= SIZE
    assert full is False or wrong / families <= SIZE
    assert share_interval(nominal, cells)[0] <= SIZE


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda p: p.name)
def test_a_claim_off_by_the_margin_is_confirmed_in_at_most_5_of_100_cases(
    population, full, findings
):
    """The claim is the model's expected score plus or minus the margin, exactly."""
    draws = 4000 if full else 200
    rows = []
    for n, margin in ((30, 5.0), (40, 3.75), (500, 2.0)):
        for k in (4, 10, 64):
            rng = np.random.default_rng([4, 5, n, k])
            wrong = 0
            for index in range(draws):
                chances = population.draw(rng, n)
                claimed = 100 * chances.mean() + (margin if index % 2 else -margin)
                solved = rng.binomial(k, chances)
                wrong += is_confirmed(solved, k, claimed, margin, decimals=9)
            rows.append(
                {
                    "population": population.name,
                    "n": n,
                    "k": k,
                    "margin_points": margin,
                    "false_reproduced": wrong / draws,
                    "draws": draws,
                }
            )
    findings(f"equivalence-{POPULATIONS.index(population)}", rows)
    for found in rows:
        low, _ = share_interval(round(found["false_reproduced"] * draws), draws)
        # One-sided coverage of a nominal two-sided interval: 5 %, give or take its 1.5 points.
        assert low <= SIZE + 0.0125, found
        assert not full or found["false_reproduced"] <= SIZE + 0.0125, found


def test_power_grows_with_runs_and_with_the_distance_of_the_claim(full, findings):
    """The chance of each verdict for claims off by so many points, on 30 AIME-like problems."""
    draws = 1500 if full else 100
    rows = []
    population, n, margin = POPULATIONS[2], 30, 5.0
    for k0 in (1, 10):
        for k in (4, 10, 64):
            for off in (0.0, 5.0, 10.0, 20.0):
                rng = np.random.default_rng([4, 6, k, k0, int(off)])
                contradicted = confirmed = 0
                for _ in range(draws):
                    chances = population.draw(rng, n)
                    value = min(a_claim(rng, chances, k0, 2) + off, 100.0)
                    solved = rng.binomial(k, chances)
                    inside = is_confirmed(solved, k, value, margin)
                    confirmed += inside
                    contradicted += p_of(solved, k, value, k0, 2) < SIZE and not inside
                rows.append(
                    {
                        "k0": k0,
                        "k": k,
                        "claim_off_by_points": off,
                        "not_reproduced": contradicted / draws,
                        "reproduced": confirmed / draws,
                        "draws": draws,
                    }
                )
    findings("power", rows)
    for k0 in (1, 10):
        for k in (4, 10, 64):
            curve = [r["not_reproduced"] for r in rows if (r["k0"], r["k"]) == (k0, k)]
            assert curve[-1] > max(curve[:2]) + 0.1, curve
            assert share_interval(round(curve[0] * draws), draws)[0] <= SIZE
    by_runs = [
        r["not_reproduced"] for r in rows if r["k0"] == 10 and r["claim_off_by_points"] == 10
    ]
    assert by_runs[-1] > by_runs[0]


def test_identical_data_give_identical_verdicts_in_any_order(full):
    rng = np.random.default_rng([4, 7])
    solved = rng.binomial(10, POPULATIONS[2].draw(rng, 30))
    first = p_of(solved, 10, 43.33, 1, 2)
    for _ in range(200 if full else 20):
        assert p_of(rng.permutation(solved), 10, 43.33, 1, 2) == first


def test_the_size_of_the_test_is_that_of_fishers_for_equal_coins():
    """Where an exact conditional test exists (coins, totals only) ours says nearly the same."""
    solved = np.full(30, 5)
    ours = p_of(solved, 10, 100 * 25 / 30, 1, 4)
    fisher = stats.fisher_exact([[150, 150], [25, 5]]).pvalue
    assert ours == pytest.approx(fisher, rel=0.6)
