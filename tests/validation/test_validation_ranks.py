"""How often pairs and ranks are wrong: sizes, families, bands, and whether power is as told."""

import numpy as np
import pytest
from grid import POPULATIONS, share_interval
from scipy import stats

from tina_bench.stats.comparisons.all_pairs import PairVerdict, pair_table
from tina_bench.stats.comparisons.paired import PairedOutcomes, Weighting, paired_differences
from tina_bench.stats.comparisons.power import SIZE, powers
from tina_bench.stats.comparisons.ranks import rank_bands
from tina_bench.stats.comparisons.two_models import intervals
from tina_bench.stats.types import Validity

SIZES = (30, 40, 500)
RUNS = ((1, 1), (4, 4), (10, 10), (1, 10))
KEPT = 0.7
"""Share of problems that two models find equally hard; the others are new draws for each."""
SMALL = SIZE / 28
"""What Holm's first step asks of a pair of eight models."""


def better(chances, gain):
    """A model that gets right `gain` of what it would get wrong: its mean is surely greater."""
    return chances + gain * (1 - chances)


def another(rng, population, chances):
    """Chances of a model of the same mean that shares most of its strengths."""
    fresh = np.stack([population.draw(rng, chances.shape[-1]) for _ in range(len(chances))])
    return np.where(rng.random(chances.shape) < KEPT, chances, fresh)


def outcome_of(rng, chances_a, chances_b, k_a, k_b):
    """All draws, a pair of models each, for `paired_differences`; chances of shape (draws, n)."""
    draws, n = chances_a.shape
    solved = np.concatenate([rng.binomial(k_a, chances_a), rng.binomial(k_b, chances_b)])
    models = tuple(f"m{i}" for i in range(2 * draws))
    runs = np.array([k_a] * draws + [k_b] * draws)
    made = PairedOutcomes("t", models, tuple(f"p{i}" for i in range(n)), solved, runs)
    return paired_differences([made], np.arange(draws), np.arange(draws, 2 * draws))


def p_values(found):
    return np.array([test.p_value for test in found.tests])


def student(found):
    return 2 * stats.t.sf(np.abs(found.difference) / np.sqrt(found.variance), found.freedom)


def draws_of(population, rng, draws, n):
    return np.stack([population.draw(rng, n) for _ in range(draws)])


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda p: p.name)
def test_equal_models_are_told_apart_as_rarely_as_the_level_says(population, full, findings):
    """Equal on average over problems, not on each: p_i differ on three problems in ten."""
    rows = []
    for n in SIZES:
        draws = 8000 if full else (250 if n < 500 else 30)
        for k_a, k_b in RUNS:
            rng = np.random.default_rng([4, 41, n, k_a, k_b])
            chances = draws_of(population, rng, draws, n)
            found = outcome_of(rng, chances, another(rng, population, chances), k_a, k_b)
            p = p_values(found)
            rows.append(
                {
                    "population": population.name, "n": n, "k_a": k_a, "k_b": k_b, "draws": draws,
                    "p_below_5_percent": float((p < SIZE).mean()),
                    "p_below_0.18_percent": float((p < SMALL).mean()),
                    "student_p_below_5_percent": float((student(found) < SIZE).mean()),
                    "student_p_below_0.18_percent": float((student(found) < SMALL).mean()),
                }
            )  # fmt: skip
            assert share_interval(int((p < SIZE).sum()), draws)[0] <= SIZE
            # Far in the tail normal limits are off by a factor; 2 is what was seen at most.
            assert share_interval(int((p < SMALL).sum()), draws)[0] <= 2 * SMALL
    findings(f"pair-size-{POPULATIONS.index(population)}", rows)


