from itertools import product
from math import sqrt

import numpy as np
import pytest
from audit_catalog import make_catalog, make_claim, make_model
from scipy import stats

from tests.catalog.facts import CATALOG, facts
from tina_bench.stats.audits.selection import (
    MEAN,
    audit_families,
    audit_picks,
    shrink,
)
from tina_bench.stats.evidence.chance import Chance, chance_of
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.stats.methods.best_of_many import binomial_excess, expected_maximum

HALF = Chance(ratios={"aime": 0.5, "amc": 0.5}, spreads={})


@pytest.mark.parametrize("m", [1, 2, 3, 5, 8, 17])
def test_the_expected_maximum_is_that_of_known_tables(m):
    """m = 2: 1 / sqrt(pi); m = 3: 3 / (2 sqrt(pi)); the rest by simulation."""
    exact = {1: 0.0, 2: 1 / sqrt(np.pi), 3: 1.5 / sqrt(np.pi)}
    drawn = np.random.default_rng([4, 92, m]).standard_normal((200_000, m)).max(axis=1).mean()
    assert expected_maximum(m) == pytest.approx(exact.get(m, drawn), abs=0.006)


@pytest.mark.parametrize(("n", "share", "m"), [(3, 0.4, 2), (4, 0.5, 3), (5, 0.2, 2)])
def test_the_luck_of_the_best_of_equals_is_the_enumerated_one(n, share, m):
    chances = [stats.binom.pmf(c, n, share) for c in range(n + 1)]
    exact = sum(
        max(counts) * np.prod([chances[c] for c in counts])
        for counts in product(range(n + 1), repeat=m)
    )
    assert binomial_excess(n, share, m) == pytest.approx(100 * (exact / n - share))


def test_problems_of_unequal_difficulty_give_less_luck():
    rng = np.random.default_rng([4, 93])
    chances = rng.beta(0.4, 0.9, 30)
    runs = (rng.random((40_000, 8, 30)) < chances).sum(axis=2)
    luck = 100 * (runs.max(axis=1).mean() / 30 - chances.mean())
    assert 0 < luck < binomial_excess(30, float(chances.mean()), 8)


def test_one_checkpoint_has_no_luck_and_more_have_more():
    assert binomial_excess(30, 0.3, 1) == pytest.approx(0, abs=1e-9)
    luck = [binomial_excess(30, 0.3, m) for m in range(1, 20)]
    assert luck == sorted(luck)


def test_the_shrinkage_and_its_interval_are_the_formulas():
    scores = [30.0, 46.0, 28.0, 35.0, 40.0, 25.0]
    m, variance = len(scores), 20.0
    found = shrink(scores, variance, 46.0)
    s = sum((y - np.mean(scores)) ** 2 for y in scores)
    assert s / (m - 1) > variance, "equal variances: A is what is left of the sample variance"
    share = variance / (s / (m - 1))
    assert found.shrinkage == pytest.approx(share, rel=1e-4)
    apart = 46.0 - np.mean(scores)
    assert found.optimism_points == pytest.approx(share * apart, rel=1e-4)
    guarded = (m - 3) / (m - 1) * share
    spread = variance * (1 - (m - 1) / m * guarded) + 2 / (m - 1) * share**2 * apart**2
    width = found.optimism_high - found.optimism_low
    assert width == pytest.approx(2 * 1.959964 * sqrt(spread), rel=1e-4)


def test_checkpoints_that_differ_by_less_than_chance_are_drawn_together():
    found = shrink([30.0, 31.0, 30.5, 30.2, 29.9], 25.0, 31.0)
    assert found.between_sd_points == 0
    assert found.shrinkage == 1
    assert found.optimism_points == pytest.approx(31.0 - 30.32)


def test_checkpoints_far_apart_keep_nearly_all():
    found = shrink([10.0, 30.0, 50.0, 70.0, 90.0], 1.0, 90.0)
    assert found.shrinkage < 0.01


def family(scores, picked=0, extra=None):
    claims = {
        f"log{i}-{task}": make_claim(value, model=f"ck{i}", task=task, source=f"log {i}")
        for i, row in enumerate(scores)
        for task, value in row.items()
    }
    models = {
        f"ck{i}": make_model(training="t", published_as="best" if i == picked else None)
        for i in range(len(scores))
    }
    catalog = make_catalog({**claims, **(extra or {})}, models=models | {"best": make_model()})
    return audit_families(catalog, collect_measurements(catalog), HALF)


