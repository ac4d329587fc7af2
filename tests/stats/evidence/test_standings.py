"""Ranks and gains by public evidence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalog.facts import CATALOG, SIX
from tests.stats.audits.audit_catalog import make_catalog, make_claim, make_model
from tina_bench.stats.evidence.report import build_evidence
from tina_bench.stats.evidence.standings import build_standings
from tina_bench.stats.methods.team_pooling import Mixture


def measured(*scores, task="math", **models):
    """Three teams of 64 runs on every model."""
    claims = {
        f"m{i}-{who}": make_claim(score, model=f"m{i}", task=task, who=who, source=who, runs=64)
        for i, score in enumerate(scores) for who in ("a", "b", "d")
    }  # fmt: skip
    catalog = make_catalog(claims, models=models)
    return build_standings(catalog, build_evidence(catalog), (task,))


def test_models_far_apart_have_one_rank_each_and_equal_ones_share_all():
    ranks, _ = measured(20.0, 80.0, 50.0)
    assert [(row.model, row.best, row.worst) for row in ranks.rows] == [
        ("m1", 1, 1), ("m2", 2, 2), ("m0", 3, 3),
    ]  # fmt: skip
    assert ranks.rows[1].better == ("m1",)
    assert ranks.rows[1].worse == ("m0",)
    ranks, _ = measured(50.0, 50.0, 50.0)
    assert {(row.best, row.worst) for row in ranks.rows} == {(1, 3)}


def test_a_model_without_a_score_on_every_task_is_left_out_and_why():
    claims = {"one": make_claim(50.0, model="m", task="aime"),
              "two": make_claim(50.0, model="m", task="amc"),
              "half": make_claim(50.0, model="h", task="aime")}  # fmt: skip
    catalog = make_catalog(claims)
    ranks, gains = build_standings(catalog, build_evidence(catalog), ("amc", "aime"))
    assert [row.model for row in ranks.rows] == ["m"]
    assert ranks.left_out == {"h": "no score on amc"}
    assert gains == ()
    assert ranks.tasks == ("aime", "amc")


def test_a_gain_over_the_base_has_its_interval_and_is_sure_or_not():
    adapter = {"m0": make_model(title="a", kind="adapter", base="m1")}
    _, (sure,) = measured(80.0, 60.0, **adapter)
    assert (sure.model, sure.reference, sure.family) == ("m0", "m1", 1)
    assert sure.points == pytest.approx(20, abs=0.2)
    assert sure.low < 20 < sure.high
    assert sure.adjusted_p < 0.001
    assert "; more than public evidence leaves to chance" in sure.sentence
    _, (unsure,) = measured(60.5, 60.0, **adapter)
    assert unsure.low < 0 < unsure.high
    assert "not more than public evidence" in unsure.sentence


MIXTURES = st.lists(
    st.tuples(st.floats(0.01, 1), st.floats(-20, 20), st.floats(0.1, 30)), min_size=1, max_size=5
)


def mixture(rows):
    weights, means, variances = (np.array(column) for column in zip(*rows, strict=True))
    return Mixture(weights / weights.sum(), means, variances)


@given(MIXTURES, MIXTURES)
def test_a_difference_turned_round_is_its_mirror(one, other):
    there, back = mixture(one).minus(mixture(other)), mixture(other).minus(mixture(one))
    assert there.mean == pytest.approx(-back.mean, abs=1e-3)
    assert there.above(0.0) == pytest.approx(1 - back.above(0.0), abs=1e-5)


def test_a_difference_of_mixtures_is_that_of_draws():
    one = mixture([(0.5, 3.0, 4.0), (0.5, 9.0, 1.0)])
    other = mixture([(0.8, 2.0, 2.0), (0.2, -4.0, 9.0)])
    rng = np.random.default_rng([12, 3])

    def draw(found, size=400_000):
        kind = rng.choice(len(found.weights), size, p=found.weights)
        return rng.normal(found.means[kind], np.sqrt(found.variances[kind]))

    drawn = draw(one) - draw(other)
    made = one.minus(other)
    assert made.above(0.0) == pytest.approx((drawn > 0).mean(), abs=0.003)
    low, high = made.interval(0.9)
    assert [low, high] == pytest.approx(np.quantile(drawn, [0.05, 0.95]), abs=0.05)


def test_no_adapter_of_tina_s_leads_its_base_beyond_doubt_over_six_tasks():
    evidence = build_evidence(CATALOG)
    ranks, gains = build_standings(CATALOG, evidence, SIX)
    tina = {gain.model: gain for gain in gains if gain.model.startswith("tina-")}
    assert len(tina) > 10
    assert all(gain.low < gain.points < gain.high for gain in tina.values())
    assert all(gain.adjusted_p > 0.05 for gain in tina.values())
    base = next(row for row in ranks.rows if row.model == "r1-distill-qwen-1.5b")
    assert base.estimate.high - base.estimate.low < 6