@pytest.mark.parametrize("population", POPULATIONS, ids=lambda p: p.name)
def test_intervals_of_differences_cover_where_they_say_that_they_do(population, full, findings):
    """A gain of a tenth of what was wrong, by models with their own strengths."""
    rows = []
    truth = 0.1 * (1 - population.mean)
    for n in SIZES:
        draws = (4000 if n < 500 else 3000) if full else 300
        for k_a, k_b in RUNS:
            rng = np.random.default_rng([4, 42, n, k_a, k_b])
            chances = draws_of(population, rng, draws, n)
            ahead = better(another(rng, population, chances), 0.1)
            found = outcome_of(rng, ahead, chances, k_a, k_b)
            made = intervals(found)
            hits = [one.low <= 100 * truth <= one.high for one in made]
            nominal = sum(one.validity is Validity.NOMINAL for one in made) / draws
            low, high = share_interval(sum(hits), draws)
            rows.append(
                {
                    "population": population.name, "n": n, "k_a": k_a, "k_b": k_b, "draws": draws,
                    "coverage": sum(hits) / draws, "share_nominal": nominal,
                }
            )  # fmt: skip
            assert high >= 0.935
            if nominal > 0.5:
                assert low <= 0.965
                assert full is False or 0.935 <= sum(hits) / draws <= 0.965
    findings(f"pair-coverage-{POPULATIONS.index(population)}", rows)


MODELS = 8


