"""Result files of others that are torn, contradict themselves, or are no result files at all."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs.world import Case, World, ask, assert_one_sentence, refused
from tests.importing.made_files import STAMP, old_document
from tina_bench.errors import ForeignFileError, UsageError

Spoil = Callable[[World], object]
BAD, NO_SUCH = ForeignFileError.exit_code, UsageError.exit_code
SCORE = "results.custom|aime24|0.extractive_match"
FILE = ("import", f"{{root}}/logs/results_{STAMP}.json")


def changed(**changes: Any) -> Spoil:
    """The plain document with values replaced by their place."""
    text = json.dumps(old_document(**changes))
    return lambda world: world.results.write_text(text, encoding="utf-8")


def data(make: Callable[[bytes], bytes]) -> Spoil:
    """The file's bytes made into others."""
    return lambda world: world.results.write_bytes(make(world.results.read_bytes()))


def twice(world: World) -> None:
    world.replace(
        world.results, '"extractive_match": 0.3, "extractive_match_stderr"',
        '"extractive_match": 0.9, "extractive_match": 0.3, "extractive_match_stderr"',
    )  # fmt: skip


def once(world: World) -> None:
    """The average of the file is no part of the case."""
    world.edit(world.results, lambda document: document["results"].pop("all"))
    twice(world)


def circle(world: World) -> None:
    path = world.results
    path.unlink()
    path.symlink_to(path)


