"""Logs of many answers, read by their heads: the same answers, and the same refusals."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.made import NOON, make_grade
from tina_bench.errors import IntegrityError
from tina_bench.files.append_log import LogWriter, is_sealed, read_log
from tina_bench.store.answers import read_sample, scan_grades, scan_samples
from tina_bench.store.home import read_records
from tina_bench.store.records import Grade, Sample

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
LATER_KEYS = st.text(min_size=1).filter(lambda key: key > "check")


def written(path: Path, records: list[dict[str, Any]]) -> bytes:
    with LogWriter(path) as writer:
        writer.append(records)
    return path.read_bytes()


@settings(deadline=None)
@given(record=st.dictionaries(LATER_KEYS, VALUES, min_size=1))
def test_every_written_line_whose_check_comes_first_is_sealed(
    record: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert is_sealed(written(tmp_path_factory.mktemp("log") / "log.jsonl", [record]))


@settings(deadline=None)
@given(record=st.dictionaries(LATER_KEYS, VALUES, min_size=1), data=st.data())
def test_no_changed_byte_leaves_a_line_sealed(
    record: dict[str, Any], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    line = bytearray(written(tmp_path_factory.mktemp("log") / "log.jsonl", [record]))
    place = data.draw(st.integers(0, len(line) - 2))
    line[place] ^= data.draw(st.integers(1, 255))
    assert not is_sealed(bytes(line))


def test_a_line_with_an_earlier_key_is_read_though_it_is_not_sealed(tmp_path: Path) -> None:
    record = {"at": "noon", "model": "m"}
    assert not is_sealed(written(tmp_path / "log.jsonl", [record]))
    assert list(read_log(tmp_path / "log.jsonl")) == [record]


TEXTS = ["plain", "lone \ud800 surrogate", "\u202e\x00", "long " * 5000]


def sample_log(path: Path) -> list[Sample]:
    lines = [
        {
            "schema_version": 1, "key": f"k{index}", "task": "t", "problem": f"p{index}",
            "index": index, "seed": 0, "protocol": "p", "sample_seed": 7, "text": text,
            "tokens_in": 5, "tokens_out": index, "finish_reason": "stop",
            "finished_at": NOON.isoformat(),
        }
        for index, text in enumerate(TEXTS)
    ]  # fmt: skip
    written(path, lines)
    return [Sample.model_validate(line) for line in lines]


def prefix(path: Path, length: int) -> tuple[int, str]:
    return length, hashlib.sha256(path.read_bytes()[:length]).hexdigest()


def test_heads_say_what_the_answers_say_and_lead_to_them(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    made = sample_log(path)
    heads = list(scan_samples(path, [prefix(path, path.stat().st_size)]))
    assert [read_sample(path, head) for head in heads] == made
    for head, sample in zip(heads, made, strict=True):
        for name in ("key", "task", "problem", "seed", "protocol", "tokens_out", "finish_reason"):
            assert getattr(head, name) == getattr(sample, name)


def test_what_a_log_has_grown_by_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    made = sample_log(path)
    before = prefix(path, path.stat().st_size)
    written(path, [{"no": "sample"}])
    assert len(list(scan_samples(path, [before]))) == len(made)


def test_records_of_two_lengths_of_one_log_are_both_checked(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    sample_log(path)
    lines = path.read_bytes().splitlines(keepends=True)
    short, whole = prefix(path, len(lines[0])), prefix(path, path.stat().st_size)
    assert len(list(scan_samples(path, {short, whole}))) == len(TEXTS)
    with pytest.raises(IntegrityError, match="other bytes"):
        list(scan_samples(path, {(short[0], whole[1]), whole}))
    with pytest.raises(IntegrityError, match="other bytes"):
        list(scan_samples(path, {(short[0] + 1, short[1]), whole}))


@pytest.mark.parametrize("change", ["cut", "byte", "no log"])
def test_other_bytes_are_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "log.jsonl"
    sample_log(path)
    whole, data = prefix(path, path.stat().st_size), path.read_bytes()
    path.write_bytes(
        {"cut": data[:-1], "byte": data.replace(b"plain", b"plane"), "no log": b"\x00" * 99}[change]
    )
    with pytest.raises(IntegrityError, match=str(path)):
        list(scan_samples(path, [whole]))


def grade_log(path: Path) -> list[Grade]:
    made = [
        make_grade(f"p{index}", 0, index=index, extracted=text, gold=text)
        for index, text in enumerate(TEXTS)
    ]
    written(path, [grade.model_dump(mode="json") for grade in made])
    return made


def test_grades_are_those_that_the_strict_reader_gives(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    grade_log(path)
    strict = list(read_records(path, Grade))
    heads = list(scan_grades(path))
    for name in ("problem", "index", "seed", "metric", "status", "correct", "extracted", "gold"):
        assert [getattr(head, name) for head in heads] == [getattr(one, name) for one in strict]


def test_a_torn_last_grade_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    made = grade_log(path)
    path.write_bytes(path.read_bytes()[:-5])
    assert len(list(scan_grades(path))) == len(made) - 1


def test_a_damaged_grade_is_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    grade_log(path)
    path.write_bytes(path.read_bytes().replace(b"plain", b"plane", 1))
    with pytest.raises(IntegrityError, match="line 1"):
        list(scan_grades(path))
