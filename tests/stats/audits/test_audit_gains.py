from math import sqrt

import pytest
from audit_catalog import make_average, make_catalog, make_claim, make_model
from scipy import stats

from tests.catalog.facts import BASE, CATALOG, facts
from tina_bench.stats.audits.gains import SUSPECT, audit_gains
from tina_bench.stats.audits.selection import audit_picks
from tina_bench.stats.evidence.chance import Chance, chance_of
from tina_bench.stats.evidence.measurements import collect_measurements

HALF = Chance(ratios={"aime": 0.5, "amc": 0.5}, spreads={})
TASKS = ("aime", "amc")


def gains(more=None, best_of=None, base=(20.0, 60.0), adapter=(40.0, 80.0)):
    claims = {
        **{f"base-{t}": make_claim(v, model="b", task=t) for t, v in zip(TASKS, base, strict=True)},
        **{
            f"tina-{t}": make_claim(v, model="a", task=t, best_of=best_of)
            for t, v in zip(TASKS, adapter, strict=True)
        },
        **(more or {}),
    }
    averages = {
        "avg-b": make_average(sum(base) / 2, model="b", tasks=TASKS),
        "avg-a": make_average(sum(adapter) / 2, model="a", tasks=TASKS),
    }
    models = {
        "a": make_model(kind="adapter", base="b", title="Tina-A"),
        "b": make_model(kind="base", title="B"),
    }
    catalog = make_catalog(claims, averages, models)
    return audit_gains(catalog, collect_measurements(catalog), HALF, audit_picks(catalog, HALF))


def test_with_no_other_evidence_the_printed_gain_is_all_there_is():
    (gain,) = gains()
    assert gain.printed_gain_points == gain.supported_gain_points == pytest.approx(20.0)
    assert gain.share_percent == pytest.approx(100)
    assert (gain.supported_low, gain.supported_high) == pytest.approx(
        (gain.printed_low, gain.printed_high), abs=0.2
    )


def test_the_interval_adds_up_the_variances_of_both_sides():
    (gain,) = gains()

    def one(percent, n):
        share = (percent / 100 * n + 2) / (n + 4)
        return 0.5 * 1e4 * share * (1 - share) / n

    se = sqrt(sum(one(p, n) for p, n in ((20, 30), (40, 30), (60, 40), (80, 40)))) / 2
    half = (gain.supported_high - gain.supported_low) / 2
    # The variances of single runs are taken as known: normal.
    assert half == pytest.approx(stats.norm.ppf(0.975) * se, rel=0.02)


def test_a_base_that_others_found_higher_leaves_less_of_the_gain():
    more = {
        f"o{i}-{t}": make_claim(v, model="b", task=t, who=f"w{i}", runs=20)
        for i in range(3)
        for t, v in zip(TASKS, (30.0, 70.0), strict=True)
    }
    (gain,) = gains(more)
    assert gain.printed_gain_points == pytest.approx(20.0)
    assert 9.5 < gain.supported_gain_points < 10.7
    assert gain.share_percent == pytest.approx(5 * gain.supported_gain_points)
    assert {row.measurements for row in gain.by_task} == {4}
    assert {row.runs for row in gain.by_task} == {61}
    assert "which leaves" in gain.sentence


def test_measurers_who_disagree_widen_the_interval_on_both_sides():
    def width(values):
        more = {
            f"o{i}": make_claim(v, model="b", task="aime", who=f"w{i}", runs=20)
            for i, v in enumerate(values)
        }
        (gain,) = gains(more)
        return gain.supported_high - gain.supported_low

    assert width((10.0, 20.0, 30.0)) > 1.3 * width((20.0, 20.0, 20.0))


def test_the_pick_is_taken_off_where_the_number_of_checkpoints_is_known():
    (plain,) = gains()
    assert plain.selection_points is plain.after_selection_points is None
    (picked,) = gains(best_of=17)
    assert picked.best_of == 17
    assert picked.supported_gain_points == plain.supported_gain_points
    assert picked.selection_points > 3
    assert picked.after_selection_points == pytest.approx(20.0 - picked.selection_points)
    assert picked.after_selection_low < picked.supported_low
    assert "17 checkpoints" in picked.sentence


