"""Ledgers, samples and grades that are damaged, mixed up, or say what cannot be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bad_inputs.world import (
    MODEL,
    TASK,
    Case,
    World,
    ask,
    assert_one_line,
    assert_one_sentence,
    refused,
)
from tests.support.made import make_grade
from tina_bench.errors import DamagedLogError, IntegrityError
from tina_bench.files.append_log import LogWriter, read_log

Spoil = Callable[[World], object]
DAMAGED, CHANGED = DamagedLogError.exit_code, IntegrityError.exit_code
ADD_UP = ("cost",)
SHOW = ("leaderboard", "build")


def lines(pick: Callable[[World], Path], change: Callable[[list[bytes]], object]) -> Spoil:
    """The lines of a log changed, checks and all left as they are."""

    def spoil(world: World) -> None:
        path = pick(world)
        found = path.read_bytes().splitlines(keepends=True)
        change(found)
        path.write_bytes(b"".join(found))

    return spoil


def resealed(pick: Callable[[World], Path], change: Callable[[list[Any]], object]) -> Spoil:
    """The records of a log changed by somebody who knows how its checks are made."""

    def spoil(world: World) -> None:
        path = pick(world)
        records = list(read_log(path))
        change(records)
        path.unlink()
        with LogWriter(path) as log:
            log.append(records)

    return spoil


def line(number: int, old: bytes, new: bytes) -> Callable[[list[bytes]], object]:
    def change(found: list[bytes]) -> None:
        assert old in found[number - 1]
        found[number - 1] = found[number - 1].replace(old, new, 1)

    return change


def put(number: int, **values: object) -> Callable[[list[Any]], object]:
    return lambda records: records[number - 1].update(values)


def ledger(world: World) -> Path:
    return world.ledger


def grades(world: World) -> Path:
    return world.grades


def samples(world: World) -> Path:
    return world.samples


def folder(world: World) -> None:
    world.ledger.unlink()
    world.ledger.mkdir()


LEDGER = "home/jobs/evaluate-smoke-base-1.work/ledger.jsonl"
CASES = {
    "a changed sum": Case(
        lines(ledger, line(3, b'"cost_usd":1.5', b'"cost_usd":0.5')), DAMAGED, "line 3",
        "content that does not match its check", "the line as it was written",
    ),
    "a key twice in a line": Case(
        lines(ledger, line(2, b'{"at"', b'{"at":"2020-01-01T00:00:00Z","at"')), DAMAGED, "line 2",
        "content that does not match its check", "the line as it was written",
    ),
    "NaN in a line": Case(
        lines(ledger, line(2, b'"cost_usd":0.5', b'"cost_usd":NaN')), DAMAGED, "line 2",
        "content that does not match", "the line as it was written",
    ),
    "a line cut short": Case(
        lines(ledger, lambda found: found.__setitem__(1, found[1][:50] + b"\n")), DAMAGED,
        "line 2", "b'{", "one JSON object",
    ),
    "two lines run together": Case(
        lines(ledger, line(1, b"\n", b"")), DAMAGED, "line 1", "b'{", "one JSON object"
    ),
    "a line of 100,000 lists in each other": Case(
        lines(ledger, lambda found: found.insert(1, b"[" * 100_000 + b"\n")), DAMAGED, "line 2",
        "b'[[[", "one JSON object",
    ),
    "an empty line": Case(
        lines(ledger, lambda found: found.insert(1, b"\n")), DAMAGED, "line 2", "b'\\n'",
        "one JSON object",
    ),
    "bytes": Case(
        lines(ledger, lambda found: found.insert(0, bytes(range(200, 255)) + b"\n")), DAMAGED,
        "line 1", "b'\\xc8", "one JSON object",
    ),
    "a line that somebody else wrote": Case(
        lines(ledger, lambda found: found.append(b'{"cost_usd": -100}\n')), DAMAGED, "line 4",
        "no 'check' field", "one, as tina-bench writes it",
    ),
    "a byte order mark": Case(
        lines(ledger, lambda found: found.__setitem__(0, b"\xef\xbb\xbf" + found[0])), DAMAGED,
        "line 1", "content that does not match its check", "the line as it was written",
    ),
    "a line that is a grade": Case(
        resealed(ledger, lambda records: records.append(
            make_grade("p", 0).model_dump(mode="json"))), CHANGED, "line 4", "nothing", "required",
    ),
    "a cost that is paid back": Case(
        resealed(ledger, put(3, cost_usd=-1.5)), CHANGED, "line 3: cost_usd", "-1.5",
        "nothing below 0",
    ),
    "time that runs back": Case(
        resealed(ledger, put(3, wall_seconds=-6.0)), CHANGED, "line 3: wall_seconds", "-6.0",
        "nothing below 0",
    ),
    "fewer tokens than none": Case(
        resealed(ledger, put(3, tokens_out=-1)), CHANGED, "line 3: tokens_out", "-1",
        "nothing below 0",
    ),
    "another version": Case(
        resealed(ledger, put(2, schema_version=9)), CHANGED, "line 2: schema_version", "9", "1"
    ),
    "an unknown phase": Case(
        resealed(ledger, put(2, phase="think")), CHANGED, "line 2: phase", "'think'", "'load'"
    ),
    "a folder in place of a ledger": Case(
        folder, DAMAGED, "", "something that cannot be read (Is a directory)", "a log"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_wrong_ledger_is_one_sentence_naming_file_and_line(world: World, case: Case) -> None:
    refused(world, case, ADD_UP, world.root / LEDGER)


GRADES = {
    "correct without a decision": Case(
        resealed(grades, put(7, status="timeout", correct=True)), CHANGED, "line 7: correct",
        "true", "false, as status is 'timeout'", SHOW,
    ),
    "fewer tokens than none": Case(
        resealed(grades, put(7, tokens_out=-1)), CHANGED, "line 7: tokens_out", "-1",
        "nothing below 0", SHOW,
    ),
    "a decision in words": Case(
        resealed(grades, put(7, correct="perhaps")), CHANGED, "line 7: correct", "'perhaps'",
        "valid boolean", SHOW,
    ),
    "a changed decision": Case(
        lines(grades, line(7, b'"seed":0', b'"seed":1')), DAMAGED, "line 7",
        "content that does not match its check", "the line as it was written", SHOW,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GRADES.values(), ids=GRADES.keys())
def test_a_wrong_grade_is_one_sentence_naming_file_and_line(world: World, case: Case) -> None:
    refused(world, case, SHOW, world.grades)


def test_a_sample_that_was_changed_stops_the_board(world: World) -> None:
    lines(samples, line(2, b"an answer to 1", b"an answer to 7"))(world)
    before = world.bytes()
    ended = ask(world, SHOW)
    assert ended.code == CHANGED
    sentence = assert_one_sentence(ended, world.root)
    assert str(world.samples) in sentence
    assert world.bytes() == before


MIXED: dict[str, Spoil] = {
    "a grade of another task": resealed(grades, put(7, task="smoke-40")),
    "a grade of another seed": resealed(grades, put(7, seed=99)),
    "a grade of another problem": resealed(grades, put(7, problem="0" * 16)),
    "a grade that is not there": resealed(grades, lambda records: records.pop()),
    "two tasks in one log, one of them twice": resealed(
        grades,
        lambda records: records.extend([{**records[6], "task": "smoke-40"}, {**records[6]}]),
    ),
    "a grade of a longer answer": resealed(grades, put(7, tokens_out=99)),
    "a changed decision": resealed(
        grades, lambda records: records[6].update(correct=not records[6]["correct"])
    ),
    "a sample twice, with two texts": resealed(
        samples, lambda records: records.append({**records[0], "tokens_out": 3})
    ),
    "a sample of another task": resealed(samples, put(7, task="smoke-40")),
    "a sample log cut short": lines(samples, lambda found: found.pop()),
    "a sample log that is empty": lines(samples, lambda found: found.clear()),
    "a sample log that is not there": lambda world: world.samples.unlink(),
    "a grade log that is not there": lambda world: world.grades.unlink(),
    "a grade log that is a folder": lambda world: (
        (path := world.grades).unlink(), path.mkdir()
    ),
}  # fmt: skip
"""What only a comparison of logs with each other, and of both with the record, can tell."""

FINE = {"two tasks in one log, one of them twice"}
"""The later of two equal grades wins, and changes nothing; a log may hold several tasks."""


@pytest.mark.parametrize("name", MIXED)
def test_verify_refuses_logs_that_do_not_belong_together(world: World, name: str) -> None:
    MIXED[name](world)
    before = world.bytes()
    ended = ask(world, ("verify", "--no-audits"))
    if name in FINE:
        assert ended.code in {0, 1, 3}, ended.err
    else:
        assert ended.code in {CHANGED, DAMAGED}, (ended.code, ended.out)
        assert_one_line(ended, world.root)
    assert world.bytes() == before


IMPORTED = {
    "another id": Case(
        lambda world: world.edit(world.imported, lambda run: run.update(id="0" * 16)), CHANGED,
        "id", "'0000000000000000'", "the file's name",
    ),
    "a score that is no number": Case(
        lambda world: world.imported.write_text(
            world.imported.read_text(encoding="utf-8").replace('"value": 0.3', '"value": NaN', 1),
            encoding="utf-8",
        ), CHANGED, "tasks.0.scores.0.value", "nan", "a finite number",
    ),
    "a key twice": Case(
        lambda world: world.imported.write_text(
            world.imported.read_text(encoding="utf-8").replace(
                '"value": 0.3', '"value": 0.9, "value": 0.3', 1),
            encoding="utf-8",
        ), CHANGED, "'value'", "this key twice", "it once",
    ),
    "more right answers than problems": Case(
        lambda world: world.edit(
            world.imported, lambda run: run["tasks"][0]["scores"][0].update(n_correct=31)),
        CHANGED, "tasks.0.scores.0.n_correct", "31", "at most 30",
    ),
    "a task twice": Case(
        lambda world: world.edit(world.imported, lambda run: run["tasks"].append(run["tasks"][0])),
        CHANGED, "tasks.1.task_as_printed", "as in tasks.0", "each task once",
    ),
    "cut short": Case(
        lambda world: world.imported.write_bytes(world.imported.read_bytes()[:-40]), CHANGED,
        "line ", "not valid JSON", "one ImportedRun",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IMPORTED.values(), ids=IMPORTED.keys())
def test_a_wrong_import_record_is_one_sentence(world: World, case: Case) -> None:
    refused(world, case, ("results", "imported"), world.imported)


def test_a_torn_last_line_costs_no_more_than_itself(world: World) -> None:
    whole = ask(world, ("cost", "--json"))
    world.ledger.write_bytes(world.ledger.read_bytes() + b'{"at":"2026-01-02T12:0')
    torn = ask(world, ("cost", "--json"))
    assert (torn.code, json.loads(torn.out)) == (0, json.loads(whole.out))


def test_the_logs_that_the_cases_spoil_are_right(world: World) -> None:
    for verb in (
        ("verify", "--no-audits"),
        ("cost",),
        ("leaderboard", "build"),
        ("results", "imported"),
    ):
        ended = ask(world, verb)
        assert ended.code in {0, 1}, ended.err
    assert (MODEL, TASK) == ("smoke-base", "smoke-30")
