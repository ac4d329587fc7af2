import random

import numpy as np
import pytest

from tests.catalog.facts import CATALOG
from tests.stats.audits.audit_catalog import make_catalog, make_claim, make_model
from tests.stats.made_records import make_provenance, make_solved
from tina_bench.stats.evidence.measurement_types import OURS, group_of
from tina_bench.stats.evidence.measurements import collect_measurements, log_folders, model_of
from tina_bench.stats.evidence.repeats import same_print
from tina_bench.store.imported import ImportedOutcome, ReportedProtocol, RunTotal
from tina_bench.store.imported_results import ImportedResult


def make_file(number, model="m", **changes):
    values = {
        "id": f"{number:016x}",
        "path": "logs/x/results_1.json",
        "reported_by": "the authors",
        "source": "their logs",
        "model": model,
        "model_as_printed": "x/y",
        "revision_as_printed": None,
        "task": "aime",
        "task_as_printed": "custom|aime|0",
        "metric": "extractive_match",
        "value": 0.3,
        "stderr": None,
        "n": 30,
        "n_correct": 9,
        "saved_at_as_printed": None,
        "wall_seconds": None,
        "answers": None,
        "repeat_of": None,
        "outcomes": (),
    }
    return ImportedResult(**{**values, **changes})


def names(evidence):
    return [m.name for m in evidence.measurements]


def test_people_are_recognised_under_either_number():
    assert group_of("Tina authors") == group_of("Tina author (shangshang-wang)") == "Tina"
    assert group_of("Open-RS author") == group_of("Open-RS authors")
    assert group_of("Resa authors (Tina authors)") == "Tina"
    assert group_of("third party, report of 2026-05-10") != group_of("Tina authors")


def test_one_score_printed_twice_by_the_same_people_is_one_piece():
    claims = {
        "paper": make_claim(46.7, decimals=1),
        "log": make_claim(46.67, source="their log"),
        "other": make_claim(46.67, who="others"),
    }
    evidence = collect_measurements(make_catalog(claims))
    assert names(evidence) == ["log", "other"]
    (aside,) = evidence.set_aside
    assert (aside.name, aside.counted_as) == ("paper", "log")
    assert evidence.measurements[0].told_again_in == ("paper",)


def test_equal_scores_in_sources_that_differ_elsewhere_are_two_pieces():
    """The Tina author's run of April and the paper print Open-RS1 on AIME25 alike, but not on
    AIME24: they are two evaluations."""
    claims = {
        "april-aime": make_claim(23.33, source="april"),
        "april-amc": make_claim(67.5, source="april", task="amc"),
        "paper-aime": make_claim(26.67, source="paper"),
        "paper-amc": make_claim(67.5, source="paper", task="amc"),
    }
    assert len(collect_measurements(make_catalog(claims)).measurements) == 4


def test_fewer_samples_beside_more_in_one_source_are_not_counted_again():
    claims = {f"n{k}": make_claim(40.0 + k / 10, runs=k, decimals=1) for k in (16, 32, 64)}
    assert names(collect_measurements(make_catalog(claims))) == ["n64"]


def test_two_versions_of_a_several_run_figure_are_one():
    claims = {
        "new": make_claim(26.5, runs=10, decimals=1, source="a"),
        "old": make_claim(27.0, runs=10, decimals=1, source="b"),
    }
    assert len(collect_measurements(make_catalog(claims)).measurements) == 1


def test_a_claim_about_a_recipe_is_no_evidence_on_weights():
    claims = {"r": make_claim(50.0, runs=80, trainings=5, training_sd_points=3.0)}
    evidence = collect_measurements(make_catalog(claims))
    assert evidence.measurements == ()
    assert "recipe" in evidence.set_aside[0].reason


def test_a_file_that_repeats_another_is_not_counted():
    files = [make_file(1), make_file(2, repeat_of=f"{1:016x}")]
    evidence = collect_measurements(make_catalog(), files)
    assert len(evidence.measurements) == 1
    assert evidence.set_aside[0].counted_as == f"{1:016x}"


