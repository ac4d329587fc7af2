"""`tina-bench compare` as a user sees it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from tests.support.made import make_result
from tests.support.program import call
from tina_bench.cli.show.comparisons import MOST_PAIRS
from tina_bench.files.atomic import write_model
from tina_bench.store.home import Home
from tina_bench.store.records import ProblemOutcome

LOG = b"samples\n"


def keep(
    home: Home, model: str, task: str, solved: list[int], runs: int, prefix: str = "p"
) -> None:
    """Put a result into the home: problem i solved in `solved[i]` runs."""
    problems = tuple(
        ProblemOutcome(
            problem=f"{prefix}{index:03d}",
            index=index,
            correct=tuple(run < right for run in range(runs)),
            undecided=(False,) * runs,
            answered=(True,) * runs,
            truncated=(False,) * runs,
            tokens_out=(10,) * runs,
        )
        for index, right in enumerate(solved)
    )
    log = home.sample_log(model, "log")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(LOG)
    record = make_result(
        ((1,) * runs,),
        model=model,
        task=task,
        problems=problems,
        sample_log=str(log.relative_to(home.root)),
        sample_log_bytes=len(LOG),
        sample_log_sha256=hashlib.sha256(LOG).hexdigest(),
    )
    write_model(home.result_file("smoke", model, task), record)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return Home(tmp_path / "home")


@pytest.fixture
def three(home: Home) -> Home:
    """`best` beyond doubt, `good` and `same` alike; two tasks."""
    rng = np.random.default_rng(4)
    for task, n in (("aime", 30), ("amc", 40)):
        chances = rng.beta(2, 3, n)
        for model, gain in (("good", 0.0), ("same", 0.0), ("best", 0.5)):
            solved = rng.binomial(8, np.clip(chances + gain, 0, 1)).tolist()
            keep(home, model, task, solved, 8)
    return home


def test_the_tables_say_who_is_better_and_which_ranks_are_possible(three: Home) -> None:
    ended = call("compare")
    assert ended.code == 0, ended.err
    text = " ".join(ended.out.split())
    assert "best is better" in text
    assert "not told apart" in text
    assert "Family: all 3 pairs of 3 models on aime, both directions of each; Holm" in text
    assert "the average over aime, amc" in text
    assert "every task counts equally" in text
    assert "2 – 3" in text


def test_json_has_every_number_that_the_tables_show_and_more(three: Home) -> None:
    made = call("compare", "--json").json()
    assert [table["scope"] for table in made["pairs"]] == ["aime", "amc", "average"]
    (pair, *_) = made["pairs"][0]["comparisons"]
    assert {
        "model_a", "model_b", "difference_points", "interval", "p_value", "adjusted_p", "finding",
        "power", "method",
    } <= set(pair)  # fmt: skip
    assert pair["power"]["minimum_detectable_points"] > 0
    assert [part["difference_points"] for part in pair["power"]["needed"]] == [1, 2, 5, 10]
    average = made["ranks"][-1]
    assert [(band["best"], band["worst"]) for band in average["bands"]] == [(1, 1), (2, 3), (2, 3)]
    assert average["bands"][0]["model"] == "best"
    assert average["question"] == "problems like these"


def test_the_answer_is_the_same_twice_and_in_another_order_of_options(three: Home) -> None:
    asked = ("--model", "good", "--model", "best")
    first = call("compare", *asked, "--json").out
    assert first == call("compare", *asked, "--json").out
    assert first == call("compare", "--model", "best", "--model", "good", "--json").out


def test_a_restricted_question_has_its_own_family(three: Home) -> None:
    made = call("compare", "-m", "good", "-m", "best", "-t", "aime", "--json").json()
    (table,) = made["pairs"]
    assert table["family"] == "the only pair of 2 models on aime, both directions of each"
    (pair,) = table["comparisons"]
    assert pair["adjusted_p"] == pair["p_value"]


def test_who_could_not_be_compared_is_named(three: Home) -> None:
    keep(three, "odd", "aime", [1] * 30, 2, prefix="q")
    text = " ".join(call("compare").out.split())
    assert "Left out: odd, measured on other problems of aime: 30, of which 0 are among" in text
    assert "Left out: odd, not measured on amc." in text
    assert "Left out: odd, not comparable on aime, amc." in text


def test_long_tables_are_cut_and_say_so(home: Home) -> None:
    for index in range(12):
        keep(home, f"m{index:02d}", "aime", [4] * 30, 8)
    ended = call("compare")
    assert f"{12 * 11 // 2 - MOST_PAIRS} more pairs" in ended.out
    (table,) = call("compare", "--json").json()["pairs"]
    assert len(table["comparisons"]) == 66


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("-m", "good"), 11, "--model good: one model cannot be compared; name at least two."),
        (("-m", "good", "-m", "bad"), 11, "there is no result of the model 'bad' here; there are"),
        (("-t", "gsm"), 11, "there is no result of the task 'gsm' here; there are results of aime"),
        (("--profile", "paper"), 22, "holds results of fewer than two models"),
    ],
)
def test_a_wrong_question_gets_one_sentence(
    three: Home, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    ended = call("compare", *arguments)
    assert ended.code == code
    assert sentence in ended.sentence
    assert ended.out == ""


def test_nothing_measured_gets_one_sentence(home: Home) -> None:
    ended = call("compare")
    assert ended.code == 22
    assert "run `tina-bench reproduce` first" in ended.sentence


def test_models_without_common_problems_get_one_sentence(home: Home) -> None:
    keep(home, "a", "aime", [1] * 30, 2)
    keep(home, "b", "aime", [1] * 30, 2, prefix="q")
    ended = call("compare")
    assert ended.code == 22
    assert "was measured on the same problems for two of the models" in ended.sentence


def test_changed_samples_are_noticed_before_anything_is_compared(three: Home) -> None:
    three.sample_log("best", "log").write_bytes(b"others!\n")
    ended = call("compare")
    assert ended.code == 14
    assert ended.out == ""
