"""Files of other harnesses that are torn, contradict themselves, or say too little."""

import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.importing import made_harness as made
from tests.importing.made_files import take_in
from tests.importing.made_harness import MODEL, OURS, TASK, N
from tina_bench.importing import archives
from tina_bench.store.home import Home

Spoil = Callable[[Path], Path]
"""Writes something wrong below a folder and returns the file that the sentence must name."""


def rows(*changes: dict[str, Any], without: str = "", n: int = N) -> list[dict[str, Any]]:
    """A table by problem with its first rows changed; `without` drops a column."""
    made_rows: list[dict[str, Any]] = [
        {"model": OURS, "task": TASK, "problem": i, "seed": 0, "correct": i % 2, "trials": 1}
        for i in range(n)
    ]
    for row, change in zip(made_rows, changes, strict=False):
        row.update(change)
    return [{key: row[key] for key in row if key != without} for row in made_rows]


def table(*changes: dict[str, Any], **how: Any) -> Spoil:
    return lambda folder: made.write_csv(folder / "t.csv", rows(*changes, **how))


def text(content: str | bytes, name: str = "t.csv") -> Spoil:
    def write(folder: Path) -> Path:
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
        return folder / name

    return write


def lines(name: str, change: Callable[[list[dict[str, Any]]], object]) -> Spoil:
    """A format's first file of lines with its rows changed."""

    def write(folder: Path) -> Path:
        made.WRITERS[name](folder)
        path = next(p for p in sorted(folder.rglob("*.jsonl")) if "predictions" not in p.parts)
        found = [json.loads(line) for line in path.read_text().splitlines()]
        change(found)
        return made.write_lines(path, found)

    return write


def document(name: str, pattern: str, change: Callable[[Any], object]) -> Spoil:
    """One JSON file of a format changed."""

    def write(folder: Path) -> Path:
        made.WRITERS[name](folder)
        (path,) = folder.rglob(pattern)
        found = json.loads(path.read_text())
        change(found)
        return made.write_json(path, found)

    return write


def archive(change: Callable[[dict[str, Any]], object], **head: Any) -> Spoil:
    """Inspect's archive with its members changed."""

    def write(folder: Path) -> Path:
        members = made.inspect_members(**head)
        change(members)
        return made.write_zip(folder / "log.eval", members)

    return write


def liar(folder: Path) -> Path:
    """An archive whose directory says of a member of 4 MiB that it has 9 bytes."""
    path = made.write_zip(folder / "log.eval", made.inspect_members())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("samples/bomb.json", "0" * (4 << 20))
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"samples/bomb.json") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<I", data, entry + 24, 9)
    path.write_bytes(data)
    return path


