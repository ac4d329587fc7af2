"""Result files from strangers: what fits is kept, what does not is one sentence each."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importing.made_files import (
    CATALOG,
    STAMP,
    TASK,
    old_document,
    take_in,
    write_results,
)
from tina_bench.errors import ForeignFileError, UsageError
from tina_bench.importing import folder as room
from tina_bench.importing import lighteval_files
from tina_bench.importing.counts import problems_behind, whole
from tina_bench.importing.folder import Became
from tina_bench.importing.lighteval import parse_run
from tina_bench.importing.names import Attribution, Match, match_model, match_task, split_name
from tina_bench.store.home import Home, read_record
from tina_bench.store.imported import ImportedRun
from tina_bench.store.imported_results import imported_results

DATASET = {"hf_repo": "HuggingFaceH4/aime_2024", "evaluation_splits": ["train"]}


def parse(document: Any, **said: Any) -> ImportedRun:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    path = Path("logs") / f"results_{STAMP}.json"
    return parse_run(path, data, str(path), CATALOG, Attribution(**said))


def test_a_plain_file_is_kept_whole() -> None:
    run = parse(old_document(), reported_by="they", source="a link")
    (task,) = run.tasks
    assert (task.task, task.n, task.scores[0].n_correct) == ("aime24", 30, 9)
    assert task.scores[0].n_correct_known_by == "score × n"
    assert run.time.wall_seconds == 60.0
    assert run.averages["all"]["extractive_match"] == 0.3
    assert (run.reported_by, run.source) == ("they", "a link")
    assert ImportedRun.model_validate_json(run.model_dump_json()) == run


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no results": ({"results": ...}, "results: found nothing, expected this key"),
    "no general part": ({"config_general": ...}, "config_general: found nothing, expected this"),
    "no model": ({"config_general__model_name": ...}, "config_general.model_name: found nothing"),
    "an empty model": ({"config_general__model_name": ""}, "config_general.model_name: found ''"),
    "results of another kind": ({"results": [1]}, "results: found [1], expected a valid dict"),
    "a score in words": ({"results__task__extractive_match": "high"}, ": found 'high', expected"),
    "a score that is a truth value": ({"results__task__extractive_match": True}, ": found True"),
    "no score": ({"results__task__extractive_match": None}, "extractive_match: found nothing"),
    "no metric": ({"results__task": {}}, "results.custom|aime24|0: found no metric"),
    "averages alone": ({"results__task": ...}, "results: found no task, expected at least one"),
    "NaN": (
        {"results__task__extractive_match": math.nan},
        "results.custom|aime24|0.extractive_match: found nan, expected a finite number",
    ),
    "an infinite time": ({"config_general__end_time": math.inf}, "end_time: found inf"),
    "a negative error": ({"results__task__extractive_match_stderr": -1}, "_stderr: found -1"),
    "a negative time": (
        {"config_general__total_evaluation_time_secondes": "-5", "config_general__end_time": 95.0},
        "total_evaluation_time_secondes: found -5.0, expected seconds",
    ),
    "a total that is not end minus start": (
        {"config_general__total_evaluation_time_secondes": "600"},
        "found 600.0, expected end_time - start_time, which is 60.0",
    ),
    "a number of problems in words": (
        {"config_tasks__config__effective_num_docs": "30"},
        "effective_num_docs: found '30', expected a number of problems",
    ),
    "no problems": ({"config_tasks__config__effective_num_docs": 0}, "effective_num_docs: found 0"),
    "other n than the standard error says": (
        {"config_tasks__config__effective_num_docs": 300},
        "found 300 problems by the task configuration, expected 30 as the standard error tells",
    ),
    "a score that is no whole number of problems": (
        {"results__task": {"extractive_match": 0.31}},
        "extractive_match: found 0.31, expected a whole number of 30 problems",
    ),
    "hashes that are none": ({"summary_tasks__task__hashes": [1]}, "hashes: found [1], expected"),
}


@pytest.mark.parametrize(("changes", "says"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_is_one_sentence_with_file_and_key(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ForeignFileError) as caught:
        parse(old_document(**changes))
    sentence = str(caught.value)
    assert sentence.startswith(f"logs/results_{STAMP}.json: ")
    assert says in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


WHOLE = json.dumps(old_document()).encode()
NOT_JSON = {
    "nothing": (b"", "not valid JSON"),
    "cut short": (WHOLE[: len(WHOLE) // 2], "perhaps cut short"),
    "bytes": (b"\xff\xfe\x00{", "byte 0: found UTF-16, expected UTF-8"),
    "bytes that are no UTF-8": (b'{"a": "\x80"}', "byte 7: found 0x80, expected UTF-8"),
    "a list": (b"[1, 2]", "found [1, 2], expected an object"),
    "a pickle": (b"\x80\x04\x95\x00\x00", "byte 0: found 0x80, expected UTF-8"),
    "a task that stands twice": (
        b'{"results": {"a|0": {"m": 1}, "a|0": {"m": 0}}}', "'a|0': found this key twice",
    ),
    "half a letter": (b'{"results": {"a": "\\ud800"}}', "results.a: found '\\ud800', expected"),
    "half a letter in a key": (b'{"results": {"\\ud800": 1}}', "found the key '\\ud800'"),
    "a deep nest": (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "nested deeper than 50 levels"),
    "a bottomless nest": (b"[" * 1_000_000, "nested too deeply"),
    "a number of 5000 digits": (b'{"a": ' + b"9" * 5000 + b"}", "found an integer of 5000 digits"),
    "a number beyond all floats": (b'{"a": 1e999}', "a: found inf, expected a finite number"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "says"), NOT_JSON.values(), ids=NOT_JSON.keys())
def test_bytes_that_are_no_result_file_are_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(ForeignFileError) as caught:
        parse(data)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)
PLACES = [
    "config_general", "results", "versions", "config_tasks", "summary_tasks", "results__task",
    "config_general__model_name", "config_general__model_config", "config_general__start_time",
    "config_general__total_evaluation_time_secondes", "config_general__model_sha",
    "results__task__extractive_match", "results__task__extractive_match_stderr",
    "config_tasks__config", "config_tasks__config__effective_num_docs",
    "config_tasks__config__metric", "config_tasks__config__num_samples",
    "config_tasks__config__hf_repo", "config_tasks__config__hf_subset",
    "config_tasks__config__evaluation_splits", "summary_tasks__task",
    "summary_tasks__task__hashes", "versions__task",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_whatever_stands_anywhere_it_is_kept_or_refused_in_a_sentence(
    place: str, value: Any
) -> None:
    try:
        run = parse(old_document(**{place: value}))
    except ForeignFileError:
        return
    assert ImportedRun.model_validate_json(run.model_dump_json()) == run
    assert len(imported_results([run])) >= 1


@settings(max_examples=200, deadline=None)
@given(value=JSON | st.binary(max_size=40))
def test_arbitrary_documents_are_refused_in_a_sentence(value: Any) -> None:
    with pytest.raises(ForeignFileError):
        parse(value)


@given(n=st.integers(2, 2000), data=st.data())
def test_score_and_standard_error_tell_how_many_problems_there_were(
    n: int, data: st.DataObject
) -> None:
    correct = data.draw(st.integers(1, n - 1))
    share = correct / n
    # LightEval: sample standard deviation over the square root of n.
    marks = [1.0] * correct + [0.0] * (n - correct)
    spread = math.sqrt(sum((mark - share) ** 2 for mark in marks) / (n - 1)) / math.sqrt(n)
    assert problems_behind(share, spread) == n
    assert whole(share, n) == correct


def test_without_a_spread_nothing_is_told() -> None:
    assert problems_behind(1.0, 0.0) is None
    assert problems_behind(0.0, 0.0) is None
    assert problems_behind(0.5, None) is None
    assert problems_behind(0.5, 1e-300) is None
    assert whole(0.31, 30) is None
    assert whole(1.5, 2) is None


@pytest.mark.parametrize(
    ("changes", "n", "known_by", "correct"),
    [
        ({"config_tasks__config__effective_num_docs": -1}, 30, "standard error", 9),
        (
            {
                "config_tasks__config__effective_num_docs": -1,
                "results__task": {"extractive_match": 0.3},
            },
            30, "catalog", 9,
        ),
        (
            {
                "config_tasks__config__effective_num_docs": -1,
                "results__task": {"extractive_match": 0.31},
            },
            None, None, None,
        ),
        (
            {
                "config_tasks__config__num_samples": [64],
                "results__task": {"extractive_match": 0.3125},
            },
            30, "task configuration", None,
        ),
        ({"results__task": {"avg@n:n=64": 0.3125}}, 30, "task configuration", None),
    ],
    ids=["by the error", "by the catalog", "unknown", "64 answers a problem", "another metric"],
)  # fmt: skip
def test_the_number_of_problems_and_what_it_rests_on(
    changes: dict[str, Any], n: int | None, known_by: str | None, correct: int | None
) -> None:
    (task,) = parse(old_document(**changes)).tasks
    assert (task.n, task.n_known_by, task.scores[0].n_correct) == (n, known_by, correct)


def test_a_part_of_a_benchmark_is_not_the_benchmark() -> None:
    changes = {"results__task": {"extractive_match": 0.3},
               "config_tasks__config__effective_num_docs": 10}  # fmt: skip
    (task,) = parse(old_document(**changes)).tasks
    assert (task.task, task.n) == (None, 10)
    assert task.task_reason == "10 problems; aime24 of the catalog has 30"


@pytest.mark.parametrize(
    ("printed", "config", "ours"),
    [
        ("custom|aime24|0", DATASET, "aime24"),
        ("lighteval|something else|0", DATASET, "aime24"),
        ("aime24|0", {}, "aime24"),
        ("lighteval|math_500|0", {}, "math500"),
        ("aime24|5", DATASET, None),
        ("aime24|0", {**DATASET, "hf_repo": "math-ai/aime24"}, None),
        ("aime24|0", {**DATASET, "evaluation_splits": ["test"]}, None),
        ("aime24|0", {**DATASET, "hf_subset": "hard"}, None),
        ("aime24|0", {**DATASET, "hf_revision": "0" * 40}, None),
        ("gpqa:diamond|0", {"hf_repo": "Idavidrein/gpqa", "hf_subset": "gpqa_diamond"}, "gpqa"),
        ("gpqa:main|0", {"hf_repo": "Idavidrein/gpqa", "hf_subset": "gpqa_main"}, None),
        ("smoke-30|0", {"hf_repo": "/tmp/x/smoke-30"}, "smoke-30"),
        ("smoke-30|0", {"hf_repo": "someone/else"}, None),
        ("piqa|0", {}, None),
    ],
)
def test_a_task_is_ours_only_where_dataset_subset_split_and_prompt_say_so(
    printed: str, config: dict[str, Any], ours: str | None
) -> None:
    match = match_task(CATALOG, printed, config)
    assert match.name == ours
    assert match.reason


def test_names_of_tasks_come_apart_in_both_spellings() -> None:
    assert split_name("custom|aime24|0") == ("aime24", 0)
    assert split_name("aime24|5") == ("aime24", 5)
    assert split_name("gpqa:diamond|0") == ("gpqa:diamond", 0)
    assert split_name("aime24") == ("aime24", None)


def test_a_model_is_ours_only_by_repository_or_name() -> None:
    assert match_model(CATALOG, "knoveleng/Open-RS1", None).name == "open-rs1"
    assert match_model(CATALOG, "KNOVELENG/open-rs1", None).name == "open-rs1"
    assert match_model(CATALOG, "smoke-base", None).name == "smoke-base"
    assert match_model(CATALOG, "/data/merged/Open-RS1", None).name is None
    assert match_model(CATALOG, "quyanh/OpenRS-GRPO", None).name is None


def test_an_alias_of_the_catalog_is_a_name_of_its_entry_letter_for_letter() -> None:
    assert match_model(CATALOG, "DeepSeek-R1-Distill-Qwen-1.5B", None) == Match(
        "r1-distill-qwen-1.5b", "the file prints an alias of this entry"
    )
    assert match_model(CATALOG, "deepseek-r1-distill-qwen-1.5b", None).name is None
    assert match_task(CATALOG, "AIME_2024", {}).name == "aime24", "the title, written otherwise"
    assert match_task(CATALOG, "aime_2024", {"hf_repo": "someone/else"}).name is None


def test_another_revision_than_the_catalog_s_is_another_model() -> None:
    model = CATALOG.models["open-rs1"].model_copy(update={"revision": "a" * 40})
    catalog = CATALOG.model_copy(update={"models": {"open-rs1": model}})
    assert match_model(catalog, "knoveleng/Open-RS1", "a" * 40).name == "open-rs1"
    match = match_model(catalog, "knoveleng/Open-RS1", "b" * 40)
    assert match.name is None
    assert "another revision" in match.reason


def test_what_the_user_says_may_fill_a_gap_but_not_contradict_the_file() -> None:
    assert parse(old_document(), model="open-rs1").model == "open-rs1"
    with pytest.raises(ForeignFileError, match="found the repository of open-rs2, expected open-"):
        parse(old_document(config_general__model_name="knoveleng/Open-RS2"), model="open-rs1")


def test_an_unknown_model_of_the_user_s_is_refused(tmp_path: Path) -> None:
    write_results(tmp_path / "logs", old_document())
    with pytest.raises(UsageError, match="--model: found 'nobody'"):
        take_in(tmp_path / "home", tmp_path / "logs", model="nobody")


def test_a_folder_goes_on_past_its_bad_files(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    good = write_results(logs / "a", old_document(), "2025-01-01T00-00-00")
    write_results(logs / "b", old_document(results=...), "2025-01-02T00-00-00")
    (logs / "c").mkdir()
    (logs / "c" / "results_2025-01-03T00-00-00.json").write_bytes(WHOLE[:100])
    (logs / "c" / "details_x_2025-01-03T00-00-00.txt").write_text("not ours")
    os.mkfifo(logs / "results_pipe.json")
    made = take_in(tmp_path / "home", logs)
    assert [run.file.sha256 for run, _ in made.runs] == [parse(good.read_bytes()).file.sha256]
    assert len(made.bad) == 3
    assert "results: found nothing" in made.bad[0]
    assert "perhaps cut short" in made.bad[1]
    assert "no regular file" in made.bad[2]
    assert len(Home(tmp_path / "home").imported()) == 1


def test_a_large_file_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lighteval_files, "MAX_JSON_BYTES", 500)
    path = write_results(tmp_path, old_document())
    made = take_in(tmp_path / "home", path)
    assert made.runs == []
    assert f"found {path.stat().st_size} bytes, expected at most 500" in made.bad[0]


def test_a_name_that_would_steer_a_terminal_is_spelled_out(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / os.fsdecode(b"red\x1b[31m\n\xff")
    write_results(folder, old_document(), "2025-01-01T00-00-00")
    write_results(folder, [], "2025-01-02T00-00-00")
    made = take_in(tmp_path / "home", tmp_path / "logs")
    assert "red\\x1b[31m\\n\\udcff" in made.bad[0]
    (result,) = Home(tmp_path / "home").imported()
    assert result.path.startswith("logs/red\\x1b[31m\\n\\udcff/")


def test_a_path_without_results_is_a_user_s_mistake(tmp_path: Path) -> None:
    details = tmp_path / "a" / "details_x.parquet"
    details.parent.mkdir()
    row = {"doc": {"query": "q"}, "model_response": {"text": ["t"]}, "metric": {"m": 1.0}}
    pq.write_table(pa.Table.from_pylist([row]), details)
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    for path, says in (
        (tmp_path / "empty", "found no file in it, expected a result file of a known format"),
        (tmp_path / "gone", "found nothing there"),
        (details, "import the folder that holds them"),
    ):
        with pytest.raises(UsageError, match=says):
            take_in(tmp_path / "home", path)
    assert not (tmp_path / "home").exists()


def test_a_second_import_may_add_but_not_contradict(tmp_path: Path) -> None:
    path, root = write_results(tmp_path / "logs", old_document()), tmp_path / "home"
    ((first, became),) = take_in(root, path).runs
    assert (first.model, first.reported_by, became) == (None, None, Became.IMPORTED)
    ((second, became),) = take_in(root, path, model="open-rs1", reported_by="they").runs
    assert (second.model, second.reported_by, became) == ("open-rs1", "they", Became.RENEWED)
    ((third, became),) = take_in(root, path).runs
    assert (third, became) == (second, Became.UNCHANGED)
    made = take_in(root, path, model="open-rs2")
    assert "imported already with --model 'open-rs1', and now 'open-rs2' is said" in made.bad[0]
    made = take_in(root, path, reported_by="others")
    assert "imported already with --who 'they'" in made.bad[0]
    assert Home(root).imported_runs() == [second]


def test_the_same_bytes_in_two_places_are_one_record(tmp_path: Path) -> None:
    write_results(tmp_path / "logs" / "a", old_document())
    write_results(tmp_path / "logs" / "b", old_document())
    made = take_in(tmp_path / "home", tmp_path / "logs")
    assert [became for _, became in made.runs] == [Became.IMPORTED, Became.COPY]
    assert len(Home(tmp_path / "home").imported()) == 1


def test_nothing_is_written_on_a_trial(tmp_path: Path) -> None:
    path = write_results(tmp_path / "logs", old_document())
    home = Home(tmp_path / "home")
    made = room.import_results([path], CATALOG, home, Attribution(), write=False)
    assert [became for _, became in made.runs] == [Became.IMPORTED]
    assert not home.root.exists()


def test_a_record_under_another_name_is_refused(tmp_path: Path) -> None:
    from tina_bench.errors import IntegrityError

    home = Home(tmp_path / "home")
    take_in(home.root, write_results(tmp_path / "logs", old_document()))
    (record,) = (home.root / "imported").iterdir()
    assert read_record(record, ImportedRun).id == record.stem
    record.rename(record.with_name("0" * 16 + ".json"))
    with pytest.raises(IntegrityError, match="expected the file's name"):
        home.imported()


def test_a_record_of_the_first_version_is_read_and_is_not_written_again(tmp_path: Path) -> None:
    """As the version before this wrote it: without anything that other harnesses need."""
    home = Home(tmp_path / "home")
    path = write_results(tmp_path / "logs", old_document())
    take_in(home.root, path)
    (record,) = (home.root / "imported").iterdir()
    first = json.loads(record.read_text(encoding="utf-8"))
    for key in ("format", "harness", "harness_version", "part", "protocol", "beside", "remarks"):
        del first[key]
    for key in ("runs", "trials", "by_run"):
        del first["tasks"][0][key]
    for key in ("decimals", "sd_over_runs"):
        del first["tasks"][0]["scores"][0][key]
    first["schema_version"] = 1
    text = json.dumps(first)
    record.write_text(text, encoding="utf-8")
    (result,) = home.imported()
    assert (result.format, result.runs, result.n_trials) == ("lighteval", 1, 30)
    ((_, became),) = take_in(home.root, path).runs
    assert became is Became.UNCHANGED
    assert record.read_text(encoding="utf-8") == text


def _run(number: int, **changes: Any) -> ImportedRun:
    """The same evaluation again, saved a minute later."""
    document = old_document(**{"config_general__job_id": number, **changes})
    path = Path(f"logs/results_2025-01-01T00-{number:02}-00.json")
    return parse_run(path, json.dumps(document).encode(), str(path), CATALOG)


def _repeats(*runs: ImportedRun) -> list[str | None]:
    return [result.repeat_of for result in imported_results(runs)]


def test_a_repeat_is_the_same_model_task_score_and_answers() -> None:
    first = _run(0)
    assert _repeats(_run(1), first) == [None, first.id], "the earliest is the evidence"
    assert _repeats(first, _run(1, summary_tasks__task__hashes={"hash_cont_tokens": "d"})) == [
        None, None,
    ]  # fmt: skip
    assert _repeats(first, _run(1, config_general__model_name="another/model")) == [None, None]
    other = {"extractive_match": 0.4}
    assert _repeats(first, _run(1, results__task=other)) == [None, None]
    last_digit = {"extractive_match": 0.3, "extractive_match_stderr": 0.08509629433967632}
    assert _repeats(first, _run(1, results__task=last_digit)) == [None, first.id]


def test_two_known_revisions_are_two_models_and_an_unknown_one_is_no_reason() -> None:
    a, b = _run(0, config_general__model_sha="a" * 40), _run(1, config_general__model_sha="b" * 40)
    assert _repeats(a, b) == [None, None]
    assert _repeats(a, _run(2)) == [None, a.id]


def test_the_user_s_word_on_one_of_two_files_does_not_make_two_of_one_run() -> None:
    first = _run(0)
    named = _run(1).model_copy(update={"model": "open-rs1"})
    moved = _run(2, config_general__model_name="/data/rs1").model_copy(update={"model": "open-rs1"})
    assert _repeats(first, named) == [None, first.id]
    assert _repeats(named, moved) == [None, named.id]


def test_a_backend_without_token_ids_leaves_it_open_whether_a_run_is_a_repeat() -> None:
    """LightEval then hashes empty lists, the same for every run: both token hashes are equal."""
    empty = {"hash_input_tokens": "x", "hash_cont_tokens": "x"}
    runs = [_run(number, summary_tasks__task__hashes=empty) for number in (0, 1)]
    results = imported_results(runs)
    assert [(result.answers, result.repeat_of) for result in results] == [(None, None)] * 2


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(order=st.permutations(range(6)))
def test_repeats_do_not_depend_on_the_order_of_runs(order: list[int]) -> None:
    runs = [
        _run(number, summary_tasks__task__hashes={"hash_cont_tokens": str(number % 2)})
        for number in range(6)
    ]
    assert imported_results([runs[index] for index in order]) == imported_results(runs)


def test_tasks_of_one_file_are_results_of_their_own() -> None:
    document = old_document()
    document["results"]["custom|other|0"] = {"extractive_match": 1.0}
    document["results"]["custom|mmlu:_average|0"] = {"extractive_match": 0.5}
    run = parse(document)
    assert [task.task_as_printed for task in run.tasks] == [TASK, "custom|other|0"]
    assert set(run.averages) == {"all", "custom|mmlu:_average|0"}
    assert run.tasks[1].n is None
