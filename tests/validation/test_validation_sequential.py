"""Stopping when it suits: how often the sequential verdicts are wrong at any time, what they save.

Whoever looks after every run and stops at the first verdict is the hardest case: a rate of wrong
verdicts under that rule bounds the rate under any other, of batches, budgets or second thoughts.
"""

import itertools
import math

import numpy as np
import pytest
from grid import POPULATIONS, share_interval
from scipy import stats

from tina_bench.stats.claims.p_values import EQUIVALENCE_LEVEL, SIZE
from tina_bench.stats.claims.sequential import decide
from tina_bench.stats.methods.betting import Capital
from tina_bench.stats.scores.intervals import same_problems
from tina_bench.stats.types import Verdict

DESIGNS = ((30, 5.0, 64), (500, 2.0, 24))
"""Problems, margin in points and runs at most: like AIME and like MATH-500."""
LOOKS = (4, 6, 9, 14, 21, 32, 48, 64)
"""Where `reproduce --until-decided` looks."""
QUICK = (0, 2)
"""Populations of the slice that CI runs: coins, and U-shaped as AIME."""


@pytest.fixture
def populations(full):
    return POPULATIONS if full else tuple(POPULATIONS[index] for index in QUICK)


def answers(rng, chances, k):
    return rng.random((len(chances), k)) < chances[:, None]


def draws_of(full, n, most):
    """Fewer of the larger task, and far fewer for the slice."""
    if full:
        return most if n == 30 else most // 4
    return 60 if n == 30 else 15


def test_a_claim_off_by_the_margin_is_borne_out_at_any_time_in_at_most_5_of_100_cases(
    populations, full, findings
):
    """The claim is the expected score plus or minus the margin, exactly, and is never rounded."""
    rows = []
    for population, (n, margin, most) in itertools.product(populations, DESIGNS):
        draws = draws_of(full, n, 2000)
        rng = np.random.default_rng([4, 60, n])
        wrong = fixed_wrong = 0
        for index in range(draws):
            chances = population.draw(rng, n)
            correct = answers(rng, chances, most)
            truth = 100 * chances.mean()
            claimed = truth + (margin if index % 2 else -margin)
            if not 0 <= claimed <= 100:
                claimed = 2 * truth - claimed
            made = decide(
                correct, claimed_percent=claimed, decimals=6, k0=10**4, margin_points=margin,
                family=1,
            )  # fmt: skip
            wrong += made.verdict is Verdict.REPRODUCED
            fixed_wrong += peeked(correct, claimed, margin)
        rows.append(
            {
                "problems": population.name, "n": n, "runs_at_most": most,
                "false_reproduced": wrong / draws,
                "false_by_the_fixed_method_when_peeked": fixed_wrong / draws,
            }
        )  # fmt: skip
        assert share_interval(wrong, draws)[0] <= SIZE, rows[-1]
    findings("sequential-false-reproduced", rows)


def peeked(correct, claimed, margin):
    """Whether the fixed method, misused at every look, ever bears the claim out."""
    for k in LOOKS:
        if k <= correct.shape[1]:
            made = same_problems(correct[:, :k].sum(axis=1), k, level=EQUIVALENCE_LEVEL)
            if claimed - margin <= made.low and made.high <= claimed + margin:
                return True
    return False


def test_a_true_claim_is_contradicted_at_any_time_in_at_most_5_of_100_cases(
    populations, full, findings
):
    """A/A in a family of one: the claim is what k0 fresh runs of the same model gave."""
    rows = []
    for population, (n, margin, most) in itertools.product(populations, DESIGNS):
        for k0 in (1, 10):
            draws = draws_of(full, n, 1000)
            rng = np.random.default_rng([4, 61, n, k0])
            wrong = outside = 0
            for _ in range(draws):
                chances = population.draw(rng, n)
                correct = answers(rng, chances, most)
                claimed = round(100 * rng.binomial(k0, chances).mean() / k0, 2)
                made = decide(
                    correct, claimed_percent=claimed, decimals=2, k0=k0, margin_points=margin,
                    family=1,
                )  # fmt: skip
                wrong += made.verdict is Verdict.NOT_REPRODUCED
                truth = 100 * chances.mean()
                outside += not made.low_percent <= truth <= made.high_percent
            rows.append(
                {
                    "problems": population.name, "n": n, "k0": k0,
                    "false_not_reproduced": wrong / draws,
                    "rate_truth_outside_90_percent_bounds": outside / draws,
                }
            )  # fmt: skip
            assert share_interval(wrong, draws)[0] <= SIZE, rows[-1]
            assert share_interval(outside, draws)[0] <= 1 - EQUIVALENCE_LEVEL, rows[-1]
    findings("sequential-false-not-reproduced", rows)


