"""What others say of a claim: who counts as another team, and which word it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalog.facts import BASE, CATALOG
from tests.stats.audits.audit_catalog import make_average, make_catalog, make_claim, make_model
from tests.stats.made_records import make_solved
from tina_bench.stats.evidence.report import build_evidence
from tina_bench.stats.evidence.types import Others


def say(claims, name="c", records=(), **rest):
    made = build_evidence(make_catalog(claims, **rest), records=records)
    return next(one for one in made.others if one.claim == name)


def team(who, value=50.0, runs=64, **changes):
    return make_claim(value, who=who, runs=runs, source=who, **changes)


def teams(*values, **changes):
    return {f"t{i}": team(f"team {i}", v, **changes) for i, v in enumerate(values)}


def test_others_who_put_it_within_the_margin_agree():
    found = say({"c": make_claim(50.0), **teams(50.0, 50.5, 49.5)})
    assert found.word is Others.AGREE
    assert (found.teams, found.runs) == (3, 192)
    assert found.sentence.startswith("Not measured here. 3 other teams (192 runs) put it at 50.0,")
    assert "within 5 points of the claimed 50.00" in found.sentence


def test_others_who_put_it_far_off_differ():
    found = say({"c": make_claim(90.0, runs=10), **teams(50.0, 50.5, 49.5, 50.2)})
    assert found.word is Others.DIFFER
    assert found.adjusted_p < 0.05
    assert found.p_value <= found.adjusted_p
    assert "one more team would hardly print 90.00" in found.sentence


def test_others_who_differ_among_themselves_disagree_whatever_the_claim():
    for value in (30.0, 50.0, 90.0):
        found = say({"c": make_claim(value), **teams(20.0, 50.0, 80.0)})
        assert found.word is Others.DISAGREE
        assert found.disagree_chance > 0.5
        assert "differ among themselves" in found.sentence


def test_what_neither_confirms_nor_excludes_is_undecided():
    found = say({"c": make_claim(56.0), **teams(50.0, 52.0, runs=1)})
    assert found.word is Others.UNDECIDED


def test_one_other_team_is_too_few_and_is_still_shown():
    found = say({"c": make_claim(50.0), **teams(60.0)})
    assert found.word is Others.TOO_FEW
    assert found.percent == pytest.approx(60)
    assert found.low < 60 < found.high
    assert found.p_value is None
    assert "1 other team (64 runs) puts it at 60.0" in found.sentence
    none = say({"c": make_claim(50.0)})
    assert (none.word, none.percent, none.teams) == (Others.TOO_FEW, None, 0)
    assert none.sentence == "Not measured here. No other team is known to have measured it."


def test_the_claimant_s_own_further_numbers_are_not_others():
    claims = {"c": make_claim(50.0, who="Tina authors"), "again": team("Tina author (x)", 51.0)}
    assert say(claims).teams == 0


def test_picked_second_hand_and_differently_measured_numbers_are_listed_and_not_pooled():
    warm = {"temperature": 0.6, "top_p": 0.95}
    claims = {
        "c": make_claim(50.0, sampling=warm, max_new_tokens=32768),
        "picked": team("a", best_of=8),
        "quoted": team("b", confidence="secondary"),
        "unread": team("d", confidence="unread"),
        "greedy": team("e", temperature=0.0),
        "short": team("f", max_new_tokens=8192),
        "plain": team("g"),
        "alike": team("h", sampling=warm),
    }
    found = say(claims)
    assert [piece.team for piece in found.pieces] == ["g", "h"]
    reasons = {one.name: one.reason for one in found.left_out}
    assert reasons.keys() == {"picked", "quoted", "unread", "greedy", "short"}
    assert "picked out of 8" in reasons["picked"]
    assert "second hand" in reasons["quoted"]
    assert "temperature 0.0 instead of 0.6" in reasons["greedy"]
    assert "8192 instead of 32768" in reasons["short"]
    stated = {part.name: part.protocol_stated for p in found.pieces for part in p.parts}
    assert stated == {"plain": False, "alike": False}


def test_a_score_picked_out_of_many_is_expected_to_be_high_and_not_expected_to_be_low():
    others = teams(50.0, 50.2, 49.9, 50.1)
    plain, picked = (say({"c": make_claim(63.0, best_of=m), **others}) for m in (None, 17))
    assert picked.p_value > 3 * plain.p_value
    plain, picked = (say({"c": make_claim(37.0, best_of=m), **others}) for m in (None, 17))
    assert picked.p_value == plain.p_value


def test_all_claims_with_two_other_teams_are_one_family():
    claims = {"c": make_claim(90.0, runs=10), **teams(50.0, 50.5, 49.5)}
    alone = say(claims)
    assert alone.family == 4
    far = {f"x{i}": team("lonely", 10.0 * i, model=f"m{i}") for i in range(5)}
    assert say({**claims, **far}).family == 4


def test_our_own_record_is_no_other_team_and_takes_the_first_words_away():
    claims = {"c": make_claim(50.0), **teams(50.0, 50.5, 49.5)}
    solved = make_solved([2] * 15 + [0] * 15, 2, model="m", task="aime")
    found = say(claims, records=[solved])
    assert found.teams == 3
    assert not found.sentence.startswith("Not measured here")


RETRAINED = {
    "ours": make_model(title="ours", kind="adapter", base="base", checkpoint_step=450,
                       checkpoint_confidence="read"),
    "base": make_model(title="base", kind="base"),
    **{
        name: make_model(
            title=name, kind="adapter", base="base", retraining_of="ours", checkpoint_step=step,
            checkpoint_confidence="read", retraining_differs=why,
        )
        for name, step, why in (
            ("anew-1", 450, ""), ("anew-2", 450, ""), ("late", 900, ""), ("wide", 450, "rank 64"),
        )
    },
}  # fmt: skip


def test_a_claim_on_weights_that_only_its_author_has_is_held_against_the_recipe_s_retrainings():
    claims = {
        "c": make_claim(50.0, model="ours"),
        "one": team("a", 40.0, model="anew-1"),
        "two": team("b", 42.0, model="anew-2"),
        "late": team("d", 20.0, model="late"),
        "wide": team("e", 20.0, model="wide"),
    }
    found = say(claims, models=RETRAINED)
    assert found.about == "the recipe"
    assert [piece.team for piece in found.pieces] == ["a", "b"]
    assert {one.name: one.reason for one in found.left_out} == {
        "late": "trained otherwise: step 900, and the published row stands on step 450",
        "wide": "trained otherwise: rank 64",
    }
    assert "this is about the recipe, not about these weights" in found.sentence
    weights = say(
        {
            "c": make_claim(50.0, model="ours"),
            "one": team("a", 40.0, model="ours"),
            "two": team("b", 42.0, model="ours"),
        },
        models=RETRAINED,
    )
    assert weights.about == "these weights"
    assert found.p_value > weights.p_value, "trainings differ, too"
    assert found.high - found.low > weights.high - weights.low


def test_an_average_is_held_against_teams_that_measured_every_task():
    def row(who, by):
        return {
            f"{who}-{task}": make_claim(60.0 + by, task=task, who=who, source=who, runs=16)
            for task in ("aime", "amc", "math")
        }

    claims = {**row("a", 0.0), **row("b", 0.5), **row("d", 12.0)}
    claims["partial"] = make_claim(10.0, task="aime", who="e", source="e")
    averages = {
        "mean": make_average(60.2, who="z", source="z"),
        "far": make_average(85.0, who="y", source="y", runs=16),
        "unknown": make_average(60.0, tasks=None, who="x", source="x"),
    }
    del claims["d-math"]
    made = build_evidence(make_catalog(claims, averages))
    by_name = {one.claim: one for one in made.others}
    assert [piece.team for piece in by_name["mean"].pieces] == ["a", "b"]
    assert by_name["mean"].word is Others.AGREE
    assert by_name["far"].word is Others.DIFFER
    assert by_name["unknown"].word is Others.TOO_FEW
    (average,) = made.averages
    assert average.rests_on == "whole averages"
    assert average.estimate.teams == 2


@given(st.lists(st.floats(5, 95), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_catalog_changes_no_word(values, random):
    claims = {"c": make_claim(50.0), **teams(*(round(value, 2) for value in values))}
    names = list(claims)
    random.shuffle(names)
    assert say(claims) == say({name: claims[name] for name in names})


@pytest.fixture(scope="module")
def published():
    return build_evidence(CATALOG)


def test_every_published_score_has_an_estimate_teams_runs_and_a_word(published):
    cells = {(cell.model, cell.task): cell for cell in published.cells}
    claims = CATALOG.claims
    assert [one.claim for one in published.others] == [*claims, *CATALOG.averages]
    for claim in claims.values():
        weights = CATALOG.models[claim.model].published_as or claim.model
        found = cells[weights, claim.task].estimate
        assert found.teams >= 1
        assert found.runs >= found.teams
        assert 0 <= found.low <= found.percent <= found.high <= 100
        assert found.next_low <= found.low
        assert found.next_high >= found.high
    averages = {(one.model, one.tasks) for one in published.averages}
    for average in CATALOG.averages.values():
        assert average.tasks is None or (average.model, tuple(sorted(average.tasks))) in averages


def test_the_base_on_aime24_is_what_is_known_best(published):
    best = max(published.cells, key=lambda cell: cell.estimate.teams)
    assert (best.model, best.task) == (BASE, "aime24")
    assert best.estimate.teams >= 10
    assert best.estimate.high - best.estimate.low < 4
    assert best.estimate.low < 29.5 < best.estimate.high + 1


def test_the_claim_of_open_rs3_on_aime24_is_shown_beside_what_others_found(published):
    (found,) = [o for o in published.others if o.claim == "open-rs-authors-open-rs3-aime24"]
    assert found.word is Others.UNDECIDED
    assert [piece.team for piece in found.pieces] == ["A Sober Look", "Tina"]
    assert found.high < 46.7
    assert "gpg-open-rs3-aime24" in {one.name for one in found.left_out}


def test_tina_open_rs2_is_held_against_the_training_of_a_third_party(published):
    (found,) = [o for o in published.others if o.claim == "tina-v1-tina-open-rs2-aime24"]
    assert found.about == "the recipe"
    assert found.word is Others.TOO_FEW
    (piece,) = found.pieces
    counted, single = piece.parts
    assert counted.percent == pytest.approx(100 * 43 / 150, abs=0.005)
    assert (counted.runs, single.runs) == (5, 1)
    assert found.low < 28 < found.high
