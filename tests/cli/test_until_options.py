"""`--until-decided` before anything runs: what goes with it, and what a plan of it can promise."""

from pathlib import Path

import pytest

from tests.support.made import make_result
from tests.support.program import call
from tina_bench.files.atomic import write_model
from tina_bench.store.home import Home

SMOKE = ("--model", "smoke-base", "--profile", "smoke")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return Home(tmp_path / "home")


@pytest.mark.parametrize("verb", ["plan", "reproduce"])
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--first-seeds", "2"), "--first-seeds goes with --until-decided"),
        (("--max-seeds", "9"), "--max-seeds goes with --until-decided"),
        (("--until-decided", "--seeds", "8"), "--seeds sets the number of seeds"),
        (
            ("--until-decided", "--first-seeds", "9", "--max-seeds", "8"),
            "--first-seeds: found 9, expected not more than --max-seeds (8)",
        ),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    home: Home, verb: str, options: tuple[str, ...], sentence: str
) -> None:
    ended = call(verb, *SMOKE, *options)
    assert ended.code == 11
    assert sentence in ended.sentence
    assert not home.root.exists()


def test_greedy_decoding_is_refused_as_further_seeds_would_say_nothing(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[profiles.greedy]\ntitle = "t"\nmodels = ["smoke-base"]\ntasks = ["smoke-30"]\n'
        'seeds = [0]\nstack = "cpu"\nmax_model_tokens = 512\n'
        "sampling = { temperature = 0, top_p = 1 }\n",
        encoding="utf-8",
    )
    ended = call("reproduce", "--all", "-p", "greedy", "--catalog", mine, "--until-decided")
    assert ended.code == 11
    assert "further seeds repeat one answer" in ended.sentence


def test_a_result_with_a_gap_in_its_seeds_is_refused(home: Home) -> None:
    record = make_result(((10, 10),), model="smoke-base", task="smoke-30", seeds=(0, 2))
    write_model(home.result_file("smoke", "smoke-base", "smoke-30"), record)
    ended = call("reproduce", *SMOKE, "--until-decided")
    assert ended.code == 11
    assert "holds other seeds than 0 to 1" in ended.sentence


def test_a_plan_is_the_first_batch_and_says_that_the_rest_is_open_and_bounded() -> None:
    told = " ".join(call("plan", *SMOKE, "--until-decided", "--max-seeds", "20").out.split())
    assert "12 runs to sample" in told, "four seeds of three tasks"
    assert "how much follows is open" in told
    assert "up to --max-seeds 20" in told


def test_the_bound_of_a_plan_is_that_of_a_plan_for_all_seeds() -> None:
    asked = ("plan", *SMOKE, "--json")
    found = call(*asked, "--until-decided", "--first-seeds", "2", "--max-seeds", "20").json()
    bound = found["until_decided"]
    assert bound["rule"] == {"first_seeds": 2, "max_seeds": 20, "family": 3}
    assert bound["at_most"]["central"] == call(*asked, "--seeds", "20").json()["total"]["central"]
    first = call(*asked, "--seeds", "2").json()
    assert found["total"] == first["total"]
    assert found["jobs"] == first["jobs"], "job ids do not know how the number was chosen"


def test_claims_about_recipes_do_not_count_into_the_family_of_seeds() -> None:
    asked = ("plan", "--all", "-p", "smoke", "--until-decided", "--json")
    assert call(*asked).json()["until_decided"]["rule"]["family"] == 3


def test_help_says_what_every_ending_gives() -> None:
    told = " ".join(call("reproduce", "--help").out.replace("│", " ").split())
    assert "27 a claim is still open" in told
    assert "--until-decided" in told
