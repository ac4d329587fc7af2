"""Plain tables: whatever is counted comes out as it went in, and nothing else is taken for it."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing.made_files import CATALOG, take_in
from tests.importing.made_harness import write_csv, write_lines
from tina_bench.errors import ForeignFileError
from tina_bench.importing.drafts import Found
from tina_bench.importing.names import Attribution
from tina_bench.importing.records import make_record
from tina_bench.importing.table import read
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedRun

CALM = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


def records(path: Path) -> list[ImportedRun]:
    return [make_record(d, CATALOG, Attribution()) for d in read(Found(path, path.name))]


def tried(path: Path) -> tuple[list[ImportedRun], str | None]:
    """What a table gives, or the sentence that refuses it."""
    try:
        return records(path), None
    except ForeignFileError as error:
        return [], str(error)


def of(text: str, tmp_path: Path) -> list[ImportedRun]:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return records(path)


@CALM
@given(
    counts=st.lists(st.integers(0, 5), min_size=1, max_size=40), model=NAMES, task=NAMES,
    delimiter=st.sampled_from(",\t;"), seed=st.randoms(use_true_random=False),
)  # fmt: skip
def test_counts_by_problem_come_out_as_they_went_in(
    counts: list[int], model: str, task: str, delimiter: str, seed: Any, tmp_path: Path
) -> None:
    rows = [
        {"model": model, "task": f"x{task}", "problem": f"p{i}", "correct": c, "trials": 5}
        for i, c in enumerate(counts)
    ]
    seed.shuffle(rows)
    (run,) = records(write_csv(tmp_path / "t.csv", rows, delimiter))
    (one,) = run.tasks
    assert (run.model_as_printed, one.task_as_printed) == (model, f"x{task}")
    assert (one.n, one.runs, one.n_trials) == (len(counts), 5, 5 * len(counts))
    assert one.scores[0].n_correct == sum(counts)
    found = {o.problem_as_printed: o.correct for o in one.outcomes}
    assert found == {f"p{i}": c for i, c in enumerate(counts)}


@CALM
@given(
    totals=st.dictionaries(st.integers(0, 9999), st.integers(0, 30), min_size=1, max_size=12),
    extra=st.booleans(),
)
def test_counts_by_seed_come_out_as_they_went_in(
    totals: dict[int, int], extra: bool, tmp_path: Path
) -> None:
    rows = [
        {"model": "m", "task": "t", "seed": seed, "correct": c, "n": 30}
        | ({"percent": f"{100 * c / 30:.2f}"} if extra else {})
        for seed, c in totals.items()
    ]
    (run,) = records(write_csv(tmp_path / "t.csv", rows))
    (one,) = run.tasks
    assert (one.n, one.runs, one.scores[0].n_correct) == (30, len(totals), sum(totals.values()))
    if len(totals) > 1:
        assert {r.run: r.n_correct for r in one.by_run} == totals


@CALM
@given(cells=st.lists(st.lists(st.text(max_size=8), min_size=5, max_size=5), max_size=6))
def test_any_cells_make_a_record_or_a_sentence_with_the_line(
    cells: list[list[str]], tmp_path: Path
) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["model", "task", "seed", "correct", "n"], *cells])
    path = tmp_path / "t.csv"
    path.write_bytes(out.getvalue().encode(errors="replace"))
    runs, sentence = tried(path)
    assert sentence is None or sentence.startswith(f"{path}")
    assert sentence is None or ("found " in sentence and "\n" not in sentence)
    assert all(score.n_correct is not None for r in runs for t in r.tasks for score in t.scores)


@CALM
@given(data=st.binary(max_size=300))
def test_any_bytes_after_a_header_make_a_record_or_a_sentence(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"model,task,problem,correct\n" + data)
    _, sentence = tried(path)
    assert sentence is None or sentence.startswith(f"{path}")


def test_rows_of_other_settings_are_other_measurements(tmp_path: Path) -> None:
    text = "model,task,seed,correct,n,temperature\nm,t,0,3,30,0.6\nm,t,0,5,30,1.0\nm,t,1,6,30,1.0\n"
    cool, warm = of(text, tmp_path)
    assert (cool.protocol.temperature, cool.tasks[0].runs) == (0.6, 1)
    assert (warm.protocol.temperature, warm.tasks[0].scores[0].n_correct) == (1.0, 11)
    assert (cool.part, warm.part) == ("temperature 0.6", "temperature 1.0")
    assert len({cool.id, warm.id}) == 2


def test_a_printed_mean_keeps_its_digits_its_runs_and_its_spread(tmp_path: Path) -> None:
    (run,) = of("model,task,percent,runs,sd_points\nm,aime24,29.70,64,4.5\n", tmp_path)
    (task,) = run.tasks
    (score,) = task.scores
    assert (score.value, score.n_correct, score.decimals) == (pytest.approx(0.297), None, 2)
    assert (task.n, task.n_known_by, task.runs) == (30, "catalog", 64)
    assert score.sd_over_runs == pytest.approx(0.045)


def test_the_catalog_says_how_many_runs_a_total_is_of(tmp_path: Path) -> None:
    (run,) = of("model,task,correct,trials\nm,aime24,47,150\n", tmp_path)
    assert (run.tasks[0].n, run.tasks[0].runs) == (30, 5)


def test_without_a_known_task_a_total_stays_one(tmp_path: Path) -> None:
    (run,) = of("model,task,correct,trials\nm,mine,47,150\n", tmp_path)
    (task,) = run.tasks
    assert (task.n, task.runs, task.n_trials) == (None, None, 150)


def test_problems_with_unlike_numbers_of_answers_are_counted_and_said(tmp_path: Path) -> None:
    text = "model,task,problem,correct,trials\nm,t,a,15,16\nm,t,b,1,4\n"
    (run,) = of(text, tmp_path)
    (task,) = run.tasks
    assert (task.n, task.runs, task.n_trials, task.scores[0].n_correct) == (2, None, 20, 16)


def test_columns_that_are_not_read_are_named(tmp_path: Path) -> None:
    (run,) = of("model,task,percent,trails\nm,t,4,5\n", tmp_path)
    (remark,) = run.remarks
    assert "columns that were not read: 'trails'" in remark


@pytest.mark.parametrize("mark", ["\ufeff", "\n\n"])
def test_what_spreadsheets_put_before_a_table_is_no_mistake(mark: str, tmp_path: Path) -> None:
    (run,) = of(f"{mark}Model;Task;Percent\nm;t;4\n", tmp_path)
    assert run.tasks[0].scores[0].value == pytest.approx(0.04)


def test_a_cell_may_hold_any_line_end_but_its_own(tmp_path: Path) -> None:
    (run,) = of('model,task,percent\r\n"a\u2028b\x0bc",t,4\r\n', tmp_path)
    assert run.model_as_printed == "a\u2028b\x0bc"


def test_who_and_source_of_a_row_are_kept_and_the_users_word_comes_first(tmp_path: Path) -> None:
    row = {"model": "m", "task": "t", "percent": 4, "who": "a lab", "source": "its page"}
    path = write_lines(tmp_path / "t.jsonl", [row])
    ((run, _),) = take_in(tmp_path / "home", path).runs
    assert (run.reported_by, run.source) == ("a lab", "its page")
    ((run, _),) = take_in(tmp_path / "other", path, reported_by="me").runs
    assert (run.reported_by, run.source) == ("me", "its page")


def test_models_of_one_table_are_records_of_their_own(tmp_path: Path) -> None:
    rows = [{"model": m, "task": "t", "seed": 0, "correct": 3, "n": 30} for m in ("a", "b")]
    path = write_csv(tmp_path / "t.csv", rows)
    home = Home(tmp_path / "home")
    assert len(take_in(home.root, path).runs) == 2
    assert {run.model_as_printed for run in home.imported_runs()} == {"a", "b"}
    assert len({run.file.sha256 for run in home.imported_runs()}) == 1
    assert {result.part for result in home.imported()} == {"model a", "model b"}


def test_one_model_of_the_users_is_not_put_on_a_table_of_several(tmp_path: Path) -> None:
    rows = [{"model": m, "task": "t", "percent": 4} for m in ("a", "b")]
    path = write_csv(tmp_path / "t.csv", rows)
    done = take_in(tmp_path / "home", path, model="open-rs1")
    assert done.runs == []
    assert "model: found 2 models by name, such as 'a' and 'b', expected one" in done.bad[0]
    done = take_in(tmp_path / "home", path, names={"a": "open-rs1", "b": "open-rs2"})
    assert [run.model for run, _ in done.runs] == ["open-rs1", "open-rs2"]