def boards(rng, population, n, scenario):
    """Chances of 8 models, shape (8, n), and their true means."""
    base = population.draw(rng, n)
    alike = np.tile(base, (MODELS, 1))
    own = another(rng, population, alike)
    if scenario == "all equal, alike on each problem":
        return alike, np.full(MODELS, population.mean)
    if scenario == "all equal, each with its own strengths":
        return own, np.full(MODELS, population.mean)
    step = {"two groups of equals": 4, "pairs of equals, close": 2, "no two equal": 1}[scenario]
    gains = 0.06 * step * (np.arange(MODELS) // step) / 2
    return better(own, gains[:, None]), better(population.mean, gains)


SCENARIOS = (
    "all equal, alike on each problem",
    "all equal, each with its own strengths",
    "two groups of equals",
    "pairs of equals, close",
    "no two equal",
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_all_rank_bands_are_right_at_once_in_95_of_100_boards(scenario, full, findings):
    rows = []
    for n in SIZES:
        for k in (1, 4, 10) if full else (1, 10):
            each = 250 if full else 3 if n < 500 else 1
            wrong_bands = wrong_pairs = boards_made = 0
            widths = []
            for place, population in enumerate(POPULATIONS):
                rng = np.random.default_rng([4, 43, n, k, place])
                for _ in range(each):
                    chances, means = boards(rng, population, n, scenario)
                    names = tuple(f"m{i}" for i in range(MODELS))
                    ids = tuple(f"p{i}" for i in range(n))
                    solved = rng.binomial(k, chances)
                    made = PairedOutcomes("t", names, ids, solved, np.full(MODELS, k))
                    table = pair_table("t", [made], {})
                    by_name = dict(zip(names, means, strict=True))
                    bands = rank_bands(table).bands
                    wrong_bands += any(
                        not band.best <= 1 + (means > by_name[band.model]).sum()
                        or not band.worst >= MODELS - (means < by_name[band.model]).sum()
                        for band in bands
                    )
                    wrong_pairs += any(
                        (pair.finding is PairVerdict.A_BETTER
                         and by_name[pair.model_a] <= by_name[pair.model_b])
                        or (pair.finding is PairVerdict.B_BETTER
                            and by_name[pair.model_a] >= by_name[pair.model_b])
                        for pair in table.comparisons
                    )  # fmt: skip
                    widths.append(np.mean([band.worst - band.best + 1 for band in bands]))
                    boards_made += 1
            rows.append(
                {
                    "scenario": scenario, "n": n, "k": k, "boards": boards_made,
                    "coverage": 1 - wrong_bands / boards_made,
                    "family_wise_false_better": wrong_pairs / boards_made,
                    "mean_ranks_in_a_band_of_8": float(np.mean(widths)),
                }
            )  # fmt: skip
            assert share_interval(wrong_bands, boards_made)[0] <= SIZE
            assert wrong_pairs >= wrong_bands  # a band is wrong only through a pair
    findings(f"rank-bands-{SCENARIOS.index(scenario)}", rows)
    assert full is False or all(row["coverage"] >= 0.94 for row in rows)


@pytest.mark.parametrize("k", [1, 4, 10])
def test_an_average_over_equal_models_is_as_rarely_significant_as_the_level_says(k, full, findings):
    """Six tasks of 30 to 500 problems with equal weight, each of another population."""
    sizes = {"aime24": 30, "aime25": 30, "amc23": 40, "math500": 500, "gpqa": 198, "minerva": 272}
    draws = 3000 if full else 120
    rng = np.random.default_rng([4, 44, k])
    sheets = []
    for task, place in zip(sizes, (2, 2, 3, 4, 5, 1), strict=True):
        n = sizes[task]
        chances = draws_of(POPULATIONS[place], rng, draws, n)
        both = np.concatenate([chances, another(rng, POPULATIONS[place], chances)])
        models = tuple(f"m{i}" for i in range(2 * draws))
        ids = tuple(f"p{i}" for i in range(n))
        sheets.append(
            PairedOutcomes(task, models, ids, rng.binomial(k, both), np.full(2 * draws, k))
        )
    found = paired_differences(
        sheets, np.arange(draws), np.arange(draws, 2 * draws), Weighting.TASKS
    )
    p = p_values(found)
    covered = sum(one.low <= 0 <= one.high for one in intervals(found))
    findings(
        f"pair-average-{k}",
        [
            {
                "k": k, "draws": draws,
                "p_below_5_percent": float((p < SIZE).mean()),
                "p_below_0.18_percent": float((p < SMALL).mean()),
                "coverage": covered / draws,
            }
        ],
    )  # fmt: skip
    assert share_interval(int((p < SIZE).sum()), draws)[0] <= SIZE
    assert share_interval(int((p < SMALL).sum()), draws)[0] <= 2 * SMALL
    assert share_interval(draws - covered, draws)[0] <= SIZE
    # With one run and 30 problems it says that it is conservative.
    assert full is False or covered / draws >= 0.935
    assert full is False or k == 1 or covered / draws <= 0.965


@pytest.mark.parametrize("n", SIZES)
def test_differences_are_found_as_often_as_the_power_formula_says(n, full, findings):
    """Each draw tells a power and a detectable difference; the exact test must bear them out."""
    population = POPULATIONS[2]
    draws = (3000 if n < 500 else 1500) if full else (250 if n < 500 else 60)
    rows = []
    for k in (1, 4, 10):
        for gain in (0.05, 0.1, 0.2):
            rng = np.random.default_rng([4, 45, n, k, int(100 * gain)])
            chances = draws_of(population, rng, draws, n)
            ahead = better(another(rng, population, chances), gain)
            found = outcome_of(rng, ahead, chances, k, k)
            true_points = 100 * gain * (1 - population.mean)
            told = powers(found, differences_points=[true_points])
            power = float((p_values(found) < SIZE).mean())
            predicted = [one.needed[0].power for one in told]
            least = [one.minimum_detectable_points for one in told]
            rows.append(
                {
                    "n": n, "k": k, "difference_points": true_points, "draws": draws,
                    "power_simulated": power, "power_told": float(np.mean(predicted)),
                    "detectable_points_told": float(np.median(least)),
                }
            )  # fmt: skip
            chance = 3.3 * (power * (1 - power) / draws) ** 0.5
            # Spreads learnt from 30 problems vary, and power is not linear in them: some points.
            assert abs(power - float(np.mean(predicted))) <= 0.04 + chance
    findings(f"pair-power-{n}", rows)