ROWS = [
    {"aime": 40.0, "amc": 70.0},
    {"aime": 30.0, "amc": 75.0},
    {"aime": 20.0, "amc": 60.0},
    {"aime": 30.0, "amc": 65.0},
]


def test_every_scale_says_which_place_the_published_one_has():
    found = {one.scale: one for one in family(ROWS)}
    assert {scale: one.rank for scale, one in found.items()} == {"aime": 1, "amc": 2, MEAN: 1}
    assert found["amc"].best == "ck1"
    assert found[MEAN].measured.printed_percent == 55.0
    assert found["aime"].checkpoints == 4
    one = found[MEAN].measured.chance_sd_points ** 2
    parts = [found[task].measured.chance_sd_points ** 2 for task in ("aime", "amc")]
    assert one == pytest.approx(sum(parts) / 4)


def test_a_score_of_others_is_no_line_of_the_log():
    alone = family(ROWS)
    beside = family(ROWS, extra={"x": make_claim(99.0, model="best", who="others")})
    assert beside == alone


def test_the_paper_s_print_of_the_same_run_changes_nothing():
    extra = {"paper": make_claim(40.0, model="best", decimals=1, best_of=4)}
    assert family(ROWS, extra=extra) == family(ROWS)


def test_three_checkpoints_are_too_few_to_say():
    assert family(ROWS[:3]) == ()


def test_a_checkpoint_that_lacks_a_task_is_left_out_of_all_scales():
    found = family([*ROWS, {"aime": 90.0}])
    assert {one.checkpoints for one in found} == {4}


def test_rows_that_say_they_are_the_best_of_m_have_a_bound():
    claims = {
        task: make_claim(value, task=task, best_of=8)
        for task, value in {"aime": 40.0, "amc": 70.0}.items()
    }
    (pick,) = audit_picks(make_catalog(claims), HALF)
    assert (pick.best_of, pick.tasks) == (8, ("aime", "amc"))
    assert pick.by_task_bound_points["aime"] == pytest.approx(binomial_excess(30, 0.4, 8))
    variances = [v**2 for v in pick.by_task_points.values()]
    assert pick.average_points == pytest.approx(sqrt(sum(variances)) / 2)
    assert pick.average_points < pick.average_bound_points


def test_the_open_rs_log_is_judged_by_the_facts_own_numbers():
    chance = chance_of(CATALOG)
    found = {
        (o.published, o.scale): o
        for o in audit_families(CATALOG, collect_measurements(CATALOG), chance)
    }
    assert len(found) == 3 * 4
    for number, m in ((1, 5), (2, 8), (3, 8)):
        rows = [r for r in facts()["open_rs_checkpoint_log"] if r["experiment"] == number]
        picked = {1: 100, 2: 50, 3: 50}[number]
        (row,) = [r for r in rows if r["step"] == picked]
        for task in ("aime24", "math500", "amc23"):
            one = found[f"open-rs{number}", task]
            assert one.checkpoints == m
            assert one.measured.printed_percent == row[task]
            assert one.measured.mean_percent == pytest.approx(np.mean([r[task] for r in rows]))
            assert one.rank == 1 + sum(r[task] > row[task] for r in rows)


def test_no_single_rule_makes_all_three_published_checkpoints_the_best():
    """They are the best by one task or another; by the mean of the three only Open-RS1 is."""
    found = audit_families(CATALOG, collect_measurements(CATALOG), chance_of(CATALOG))
    first = {(o.published, o.scale) for o in found if o.rank == 1}
    assert first == {
        ("open-rs1", "amc23"), ("open-rs1", "math500"), ("open-rs1", MEAN),
        ("open-rs2", "amc23"), ("open-rs3", "aime24"),
    }  # fmt: skip


def test_open_rs3_s_46_67_holds_several_points_of_luck():
    found = audit_families(CATALOG, collect_measurements(CATALOG), chance_of(CATALOG))
    (one,) = [o for o in found if (o.published, o.scale) == ("open-rs3", "aime24")]
    assert 2 < one.measured.optimism_points < one.bound.optimism_points < 14.6
    assert one.if_equal_points < one.if_equal_bound_points
