"""Result records that are torn, mixed up, or say two things at once."""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.bad_inputs.world import MODEL, TASK, Case, K, N, World, ask, assert_one_line, refused
from tests.support.sealed import mixed, seal
from tina_bench.errors import IntegrityError

Spoil = Callable[[World], object]
CODE = IntegrityError.exit_code


def edit(change: Callable[[Any], object]) -> Spoil:
    """The record's value changed."""
    return lambda world: world.edit(world.record, change)


def put(key: str, value: object) -> Spoil:
    """One value of the record replaced, by its path."""

    def change(record: Any) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in key.split(".")]
        for part in parents:
            record = record[part]
        record[last] = value

    return edit(change)


def text(old: str, new: str) -> Spoil:
    """The record's text changed where that stands first."""

    def change(world: World) -> None:
        whole = world.record.read_text(encoding="utf-8")
        assert old in whole
        world.record.write_text(whole.replace(old, new, 1), encoding="utf-8")

    return change


def data(make: Callable[[bytes], bytes]) -> Spoil:
    """The record's bytes made into others."""
    return lambda world: world.record.write_bytes(make(world.record.read_bytes()))


def instead(make: Callable[[World], object]) -> Spoil:
    """Something else where the record was."""

    def change(world: World) -> None:
        world.record.unlink()
        make(world)

    return change


def case(spoil: Spoil, key: str, found: str, expected: str, file: str = "") -> Case:
    return Case(spoil, CODE, key, found, expected, file=file)


def moved(place: str) -> Spoil:
    """The record in another place."""

    def change(world: World) -> None:
        path = world.home.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        world.record.rename(path)

    return change


