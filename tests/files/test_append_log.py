"""The append-only log: what was told durable stays, and nothing damaged is believed."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tina_bench.errors import BusyError, DamagedLogError
from tina_bench.files.append_log import LogWriter, read_log

QUICK = settings(max_examples=40, deadline=None)
# Lone surrogates and NUL included: a language model emits both.
TEXT = st.text(st.characters(codec=None, categories=None), max_size=12)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
RECORD = st.dictionaries(TEXT.filter(lambda key: key != "check"), VALUE, max_size=4)
RECORDS = st.lists(RECORD, min_size=1, max_size=5)


def write(path: Path, records: list[dict[str, Any]]) -> None:
    with LogWriter(path) as log:
        log.append(records)


def starts(data: bytes) -> list[int]:
    """Where each whole line begins."""
    lines = data.splitlines(keepends=True)
    return [sum(map(len, lines[:number])) for number in range(len(lines))]


@QUICK
@given(records=RECORDS, more=RECORDS, cut=st.integers(min_value=0))
def test_a_torn_last_line_is_dropped_and_the_rest_survives_and_goes_on(
    records: list[dict[str, Any]], more: list[dict[str, Any]], cut: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        write(path, records)
        data = path.read_bytes()
        assert list(read_log(path)) == records
        last = starts(data)[-1]
        path.write_bytes(data[: last + cut % (len(data) - last)])

        assert list(read_log(path)) == records[:-1]
        write(path, more)
        assert list(read_log(path)) == records[:-1] + more


@settings(max_examples=80, deadline=None)
@given(records=RECORDS, place=st.integers(min_value=0), byte=st.integers(0, 255))
def test_a_changed_byte_of_a_whole_line_is_refused_by_file_and_line(
    records: list[dict[str, Any]], place: int, byte: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        write(path, records)
        data = bytearray(path.read_bytes())
        # The very last newline is what makes the last line whole; without it the line is torn.
        place %= len(data) - 1
        if data[place] == byte:
            byte ^= 1
        data[place] = byte
        path.write_bytes(data)
        line = sum(start <= place for start in starts(bytes(data))) or 1
        line = min(line, data[:place].count(b"\n") + 1)

        with pytest.raises(DamagedLogError) as refusal:
            list(read_log(path))
        assert f"{path}, line {line}:" in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        pytest.param({"a": "\u00e9"}, (b"\\u00e9", b"\\u00E9"), id="same letter, other escape"),
        pytest.param({"a": 1e300}, (b"1e+300", b"1e0300"), id="same number, other spelling"),
        pytest.param({"a": 1e308}, (b"1e+308", b"9e+308"), id="a number beyond all floats"),
        pytest.param({"a": 5e-324}, (b"5e-324", b"4e-324"), id="a digit that rounding hides"),
    ],
)
def test_a_changed_byte_is_refused_even_where_json_hides_it(
    tmp_path: Path, written: dict[str, Any], found: tuple[bytes, bytes]
) -> None:
    path = tmp_path / "log.jsonl"
    write(path, [written, {}])
    changed = path.read_bytes().replace(*found)
    assert changed != path.read_bytes()
    path.write_bytes(changed)
    with pytest.raises(DamagedLogError, match="line 1: "):
        list(read_log(path))


@pytest.mark.parametrize(
    "line", [b"\n", b"[]\n", b"{}\n", b"null\n", b'{"check": 3}\n', b'{"a": NaN, "check": "x"}\n']
)
def test_a_line_that_tina_bench_did_not_write_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "log.jsonl"
    write(path, [{"a": 1}])
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(DamagedLogError, match=r"log\.jsonl, line 2: "):
        list(read_log(path))


def test_a_removed_middle_line_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write(path, [{"a": 1}, {"a": 2}, {"a": 3}])
    path.write_bytes(path.read_bytes().replace(b"\n", b"", 1))
    with pytest.raises(DamagedLogError, match="line 1: "):
        list(read_log(path))


def test_what_stands_before_the_damage_was_already_handed_out(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write(path, [{"a": 1}, {"a": 2}])
    path.write_bytes(path.read_bytes().replace(b'{"a":2', b'{"a":3'))
    reading = read_log(path)
    assert next(reading) == {"a": 1}
    with pytest.raises(DamagedLogError, match="line 2: "):
        next(reading)


@pytest.mark.parametrize(
    "value",
    ["\ud800", "\x00", "\u2028\r\n\x85", "🐟 Ω", 10**300, -(10**300), 1e308, -0.0, [], {}, None],
    ids=repr,
)
def test_every_json_value_comes_back_as_it_was(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "log.jsonl"
    write(path, [{"value": value}, {"after": 1}])
    assert list(read_log(path)) == [{"value": value}, {"after": 1}]


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_what_json_cannot_say_is_refused_before_a_byte_is_written(
    tmp_path: Path, value: Any
) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        log.append([{"a": 1}])
        with pytest.raises((ValueError, TypeError)):
            log.append([{"b": 1}, {"value": value}])
    assert list(read_log(path)) == [{"a": 1}]


def test_a_record_may_not_bring_its_own_check(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log.jsonl") as log, pytest.raises(ValueError, match="check"):
        log.append([{"check": "mine"}])


def test_a_missing_log_is_empty_and_reading_makes_nothing(tmp_path: Path) -> None:
    assert list(read_log(tmp_path / "deep" / "log.jsonl")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_log_of_only_a_torn_line_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"a": 1')
    assert list(read_log(path)) == []
    write(path, [{"b": 1}])
    assert list(read_log(path)) == [{"b": 1}]


def test_a_second_writer_in_this_process_is_told_that_the_log_is_busy(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogWriter(path) as log:
        log.append([{"a": 1}])
        with pytest.raises(BusyError, match=r"log\.jsonl"):
            LogWriter(path)
        log.append([{"a": 2}])
    write(path, [{"a": 3}])
    assert list(read_log(path)) == [{"a": 1}, {"a": 2}, {"a": 3}]


APPENDER = """
import sys
from pathlib import Path
from tina_bench.files.append_log import LogWriter
with LogWriter(Path(sys.argv[1])) as log:
    number = 0
    while True:
        batch = [{"n": number + i, "text": "x" * 3000} for i in range(3)]
        log.append(batch)
        number += 3
        print(number, flush=True)
