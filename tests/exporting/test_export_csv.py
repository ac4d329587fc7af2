"""The flat table: what pandas reads is what `tb.frames.results` gives."""

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.exporting.exports import RECORDS, export
from tests.importing.made_files import take_in
from tests.importing.made_harness import MODEL, TASK, write_csv
from tests.support.sealed import seal, shares
from tina_bench import frames
from tina_bench.store.home import Home

COUNTED = {"model": MODEL, "task": TASK}


def test_pandas_reads_the_table_of_results_back_value_by_value(tmp_path: Path) -> None:
    made = export(RECORDS, "csv", tmp_path / "results.csv")
    expected = frames.results(RECORDS)
    read = pd.read_csv(tmp_path / "results.csv")
    assert_frame_equal(read[list(expected.columns)], expected)
    assert (made.files, made.own, made.imported, made.answers) == (1, 6, 0, len(expected))
    assert made.left_out == ()
    assert read.text.notna().all()
    assert set(read.temperature) == {0.6}


def test_without_texts_there_are_none_and_the_rest_is_the_same(tmp_path: Path) -> None:
    export(RECORDS, "csv", tmp_path / "with.csv")
    export(RECORDS, "csv", tmp_path / "without.csv", texts=False)
    with_texts, without = (pd.read_csv(tmp_path / f"{w}.csv") for w in ("with", "without"))
    assert without.text.isna().all()
    assert_frame_equal(without.drop(columns="text"), with_texts.drop(columns="text"))


def test_a_choice_of_models_and_tasks_is_kept_to(tmp_path: Path) -> None:
    export(RECORDS, "csv", tmp_path / "t.csv", models=("smoke-tina",), tasks=("smoke-30",))
    read = pd.read_csv(tmp_path / "t.csv")
    assert (set(read.model), set(read.task), len(read)) == ({"smoke-tina"}, {"smoke-30"}, 240)


def test_what_others_measured_says_whose_it_is_and_has_no_profile(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "r1-distill-qwen-1.5b", TASK, shares(30, 1, 9))
    rows = [{**COUNTED, "seed": seed, "correct": 9 + seed, "n": 30} for seed in range(2)]
    take_in(home.root, write_csv(tmp_path / "theirs.csv", rows), reported_by="A team")
    made = export(home.root, "csv", tmp_path / "all.csv")
    assert (made.own, made.imported, made.answers) == (1, 1, 30)
    read = pd.read_csv(tmp_path / "all.csv")
    theirs = read[read.who == "A team"]
    assert list(theirs.correct.astype(int)) == [9, 10]
    assert list(theirs.trials) == [30, 30]
    assert theirs.profile.isna().all()
    assert set(read[read.who.isna()].profile) == {"smoke"}
    own = export(home.root, "csv", tmp_path / "own.csv", imported=False)
    assert (own.own, own.imported) == (1, 0)


@pytest.mark.parametrize("percent", ["43.3", "43.33", "0"])
def test_a_printed_score_keeps_the_digits_that_were_printed(percent: str, tmp_path: Path) -> None:
    rows = [{**COUNTED, "percent": percent, "runs": 3, "sd_points": 1.5}]
    take_in(tmp_path / "home", write_csv(tmp_path / "theirs.csv", rows))
    export(tmp_path / "home", "csv", tmp_path / "out.csv")
    (row,) = pd.read_csv(tmp_path / "out.csv", dtype=str).to_dict("records")
    assert (row["percent"], row["runs"]) == (percent, "3")
    assert float(row["sd_points"]) == pytest.approx(1.5)
