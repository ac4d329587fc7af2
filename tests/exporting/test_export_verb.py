"""`tina-bench export`: what it says, and that nothing half-written is left."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.exporting.exports import CATALOG, RECORDS, export
from tests.importing.made_files import take_in
from tests.importing.made_harness import lm_eval, qwen_math
from tests.support.program import call
from tests.support.sealed import seal, shares
from tina_bench.exporting.formats import FORMATS
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import problem_id
from tina_bench.store.home import Home
from tina_bench.store.problem_texts import ProblemText, keep_problems


def test_it_says_what_it_wrote_and_what_is_missing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "smoke-base", "smoke-30", shares(3, 2, 4))
    take_in(home.root, lm_eval(tmp_path / "theirs"))
    ended = call("export", "--format", "eee", tmp_path / "out", "--home", home.root)
    assert ended.code == 0
    first, *others = ended.out.splitlines()
    assert first == f"{tmp_path / 'out'} (4 files): 1 own result, 1 imported result, 36 answers."
    (sentence,) = others
    assert sentence.endswith(": without texts of answers, as an import keeps none.")


def test_json_has_the_same(tmp_path: Path) -> None:
    ended = call("export", "--format", "csv", tmp_path / "o.csv", "--home", RECORDS, "--json")
    assert ended.json() == {
        "path": str(tmp_path / "o.csv"), "format": "csv", "files": 1, "own": 6, "imported": 0,
        "answers": 2720, "left_out": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "found", "expected"),
    [
        (("--format", "parquet"), 11, "'parquet'", "eee, hf-eval-results, inspect, csv"),
        (("--format", "csv", "--model", "nobody"), 11, "nothing of --model nobody", "results list"),
        (("--format", "csv", "--profile", "no"), 11, "nothing of --profile no", "results list"),
        (("--format", "eee", "--relationship", "friend"), 11, "'friend'", "third_party"),
    ],
    ids=["format", "model", "profile", "relationship"],
)
def test_what_there_is_not_is_one_sentence(
    arguments: tuple[str, ...], code: int, found: str, expected: str, tmp_path: Path
) -> None:
    ended = call("export", *arguments, tmp_path / "out", "--home", RECORDS)
    assert ended.code == code
    assert found in ended.sentence
    assert expected in ended.sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_there_already_is_never_replaced(form: str, tmp_path: Path) -> None:
    for path in (tmp_path / "file", tmp_path / "folder", tmp_path / "link"):
        if path.name == "folder":
            path.mkdir()
        elif path.name == "link":
            path.symlink_to(tmp_path / "nowhere")
        else:
            path.write_text("mine")
        ended = call("export", "--format", form, path, "--home", RECORDS)
        assert ended.code == 11
        assert f"{path}: is there already" in ended.sentence
    assert (tmp_path / "file").read_text() == "mine"
    assert list((tmp_path / "folder").iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "eee", "inspect"])
def test_a_place_that_is_no_folder_is_one_sentence(form: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    ended = call("export", "--format", form, tmp_path / "file" / "out", "--home", RECORDS)
    assert ended.code == 11
    assert "out: cannot be written: " in ended.sentence


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_home_has_nothing_to_export(form: str, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    ended = call("export", "--format", form, tmp_path / "out", "--home", tmp_path / "home")
    assert ended.code == 22
    assert "holds no results, so there is nothing to export" in ended.sentence
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", ["csv", "eee"])
def test_answers_that_changed_end_it_and_leave_nothing_behind(form: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "smoke-base", "smoke-30", shares(3, 2, 4))
    seal(home, "smoke-tina", "smoke-30", shares(3, 2, 4))
    (log,) = (home.root / "samples" / "smoke-tina").glob("*.jsonl")
    log.write_bytes(log.read_bytes().replace(b"answer", b"change"))
    ended = call("export", "--format", form, tmp_path / "out", "--home", home.root)
    assert ended.code == 14
    assert f"{log}: found other bytes" in ended.sentence
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize("form", ["csv", "eee", "hf-eval-results"])
@pytest.mark.parametrize("samples", [True, False])
def test_a_result_that_counts_otherwise_than_its_grades_is_not_exported(
    form: str, *, samples: bool, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    record = seal(home, "open-rs1", "gpqa", shares(3, 2, 4))
    better = tuple(one.model_copy(update={"correct": (True, True)}) for one in record.problems)
    better = tuple(one.model_copy(update={"answer_group": ()}) for one in better)
    path = home.result_file("smoke", "open-rs1", "gpqa")
    write_model(path, record.model_copy(update={"problems": better}))
    if not samples:
        (log,) = (home.root / "samples" / "open-rs1").glob("*.jsonl")
        log.unlink()
    ended = call("export", "--format", form, tmp_path / "out", "--home", home.root)
    assert ended.code == 14
    assert "problem 2 of gpqa, seed 0, is not what its result counts" in ended.sentence
    assert [one.name for one in tmp_path.iterdir()] == ["home"]


def test_without_inspect_ai_one_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "inspect_ai", None)
    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    ended = call("export", "--format", "inspect", tmp_path / "out", "--home", RECORDS)
    assert ended.code == 24
    assert "pip install 'tina-bench[inspect]'" in ended.sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "eee"])
def test_texts_of_problems_that_may_not_be_published_never_go_along(
    form: str, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    asked = ["What is the secret of row 0?", "What is the secret of row 1?"]
    ids = [problem_id(text, 0) for text in asked]
    texts = [["the secret is 42"], ["the secret is 43"]]
    for task in ("gpqa", "smoke-30"):
        seal(home, "smoke-base", task, shares(2, 1, 1), ids=ids, texts=texts)
        problems = [
            ProblemText(problem=name, index=index, text=text)
            for index, (name, text) in enumerate(zip(ids, asked, strict=True))
        ]
        keep_problems(home, task, problems)
    assert CATALOG.tasks["gpqa"].access == "gated"
    made = export(home.root, form, tmp_path / "secret", tasks=("gpqa",))
    assert "may not be published" in " ".join(made.left_out)
    export(home.root, form, tmp_path / "open", tasks=("smoke-30",))
    written = {
        name: b"".join(
            path.read_bytes() for path in [tmp_path / name, *(tmp_path / name).rglob("*")]
            if path.is_file()
        )
        for name in ("secret", "open")
    }  # fmt: skip
    assert b"secret" not in written["secret"]
    assert b"the secret is 42" in written["open"]


def test_half_a_letter_is_spelled_out_and_not_dropped(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "smoke-base", "smoke-30", shares(1, 1, 1), texts=[["x \ud83d, y\r\n\0"]])
    export(home.root, "csv", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert "x \\ud83d, y\r\n\0" in file.read()
    export(home.root, "eee", tmp_path / "out")
    assert sum(1 for _ in (tmp_path / "out").rglob("*.json")) == 1


def test_a_home_without_answers_says_so_and_tells_what_its_records_hold(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    seal(home, "smoke-base", "smoke-30", shares(3, 2, 4))
    (log,) = (home.root / "samples" / "smoke-base").glob("*.jsonl")
    log.unlink()
    made = export(home.root, "csv", tmp_path / "out.csv")
    assert made.left_out == (
        "smoke-base on smoke-30 (smoke): without texts of answers, as the home does not have them.",
    )
    read = pd.read_csv(tmp_path / "out.csv")
    assert (len(read), int(read.correct.sum()), set(read.extracted)) == (6, 4, {1})


def test_a_repeat_is_no_evidence_and_is_told_once(tmp_path: Path) -> None:
    qwen_math(tmp_path / "first")
    qwen_math(tmp_path / "second")
    for name, source in (("first", "here"), ("second", "there")):
        for path in (tmp_path / name).rglob("*_e-1.jsonl"):
            path.write_text(path.read_text() + ("\n" if name == "second" else ""))
        take_in(tmp_path / "home", tmp_path / name, model="open-rs1", source=source)
    assert [one.repeat_of is None for one in Home(tmp_path / "home").imported()] == [True, False]
    made = export(tmp_path / "home", "csv", tmp_path / "out.csv")
    assert made.imported == 1
    assert any("repeats of earlier runs" in sentence for sentence in made.left_out)