def test_a_true_score_is_borne_out_with_fewer_runs_than_a_fixed_number_of_the_same_power(
    populations, full, findings
):
    """Score and claim agree. The fixed design is told the true variance, which nobody knows.

    Its power is that of sampling to the last run, or 99 % where that is more.
    """
    rows = []
    for population, (n, margin, most) in itertools.product(populations, DESIGNS):
        draws = draws_of(full, n, 900)
        rng = np.random.default_rng([4, 62, n])
        every, batched, needed = [], [], []
        for _ in range(draws):
            chances = population.draw(rng, n)
            correct = answers(rng, chances, most)
            capital, claimed = Capital(correct, margin / 100), float(chances.mean())
            ends = (
                capital.first_refuted(claimed - margin / 100, SIZE, upwards=True),
                capital.first_refuted(claimed + margin / 100, SIZE, upwards=False),
            )
            after = most + 1 if None in ends else max(ends)
            every.append(after)
            batched.append(next((k for k in LOOKS if after <= k <= most), most))
            needed.append(float((chances * (1 - chances)).mean()) / n / (margin / 100) ** 2)
        power = float(np.mean(np.array(every) <= most))
        fixed = float(np.mean([runs_of_fixed_design(v, min(power, 0.99)) for v in needed]))
        usual = float(np.mean([runs_of_fixed_design(v, 0.9) for v in needed]))
        looked = float(np.mean(np.minimum(every, most)))
        rows.append(
            {
                "problems": population.name, "n": n, "power_by_the_last_run": power,
                "mean_runs_looking_after_each": looked,
                "mean_runs_in_batches": float(np.mean(batched)),
                "fixed_runs_of_that_power": fixed,
                "fixed_runs_of_90_percent_power": usual,
                "share_saved": 1 - looked / fixed,
                "share_saved_in_batches": 1 - float(np.mean(batched)) / fixed,
            }
        )  # fmt: skip
        assert power > 0.8, rows[-1]
        assert looked < fixed, rows[-1]
    findings("sequential-saving", rows)


def runs_of_fixed_design(variance_over_margin_squared, power):
    """Runs with which two one-sided 5 % tests of a true score have that power; at least one."""
    z = stats.norm.isf(SIZE) + stats.norm.isf((1 - power) / 2)
    return max(1, math.ceil(variance_over_margin_squared * z**2))


def test_a_claim_that_is_far_off_is_contradicted_soon(full, findings):
    """Published 15 points above what the model scores, in a family of 48 claims."""
    rows = []
    for n, margin, most in DESIGNS:
        for k0 in (1, 4, 10, 64):
            draws = (400 if full else 20) // (1 if n == 30 else 2)
            rng = np.random.default_rng([4, 63, n, k0])
            after = []
            for _ in range(draws):
                chances = POPULATIONS[2].draw(rng, n)
                correct = answers(rng, chances, most)
                claimed = 100 * rng.binomial(k0, np.minimum(chances + 0.15, 1)).mean() / k0
                made = decide(
                    correct, claimed_percent=round(claimed, 2), decimals=2, k0=k0,
                    margin_points=margin, family=48,
                )  # fmt: skip
                contradicted = made.verdict is Verdict.NOT_REPRODUCED
                after.append(made.decided_after if contradicted else most + 1)
            decided = [runs for runs in after if runs <= most]
            rows.append(
                {
                    "n": n, "k0": k0, "power_by_the_last_run": len(decided) / draws,
                    "runs_at_most": most,
                    "median_runs_where_decided": float(np.median(decided)) if decided else None,
                }
            )  # fmt: skip
    by = {(row["n"], row["k0"]): row["power_by_the_last_run"] for row in rows}
    assert by[500, 1] == 1
    assert by[30, 1] <= by[30, 4] + 0.1 <= by[30, 10] + 0.2 <= by[30, 64] + 0.3
    findings("sequential-far-off", rows)
