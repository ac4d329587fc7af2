"""`tina-bench import`, `results imported` and `cost` as a user and a script see them."""

import json
from pathlib import Path

import pytest

from tests.importing import made_harness as made
from tests.importing.made_files import old_document, write_results
from tests.support.made import make_entry
from tests.support.program import call
from tina_bench.files.append_log import LogWriter
from tina_bench.store.home import Home


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """One evaluation, the same again, and one of other answers."""
    folder = tmp_path / "logs"
    general = old_document()["config_general"]
    other = {"hash_cont_tokens": "other"}
    write_results(folder, old_document(), "2025-01-01T00-00-00")
    again = {**general, "start_time": 0.0, "end_time": 30.0}
    again["total_evaluation_time_secondes"] = "30.0"
    write_results(folder, old_document(config_general=again), "2025-01-02T00-00-00")
    write_results(folder, old_document(summary_tasks__task__hashes=other), "2025-01-03T00-00-00")
    return folder


def test_the_table_says_what_is_whose_and_what_is_a_repeat(logs: Path) -> None:
    ended = call("import", logs, "--who", "They, in a paper")
    assert ended.code == 0
    text = " ".join(ended.out.split())
    assert "(someone/model)" in text
    assert "30.00 %" in text
    assert "9 of 30" in text
    assert "3 imported; 1 results repeat an earlier run." in text
    assert "3 already imported" in call("import", logs).out


def test_json_carries_every_result_and_which_one_it_repeats(logs: Path, home: Home) -> None:
    document = call("import", logs, "--model", "open-rs1", "--source", "a link", "--json").json()
    assert (document["bad"], document["kept"]) == ([], True)
    first, again, other = document["results"]
    assert (first["repeat_of"], again["repeat_of"], other["repeat_of"]) == (None, first["id"], None)
    assert {result["model"] for result in document["results"]} == {"open-rs1"}
    listed = call("results", "imported", "--json").json()
    assert [result["id"] for result in listed] == [result["id"] for result in document["results"]]
    assert listed == [result.model_dump(mode="json") for result in home.imported()]


def test_a_trial_shows_the_same_and_keeps_nothing(logs: Path, home: Home) -> None:
    trial = call("import", logs, "--dry-run", "--json").json()
    assert not home.root.exists()
    assert trial["kept"] is False
    assert "--dry-run" in call("import", logs, "--dry-run").out
    real = call("import", logs, "--json").json()
    assert trial["results"] == real["results"]


def test_bad_files_are_listed_the_others_are_in_and_the_code_is_25(logs: Path, home: Home) -> None:
    write_results(logs, old_document(results=...), "2025-01-04T00-00-00")
    (logs / "results_2025-01-05T00-00-00.json").write_text('{"config', encoding="utf-8")
    ended = call("import", logs)
    assert ended.code == 25
    assert ended.sentence.startswith("2 of 5 files are bad; the first: ")
    assert "3 imported, 2 bad" in ended.out
    assert "perhaps cut short" in " ".join(ended.out.split())
    assert len(home.imported()) == 3
    ended = call("import", logs, "--json")
    assert ended.code == 25
    assert len(ended.json()["bad"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("no-such-place",), 11, "no-such-place: found nothing there"),
        (("logs", "--model", "nobody"), 11, "found 'nobody', expected a model of the catalog"),
        (("empty",), 11, "found no file in it"),
        (("bad.json",), 25, "not valid JSON"),
    ],
    ids=["path", "model", "empty folder", "one bad file"],
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    arguments: tuple[str, ...], code: int, says: str, logs: Path, home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(logs.parent)
    (logs.parent / "empty").mkdir()
    (logs.parent / "bad.json").write_text("{", encoding="utf-8")
    ended = call("import", *arguments)
    assert ended.code == code
    assert says in ended.sentence
    assert not home.root.exists()


def test_a_name_of_theirs_becomes_ours_where_the_user_says_so(tmp_path: Path, home: Home) -> None:
    rows = [{**row, "model": "Their R1", "task": "AIME of last year"} for row in made.table_rows()]
    path = made.write_csv(tmp_path / "t.csv", rows)
    (one,) = call("import", path, "--json").json()["results"]
    assert (one["model"], one["task"]) == (None, None)
    named = ("--map", f"Their R1={made.OURS}", "--map", f"AIME of last year={made.TASK}")
    (one,) = call("import", path, "--json", *named).json()["results"]
    assert (one["model"], one["task"], one["became"]) == (made.OURS, made.TASK, "renewed")
    assert (one["n_correct"], one["runs"]) == (20, 2)
    (one,) = call("import", path, "--json").json()["results"]
    assert (one["task"], one["became"]) == (made.TASK, "already imported"), "what was said stays"
    (run,) = home.imported_runs()
    assert run.model_reason == run.tasks[0].task_reason == "the user said so"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--map", "aime24"), "found 'aime24', expected NAME=OURS"),
        (("--map", "=aime24"), "found '=aime24', expected NAME=OURS"),
        (("--map", "a=nothing"), "found 'nothing', expected a model or task of the catalog"),
        (("--map", "a=aime24", "--map", "a=aime25"), "found 'a' as 'aime24' and as 'aime25'"),
    ],
)
def test_a_wrong_map_is_one_sentence(words: tuple[str, ...], says: str, logs: Path) -> None:
    ended = call("import", logs, *words)
    assert ended.code == 11
    assert says in ended.sentence


