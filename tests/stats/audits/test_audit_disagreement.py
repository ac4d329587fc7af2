import json
from math import sqrt

import numpy as np
import pytest
from audit_catalog import make_catalog, make_claim
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests

from tests.catalog.facts import CATALOG, facts
from tina_bench.stats.audits.disagreement import audit_disagreement, distance, with_variances
from tina_bench.stats.evidence.chance import PRIOR_DEGREES_OF_FREEDOM, Basis, Chance, chance_of
from tina_bench.stats.evidence.measurement_types import Measurement
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.stats.methods.pooling import pool

HALF = Chance(ratios={"aime": 0.5, "amc": 0.5, "math": 0.5}, spreads={})

studies = st.lists(
    st.tuples(st.floats(5, 95), st.floats(0.05, 60)), min_size=2, max_size=8, unique=True
)


def by_hand(values, variances):
    """Q, Paule-Mandel and HKSJ from their formulas, with a root finder for tau squared."""
    y, v = np.array(values), np.array(variances)

    def q(tau2):
        w = 1 / (v + tau2)
        return float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())

    df = len(y) - 1
    tau2 = 0.0 if q(0) <= df else optimize.brentq(lambda t: q(t) - df, 0, 1e5, xtol=1e-12)
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    hksj = q(tau2) / df / w.sum()
    return q(0), tau2, mean, max(hksj, 1 / w.sum())


@settings(deadline=None, max_examples=80)
@given(studies)
def test_the_pool_is_what_the_formulas_give(found):
    values, variances = zip(*found, strict=True)
    q, tau2, mean, variance = by_hand(values, variances)
    pooled = pool(values, variances)
    assert pooled.q == pytest.approx(q, rel=1e-6, abs=1e-7)
    assert pooled.p_value == pytest.approx(stats.chi2.sf(q, len(values) - 1), rel=1e-5, abs=1e-9)
    assert pooled.tau_squared == pytest.approx(tau2, rel=1e-3, abs=2e-3)
    assert pooled.mean == pytest.approx(mean, rel=1e-4)
    assert pooled.variance == pytest.approx(variance, rel=2e-3)
    assert 0 <= pooled.i_squared < 1
    scaled = pool(values, variances, 64)
    df = len(values) - 1
    assert scaled.p_value == pytest.approx(stats.f.sf(q / df, df, 64), rel=1e-5, abs=1e-9)
    assert scaled.mean == pooled.mean


@settings(deadline=None, max_examples=40)
@given(studies)
def test_the_order_of_measurements_does_not_change_a_bit_of_it(found):
    values, variances = zip(*found, strict=True)
    assert pool(values, variances) == pool(values[::-1], variances[::-1])


def test_a_single_measurement_is_its_own_pool():
    one = pool([30.0], [4.0])
    assert (one.mean, one.variance, one.p_value, one.q) == (30.0, 4.0, 1.0, 0.0)
    assert one.interval(0.95) == pytest.approx((30 - 1.959964 * 2, 30 + 1.959964 * 2))


def test_equal_measurements_are_of_one_mind():
    one = pool([30.0, 30.0, 30.0], [4.0, 4.0, 4.0])
    assert (one.q, one.i_squared, one.tau_squared) == (0.0, 0.0, 0.0)
    assert one.variance == pytest.approx(4 / 3)


def test_the_variance_of_a_measurement_is_that_of_its_runs_at_the_common_score():
    pieces = collect_measurements(
        make_catalog({"a": make_claim(30.0, runs=1), "b": make_claim(40.0, runs=9, who="b")})
    ).measurements
    weighted = with_variances(pieces, HALF)
    common = (30.0 + 9 * 40.0) / 10
    share = (common / 100 * 30 + 2) / 34
    one = 0.5 * 1e4 * share * (1 - share) / 30
    rounding = 0.01**2 / 12
    assert weighted.variances == pytest.approx((one + rounding, one / 9 + rounding))
    assert weighted.bases == (Basis.TASK, Basis.TASK)
    bound = with_variances(pieces, HALF, bound=True)
    assert bound.variances == pytest.approx((2 * one + rounding, 2 * one / 9 + rounding))


def test_a_measurement_far_from_the_others_is_told_and_by_how_much():
    claims = {
        "far": make_claim(60.0, who="far"),
        **{f"c{i}": make_claim(30.0, who=f"w{i}") for i in range(3)},
    }
    (found,) = audit_disagreement(collect_measurements(make_catalog(claims)), HALF)
    far = found.measurers[0]
    assert far.who == "far"
    assert far.from_others_points == pytest.approx(30.0)
    z = 30.0 / sqrt(far.se_points**2 * (1 + 1 / 3))
    assert far.p_value == pytest.approx(2 * stats.t.sf(z, PRIOR_DEGREES_OF_FREEDOM), rel=1e-6)
    assert found.adjusted_p == found.p_value, "a family of one"


