"""`tina-bench regrade`: what it prints, what it writes, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import CALM
from tests.support.answered import TASK, answer_home
from tests.support.program import Ended, call
from tests.support.sealed import seal, shares
from tina_bench.store.home import Home

TEXTS = {
    (1, 0): r"\boxed{GOLD.0}",
    (5, 1): "\x1b[2J[red]so\u202e \\boxed{998}",
}
RECORDED_AS = {(5, 1): True}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    for name, value in CALM.items():
        pytest.MonkeyPatch().setenv(name, value)
    made = Home(tmp_path_factory.mktemp("home"))
    answer_home(made, TEXTS, RECORDED_AS, k=2)
    seal(made, "smoke-tina", "smoke-40", shares(40, 1, 20))  # with problems of no task
    return made


@pytest.fixture(scope="module")
def asked(home: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    file = tmp_path_factory.mktemp("flips") / "flips.jsonl"
    ended = call("regrade", "--home", home.root, "--flips", file)
    return ended, file


@pytest.fixture(scope="module")
def reported(home: Home, asked: tuple[Ended, Path]) -> Any:
    return call("regrade", "--home", home.root, "--json").json()


@pytest.mark.engine
@pytest.mark.nightly
def test_scores_bounds_and_flips_stand_in_the_table(asked: tuple[Ended, Path]) -> None:
    ended, _ = asked
    assert ended.code == 0
    text = " ".join(ended.out.split())
    for said in (
        "recorded 100.00 %", "task 98.33 % -1.67", "boxed-exact 96.67 % -3.33",
        "96.67 – 100.00 %", "smoke-base on smoke-30, row 1, seed 0", "right answer: 4",
        "boxed-exact: wrong, read 4.0", "task: right, read 4",
    ):  # fmt: skip
        assert said in text, said


@pytest.mark.engine
@pytest.mark.nightly
def test_control_characters_of_an_answer_are_shown_and_never_obeyed(
    asked: tuple[Ended, Path],
) -> None:
    ended, _ = asked
    assert "\x1b[2J" not in ended.out
    assert "\u202e" not in ended.out
    assert "⟨U+001B⟩[2J[red]so⟨U+202E⟩" in ended.out


@pytest.mark.engine
@pytest.mark.nightly
def test_a_model_that_cannot_be_graded_again_is_left_out_with_the_reason(
    asked: tuple[Ended, Path], reported: Any
) -> None:
    reason = "the catalog's task asks other problems than the record has"
    assert f"Left out: smoke-tina on smoke-40: {reason}." in " ".join(asked[0].out.split())
    assert reported["left_out"] == [{"model": "smoke-tina", "task": "smoke-40", "reason": reason}]


@pytest.mark.engine
@pytest.mark.nightly
def test_the_file_holds_every_flip_with_the_whole_answer(
    asked: tuple[Ended, Path], reported: Any
) -> None:
    lines = [json.loads(line) for line in asked[1].read_text(encoding="utf-8").splitlines()]
    (cell,) = reported["cells"]
    assert {(line["index"], line["seed"]) for line in lines} == {(1, 0), (5, 1)}
    assert {line["key"] for line in lines} == {flip["key"] for flip in cell["flips"]}
    (hostile,) = [line for line in lines if line["index"] == 5]
    assert hostile["answer"] == TEXTS[5, 1]
    assert (hostile["model"], hostile["task"]) == ("smoke-base", TASK)


@pytest.mark.engine
@pytest.mark.nightly
def test_json_says_what_the_table_says(reported: Any) -> None:
    (cell,) = reported["cells"]
    assert reported["graded_now"] == 0  # the first call has graded everything
    assert (cell["n"], cell["k"], cell["disputed"]) == (30, 2, 2)
    assert cell["lowest_percent"] == pytest.approx(100 * 58 / 60)
    assert "clusters" in cell["pairs"][0]["p_method"]


@pytest.mark.engine
@pytest.mark.nightly
def test_where_nothing_can_be_graded_again_it_ends_with_22(home: Home) -> None:
    ended = call("regrade", "--home", home.root, "--model", "smoke-tina")
    assert ended.code == 22
    assert "nothing can be graded again: the catalog's task asks other problems" in ended.sentence


@pytest.mark.parametrize(
    ("given", "code", "sentence"),
    [
        (["--grader", "strict"], 11, "there is no grader 'strict'"),
        (["--model", "gpt"], 11, "--model gpt: there is no result of it"),
        (["--task", "aime24"], 11, "--task aime24: there is no result of it"),
        (["--grader-python", "/nowhere/python"], 11, "/nowhere/python: found no file"),
        (["--profile", "paper"], 22, "holds no results to grade again"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    home: Home, given: list[str], code: int, sentence: str
) -> None:
    ended = call("regrade", "--home", home.root, *given)
    assert ended.code == code
    assert sentence in ended.sentence


def test_a_changed_sample_log_ends_with_14_and_writes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    record = answer_home(home, {}, {})
    log = home.root / record.provenance.sample_log
    log.write_bytes(log.read_bytes().replace(b"boxed", b"bocks"))
    ended = call("regrade", "--home", home.root, "--flips", tmp_path / "flips.jsonl")
    assert ended.code == 14
    assert "found other bytes" in ended.sentence
    assert not (tmp_path / "flips.jsonl").exists()