CASES: dict[str, tuple[Spoil, str, str, str]] = {
    "a score that is no 0 or 1": (
        table({"correct": 0.5}), "line 2: correct", "'0.5'", "a whole number of right answers",
    ),
    "more right than answers": (
        table({"correct": 3, "trials": 2}), "line 2: correct", "'3'", "at most 2",
    ),
    "right without a number of trials": (
        table({"correct": 2}, without="trials"), "line 2: correct", "'2'", "0 or 1",
    ),
    "no model": (table({"model": ""}), "line 2: model", "an empty cell", "the name of a model"),
    "no task": (table({"task": " "}), "line 2: task", "an empty cell", "the name of a task"),
    "a problem without an id": (
        table({}, {"problem": ""}), "line 3: problem", "an empty cell", "the id of a problem",
    ),
    "a problem and seed twice": (
        table({}, {"problem": 0}), "line 3", "problem '0' with seed 0 again", "it is in line 2, too"
    ),
    "problems that are not all of the task": (
        table(n=29), "line 2", "29 problems", "30, which is what aime24 of the catalog has",
    ),
    "a number in words": (
        table({"trials": "two"}), "line 2: trials", "'two'", "a number",
    ),
    "a negative number": (
        table({"trials": -1}), "line 2: trials", "'-1'", "at least 1",
    ),
    "n that is not the task's": (
        text(f"model,task,seed,correct,n\n{OURS},{TASK},0,9,31\n"), "line 2", "31 problems",
        "30, which is what aime24",
    ),
    "a seed twice": (
        text(f"model,task,seed,correct,n\n{OURS},{TASK},0,9,30\n{OURS},{TASK},0,9,30\n"), "line 3",
        "a further line with seed 0", "one a seed; see line 2",
    ),
    "two n of one task": (
        text(f"model,task,seed,correct,n\n{OURS},other,0,9,30\n{OURS},other,1,9,40\n"), "line 3",
        "40 problems", "30 as in line 2",
    ),
    "trials that are no runs": (
        text(f"model,task,correct,n,trials\n{OURS},other,9,30,31\n"), "line 2: trials", "31",
        "a multiple of it",
    ),
    "trials that are not n × runs": (
        text(f"model,task,correct,n,runs,trials\n{OURS},other,9,30,2,61\n"), "line 2: trials",
        "'61'", "60, which is 30 problems × 2 runs",
    ),
    "a percentage that is not its count": (
        text(f"model,task,seed,correct,n,percent\n{OURS},{TASK},0,6,30,40.00\n"), "line 2: percent",
        "'40.00'", "20.00, which is 6 of 30",
    ),
    "a percentage above 100": (
        text(f"model,task,percent\n{OURS},{TASK},433\n"), "line 2: percent", "'433'", "0 to 100",
    ),
    "a score twice": (
        text(f"model,task,percent\n{OURS},{TASK},43\n{OURS},{TASK},44\n"), "line 3",
        "a second score", "one for each model, task and setting, as in line 2",
    ),
    "a row too short": (
        text(f"model,task,percent\n{OURS},{TASK}\n"), "line 2", "2 cells", "3, as the first line",
    ),
    "a column twice": (
        text(f"model,task,percent,Percent\n{OURS},{TASK},4,5\n"), "line 1", "the column 'percent'",
        "each column once",
    ),
    "a quote that does not end": (
        text(f'model,task,percent\n"{OURS},{TASK},4\n'), "line 2", "no row of a table", "cells",
    ),
    "a table without rows": (text("model,task,percent\n"), "", "no row", "at least one"),
    "letters of another encoding": (
        text(b"model,task,percent\nm\xe9,t,4\n"), "byte 20", "0xe9", "UTF-8",
    ),
    "a table with other columns": (
        text("name,value\na,1\n"), "", "the columns 'name', 'value'", "a result file of a known",
    ),
    "lines of no known format": (
        text('{"a": 1}\n{"a": 2}\n', "t.jsonl"), "", "JSON lines with the keys 'a'",
        "a result file of a known format",
    ),
    "a line cut short": (
        text(
            json.dumps({"model": OURS, "task": TASK, "percent": 4}) + '\n{"model": "x', "t.jsonl"
        ),
        "line 2: column", "perhaps cut short", "an object on each line",
    ),
    "a line that is NaN": (
        text(json.dumps({"model": OURS, "task": TASK, "percent": float("nan")}), "t.jsonl"),
        "line 1: percent", "nan", "a finite number",
    ),
    "a line nested deeply": (
        text(
            json.dumps({"model": OURS, "task": TASK, "percent": 4}) + "\n"
            + '{"model": ' + "[" * 90 + "]" * 90 + "}\n", "t.jsonl"
        ),
        "line 2: model.0.0", "nested deeper than 50", "at most 50",
    ),
    "samples that are not 0 or 1": (
        lines("lm-eval", lambda found: found[4].update(exact_match=0.5)), "line 5: exact_match",
        "0.5", "0 or 1, as an answer is right or wrong",
    ),
    "a document twice": (
        lines("lm-eval", lambda found: found[4].update(doc_id=3)), "line 5: doc_id",
        "document 3 with filter 'none' again", "it once",
    ),
    "fewer samples than it says": (
        document(
            "lm-eval", "results_*", lambda found: found["n-samples"][TASK].update(effective=31)
        ),
        f"results.{TASK}", "30 problems", "31 as is printed beside them",
    ),
    "no name of a model": (
        document(
            "lm-eval", "results_*",
            lambda found: found.pop("model_name") and found["config"].pop("model_args"),
        ), "model_name",
        "no model's name", "--model NAME",
    ),
    "a format that names no model": (
        lambda folder: next(made.nemo_skills(folder).rglob("output-rs0.jsonl")), "model",
        "no model's name", "--model NAME",
    ),
    "outputs that were not graded": (
        lines("nemo-skills", lambda found: found[1].pop("symbolic_correct")),
        "line 2: symbolic_correct", "nothing", "grade the outputs first",
    ),
    "more scores than answers": (
        lines("qwen2.5-math", lambda found: found[0]["score"].append(True)), "line 1: score",
        "3 scores", "2, one an answer in code",
    ),
    "rewards that are no grades": (
        lines("verl", lambda found: [one.update(score=-1.0) for one in found]), "line 1: score",
        "-1.0", "0 or 1",
    ),
    "a group and repeat twice": (
        lines(
            "evalscope", lambda found: found[1]["sample_score"].update(generation_index=0)
        ),
        "line 2", "problem '0' with seed 0 again", "it is in line 1, too",
    ),
    "replicas in another order": (
        document(
            "opencompass", f"results/*/{TASK}.json",
            lambda found: found["details"]["31"].update(prompt="another"),
        ),
        "details.31: prompt", "another problem", "that of details.1",
    ),
    "a share that is none of so many problems": (
        lambda folder: made.write_csv(folder / "s.csv", [
            {"model": MODEL, "dataset": "aime24", "seed": seed, "temperature": 0.6,
             "accuracy": value, "stderr": 0.0850962943396763}
            for seed, value in ((0, 0.3), (1, 0.31))
        ]), "line 3: accuracy", "'0.31'", "a whole number of 30 problems",
    ),
    "bounds that say nothing": (
        document(
            "every-eval-ever", "u.json",
            lambda found: found["evaluation_results"][0]["metric_config"].pop("max_score"),
        ),
        "evaluation_results.0: metric_config.max_score", "nothing", "1 or 100",
    ),
    "samples of another evaluation": (
        lines("every-eval-ever", lambda found: found[2].update(evaluation_id="e/2")),
        "line 3: evaluation_id", "'e/2'", "that of u.json",
    ),
    "a run that did not finish": (
        archive(lambda members: members.pop("header.json")), "status", "no header.json",
        "'success', as only a run that finished",
    ),
    "a run that ended in an error": (
        archive(lambda _: None, status="error"), "status", "'error'", "'success'",
    ),
    "a run that was cancelled": (
        archive(lambda _: None, status="cancelled"), "status", "'cancelled'", "'success'",
    ),
    "an answer that is partly right": (
        archive(
            lambda members: members["samples/0_epoch_1.json"]["scores"]["math"].update(value="P")
        ),
        "samples/0_epoch_1: math", "'P'", "0 or 1",
    ),
    "a member that is no JSON": (
        archive(lambda members: members.update({"samples/0_epoch_1.json": [1]})), "",
        "Inspect's own reader cannot read", "a log of Inspect",
    ),
    "a member that is longer than it says": (liar, "", "cannot read", "a log of Inspect"),
    "a zip of something else": (
        lambda folder: made.write_zip(folder / "a.zip", {"a.json": 1}), "",
        "a zip with the members 'a.json'", "a result file of a known format",
    ),
    "an empty file": (text("", "t.csv"), "", "an empty file", "a result file of a known format"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "key", "found", "expected"), CASES.values(), ids=CASES.keys())
