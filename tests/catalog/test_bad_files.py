"""A wrong catalog file gets one sentence: file, key, what was found, what is expected."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.program import call, run
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import CatalogError

MINE = """
[models.mine]
title = "Mine"
kind = "baseline"
family = "home-made"
source = "hub"
repo = "me/mine"

[tasks.riddles]
title = "Riddles"
source = "hub"
dataset = "me/riddles"
split = "test"
n_problems = 12
prompt = "my.prompts:ask"
metric = "my.metrics:grade"
max_new_tokens = 100
margin_points = 5

[profiles.home]
title = "At home"
models = ["mine"]
tasks = ["riddles"]
seeds = [0, 1]
stack = "cpu"
sampling = { temperature = 0.6, top_p = 0.95 }
max_model_tokens = 512

[claims.boast]
model = "mine"
task = "riddles"
value_percent = 91.67
decimals = 2
who = "me"
source = "my blog"
confidence = "page"
"""

RECIPE = """
[recipes.r]
title = "r"
base = "BASE"
dataset = "embedded:smoke-train"
dataset_size = 1
seed = 1
rewards = [{ function = "accuracy", weight = 1 }]
lora = { rank = 1, alpha = 1, dropout = 0, target_modules = ["q_proj"] }
[recipes.r.grpo]
loss_type = "grpo"
scale_rewards = "group"
beta = 0
num_generations = 2
temperature = 1
max_completion_length = 8
[recipes.r.optimizer]
learning_rate = 1e-3
lr_scheduler_type = "constant"
warmup_ratio = 0
per_device_train_batch_size = 2
gradient_accumulation_steps = 1
max_steps = 10
stop_step = 10
save_steps = 5
bf16 = false
"""


def trained(name: str, base: str) -> str:
    return (
        f'\n[models.{name}]\ntitle = "t"\nkind = "adapter"\nfamily = "f"\n'
        f'source = "recipe"\nbase = "{base}"\nrecipe = "r"\n'
    )


@dataclass(frozen=True)
class Bad:
    """A way to spoil the file, and what the sentence must say."""

    old: str
    new: str
    key: str
    found: str
    expected: str


BAD = {
    "unknown table": Bad(
        "[models.mine]", "[model.mine]", "model", "unknown table", "models, tasks"
    ),
    "a table that is a value": Bad(
        "[models.mine]", 'prices = "free"\n[models.mine]', "prices", "'free'", "[prices.NAME]"
    ),
    "an entry that is a value": Bad(
        "[models.mine]", "[models]\nx = 3\n[models.mine]", "models.x", "3", "valid dictionary"
    ),
    "misspelt key": Bad(
        "n_problems", "n_problem", "tasks.riddles.n_problems", "nothing", "required"
    ),
    "unknown key": Bad(
        'split = "test"', 'split = "test"\ncolour = "red"', "tasks.riddles.colour", "'red'",
        "no such key",
    ),
    "an alias that is another entry": Bad(
        'repo = "me/mine"', 'repo = "me/mine"\naliases = ["open-rs1"]', "models.mine.aliases",
        "'open-rs1', which is open-rs1", "names of this entry alone",
    ),
    "missing key": Bad('family = "home-made"\n', "", "models.mine.family", "nothing", "required"),
    "wrong type": Bad("n_problems = 12", 'n_problems = "few"', "tasks.riddles.n_problems", "'few'",
        "valid integer"),
    "fraction for a count": Bad(
        "n_problems = 12", "n_problems = 1.5", "tasks.riddles.n_problems", "1.5", "valid integer"
    ),
    "zero problems": Bad(
        "n_problems = 12", "n_problems = 0", "tasks.riddles.n_problems", "0", "greater than 0"
    ),
    "negative margin": Bad(
        "margin_points = 5", "margin_points = -5", "tasks.riddles.margin_points", "-5",
        "greater than 0",
    ),
    "not a number": Bad(
        "margin_points = 5", "margin_points = nan", "tasks.riddles.margin_points", "nan", "finite",
    ),
    "more than all": Bad(
        "value_percent = 91.67", "value_percent = 101", "claims.boast.value_percent", "101",
        "less than or equal to 100",
    ),
    "infinite": Bad(
        "value_percent = 91.67", "value_percent = inf", "claims.boast.value_percent", "inf",
        "finite",
    ),
    "unknown choice": Bad(
        'kind = "baseline"', 'kind = "toy"', "models.mine.kind", "'toy'",
        "'base', 'baseline' or 'adapter'",
    ),
    "unknown confidence": Bad(
        'confidence = "page"', 'confidence = "sure"', "claims.boast.confidence", "'sure'",
        "'measured'",
    ),
    "another number of runs than were counted": Bad(
        'confidence = "page"', 'confidence = "page"\nruns = 3\ncorrect_by_run = [11, 11]',
        "claims.boast.correct_by_run", "2 runs", "3, as 'runs' says",
    ),
    "more right answers than problems": Bad(
        'confidence = "page"', 'confidence = "page"\nruns = 1\ncorrect_by_run = [13]',
        "claims.boast.correct_by_run", "13", "at most 12, the problems of task 'riddles'",
    ),
    "counts that give another score": Bad(
        'confidence = "page"', 'confidence = "page"\nruns = 1\ncorrect_by_run = [10]',
        "claims.boast.value_percent", "91.67", "83.33, as its 10 right answers give",
    ),
    "counts of other problems": Bad(
        'confidence = "page"', 'confidence = "page"\nruns = 1\ncorrect_by_problem = [1, 0, 1]',
        "claims.boast.correct_by_problem", "3 problems", "12, as task 'riddles' has",
    ),
    "more right answers to a problem than runs": Bad(
        'confidence = "page"', 'confidence = "page"\nruns = 1\ncorrect_by_problem = [2, 0, 1]',
        "claims.boast.correct_by_problem", "2", "at most 1, 'runs'",
    ),
    "answers by problem of an unknown number of runs": Bad(
        'confidence = "page"', 'confidence = "page"\ncorrect_by_problem = [1, 0, 1]',
        "claims.boast.correct_by_problem", "1", "known where problems are counted",
    ),
    "answers by problem that are not those by run": Bad(
        'confidence = "page"',
        'confidence = "page"\nruns = 1\ncorrect_by_run = [1]\ncorrect_by_problem = [1, 1]',
        "claims.boast.correct_by_problem", "2 right answers", "1, as 'correct_by_run' has",
    ),
    "a temperature said twice": Bad(
        'confidence = "page"',
        'confidence = "page"\ntemperature = 0.3\nsampling = { temperature = 0.6, top_p = 0.9 }',
        "claims.boast.temperature", "0.3", "none beside 'sampling'",
    ),
    "no import path": Bad(
        "my.prompts:ask", "my.prompts.ask", "tasks.riddles.prompt", "'my.prompts.ask'", "pattern"
    ),
    "temperature below zero": Bad(
        "temperature = 0.6", "temperature = -0.6", "profiles.home.sampling.temperature", "-0.6",
        "greater than or equal to 0",
    ),
    "unknown nested key": Bad(
        "top_p = 0.95", "top_p = 0.95, min_p = 0.1", "profiles.home.sampling.min_p", "0.1",
        "no such key",
    ),
    "empty list": Bad(
        'models = ["mine"]', "models = []", "profiles.home.models", "[]", "at least 1"
    ),
    "twice in a list": Bad(
        "seeds = [0, 1]", "seeds = [0, 0]", "profiles.home.seeds", "0 twice",
        "every entry of 'seeds' once",
    ),
    "wrong item": Bad(
        "seeds = [0, 1]", 'seeds = [0, "one"]', "profiles.home.seeds.1", "'one'", "valid integer"
    ),
    "unknown model": Bad(
        'models = ["mine"]', 'models = ["nine"]', "profiles.home.models", "'nine'", "'models': "
    ),
    "unknown task": Bad(
        'tasks = ["riddles"]', 'tasks = ["jokes"]', "profiles.home.tasks", "'jokes'", "'tasks': "
    ),
    "unknown stack": Bad(
        'stack = "cpu"', 'stack = "abacus"', "profiles.home.stack", "'abacus'", "cpu, current"
    ),
    "a claim about nothing": Bad(
        'model = "mine"', 'model = "nine"', "claims.boast.model", "'nine'", "'models': "
    ),
    "a claim on no task": Bad(
        'task = "riddles"', 'task = "jokes"', "claims.boast.task", "'jokes'", "'tasks': "
    ),
    "an adapter on nothing": Bad(
        'kind = "baseline"', 'kind = "adapter"', "models.mine", "'kind'", "'base' goes with"
    ),
    "a base for full weights": Bad(
        'repo = "me/mine"', 'repo = "me/mine"\nbase = "smoke-base"', "models.mine", "'base'",
        "'base' goes with",
    ),
    "an unknown base": Bad(
        'kind = "baseline"', 'kind = "adapter"\nbase = "nine"', "models.mine.base", "'nine'",
        "'models': ",
    ),
    "a hub model without repository": Bad(
        'repo = "me/mine"\n', "", "models.mine", "'source'", "'repo' goes with source 'hub'"
    ),
    "a trained model without recipe": Bad(
        'kind = "baseline"\nfamily = "home-made"\nsource = "hub"\nrepo = "me/mine"',
        'kind = "adapter"\nfamily = "f"\nsource = "recipe"\nbase = "smoke-base"',
        "models.mine", "'source'", "needs 'recipe'",
    ),
    "an unknown recipe": Bad(
        'repo = "me/mine"', 'repo = "me/mine"\nrecipe = "soup"', "models.mine.recipe", "'soup'",
        "'recipes': ",
    ),
    "a recipe on another base": Bad(
        "[models.mine]", RECIPE.replace("BASE", "smoke-base") + trained("x", "mine")
        + "[models.mine]", "models.x.base", "'mine'", "'smoke-base', the base of recipe 'r'",
    ),
    "a model that stands on itself": Bad(
        "[models.mine]", RECIPE.replace("BASE", "x") + trained("x", "x") + "[models.mine]",
        "models.x.base", "x → x", "full weights",
    ),
    "stops beyond its schedule": Bad(
        "[models.mine]", RECIPE.replace("BASE", "mine").replace("stop_step = 10", "stop_step = 11")
        + "[models.mine]", "recipes.r.optimizer", "keys [", "(11) not beyond 'max_steps' (10)",
    ),
    "half a training spread": Bad(
        'who = "me"', 'who = "me"\ntrainings = 3', "claims.boast.trainings", "'trainings' without",
        "both or neither",
    ),
    "a name with a space": Bad(
        "[models.mine]", '[models."my model"]', "models", "'my model'", "letters, digits"
    ),
    "a name that is too long": Bad(
        "[models.mine]", f"[models.{'m' * 81}]", "models", "mmm", "not more than 80"
    ),
    "a name of the package's": Bad(
        "[models.mine]", "[models.smoke-base]", "models.smoke-base", "second entry",
        "expected one; the first is in",
    ),
    "a long value": Bad(
        'kind = "baseline"', f'kind = "{"long " * 100}"', "models.mine.kind", "'long long", "'base'"
    ),
}  # fmt: skip


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_bad_file_gets_one_sentence_and_exit_code_12(tmp_path: Path, bad: Bad) -> None:
    assert MINE.count(bad.old) == 1
    path = write(tmp_path, MINE.replace(bad.old, bad.new))
    ended = call("catalog", "list", "--catalog", path)
    assert ended.code == 12
    assert ended.out == ""
    assert ended.sentence.startswith(f"{path}: {bad.key}: found "), ended.sentence
    assert "expected" in ended.sentence
    found, _, expected = ended.sentence.partition("expected")
    assert bad.found in found, ended.sentence
    assert bad.expected in "expected" + expected, ended.sentence
    assert len(ended.sentence) < 500 + len(str(tmp_path)) * 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[models.mine", "at end of document"),
        (b"a = 1\nb = = 2", "line 2"),
        (b"[models.x]\n[models.x]", "twice"),
        (b'x = "\xff"', "byte 5: found 0xff, expected UTF-8"),
        (b"x = 2026-13-01", "line 1"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_by_place(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(data)
    ended = call("catalog", "list", "--catalog", path)
    assert ended.code == 12
    assert ended.sentence.startswith(f"{path}: ")
    assert says in ended.sentence


@pytest.mark.parametrize("make", ["absent", "empty folder", "folder with a folder"])
def test_a_path_without_a_catalog_is_refused(tmp_path: Path, make: str) -> None:
    path = tmp_path / "cat"
    if make != "absent":
        path.mkdir()
    if make == "folder with a folder":
        (path / "x.toml").mkdir()
    ended = call("catalog", "list", "--catalog", path)
    assert ended.code == 12
    assert str(path) in ended.sentence


def test_a_name_that_stands_in_two_files_is_refused_naming_both(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(MINE, encoding="utf-8")
    ended = call("catalog", "list", "--catalog", tmp_path)
    assert ended.code == 12
    assert ended.sentence.startswith(f"{tmp_path / 'b.toml'}: models.mine: found a second entry")
    assert f"the first is in {tmp_path / 'a.toml'}" in ended.sentence


def test_the_same_file_given_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, MINE)
    assert call("catalog", "list", "--catalog", path, "--catalog", path).code == 12


def test_a_real_process_says_the_same_and_shows_no_traceback(tmp_path: Path) -> None:
    path = write(tmp_path, MINE.replace("n_problems = 12", "n_problems = 0"))
    for verb in (("catalog", "list"), ("plan", "--all"), ("verify",)):
        ended = run(*verb, "--catalog", path, TINA_BENCH_HOME=str(tmp_path / "home"))
        assert ended.code == 12
        assert f"{path}: tasks.riddles.n_problems: found 0, expected " in ended.sentence
        assert "Traceback" not in ended.err
    assert not (tmp_path / "home").exists()


def test_one_file_is_enough_for_a_model_a_task_a_profile_and_a_claim(tmp_path: Path) -> None:
    path = write(tmp_path, MINE)
    catalog = load_catalog([path])
    assert catalog.profiles["home"].models == ("mine",)
    assert catalog.claims["boast"].value_percent == 91.67
    assert set(load_catalog().models) < set(catalog.models)
    plan = call("plan", "--all", "--profile", "home", "--catalog", path, "--json").json()
    assert {job["model"] for job in plan["jobs"]} == {"mine"}
    assert len(plan["jobs"]) == 1 + 2 + 2, "fetch, two runs, two gradings"
    shown = call("catalog", "show", "boast", "--catalog", path, "--json").json()
    assert shown["claims"]["who"] == "me"


LINES = st.lists(st.sampled_from(MINE.splitlines() + RECIPE.splitlines()), max_size=25)


@settings(max_examples=40, deadline=None)
@given(lines=LINES, noise=st.text(max_size=20), where=st.integers(0, 25))
def test_any_jumble_of_lines_is_loaded_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], noise: str, where: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "jumble.toml"
    text = "\n".join([*lines[:where], noise, *lines[where:]])
    path.write_text(text, encoding="utf-8", newline="")
    try:
        load_catalog([path])
    except CatalogError as error:
        assert re.match(re.escape(str(path)), str(error))  # noqa: PT017 - either end is right