def test_both_families_are_corrected_by_holm():
    claims = {
        f"{task}{model}{i}": make_claim(
            20.0 + 9 * i + 3 * (model == "m"), task=task, model=model, who=f"w{i}"
        )
        for task in ("aime", "amc")
        for model in ("m", "x")
        for i in range(3)
    }
    found = audit_disagreement(collect_measurements(make_catalog(claims)), HALF)
    assert [d.family for d in found] == [4] * 4
    assert [d.measurer_family for d in found] == [12] * 4
    holm = multipletests([d.p_value for d in found], method="holm")[1]
    assert [d.adjusted_p for d in found] == pytest.approx(holm)
    each = [m for d in found for m in d.measurers]
    holm = multipletests([m.p_value for m in each], method="holm")[1]
    assert [m.adjusted_p for m in each] == pytest.approx(holm)
    assert [d.p_value for d in found] == sorted(d.p_value for d in found)


def test_what_only_one_measured_is_no_disagreement():
    assert audit_disagreement(collect_measurements(make_catalog({"a": make_claim()})), HALF) == ()


def test_a_further_measurement_can_be_handed_in():
    extra = Measurement(
        name="ours", origin="claim", model="m", task="aime", percent=80.0, n=30, runs=1,
        who="us", source="here",
    )  # fmt: skip
    evidence = collect_measurements(make_catalog({"a": make_claim(20.0)}), extra=[extra])
    (found,) = audit_disagreement(evidence, HALF)
    assert [m.name for m in found.measurers] == ["ours", "a"]


def test_the_distance_is_from_the_precision_weighted_mean_of_the_others():
    pieces = collect_measurements(
        make_catalog(
            {
                "a": make_claim(50.0, who="a"),
                "b": make_claim(30.0, runs=9, who="b"),
                "c": make_claim(40.0, who="c"),
            }
        )
    ).measurements
    weighted = with_variances(pieces, HALF)
    w = [1 / v for v in weighted.variances]
    mean = (w[1] * 30 + w[2] * 40) / (w[1] + w[2])
    apart, p_value = distance(weighted, 0)
    assert apart == pytest.approx(50 - mean)
    z = (50 - mean) / sqrt(weighted.variances[0] + 1 / (w[1] + w[2]))
    assert p_value == pytest.approx(2 * stats.t.sf(z, PRIOR_DEGREES_OF_FREEDOM))
    bound = with_variances(pieces, HALF, bound=True)
    assert bound.scale_freedom == np.inf


@pytest.fixture(scope="module")
def known():
    found = audit_disagreement(collect_measurements(CATALOG), chance_of(CATALOG))
    return {(d.model, d.task): d for d in found}


def test_open_rs3_on_aime24_is_more_than_chance(known):
    found = known["open-rs3", "aime24"]
    assert [m.percent for m in found.measurers] == [46.67, 43.33, 29.7, 23.33, 23.3]
    assert found.adjusted_p < 0.05
    assert found.i_squared_percent > 70
    by_who = {m.who: m for m in found.measurers}
    assert by_who["A Sober Look authors"].basis is Basis.PUBLISHED
    assert by_who["A Sober Look authors"].runs == 10
    assert by_who["Open-RS authors"].best_of == 8
    # With the widest variance that single runs can have, chance cannot be excluded.
    assert found.p_value_bound > 0.05


def test_the_base_on_aime24_is_by_three_of_23_measurements(known):
    found = known["r1-distill-qwen-1.5b", "aime24"]
    assert len(found.measurers) == 23
    assert found.adjusted_p < 0.001
    apart = {m.who: m.percent for m in found.measurers if m.adjusted_p < 0.05}
    assert apart == {"SGLang authors": 33.2, "NeMo-Skills authors": 26.8, "evalscope authors": 20.0}
    assert found.pooled_low < 29.5 < found.pooled_high


def test_the_base_on_aime24_is_not_by_what_tina_s_readers_had():
    further = {row["source"].rpartition(" [")[0] for row in facts()["further_score"]}
    claims = {n: c for n, c in CATALOG.claims.items() if c.source not in further}
    before = CATALOG.model_copy(update={"claims": claims})
    cells = audit_disagreement(collect_measurements(before), chance_of(before))
    (found,) = [c for c in cells if (c.model, c.task) == ("r1-distill-qwen-1.5b", "aime24")]
    assert len(found.measurers) == 10
    assert found.adjusted_p > 0.05
    assert found.pooled_low < 30 < found.pooled_high


def test_the_64_runs_on_gpqa_stand_apart(known):
    found = known["r1-distill-qwen-1.5b", "gpqa"]
    assert found.measurers[0].percent == 40.3
    assert found.measurers[0].adjusted_p < 0.001


def test_every_cell_is_told_with_its_numbers(known):
    for found in known.values():
        assert str(found.family) in found.sentence
        assert found.pooled_low <= found.pooled_percent <= found.pooled_high
        json.loads(found.model_dump_json())
