"""Whole files: old or new, never between."""

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.made import make_result
from tina_bench.files import atomic
from tina_bench.store.home import Home

FORK = multiprocessing.get_context("fork")
OLD, NEW = b"a" * 300_000, b"b" * 700_000


def _alternate(path: Path) -> None:
    while True:
        atomic.write_bytes(path, NEW)
        atomic.write_bytes(path, OLD)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


@pytest.mark.parametrize("attempt", range(6))
def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new_one(
    tmp_path: Path, attempt: int
) -> None:
    path = tmp_path / "record.json"
    atomic.write_bytes(path, OLD)
    writer = FORK.Process(target=_alternate, args=(path,))
    writer.start()
    deadline = time.monotonic() + random.Random(attempt).uniform(0.01, 0.15)
    seen = set()
    while time.monotonic() < deadline:
        seen.add(path.read_bytes())
    writer.kill()
    writer.join()
    assert seen <= {OLD, NEW}, "a reader beside the writer saw a mixture"
    assert path.read_bytes() in {OLD, NEW}


def test_two_writers_at_once_leave_one_of_their_files(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    threads = [
        threading.Thread(target=lambda d=data: [atomic.write_bytes(path, d) for _ in range(20)])
        for data in (OLD, NEW)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in {OLD, NEW}
    assert [found.name for found in tmp_path.iterdir()] == ["record.json"]


def test_parent_folders_are_made_and_no_temporary_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "record.json"
    atomic.write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_record_is_for_everyone_the_umask_admits(tmp_path: Path, umask: None) -> None:
    path = tmp_path / "record.json"
    atomic.write_text(path, "x")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.mkdir()  # a folder cannot be replaced by a file
    with pytest.raises(OSError, match=r"record\.json"):
        atomic.write_text(path, "x")
    assert list(tmp_path.iterdir()) == [path]
    assert path.is_dir()


def test_what_a_killed_writer_left_beside_a_record_is_not_read_as_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    record = make_result()
    atomic.write_model(home.result_file("smoke", "m", "t"), record)
    with atomic._temporary_beside(home.result_file("smoke", "m", "t")) as left:
        left.write_text("{half", encoding="utf-8")
        assert home.results() == [record]


def test_the_bytes_are_synced_before_the_file_has_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.json"
    synced: list[tuple[int, bool]] = []
    sync = os.fsync

    def spy(descriptor: int) -> None:
        sync(descriptor)
        synced.append((os.fstat(descriptor).st_ino, path.exists()))

    monkeypatch.setattr(os, "fsync", spy)
    atomic.write_text(path, "x")
    assert synced == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path, umask: None) -> None:
    with atomic.written_folder(tmp_path / "made") as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "file").write_bytes(NEW)
        assert not (tmp_path / "made").exists()
    assert (tmp_path / "made" / "inner" / "file").read_bytes() == NEW
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o750
    with pytest.raises(FileNotFoundError), atomic.written_folder(tmp_path / "torn") as folder:
        (folder / "file").rename(folder / "nowhere" / "file")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_folder_never_takes_the_place_of_one_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_bytes(OLD)
    with pytest.raises(OSError, match="not empty"), atomic.written_folder(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine" / "file").read_bytes() == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_written_piece_by_piece_is_the_old_one_until_it_is_whole(
    tmp_path: Path, umask: None
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(OLD)
    with atomic.written_lines(path) as file:
        file.write("a\r\n")
        assert path.read_bytes() == OLD
    assert path.read_bytes() == b"a\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(ZeroDivisionError), atomic.written_lines(path):
        raise ZeroDivisionError
    assert path.read_bytes() == b"a\r\n"
    assert [one.name for one in tmp_path.iterdir()] == ["table.csv"]