CASES = {
    "a score above 1": Case(
        changed(results__task={"extractive_match": 4.333}), BAD, SCORE, "4.333",
        "a share of correct answers, from 0 to 1",
    ),
    "a score below 0": Case(
        changed(results__task={"extractive_match": -0.3}), BAD, SCORE, "-0.3",
        "a share of correct answers, from 0 to 1",
    ),
    "a score that no number of problems has": Case(
        changed(results__task={"extractive_match": 0.4433}), BAD, SCORE, "0.4433",
        "a whole number of 30 problems",
    ),
    "NaN": Case(
        changed(results__task__extractive_match=math.nan), BAD, SCORE, "nan", "a finite number"
    ),
    "infinity": Case(
        changed(results__task__extractive_match=-math.inf), BAD, SCORE, "-inf", "a finite number"
    ),
    "a score in words": Case(
        changed(results__task__extractive_match="0.3"), BAD, SCORE, "'0.3'", "valid number"
    ),
    "no score": Case(
        changed(results__task__extractive_match=None), BAD, SCORE, "nothing", "a number"
    ),
    "a score twice": Case(once, BAD, "'extractive_match'", "this key twice", "it once"),
    "a standard error of another n": Case(
        changed(results__task__extractive_match_stderr=0.0343), BAD, SCORE + "_stderr", "0.0343",
        "0.0851 as 0.3 of 30 problems has",
    ),
    "a standard error that no n has": Case(
        changed(results__task__extractive_match_stderr=0.7), BAD, SCORE + "_stderr", "0.7",
        "0.0851 as 0.3 of 30 problems has",
    ),
    "a standard error beyond all bounds": Case(
        changed(results__task__extractive_match_stderr=1e308), BAD, SCORE + "_stderr", "1e+308",
        "0.0851 as 0.3 of 30 problems has",
    ),
    "a negative standard error": Case(
        changed(results__task__extractive_match_stderr=-0.085), BAD, SCORE + "_stderr", "-0.085",
        "a standard error, which is not negative",
    ),
    "another n than its standard error": Case(
        changed(config_tasks__config__effective_num_docs=300), BAD, "config_tasks.custom|aime24|0",
        "300 problems", "30 as the standard error tells",
    ),
    "no problems": Case(
        changed(config_tasks__config__effective_num_docs=0), BAD,
        "config_tasks.custom|aime24|0.effective_num_docs", "0", "a number of problems",
    ),
    "problems of thirty digits": Case(
        changed(config_tasks__config__effective_num_docs=int("9" * 30)), BAD,
        "config_tasks.custom|aime24.effective_num_docs", "30 digits", "64 bits",
    ),
    "time that runs back": Case(
        changed(
            config_general__total_evaluation_time_secondes="-60", config_general__end_time=40.0
        ), BAD, "config_general.total_evaluation_time_secondes", "-60.0", "seconds",
    ),
    "a total that is not its end less its start": Case(
        changed(config_general__total_evaluation_time_secondes="6000"), BAD,
        "config_general.total_evaluation_time_secondes", "6000.0", "which is 60.0",
    ),
    "no task": Case(changed(results={}), BAD, "results", "no task", "at least one"),
    "no general part": Case(
        changed(config_general=...), BAD, "config_general", "nothing", "this key"
    ),
    "nothing in it": Case(
        data(lambda _: b""), BAD, "line 1, column 1", "not valid JSON", "an object with the keys"
    ),
    "cut short": Case(
        data(lambda good: good[:400]), BAD, "line 1", "perhaps cut short", "an object with"
    ),
    "a list": Case(data(lambda _: b"[1, 2]"), BAD, "", "[1, 2]", "an object with the keys"),
    "a pickle": Case(data(lambda _: b"\x80\x04\x95\x00"), BAD, "byte 0", "0x80", "UTF-8"),
    "a picture": Case(data(lambda _: b"\x89PNG\r\n\x1a\n"), BAD, "byte 0", "0x89", "UTF-8"),
    "UTF-16": Case(data(lambda good: good.decode().encode("utf-16")), BAD, "byte 0", "UTF-16",
        "UTF-8"),
    "a byte order mark": Case(
        data(lambda good: b"\xef\xbb\xbf" + good), BAD, "byte 0", "a byte order mark",
        "UTF-8 without one",
    ),
    "10,000 tables in each other": Case(
        data(lambda _: b'{"a":' * 10_000 + b"1" + b"}" * 10_000), BAD, "", "nested too deeply",
        "an object with the keys",
    ),
    "100 tables in each other": Case(
        data(lambda _: b'{"a":' * 100 + b"1" + b"}" * 100), BAD, "a.a.a.",
        "nested deeper than 50 levels", "at most 50",
    ),
    "a link in a circle": Case(circle, NO_SUCH, "", "nothing there", "a result file or a folder"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_result_file_is_one_sentence_and_nothing_of_it_is_kept(
    world: World, case: Case
) -> None:
    refused(world, case, FILE, world.root / "logs" / f"results_{STAMP}.json")


PATHS = {
    "nothing there": (("import", "{root}/gone"), NO_SUCH, "nothing there"),
    "a folder of other data": (("import", "{root}/home/jobs"), BAD, "JSON lines with the keys"),
    "an empty folder": (("import", "{root}/empty"), NO_SUCH, "no file in it"),
    "an unknown model": (("import", "{root}/logs", "--model", "nobody"), NO_SUCH, "'nobody'"),
    "a device": (("import", "/dev/null"), BAD, "no regular file"),
}


@pytest.mark.parametrize(("verb", "code", "found"), PATHS.values(), ids=PATHS.keys())
def test_a_wrong_path_is_one_sentence(
    world: World, verb: tuple[str, ...], code: int, found: str
) -> None:
    (world.root / "empty").mkdir()
    before = world.bytes()
    ended = ask(world, verb)
    assert ended.code == code
    sentence = assert_one_sentence(ended, world.root)
    assert f"found {found}" in sentence
    assert ", expected " in sentence
    assert "; " in sentence
    assert world.bytes() == before


def test_a_folder_of_details_without_pyarrow_s_format_is_one_sentence(world: World) -> None:
    (world.root / "logs" / f"details_custom|aime24|0_{STAMP}.parquet").write_bytes(b"PAR1 not")
    before = world.bytes()
    ended = ask(world, ("import", "{root}/logs"))
    assert ended.code == BAD
    sentence = assert_one_sentence(ended, world.root)
    assert "found what is not a readable parquet file" in sentence
    assert ", expected LightEval's details; " in sentence
    assert world.bytes() == before


def test_the_file_that_the_cases_spoil_is_right(world: World) -> None:
    ended = ask(world, FILE)
    assert ended.code == 0, ended.err
    assert Path(world.results).exists()