def test_a_map_may_not_contradict_the_repository_that_a_file_names(tmp_path: Path) -> None:
    path = made.write_csv(tmp_path / "t.csv", made.table_rows())
    ended = call("import", path, "--map", f"{made.MODEL}=open-rs1")
    assert ended.code == 25
    assert "model: found the name of r1-distill-qwen-1.5b, expected open-rs1 as --map says" in (
        ended.sentence
    )


def test_the_formats_are_listed_with_what_they_give() -> None:
    text = " ".join(call("import", "--formats").out.split())
    names = [one["name"] for one in call("import", "--formats", "--json").json()]
    assert names[0] == "lighteval"
    assert names[-1] == "table"
    assert all(name in text for name in names)
    ended = call("import")
    assert ended.code == 11
    assert ended.sentence.startswith("PATH: found none, expected result files")


def test_what_is_no_result_is_named_and_does_not_make_the_import_fail(
    logs: Path, home: Home
) -> None:
    (logs / "notes.txt").write_text("nothing to see", encoding="utf-8")
    ended = call("import", logs)
    assert ended.code == 0
    assert "left out, as no results of a known format: logs/notes.txt" in ended.out
    (logs / "config.json").write_text('{"lr": 1e-6}', encoding="utf-8")
    ended = call("import", logs)
    assert ended.code == 25
    assert "config.json: found JSON with the keys 'lr', expected a result file" in ended.sentence
    assert len(home.imported()) == 3


def test_remarks_are_printed_and_in_json(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("model,task,percent,mood\nm,t,4,good\n", encoding="utf-8")
    assert f"note: {path}: columns that were not read: 'mood'." in call("import", path).out
    (remark,) = call("import", path, "--json").json()["remarks"]
    assert "'mood'" in remark


def test_what_others_spent_stands_apart_from_what_we_spent(logs: Path, home: Home) -> None:
    with LogWriter(home.work_folder("evaluate-m-1") / "ledger.jsonl") as log:
        entry = make_entry(wall_seconds=6, cost_usd=1.5, price_name="p")
        log.append([entry.model_dump(mode="json")])
    before = call("cost", "--json").json()
    call("import", logs, "--who", "they")
    assert call("cost", "--json").json() == before
    (line,) = call("cost", "--reported", "--json").json()
    assert (line["reported_by"], line["files"], line["wall_seconds"]) == ("they", 3, 150.0)
    assert (line["gpu_seconds"], line["cost_usd"]) == (None, None)
    text = call("cost").out
    ours, _, theirs = text.partition("Reported by others, not spent here")
    assert "Total $1.50" in ours
    assert "they" in theirs
    assert "2 min 30 s" in theirs
    assert "unknown" in theirs


def test_one_unknown_time_makes_the_sum_unknown(logs: Path) -> None:
    general = old_document()["config_general"] | {"total_evaluation_time_secondes": None}
    write_results(logs, old_document(config_general=general), "2025-01-09T00-00-00")
    call("import", logs)
    (line,) = call("cost", "--reported", "--json").json()
    assert (line["files"], line["wall_seconds"]) == (4, None)


def test_an_empty_home_says_what_would_fill_it(home: Home) -> None:
    assert "tina-bench import" in call("results", "imported").out
    assert call("results", "imported", "--json").json() == []
    assert "Nothing has been imported" in call("cost", "--reported").out
    assert call("cost", "--reported", "--json").json() == []
    assert not home.root.exists()


def test_the_listing_can_be_narrowed_to_a_model_by_either_name(logs: Path) -> None:
    call("import", logs, "--model", "open-rs1")
    for name, number in (("open-rs1", 3), ("someone/model", 3), ("open-rs2", 0)):
        assert len(call("results", "imported", "--model", name, "--json").json()) == number


def test_a_damaged_record_is_named_with_code_14(logs: Path, home: Home) -> None:
    call("import", logs)
    path = sorted((home.root / "imported").iterdir())[0]
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | {"schema_version": 9}), encoding="utf-8")
    for verb in (("results", "imported"), ("cost",), ("import", logs)):
        ended = call(*verb)
        assert ended.code == 14
        assert ended.sentence.startswith(f"{path}: schema_version: ")