def test_two_metrics_of_one_file_are_one_run():
    catalog = make_catalog([make_claim(50.0, task="math")])
    files = [make_file(1), make_file(1, metric="exact_match", n_correct=8)]
    evidence = collect_measurements(catalog, files)
    assert len(evidence.of("m", "aime")) == 1
    assert [a.reason for a in evidence.set_aside] == ["another metric of the same answers"]


def test_a_file_with_the_printed_score_of_the_same_people_is_that_score():
    claims = {"paper": make_claim(30.0, decimals=1)}
    assert names(collect_measurements(make_catalog(claims), [make_file(1)])) == ["paper"]
    of_others = make_file(1, reported_by="somebody else")
    assert len(collect_measurements(make_catalog(claims), [of_others]).measurements) == 2
    of_another_score = make_file(1, value=1 / 3, n_correct=10)
    assert len(collect_measurements(make_catalog(claims), [of_another_score]).measurements) == 2


def make_runs(number, counts, **changes):
    totals = tuple(RunTotal(run=i, n_correct=c, n=30) for i, c in enumerate(counts))
    values = {"runs": len(counts), "by_run": totals, "n_correct": sum(counts)}
    return make_file(number, **{**values, "value": sum(counts) / 30 / len(counts), **changes})


def test_several_runs_in_one_import_count_as_so_many_with_their_own_spread():
    claims = {"paper": make_claim(30.0)}
    evidence = collect_measurements(make_catalog(claims), [make_runs(1, [6, 12, 9, 7, 13])])
    (file,) = [m for m in evidence.measurements if m.origin == "imported file"]
    assert (file.runs, file.n, file.percent) == (5, 30, pytest.approx(100 * 47 / 150))
    assert file.correct_by_run == (6, 12, 9, 7, 13)
    assert file.spread_points == pytest.approx(100 * np.std([6, 12, 9, 7, 13], ddof=1) / 30)
    assert file.spread_degrees_of_freedom == 4


def outcomes_of(counts, runs):
    return tuple(
        ImportedOutcome(
            problem=f"{i}", index=i, gold=(), extracted=None, answers=(), values={},
            correct=count, trials=runs,
        )
        for i, count in enumerate(counts)
    )  # fmt: skip


def test_single_problems_say_how_far_chance_alone_moves_an_imported_score():
    solved = [10, 5, 0] * 10
    file = make_file(1, runs=10, n_correct=150, value=0.5, outcomes=outcomes_of(solved, 10))
    (piece,) = collect_measurements(make_catalog(), [file]).measurements
    record = make_solved(solved, 10, model="m", task="aime")
    (ours,) = collect_measurements(make_catalog(), (), [record]).measurements
    assert piece.correct_by_problem == ours.correct_by_problem == tuple(solved)
    assert piece.spread_points == pytest.approx(ours.spread_points)
    assert piece.spread_degrees_of_freedom == pytest.approx(ours.spread_degrees_of_freedom)


def test_greedy_imports_that_repeat_themselves_are_one_run():
    greedy = ReportedProtocol(temperature=0)
    file = make_file(
        1, runs=4, n_correct=40, outcomes=outcomes_of([4, 0, 0] * 10, 4), protocol=greedy
    )
    (piece,) = collect_measurements(make_catalog(), [file]).measurements
    assert (piece.runs, piece.spread_points, piece.correct_by_run) == (1, None, (10,))
    assert (piece.protocol.temperature, piece.protocol.harness) == (0, "LightEval")


def test_a_table_by_seed_and_its_sums_by_the_same_people_are_one_piece():
    files = [make_runs(1, [6, 12]), make_runs(2, [6, 12], by_run=())]
    evidence = collect_measurements(make_catalog(), files)
    assert len(evidence.measurements) == 1
    assert "the same total of as many runs by the same people" in evidence.set_aside[0].reason
    others = [make_runs(1, [6, 12]), make_runs(2, [6, 12], reported_by="others")]
    assert len(collect_measurements(make_catalog(), others).measurements) == 2
    single = [make_file(1), make_file(2)]
    assert len(collect_measurements(make_catalog(), single).measurements) == 2


