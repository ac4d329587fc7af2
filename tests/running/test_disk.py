"""A disk that is full, before a job and in it: small file systems, and the real fetch job."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.running.test_local import LOCK, execution, ignore, start_folder
from tests.support.engine import require_engine
from tests.support.runners import Ears
from tina_bench.running.failures import failure_of_exit
from tina_bench.running.local import LocalRunner
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import EXIT_DISK_FULL, FailureKind, JobResult
from tina_bench.store.records import Outcome

FILES = {name: (file.bytes, file.sha256) for name, file in LOCK.models["smoke-base"].files.items()}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Home]]:
    """Homes on a file system of their own, of the given size."""
    require_engine()  # the same conditions: root, and somebody who asked for such tests
    mounted = []

    def make(options: str) -> Home:
        home = Home(tmp_path / "home")
        home.root.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(home.root)], check=True)
        mounted.append(home.root)
        return home

    yield make
    for path in mounted:
        subprocess.run(["umount", str(path)], check=True)


def fill(home: Home, keep: int = 0) -> None:
    """Write until nothing goes in any more, then give so many bytes back."""
    path = home.root / "filler"
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - keep)


def test_no_job_starts_on_a_disk_with_too_little_room(disk: Callable[[str], Home]) -> None:
    home, ears = disk("size=20m"), Ears()
    summary = execution(home, LOCK, ears).run()
    (failed,) = summary.failures
    assert failed.failure.kind is FailureKind.DISK_FULL
    assert "found 20 MiB free" in failed.failure.sentence
    assert "needs 64 MiB" in failed.failure.sentence
    assert not list(home.jobs.glob("*/job.json")), "nothing was started"
    assert ears.ended[0][0] is Outcome.FAILED


def test_a_disk_without_room_for_another_file_is_full_too(disk: Callable[[str], Home]) -> None:
    home = disk("size=100m,nr_inodes=3")
    (failed,) = execution(home, LOCK).run().failures
    assert failed.failure.kind is FailureKind.DISK_FULL
    assert "No space left" in failed.failure.sentence


@pytest.mark.parametrize("keep", [0, 200 * 1024], ids=["at once", "while it copies"])
def test_a_disk_that_fills_up_in_a_job_is_told_by_its_exit_code_and_forgiven_once_there_is_room(
    disk: Callable[[str], Home], keep: int
) -> None:
    home = disk("size=4m")
    work = start_folder(home, FILES)
    (work / "log.txt").touch()
    fill(home, keep)
    code = LocalRunner().run(work, home.root, ignore)
    assert code == EXIT_DISK_FULL
    assert failure_of_exit(code, "").kind is FailureKind.DISK_FULL
    assert not (work / "result.json").exists()
    (home.root / "filler").unlink()
    assert LocalRunner().run(work, home.root, ignore) == 0
    assert read_record(work / "result.json", JobResult).outcome is Outcome.DONE