def test_a_wrong_file_is_one_sentence_with_its_place_and_the_good_ones_are_kept(
    spoil: Spoil, key: str, found: str, expected: str, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    path = spoil(folder)
    good = made.write_csv(tmp_path / "good" / "good.csv", made.table_rows())
    done = take_in(tmp_path / "home", folder, good, model=None if "model" in key else OURS)
    (sentence,) = [one for one in done.bad if one.startswith(f"{path}")]
    place, _, rest = sentence.removeprefix(f"{path}").partition("found ")
    assert key in place, sentence
    said, _, wanted = rest.partition(", expected ")
    assert found in said, sentence
    assert expected in wanted, sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    (kept,) = [run for run, _ in done.runs if run.file.path == "good/good.csv"]
    assert kept.tasks[0].scores[0].n_correct == sum(made.RIGHT)
    assert all(run.file.path.rpartition("/")[2] != path.name for run, _ in done.runs)


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ("MAX_MEMBERS", "64 members, expected at most 10"),
        ("MAX_MEMBER_BYTES", " bytes, expected at most 10"),
        ("MAX_UNPACKED_BYTES", "what unpacks to"),
    ],
)
def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(
    limit: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, limit, 10)
    path = made.write_zip(tmp_path / "log.eval", made.inspect_members())
    done = take_in(tmp_path / "home", path)
    assert done.runs == []
    assert says in done.bad[0]


def test_samples_without_their_results_are_named(tmp_path: Path) -> None:
    made.lm_eval(tmp_path / "logs")
    next((tmp_path / "logs").glob("results_*")).unlink()
    (sentence,) = take_in(tmp_path / "home", tmp_path / "logs").bad
    assert "found samples without their results file, expected both" in sentence


