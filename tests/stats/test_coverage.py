"""Both intervals against simulated truth, with fixed seeds. 500 draws: 95 % is good to ±2 %."""

import numpy as np
import pytest

from tina_bench.stats.estimates import same_problems, similar_problems

DRAWS = 500
FLOOR = 0.95 - 2.5 * (0.95 * 0.05 / DRAWS) ** 0.5


def mostly_unanimous(rng, n):
    return np.where(rng.random(n) < 0.9, rng.integers(0, 2, n), rng.random(n))


POPULATIONS = {
    "coins": (lambda rng, n: np.full(n, 0.5), 0.5),
    "U-shaped": (lambda rng, n: rng.beta(0.4, 0.4, n), 0.5),
    "nine in ten sure or hopeless": (mostly_unanimous, 0.5),
    "nearly solved": (lambda rng, n: rng.beta(2, 0.2, n), 2 / 2.2),
    "one in 30 hopeless": (lambda rng, n: (rng.random(n) > 1 / 30).astype(float), 29 / 30),
}


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize(("n", "k"), [(30, 4), (40, 8), (100, 4), (30, 1)])
def test_intervals_cover_what_they_say_they_cover(population, n, k):
    draw, truth = POPULATIONS[population]
    rng = np.random.default_rng(20250422)
    same = similar = 0
    for _ in range(DRAWS):
        chances = draw(rng, n)[:, None]
        interval = same_problems(rng.random((n, k)) < chances)
        fresh = 100 * (rng.random((n, k)) < chances).mean()
        same += interval.low - 1e-9 <= fresh <= interval.high + 1e-9
        interval = similar_problems(rng.random((n, k)) < chances)
        similar += interval.low <= 100 * truth <= interval.high
    assert same / DRAWS >= FLOOR
    assert similar / DRAWS >= FLOOR


def test_the_same_problems_interval_is_not_padded_where_it_can_be_exact():
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(2 * DRAWS):
        chances = rng.beta(0.4, 0.4, 100)[:, None]
        interval = same_problems(rng.random((100, 8)) < chances)
        fresh = 100 * (rng.random((100, 8)) < chances).mean()
        inside += interval.low <= fresh <= interval.high
    assert inside / (2 * DRAWS) <= 0.97