NOT_JSON = "text that is not valid JSON"
CASES = {
    "another version": case(put("schema_version", 2), "schema_version", "2", "1"),
    "a key that nobody knows": case(put("score", 100), "score", "100", "no such key"),
    "a missing key": case(edit(lambda r: r.pop("seeds")), "seeds", "nothing", "required"),
    "a key twice": case(
        text('"task": "smoke-30"', '"task": "smoke-30", "task": "smoke-40"'), "'task'",
        "this key twice", "it once",
    ),
    "a key twice deep inside": case(
        text('"index": 0', '"index": 0, "index": 1'), "'index'", "this key twice", "it once"
    ),
    "NaN": case(
        text('"top_p": 0.95', '"top_p": NaN'), "provenance.sampling.top_p", "nan", "finite number"
    ),
    "infinity": case(
        text('"top_p": 0.95', '"top_p": -Infinity'), "provenance.sampling.top_p", "-inf", "finite"
    ),
    "a number beyond all floats": case(
        text('"top_p": 0.95', '"top_p": 1e999'), "provenance.sampling.top_p", "inf", "finite"
    ),
    "a number of 5000 digits": case(
        text('"index": 0', f'"index": {"9" * 5000}'), "problems.0.index", "5000 digits", "64 bits"
    ),
    "a number of thirty digits": case(
        text('"index": 0', f'"index": {"9" * 30}'), "problems.0.index", "30 digits", "64 bits"
    ),
    "nothing in it": case(data(lambda _: b""), "line 1, column 1", NOT_JSON, "one ResultRecord"),
    "cut short": case(data(lambda d: d[: len(d) // 2]), "line ", "perhaps cut short", "one Result"),
    "bytes": case(data(lambda _: bytes(range(200, 0, -1))), "byte 0", "0xc8", "UTF-8"),
    "UTF-16": case(data(lambda d: d.decode().encode("utf-16")), "byte 0", "UTF-16", "UTF-8"),
    "a byte order mark": case(
        data(lambda d: b"\xef\xbb\xbf" + d), "byte 0", "a byte order mark", "UTF-8 without one"
    ),
    "10,000 lists in each other": case(
        data(lambda _: b"[" * 10_000 + b"]" * 10_000), "", "nested too deeply", "one ResultRecord"
    ),
    "300 lists in each other": case(
        text('"options": {', f'"deep": {"[" * 300 + "]" * 300}, "options": {{'), "line ",
        "cannot be kept (recursion limit", "nested less deeply",
    ),
    "half a letter": case(
        text('"a processor"', '"\\ud800"'), "line ", "cannot be kept (unexpected end of hex",
        "whole letters",
    ),
    "a list": case(data(lambda d: b"[" + d + b"]"), "the file", "", "an object"),
    "a folder": case(instead(lambda w: w.record.mkdir()), "", "a folder", "a file"),
    "a link in a circle": case(
        instead(lambda w: w.record.symlink_to(w.record)), "", "cannot be read", "can be read"
    ),
    "more answers than seeds": case(
        edit(lambda r: r["problems"][3]["correct"].append(True)), "problems.3.correct",
        f"{K + 1} values", f"{K}, one per seed",
    ),
    "fewer lengths than seeds": case(
        edit(lambda r: r["problems"][3]["tokens_out"].pop()), "problems.3.tokens_out",
        f"{K - 1} values", f"{K}, one per seed",
    ),
    "a seed twice": case(put("seeds", [0, 1, 1, 2]), "seeds", "[0, 1, 1, 2]", "each once"),
    "seeds out of order": case(put("seeds", [3, 2, 1, 0]), "seeds", "[3, 2, 1, 0]", "ascending"),
    "no seed": case(put("seeds", []), "seeds", "none", "at least one"),
    "no problem": case(put("problems", []), "problems", "none", "at least one"),
    "a problem twice": case(
        edit(lambda r: r["problems"].append(r["problems"][3])), f"problems.{N}.problem",
        "as in problems.3", "each problem once",
    ),
    "a row of the dataset twice": case(
        put("problems.4.index", 3), "problems.4.index", "3 as in problems.3", "each problem once"
    ),
    "a row before the first": case(
        put("problems.4.index", -1), "problems.4.index", "-1", "from 0"
    ),
    "correct and undecided": case(
        edit(lambda r: r["problems"][2].update(correct=[True] * K, undecided=[True] * K)),
        "problems.2.correct.0", "true", "false, as undecided.0 is true",
    ),
    "fewer tokens than none": case(
        put("problems.5.tokens_out.2", -10), "problems.5.tokens_out.2", "-10", "0 or more"
    ),
    "more tokens than can be": case(
        put("problems.5.tokens_out.2", 2**62), "problems.5.tokens_out.2", f"{2**62}", "less than"
    ),
    "a one for a true": case(
        put("problems.0.correct.0", 1), "problems.0.correct.0", "1", "valid boolean"
    ),
    "a yes for a true": case(
        put("problems.0.correct.0", "yes"), "problems.0.correct.0", "'yes'", "valid boolean"
    ),
    "half a token": case(
        put("problems.0.tokens_out.0", 10.5), "problems.0.tokens_out.0", "10.5", "valid integer"
    ),
    "a seed in words": case(put("seeds.0", "zero"), "seeds.0", "'zero'", "valid integer"),
    "another metric": case(put("metric", "pass@8"), "metric", "'pass@8'", "'avg@k'"),
    "an end before the beginning": case(
        put("provenance.finished_at", "2020-01-01T00:00:00Z"), "provenance.finished_at",
        "2020-01-01", "no time before started_at",
    ),
    "a time without a zone": case(
        put("provenance.finished_at", "2026-01-02T12:00:00"), "provenance.finished_at",
        "'2026-01-02T12:00:00'", "one that has timezone info",
    ),
    "another model's": case(put("model", "smoke-tina"), "model", "'smoke-tina'", f"'{MODEL}'"),
    "another task's": case(put("task", "smoke-40"), "task", "'smoke-40'", "'smoke-30'"),
    "another profile's": case(
        put("provenance.profile", "paper"), "provenance.profile", "'paper'", "'smoke'"
    ),
    "in another model's folder": case(
        moved("results/smoke/smoke-tina/smoke-30.json"), "model", f"'{MODEL}'", "'smoke-tina'",
        file="home/results/smoke/smoke-tina/smoke-30.json",
    ),
    "under another task's name": case(
        moved(f"results/smoke/{MODEL}/smoke-40.json"), "task", "'smoke-30'", "'smoke-40'",
        file=f"home/results/smoke/{MODEL}/smoke-40.json",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_record_is_one_sentence_and_exit_code_14(world: World, case: Case) -> None:
    refused(world, case, ("results", "list"), world.record)


VERBS = {
    "results show": ("results", "show", MODEL, "smoke-30"),
    "audit": ("audit",),
    "compare": ("compare",),
    "leaderboard": ("leaderboard", "build"),
    "plan": ("plan", "--all", "--profile", "smoke"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS.keys())
def test_every_verb_that_reads_records_refuses_a_wrong_one_alike(
    world: World, verb: tuple[str, ...]
) -> None:
    refused(world, CASES["a seed twice"], verb, world.record)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_verify_ends_with_a_refusal_and_never_judges_by_such_a_record(
    world: World, case: Case
) -> None:
    case.spoil(world)
    before = world.bytes()
    ended = ask(world, ("verify", "--no-audits"))
    assert ended.code in {CODE, CODE + 1}, (ended.code, ended.out, ended.err)
    assert assert_one_line(ended, world.root).startswith("/home/results/smoke/")
    assert world.bytes() == before


def test_a_record_of_another_n_than_the_task_s_is_told_and_not_judged(world: World) -> None:
    shutil.rmtree(world.home.root)
    seal(world.home, MODEL, TASK, mixed(N - 1, K, 46))
    ended = ask(world, ("verify", "--no-audits", "--json"))
    assert "Traceback" not in ended.err
    judged = [
        claim
        for claim in ended.json()["claims"]
        if (claim["model"], claim["task"]) == (MODEL, TASK)
    ]
    assert judged
    for claim in judged:
        assert claim["verdict"] == "NOT_COMPARABLE"
        assert f"{N} in the task, {N - 1} measured" in claim["reason"]


def test_a_record_whose_problems_were_cut_short_is_refused_by_its_own_grades(
    world: World,
) -> None:
    world.edit(world.record, lambda record: record["problems"].pop())
    ended = ask(world, ("verify", "--no-audits"))
    assert ended.code == CODE
    assert world.grades.name in assert_one_line(ended, world.root)
