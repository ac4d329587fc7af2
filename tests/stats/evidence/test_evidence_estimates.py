"""The estimate of a score: what enters it, and what only where there is nothing else."""

import pytest

from tests.stats.audits.audit_catalog import make_average, make_catalog, make_claim, make_model
from tests.stats.made_records import make_solved
from tina_bench.stats.evidence.report import build_evidence


def cell(claims, records=(), task="aime", model="m"):
    made = build_evidence(make_catalog(claims), records=records)
    (found,) = [one for one in made.cells if (one.model, one.task) == (model, task)]
    return found


def test_the_claimant_s_own_score_enters_and_a_single_run_says_little():
    found = cell({"c": make_claim(43.33)})
    assert found.rests_on == "measurements"
    assert (found.estimate.teams, found.estimate.runs) == (1, 1)
    assert found.estimate.high - found.estimate.low > 25
    assert found.sentence.endswith("; 1 team, 1 run).")


def test_a_picked_score_is_left_out_where_another_exists():
    claims = {"c": make_claim(60.0, best_of=8), "o": make_claim(40.0, who="others")}
    found = cell(claims)
    assert [piece.team for piece in found.pieces] == ["others"]
    assert [one.name for one in found.left_out] == ["c"]
    assert "picked out of 8" in found.left_out[0].reason


def test_where_only_picked_scores_exist_half_the_luck_is_taken_off_and_doubt_is_added():
    plain, picked = (cell({"c": make_claim(60.0, best_of=m)}) for m in (None, 8))
    assert picked.rests_on == "picked scores"
    # E[max of 8] = 1.42 SD of a run of 30 at 60 %, by the binomial bound
    assert plain.estimate.percent - picked.estimate.percent == pytest.approx(6.2, abs=0.5)
    wide, wider = (f.estimate.high - f.estimate.low for f in (plain, picked))
    assert wider > wide
    assert "half the luck" in picked.sentence


def test_a_pick_by_the_average_of_several_tasks_has_less_luck_on_each():
    def row(*tasks):
        return {t: make_claim(60.0, task=t, best_of=8) for t in tasks}

    alone, together = (cell(row(*tasks)) for tasks in (("aime",), ("aime", "amc", "math")))
    assert alone.estimate.percent < together.estimate.percent < 60


def test_second_hand_numbers_stand_only_where_there_is_nothing_else():
    quoted = make_claim(60.0, confidence="secondary")
    assert cell({"c": quoted}).rests_on == "second hand"
    found = cell({"c": quoted, "o": make_claim(40.0, who="others")})
    assert found.rests_on == "measurements"
    assert [one.name for one in found.left_out] == ["c"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"max_new_tokens": 50}, "cut off at 50 tokens, of the 100"),
        ({"temperature": 0.0}, "greedy"),
    ],
)
def test_answers_cut_off_early_and_greedy_ones_stand_only_where_there_is_nothing_else(change, why):
    short = make_claim(20.0, **change)
    assert cell({"c": short}).rests_on == "another protocol"
    found = cell({"c": short, "o": make_claim(40.0, who="others", max_new_tokens=100)})
    assert [piece.team for piece in found.pieces] == ["others"]
    assert why in found.left_out[0].reason


def test_a_limit_that_the_model_s_context_sets_or_the_prompt_takes_is_no_other_protocol():
    model = make_model(title="m", max_model_tokens=60)
    claims = {"c": make_claim(20.0, max_new_tokens=57), "o": make_claim(40.0, who="others")}
    made = build_evidence(make_catalog(claims, models={"m": model}))
    assert made.cells[0].estimate.teams == 2


def test_our_own_record_is_one_more_team():
    solved = make_solved([4] * 12 + [0] * 18, 4, model="m", task="aime")
    found = cell({"c": make_claim(43.33)}, records=[solved])
    assert [piece.team for piece in found.pieces] == ["the", "tina-bench (here)"]
    assert 38 < found.estimate.percent < 43.33