"""


def appender(path: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", APPENDER, str(path)], stdout=subprocess.PIPE)


def test_a_writer_in_another_process_holds_the_log_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    child = appender(path)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        with pytest.raises(BusyError):
            LogWriter(path)
    finally:
        child.kill()
        child.communicate()
    write(path, [{"mine": True}])
    assert list(read_log(path))[-1] == {"mine": True}


def test_a_writer_with_patience_waits_for_the_one_that_is_ending(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with appender(path) as child:
        assert child.stdout is not None
        child.stdout.readline()
        killing = threading.Timer(0.5, child.kill)
        killing.start()
        with LogWriter(path, patience_seconds=60) as log:
            log.append([{"mine": True}])
        killing.join()
    assert list(read_log(path))[-1] == {"mine": True}


@pytest.mark.parametrize("attempt", range(4))
def test_after_kill_9_every_record_that_was_reported_durable_is_there(
    tmp_path: Path, attempt: int
) -> None:
    path = tmp_path / "log.jsonl"
    child = appender(path)
    assert child.stdout is not None
    reports = random.Random(attempt).randint(1, 200)
    for _ in range(reports):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    rest = child.communicate()[0]
    durable = 3 * (reports + rest.count(b"\n"))

    found = [record["n"] for record in read_log(path)]
    assert found == list(range(len(found))), "whole records, in order, no gap"
    assert len(found) >= durable
    torn = path.read_bytes().rpartition(b"\n")[2]
    assert b"\n" not in torn
    write(path, [{"n": len(found)}])
    assert [record["n"] for record in read_log(path)] == list(range(len(found) + 1))


def test_a_line_is_plain_json_for_anyone_to_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    write(path, [{"b": 2, "a": "é"}])
    (line,) = path.read_text(encoding="ascii").splitlines()
    assert list(json.loads(line)) == ["a", "b", "check"]


def test_an_append_returns_only_after_every_byte_was_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.jsonl"
    synced: list[tuple[int, int]] = []
    sync = os.fsync

    def spy(descriptor: int) -> None:
        sync(descriptor)
        status = os.fstat(descriptor)
        synced.append((status.st_ino, status.st_size))

    monkeypatch.setattr(os, "fsync", spy)
    with LogWriter(path) as log:
        assert tmp_path.stat().st_ino in {inode for inode, _ in synced}, "the name of a new log"
        for number in range(3):
            log.append([{"n": number}])
            assert synced[-1] == (path.stat().st_ino, path.stat().st_size)
