import pytest
from audit_catalog import make_catalog, make_claim, make_model

from tests.catalog.facts import CATALOG
from tests.importing.made_files import take_in
from tina_bench.stats.audits.own_logs import LogSays, audit_own_logs
from tina_bench.stats.evidence.chance import Chance, chance_of
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.store.home import Home

HALF = Chance(ratios={"aime": 0.5}, spreads={})


def audits(claims, files=()):
    catalog = make_catalog(
        {
            **claims,
            # A second line makes them the loggers of that checkpoint.
            "log-amc": make_claim(70.0, model="ck", task="amc", source="repo, logs/Exp1_50"),
        },
        models={"ck": make_model(training="t", published_as="m")},
    )
    return audit_own_logs(catalog, collect_measurements(catalog, files), HALF, files)


def logged(value):
    return make_claim(value, model="ck", source="repo, logs/Exp1_50")


def test_a_printed_score_is_what_the_log_says_with_fewer_digits():
    (one,) = audits({"paper": make_claim(46.7, decimals=1), "log": logged(46.67)})
    assert one.log is LogSays.SAME
    assert one.off_by_points == 0
    assert one.runs[0].n_correct == 14
    assert one.sentence.startswith("46.7: its own log says the same (14 of 30)")


def test_a_printed_score_that_the_log_contradicts_is_told_with_the_distance():
    (one,) = audits({"paper": make_claim(46.7, decimals=1), "log": logged(43.33)})
    assert one.log is LogSays.DIFFERS
    assert one.off_by_points == pytest.approx(46.7 - 43.33)
    assert "+3.37 points" in one.sentence


def test_a_score_without_a_log_says_so():
    (one,) = audits({"paper": make_claim(46.7, decimals=1)})
    assert (one.log, one.off_by_points, one.runs) == (LogSays.NO_LOG, None, ())
    assert one.p_value is None
    assert "nobody else measured it" in one.sentence


def test_only_those_who_logged_it_have_a_log_of_their_own():
    claims = {"paper": make_claim(46.7, decimals=1), "x": make_claim(30.0, who="others")}
    (one,) = audits(claims)
    assert one.claim == "paper"
    assert (one.others, one.others_percent) == (1, pytest.approx(30.0))
    assert one.from_others_points == pytest.approx(16.7)


def test_more_runs_by_the_same_people_are_not_the_others():
    claims = {
        "paper": make_claim(46.7, decimals=1),
        "again": make_claim(23.3, decimals=1, who="the author (in a thread)", source="thread"),
    }
    # `the authors` and `the author` are one group of people.
    (one,) = [o for o in audits(claims) if o.claim == "paper"]
    assert one.others == 0


@pytest.fixture(scope="module")
def home(open_rs_logs, tmp_path_factory):
    root = tmp_path_factory.mktemp("audited") / "home"
    take_in(root, open_rs_logs, reported_by="Open-RS authors", source="knoveleng/open-rs@2889c47")
    return Home(root)


def of_logs(files):
    evidence = collect_measurements(CATALOG, files)
    found = audit_own_logs(CATALOG, evidence, chance_of(CATALOG), files)
    return evidence, {(o.model, o.task): o for o in found}


def test_every_open_rs_claim_with_a_log_is_what_its_log_says(home):
    """Fifteen printed scores; the logs of experiment 3 have neither Minerva nor OlympiadBench."""
    _, found = of_logs(home.imported())
    assert len(found) == 15
    without = {cell for cell, one in found.items() if one.log is LogSays.NO_LOG}
    assert without == {("open-rs3", "minerva"), ("open-rs3", "olympiadbench")}
    assert all(one.log is LogSays.SAME for cell, one in found.items() if cell not in without)


def test_the_counts_of_the_imported_files_are_the_printed_scores(home):
    _, found = of_logs(home.imported())
    for (model, task), count in {
        ("open-rs1", "minerva"): 79,
        ("open-rs1", "olympiadbench"): 354,
        ("open-rs2", "minerva"): 83,
        ("open-rs2", "amc23"): 32,
    }.items():
        runs = found[model, task].runs
        assert {run.n_correct for run in runs} == {count}
        assert any(run.folder for run in runs), "the file itself does not tell its checkpoint"


def test_without_the_files_the_catalog_s_log_lines_are_enough_for_three_tasks():
    _, found = of_logs(())
    same = {cell for cell, one in found.items() if one.log is LogSays.SAME}
    assert same == {
        (f"open-rs{i}", task) for i in (1, 2, 3) for task in ("aime24", "amc23", "math500")
    }


def test_the_files_add_no_evidence_to_the_log_that_they_are(home):
    with_files, _ = of_logs(home.imported())
    without = collect_measurements(CATALOG)
    assert [m.name for m in with_files.measurements] == [m.name for m in without.measurements]
    told = [m for m in with_files.measurements if any("imported" in n for n in m.told_again_in)]
    assert len(told) == 13 * 3 + 4


def test_files_without_a_name_for_who_measured_them_are_still_the_log_s(tmp_path, open_rs_logs):
    take_in(tmp_path / "home", open_rs_logs)
    unnamed, _ = of_logs(Home(tmp_path / "home").imported())
    assert len(unnamed.measurements) == len(collect_measurements(CATALOG).measurements)


def test_open_rs3_s_aime24_is_apart_from_the_others_and_nothing_else_is(home):
    _, found = of_logs(home.imported())
    apart = {cell for cell, one in found.items() if (one.adjusted_p or 1) < 0.05}
    assert apart == {("open-rs3", "aime24")}
    one = found["open-rs3", "aime24"]
    assert (one.others, one.others_lowest, one.others_highest) == (3, 23.33, 43.33)
    assert one.from_others_points == pytest.approx(16.4, abs=0.1)