def test_what_is_the_same_run_told_twice_counts_once_and_says_so():
    claims = {"paper": make_claim(46.7, decimals=1), "log": make_claim(46.67, source="their log")}
    found = cell(claims)
    assert found.estimate.runs == 1
    assert [one.name for one in found.left_out] == ["paper"]
    assert found.left_out[0].reason.startswith("counted with log")


def test_an_average_that_no_team_measured_whole_is_put_together_with_all_its_doubt():
    claims = {
        "a": make_claim(40.0, task="aime", who="a"),
        "b": make_claim(60.0, task="amc", who="b"),
    }
    averages = {"mean": make_average(50.0, tasks=("aime", "amc"), who="z", source="z")}
    made = build_evidence(make_catalog(claims, averages))
    (found,) = made.averages
    assert found.rests_on == "estimates of the tasks"
    assert found.estimate.percent == pytest.approx(50, abs=0.01)
    widths = [one.estimate.high - one.estimate.low for one in made.cells]
    assert found.estimate.high - found.estimate.low == pytest.approx(sum(widths) / 2)


def test_a_shift_that_a_team_has_on_every_task_stays_in_its_average():
    def row(who, by):
        return {
            f"{who}-{t}": make_claim(60.0 + by, task=t, who=who, source=who, runs=1000)
            for t in ("aime", "amc", "math")
        }

    claims = {**row("a", 0), **row("b", 8), **row("d", 0), **row("e", 8)}
    averages = {"mean": make_average(60.0, who="z", source="z")}
    (found,) = build_evidence(make_catalog(claims, averages)).averages
    assert found.estimate.high - found.estimate.low > 5


def test_one_team_s_average_does_not_outweigh_many_that_measured_a_task_each():
    claims = {
        f"{who}-{task}": make_claim(50.0, task=task, who=who, source=who, runs=64)
        for task in ("aime", "amc") for who in (f"{task}-team-{i}" for i in range(6))
    }  # fmt: skip
    claims |= {t: make_claim(58.0, task=t, who="whole", source="whole") for t in ("aime", "amc")}
    averages = {"mean": make_average(50.0, tasks=("aime", "amc"), who="z", source="z")}
    (found,) = build_evidence(make_catalog(claims, averages)).averages
    assert found.rests_on == "estimates of the tasks"
    assert found.estimate.percent == pytest.approx(50, abs=0.5)
    assert found.estimate.teams == 13


def test_a_record_on_a_task_that_the_catalog_lacks_has_an_estimate_too():
    solved = make_solved([2] * 10 + [0] * 20, 2, model="elsewhere", task="unknown")
    found = cell({}, records=[solved], task="unknown", model="elsewhere")
    assert found.estimate.percent == pytest.approx(100 / 3)


def test_ends_never_leave_what_a_score_can_be():
    for value in (0.0, 100.0):
        found = cell({"c": make_claim(value)}).estimate
        assert 0 <= found.next_low <= found.low <= found.percent <= found.high <= 100


def test_a_mean_over_trainings_stands_only_where_these_weights_have_no_score():
    recipe = make_claim(60.0, runs=20, trainings=3, training_sd_points=6.0)
    found = cell({"c": recipe})
    assert found.rests_on == "trainings"
    (piece,) = found.pieces
    assert piece.se_points > 6.0 / 3**0.5
    found = cell({"c": recipe, "o": make_claim(40.0, who="others")})
    assert [piece.team for piece in found.pieces] == ["others"]


def test_an_average_without_its_tasks_scores_is_what_was_printed_with_the_doubt_of_its_runs():
    averages = {"mean": make_average(50.0, runs=2, who="z", source="z")}
    (found,) = build_evidence(make_catalog({}, averages)).averages
    assert found.rests_on == "printed averages"
    assert found.estimate.percent == pytest.approx(50)
    assert (found.estimate.teams, found.estimate.runs) == (1, 2)
    assert found.estimate.high - found.estimate.low > 10