def test_runs_by_seed_of_the_people_who_print_their_mean_are_that_mean_with_a_spread():
    claims = {"printed": make_claim(31.33, runs=5)}
    file = make_runs(1, [6, 12, 9, 7, 13])
    (piece,) = collect_measurements(make_catalog(claims), [file]).measurements
    assert (piece.name, piece.runs) == ("printed", 5)
    assert piece.spread_points == pytest.approx(100 * np.std([6, 12, 9, 7, 13], ddof=1) / 30)
    assert piece.told_again_in == (f"imported file {file.id} (aime)",)
    fewer = {"printed": make_claim(31.33, runs=4)}
    assert len(collect_measurements(make_catalog(fewer), [file]).measurements) == 2


def test_a_printed_score_of_an_import_is_as_sure_as_its_digits():
    printed = make_file(1, value=0.297, n_correct=None, runs=64, decimals=1, sd_over_runs=0.045)
    (piece,) = collect_measurements(make_catalog(), [printed]).measurements
    assert (piece.percent, piece.decimals, piece.runs) == (pytest.approx(29.7), 1, 64)
    assert (piece.spread_points, piece.spread_degrees_of_freedom) == (pytest.approx(4.5), 63)
    unknown = make_file(1, n_correct=None)
    assert collect_measurements(make_catalog(), [unknown]).measurements == ()


def test_our_own_result_is_evidence_of_its_own_with_its_own_spread():
    record = make_solved([10, 5, 0] * 10, 10, model="m", task="aime")
    claims = {"paper": make_claim(50.0)}
    evidence = collect_measurements(make_catalog(claims), (), [record])
    (ours,) = [m for m in evidence.measurements if m.who == OURS]
    assert ours.percent == pytest.approx(50.0)
    assert (ours.runs, ours.n) == (10, 30)
    # A third of the problems are coins: variance a third of 1/4 over 30 problems.
    assert ours.spread_points == pytest.approx(100 * (1 / 12 / 30) ** 0.5, rel=0.15)
    assert len(evidence.measurements) == 2


def test_greedy_runs_that_repeat_each_other_are_one_run():
    record = make_solved(
        [10, 0, 10], 10, model="m", task="aime", provenance=make_provenance(temperature=0)
    )
    (ours,) = collect_measurements(make_catalog(), (), [record]).measurements
    assert ours.runs == 1
    assert ours.spread_points is None


def checkpoints():
    return make_catalog(
        {
            "log1": make_claim(30.0, model="ck1", source="repo, logs/evals/Exp1_50"),
            "log2": make_claim(40.0, model="ck2", source="repo, logs/evals/Exp1_500"),
            "paper": make_claim(40.0, model="best", decimals=1),
        },
        models={
            "ck1": make_model(training="exp1"),
            "ck2": make_model(training="exp1", published_as="best"),
        },
    )


def test_a_published_checkpoint_and_its_line_in_the_log_are_one_model():
    evidence = collect_measurements(checkpoints())
    assert names(evidence) == ["log2", "log1"]
    assert [m.model for m in evidence.measurements] == ["best", "ck1"]


def test_a_folder_counts_only_where_its_name_ends_with_the_log_s_own():
    folders = log_folders(checkpoints())
    assert folders == {"ck1": "Exp1_50", "ck2": "Exp1_500"}

    def found(path):
        return model_of(make_file(1, model=None, path=path), folders)

    assert found("logs/evals_Exp1_50/r.json") == ("ck1", "evals_Exp1_50")
    assert found("logs/Exp1_500/r.json") == ("ck2", "Exp1_500")
    assert found("logs/NoExp1_50x/r.json") == (None, None)
    assert found("logs/MyExp1_50/r.json") == (None, None)
    assert model_of(make_file(1, model="m", path="logs/Exp1_50/r.json"), folders) == ("m", None)


def test_a_file_in_the_log_s_own_folder_is_the_loggers_whatever_the_user_called_them():
    path = "logs/evals_Exp1_50/r.json"
    file = make_file(1, model=None, path=path, reported_by="somebody")
    evidence = collect_measurements(checkpoints(), [file])
    assert names(evidence) == ["log2", "log1"]
    assert evidence.measurements[1].told_again_in == (f"imported file {file.id} (aime)",)