def test_a_reference_s_score_that_was_picked_is_not_pooled_and_what_it_would_change_is_told():
    more = {
        "picked": make_claim(60.0, model="b", task="aime", who="its authors", best_of=8),
    }
    (gain,) = gains(more)
    assert gain.supported_gain_points == pytest.approx(20.0)
    assert [one.name for one in gain.left_out] == ["picked"]
    (other,) = [s for s in gain.sensitivity if s.choice == "with what was left out"]
    assert other.gain_points < 15


def test_what_is_no_adapter_or_has_no_base_beside_it_has_no_gain():
    catalog = make_catalog(
        {f"c-{t}": make_claim(task=t) for t in TASKS}, {"avg": make_average(50.0, tasks=TASKS)}
    )
    assert audit_gains(catalog, collect_measurements(catalog), HALF, ()) == ()


@pytest.mark.parametrize("missing", ["base-amc", "tina-amc"])
def test_an_average_of_which_a_cell_is_not_known_has_no_gain(missing):
    claims = {
        f"{name}-{t}": make_claim(50.0, model=model, task=t)
        for name, model in (("base", "b"), ("tina", "a"))
        for t in TASKS
    }
    del claims[missing]
    averages = {f"avg-{m}": make_average(50.0, model=m, tasks=TASKS) for m in ("a", "b")}
    models = {"a": make_model(kind="adapter", base="b"), "b": make_model(kind="base")}
    catalog = make_catalog(claims, averages, models)
    assert audit_gains(catalog, collect_measurements(catalog), HALF, ()) == ()


def test_the_bound_widens_the_interval():
    (gain,) = gains()
    (bound,) = [s for s in gain.sensitivity if "binomial bound" in s.choice]
    assert bound.gain_points == pytest.approx(gain.supported_gain_points)
    ratio = (bound.high - bound.low) / (gain.supported_high - gain.supported_low)
    assert ratio == pytest.approx(sqrt(2), rel=0.05)


@pytest.fixture(scope="module")
def published():
    chance = chance_of(CATALOG)
    return audit_gains(CATALOG, collect_measurements(CATALOG), chance, audit_picks(CATALOG, chance))


def test_every_tina_row_with_a_base_beside_it_has_a_gain_over_it(published):
    rows = {**{r["name"]: r for r in facts()["v1_tina_main"]}}
    base = facts()["v1_baselines"][0]["avg"]
    found = [g for g in published if g.who == "Tina authors" and g.reference_is == "base"]
    assert len(found) == 5 + 10
    titles = {CATALOG.models[g.model].title: g for g in found}
    for name, row in rows.items():
        gain = titles[name]
        assert gain.printed_gain_points == pytest.approx(row["avg"] - base)
        assert gain.reference == BASE


def test_every_main_row_has_a_gain_over_the_baseline_that_is_printed_beside_it(published):
    found = {CATALOG.models[g.model].title: g for g in published if g.reference_is == "baseline"}
    assert len(found) == 5
    for row in facts()["v1_tina_main"]:
        assert found[row["name"]].printed_reference_percent == row["baseline_avg"]


def test_about_half_of_the_best_row_s_gain_is_left_and_the_pick_may_hold_half_of_that(published):
    (gain,) = [g for g in published if (g.model, g.reference) == ("tina-open-rs2", BASE)]
    assert gain.printed_gain_points == pytest.approx(9.42)
    assert 44 < gain.reference_percent < 46
    assert 45 < gain.share_percent < 70
    assert gain.supported_low > 0
    assert 2 < gain.selection_points < 4
    assert gain.after_selection_low < 0


def test_no_supported_gain_over_the_base_exceeds_what_the_paper_prints(published):
    tina = [g for g in published if g.who == "Tina authors" and g.reference_is == "base"]
    assert all(g.supported_gain_points < g.printed_gain_points for g in tina)


def test_the_suspect_gpqa_is_left_out_with_its_reason_and_shown(published):
    assert set(SUSPECT) <= set(CATALOG.claims)
    for gain in published:
        if gain.reference == BASE:
            assert set(SUSPECT) <= {one.name for one in gain.left_out}
            assert "with what was left out" in {s.choice for s in gain.sensitivity}
            (gpqa,) = [row for row in gain.by_task if row.task == "gpqa"]
            assert gpqa.reference_percent < 37


def test_the_third_party_s_own_trainings_are_judged_by_the_same_rule(published):
    found = {g.model: g for g in published if g.who.startswith("third party")}
    assert found["third-party-open-rs3-g4"].printed_gain_points == pytest.approx(2.26)
    assert found["third-party-open-rs2"].supported_low < 0