def test_a_score_that_its_answers_contradict_is_a_remark_and_the_answers_count(
    tmp_path: Path,
) -> None:
    spoil = document(
        "opencompass", f"results/*/{TASK}.json",
        lambda found: found.update({"accuracy (2 runs average)": 75.0}),
    )  # fmt: skip
    path = spoil(tmp_path)
    ((run, _),) = take_in(tmp_path / "home", path, model=OURS).runs
    assert run.tasks[0].scores[0].n_correct == sum(made.RIGHT)
    (remark,) = run.remarks
    assert "accuracy is printed as 75.00 %, and its answers say 20 of 60" in remark


def test_a_part_of_a_task_is_in_and_not_called_the_catalogs(tmp_path: Path) -> None:
    """Harnesses have a limit; a table names the task itself, and then it is a mistake."""
    path = lines("evalscope", lambda found: found.__delitem__(slice(40, None)))(tmp_path)
    ((run, _),) = take_in(tmp_path / "home", path).runs
    assert (run.tasks[0].n, run.tasks[0].task) == (20, None)
    assert run.tasks[0].task_reason == "20 problems; aime24 of the catalog has 30"
    (sentence,) = take_in(tmp_path / "home2", path, names={TASK: TASK}).bad
    assert "found 20 problems, expected 30, which is what aime24 of the catalog has" in sentence


def test_an_archive_whose_directory_is_too_long_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.write_zip(tmp_path / "log.eval", made.inspect_members())
    assert archives.member_names(path)
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 100)
    assert archives.member_names(path) is None
    (sentence,) = take_in(tmp_path / "home", path).bad
    assert "found a zip that is cut short or damaged" in sentence


def test_what_lies_about_a_folder_of_logs_is_left_out_and_no_mistake(tmp_path: Path) -> None:
    logs = made.table(tmp_path / "logs")
    (logs / "latest").symlink_to(tmp_path / "gone")
    os.mkfifo(logs / "pipe")
    (logs / ".cache").mkdir()
    (logs / ".cache" / "torn.json").write_text("{")
    done = take_in(tmp_path / "home", logs)
    assert (done.bad, done.left_out) == ([], ["logs/latest", "logs/pipe"])
    (logs / "gone.json").symlink_to(tmp_path / "gone")
    (sentence,) = take_in(tmp_path / "home", logs).bad
    assert "gone.json: found something that cannot be read" in sentence


def test_settings_that_merge_tables_are_left_alone(tmp_path: Path) -> None:
    folder = made.evalscope(tmp_path)
    bomb = ["a0: &a0 {x: 1}"]
    bomb += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 60)]
    (folder / "configs" / "task_config.yaml").write_text("\n".join(bomb))
    ((run, _),) = take_in(tmp_path / "home", folder / "reviews").runs
    assert "as it merges tables" in run.remarks[0]
    assert run.protocol.temperature is None


@pytest.mark.parametrize("value", [".nan", ".inf", "9" * 400, "[0.6]", "true"])
def test_settings_that_no_record_could_hold_are_unknown(value: str, tmp_path: Path) -> None:
    folder = made.evalscope(tmp_path)
    path = folder / "configs" / "task_config.yaml"
    path.write_text(f"generation_config: {{temperature: {value}, max_tokens: {value}}}")
    home = tmp_path / "home"
    assert take_in(home, folder).bad == []
    (run,) = Home(home).imported_runs()
    assert (run.protocol.temperature, run.protocol.max_tokens) == (None, None)


def test_older_releases_of_lm_eval_name_the_model_in_its_arguments_alone(tmp_path: Path) -> None:
    def older(found: dict[str, Any]) -> None:
        for key in ("model_name", "lm_eval_version", "n-samples"):
            del found[key]
        found["config"]["model_args"] = f"pretrained={MODEL},dtype=bfloat16"

    path = document("lm-eval", "results_*", older)(tmp_path)
    ((run, _),) = take_in(tmp_path / "home", path).runs
    assert (run.model, run.dtype_as_printed, run.tasks[0].n) == (OURS, "bfloat16", N)


def test_a_perplexity_is_no_score_and_costs_its_task_alone(tmp_path: Path) -> None:
    spoil = document(
        "lm-eval", "results_*",
        lambda found: found["results"].update(wiki={"word_perplexity,none": 12.5}),
    )  # fmt: skip
    ((run, _),) = take_in(tmp_path / "home", spoil(tmp_path)).runs
    assert [task.task_as_printed for task in run.tasks] == [TASK]
    assert "results.wiki: no score that counts right answers" in run.remarks[0]
