"""One home: its layout, its lock, and records of other versions."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.support.made import (
    make_entry,
    make_fetch_folder,
    make_grade,
    make_job_result,
    make_result,
)
from tina_bench.errors import BusyError, DamagedLogError, IntegrityError, UsageError
from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import write_model
from tina_bench.store.home import Home, read_record, read_records
from tina_bench.store.job_folder import JobFolder, JobResult
from tina_bench.store.records import Grade, LedgerEntry, ResultRecord


def test_the_home_is_the_environment_s_or_runs(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path))
    assert Home.default().root == tmp_path
    monkeypatch.setenv("TINA_BENCH_HOME", "")
    assert Home.default().root == Path("runs").absolute()


def test_reading_an_absent_home_finds_nothing_and_makes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "none")
    assert (home.finished(), home.results(), list(home.ledger())) == ({}, [], [])
    assert list(tmp_path.iterdir()) == []


def test_only_finished_folders_are_finished(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_model(home.done_folder("fetch-a") / "result.json", make_job_result("fetch-a"))
    write_model(home.work_folder("fetch-b") / "result.json", make_job_result("fetch-b"))
    assert list(home.finished()) == ["fetch-a"]
    assert home.finished()["fetch-a"].done == ("j1",)


def test_the_ledger_has_failed_and_unfinished_folders_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for folder in (home.done_folder("a"), home.work_folder("b")):
        with LogWriter(folder / "ledger.jsonl") as log:
            log.append([make_entry(folder=folder.name).model_dump(mode="json")])
    assert {entry.folder for entry in home.ledger()} == {"a", "b.work"}


def test_a_damaged_ledger_is_refused_not_summed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.done_folder("a") / "ledger.jsonl"
    with LogWriter(path) as log:
        log.append([make_entry(cost_usd=1.0).model_dump(mode="json")])
    path.write_bytes(path.read_bytes().replace(b'"cost_usd":1.0', b'"cost_usd":0.1'))
    with pytest.raises(DamagedLogError, match="line 1"):
        list(home.ledger())


def test_results_come_ordered_by_model_and_task(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for model, task in (("b", "x"), ("a", "y"), ("a", "x")):
        write_model(home.result_file("smoke", model, task), make_result(model=model, task=task))
    assert [(r.model, r.task) for r in home.results()] == [("a", "x"), ("a", "y"), ("b", "x")]


RECORDS: dict[type[BaseModel], BaseModel] = {
    JobFolder: make_fetch_folder({"f": (1, "0" * 64)}),
    JobResult: make_job_result("fetch-a"),
    ResultRecord: make_result(),
    LedgerEntry: make_entry(),
}


@pytest.mark.parametrize("shape", RECORDS, ids=lambda shape: shape.__name__)
def test_a_record_comes_back_as_it_was_written(tmp_path: Path, shape: type[BaseModel]) -> None:
    path = tmp_path / "record.json"
    write_model(path, RECORDS[shape])
    assert read_record(path, shape) == RECORDS[shape]


@pytest.mark.parametrize("shape", RECORDS, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schema_version": 2}, "schema_version"),
        ({"from_the_future": 1}, "from_the_future"),
        ({"kind": "dance", "model": 3}, None),
    ],
)
def test_a_record_of_another_version_is_refused_by_file_and_field(
    tmp_path: Path, shape: type[BaseModel], change: dict[str, Any], field: str | None
) -> None:
    path = tmp_path / "record.json"
    values = RECORDS[shape].model_dump(mode="json")
    path.write_text(json.dumps(values | change), encoding="utf-8")
    with pytest.raises(IntegrityError) as refusal:
        read_record(path, shape)
    sentence = str(refusal.value)
    fields = [field] if field else list(change)
    assert any(sentence.startswith(f"{path}: {name}: ") for name in fields), sentence
    assert shape.__name__ in sentence


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00", '{"kind": '])
def test_a_half_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"record\.json: "):
        read_record(path, JobResult)


def test_a_ledger_entry_of_another_version_is_refused_by_file_and_field(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.done_folder("a") / "ledger.jsonl"
    with LogWriter(path) as log:
        log.append([make_entry().model_dump(mode="json") | {"schema_version": 2}])
    with pytest.raises(IntegrityError) as refusal:
        list(home.ledger())
    assert f"{path}" in str(refusal.value)
    assert "schema_version" in str(refusal.value)


HOLDER = """
import sys
from pathlib import Path
from tina_bench.store.home import Home
with Home(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_home_is_held_by_one_process_until_it_dies(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    with pytest.raises(BusyError, match="another tina-bench"), home.held():
        pass
    child.kill()
    child.communicate()
    with home.held():
        assert os.listdir(home.root) == [".lock"]  # noqa: PTH208 - names, not paths


@pytest.mark.parametrize("problem", ["p", "a lone surrogate \ud800"])
def test_a_grade_goes_through_a_log_unchanged(tmp_path: Path, problem: str) -> None:
    path, grade = tmp_path / "log.jsonl", make_grade(problem, 0, extracted=None)
    with LogWriter(path) as log:
        log.append([grade.model_dump()])
    assert list(read_records(path, Grade)) == [grade]


def test_two_profiles_measurements_of_one_thing_stand_side_by_side(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for profile in ("greedy", "smoke"):
        record = make_result(model="a", task="x")
        provenance = record.provenance.model_copy(update={"profile": profile})
        write_model(
            home.result_file(profile, "a", "x"),
            record.model_copy(update={"provenance": provenance}),
        )
    assert len(home.results()) == 2
    with pytest.raises(UsageError, match=r"'greedy' and 'smoke'; choose one with --profile"):
        home.measurements()
    (chosen,) = home.measurements("greedy")
    assert chosen.provenance.profile == "greedy"