def test_prints_of_one_number_agree_and_of_two_do_not():
    def piece(value, decimals):
        claim = make_claim(value, decimals=decimals)
        return collect_measurements(make_catalog({"c": claim})).measurements[0]

    assert same_print(piece(46.7, 1), piece(46.67, 2))
    assert same_print(piece(46.67, 2), piece(46.67, 2))
    assert not same_print(piece(46.67, 2), piece(43.33, 2))
    assert not same_print(piece(46.67, 2), piece(46.68, 2))
    assert not same_print(piece(46.8, 1), piece(46.67, 2))


def test_the_order_of_the_inputs_changes_nothing():
    claims = list(CATALOG.claims.items())
    files = [make_file(i, n_correct=i) for i in range(8)]
    first = collect_measurements(CATALOG, files)
    for seed in range(3):
        random.Random(seed).shuffle(claims)
        random.Random(seed).shuffle(files)
        shuffled = CATALOG.model_copy(update={"claims": dict(claims)})
        assert collect_measurements(shuffled, files) == first


def test_open_rs3_on_aime24_has_the_known_measurers():
    found = collect_measurements(CATALOG).of("open-rs3", "aime24")
    assert sorted(m.percent for m in found) == [23.3, 23.33, 29.7, 43.33, 46.67]
    (first,) = [m for m in found if m.percent == 46.67]
    assert first.best_of == 8
    assert set(first.told_again_in) == {
        "open-rs-authors-open-rs3-aime24",
        "thread-open-rs-issue-6-a40-aime24",
    }


def test_what_was_seen_at_second_hand_is_kept_apart_and_enters_no_audit():
    claims = {
        "read": make_claim(40.0),
        "quoted": make_claim(50.0, who="others", confidence="secondary"),
        "glimpsed": make_claim(60.0, who="third", confidence="unread"),
        "image": make_claim(41.0, who="fourth", confidence="image"),
    }
    evidence = collect_measurements(make_catalog(claims))
    assert names(evidence) == ["image", "read"]
    assert [piece.name for piece in evidence.not_pooled] == ["glimpsed", "quoted"]


def test_a_measurement_says_how_it_was_made_and_nothing_that_its_source_does_not_say():
    told = make_claim(
        runs=2, max_new_tokens=100, harness="h", correct_by_run=(3, 5),
        sampling={"temperature": 0.6, "top_p": 0.9},
    )  # fmt: skip
    warm = make_claim(who="others", temperature=0.3)
    evidence = collect_measurements(make_catalog({"told": told, "warm": warm}))
    first, second = evidence.measurements
    assert first.correct_by_run == (3, 5)
    assert first.protocol.stated
    assert first.protocol.harness == "h"
    assert (first.protocol.temperature, first.protocol.top_p) == (0.6, 0.9)
    assert (second.protocol.temperature, second.protocol.top_p) == (0.3, None)
    assert not second.protocol.stated


def test_our_record_is_told_answer_by_answer():
    solved = make_solved([2, 1, 0], 2, task="aime")
    evidence = collect_measurements(make_catalog({"c": make_claim()}), records=[solved])
    (ours,) = [piece for piece in evidence.measurements if piece.who == OURS]
    assert ours.correct_by_problem == (2, 1, 0)
    assert sum(ours.correct_by_run) == 3
    assert ours.protocol.temperature == 0.6
    assert ours.confidence == "measured"


def test_settings_of_a_record_that_are_no_figures_are_not_taken_for_some():
    odd = make_provenance(temperature="hot", max_new_tokens=True)
    solved = make_solved([1, 0], 1, provenance=odd)
    evidence = collect_measurements(make_catalog({"c": make_claim()}), records=[solved])
    (ours,) = [piece for piece in evidence.measurements if piece.who == OURS]
    assert ours.protocol.temperature is None
    assert ours.protocol.max_new_tokens is None


def test_a_print_that_was_read_from_a_file_keeps_the_counts_of_the_file():
    claims = {"c": make_claim(30.0, who="the authors", runs=1)}
    evidence = collect_measurements(make_catalog(claims), [make_file(1)])
    (piece,) = evidence.measurements
    assert piece.name == "c"
    assert piece.correct_by_run == (9,)
