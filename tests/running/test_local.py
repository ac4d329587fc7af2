"""The local runner with the one real job that needs no engine: fetching locked files."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.made import make_fetch_folder
from tests.support.program import ROOT
from tests.support.runners import Ears, make_execution
from tests.support.tiny import make_folder
from tina_bench.catalog.load import load_catalog
from tina_bench.embedded.files import model_folder
from tina_bench.files.atomic import write_model
from tina_bench.lock.lockfile import Lock, LockedFile, LockedFiles
from tina_bench.lock.resolve import resolve_embedded
from tina_bench.metering.bill import bill
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Machine, Plan, Request
from tina_bench.running.execute import Execution, Summary
from tina_bench.running.local import LocalRunner, Progress, tail
from tina_bench.running.progress import Watch
from tina_bench.store.home import Home, read_record, read_records
from tina_bench.store.job_folder import FailureKind, FetchInputs, JobResult, Weights
from tina_bench.store.records import JobKind, LedgerEntry, Outcome

pytestmark = pytest.mark.slow

CATALOG = load_catalog()
LOCK = resolve_embedded(CATALOG)
FILES = {name: (file.bytes, file.sha256) for name, file in LOCK.models["smoke-base"].files.items()}
Files = dict[str, tuple[int, str]]
"""Size and sha256 by name."""
NO_ENGINES = Machine(has_gpu=False, packages={})
"""Blocks everything but fetching."""


def ignore(progress: Progress) -> None:
    pass


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


HUB = {"repo": "some/where", "revision": "0" * 40}
MIB = bytes(2**20)


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """A locked file of the hub that takes minutes to hash: 256 GiB of nothing, in the cache."""
    snapshot = tmp_path / "cache" / "models--some--where" / "snapshots" / HUB["revision"]
    snapshot.mkdir(parents=True)
    (snapshot / "first").write_bytes(MIB)
    path = snapshot / "hole"
    with path.open("wb") as file:
        file.truncate(2**38)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    yield {"hole": (2**38, "0" * 64)}
    os.truncate(path, 0)  # whoever still reads it is at its end


def lock_of(files: Files) -> Lock:
    locked = {name: LockedFile(bytes=size, sha256=sha) for name, (size, sha) in files.items()}
    where = {"source": "hub", **HUB} if "hole" in files else {"source": "embedded"}
    return Lock(models={"smoke-base": LockedFiles(**where, files=locked)}, datasets=LOCK.datasets)


def plan_for(home: Home, lock: Lock) -> Plan:
    request = Request("smoke", models=("smoke-base",), tasks=("smoke-30",), seeds=(0,))
    return make_plan(request, CATALOG, lock, take_snapshot(home), NO_ENGINES)


def execution(home: Home, lock: Lock, watcher: Ears | None = None) -> Execution:
    plan = plan_for(home, lock)
    return make_execution(home, CATALOG, lock, plan, LocalRunner(), watcher=watcher or Ears())


def start_folder(home: Home, files: Files, **given: Any) -> Path:
    if "hole" in files:
        sizes = {name: size for name, (size, _) in files.items()}
        sha256 = {name: digest for name, (_, digest) in files.items()}
        given["inputs"] = FetchInputs(**HUB, sizes=sizes, sha256=sha256)
    folder = make_fetch_folder(files, **given)
    work = home.work_folder(folder.name)
    work.mkdir(parents=True, exist_ok=True)
    write_model(work / "job.json", folder)
    return work


def run_job(home: Home, files: Files) -> tuple[Path, JobResult]:
    work = start_folder(home, files)
    assert LocalRunner().run(work, home.root, ignore) == 0
    return work, read_record(work / "result.json", JobResult)


def entries_of(work: Path) -> list[LedgerEntry]:
    return list(read_records(work / "ledger.jsonl", LedgerEntry))


def the_child() -> psutil.Process:
    (child,) = [p for p in psutil.Process().children() if "tina_bench.jobs" in p.cmdline()]
    return child


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300  # only so that a broken program does not hang the suite
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_fetched_model_is_the_package_s_byte_for_byte(home: Home) -> None:
    ears = Ears()
    summary = execution(home, LOCK, ears).run()
    assert summary.failures == []
    assert summary.done == 1
    assert ears.ended == [(Outcome.DONE, "")]
    ((name, result),) = home.finished().items()
    weights = Weights.model_validate(result.outputs)
    assert weights.folder == f"jobs/{name}/weights"
    assert set(weights.sha256) == set(FILES)
    for file in FILES:
        assert (home.root / weights.folder / file).read_bytes() == (
            model_folder() / file
        ).read_bytes()
    assert [path.name for path in home.jobs.iterdir()] == [name]
    assert {"job.json", "result.json", "ledger.jsonl", "log.txt", "weights"} <= {
        path.name for path in home.done_folder(name).iterdir()
    }


def test_a_finished_fetch_is_paid_for_and_not_planned_again(home: Home) -> None:
    summary = execution(home, LOCK).run()
    (line,) = bill(home.ledger(), by=("attempt",))
    assert line.outcome == "done"
    assert line.wall_seconds > 0
    # A dollar a second, in this test; what the summary says is what the ledger says.
    assert summary.spent_usd == pytest.approx(line.wall_seconds)
    assert not any(p.job.kind == "fetch" for p in plan_for(home, LOCK).jobs)
    assert execution(home, LOCK).run() == Summary()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_is_not_the_locked_one_is_refused_by_name(home: Home, name: str) -> None:
    size, sha256 = FILES[name]
    wrong = ("0" if sha256[0] != "0" else "1") + sha256[1:]
    files = {**FILES, name: (size, wrong)}
    work, result = run_job(home, files)
    assert (result.outcome, result.done) == (Outcome.FAILED, ())
    sentence = result.failure or ""
    assert sentence.startswith(f"{model_folder() / name}: found sha256 {sha256}, expected ")
    assert f"expected sha256 {wrong} for model smoke-base in checkpoints.lock" in sentence
    assert not (work / "weights" / name).exists(), "a refused file is not copied"


def test_a_refused_fetch_fails_the_plan_and_keeps_log_ledger_and_folder(home: Home) -> None:
    size, _ = FILES["config.json"]
    ears = Ears()
    summary = execution(home, lock_of({**FILES, "config.json": (size, "0" * 64)}), ears).run()
    (failure,) = summary.failures
    assert str(failure).startswith("fetch smoke-base: ")
    assert "config.json: found sha256 " in str(failure)
    assert failure.as_json()["kind"] == "job"
    assert summary.done == 0
    assert ears.ended == [(Outcome.FAILED, failure.failure.sentence)]
    (work,) = home.jobs.iterdir()
    assert work.suffix == ".work"
    assert (work / "log.txt").exists()
    assert entries_of(work)[-1].outcome is Outcome.FAILED
    assert summary.spent_usd == pytest.approx(sum(e.wall_seconds for e in entries_of(work)))
    assert home.finished() == {}


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (("config.json", 1), f"found {FILES['config.json'][0]} bytes, expected 1 "),
        (("no-such-file", 1), "found None bytes, expected 1 "),
    ],
)
def test_another_size_and_a_missing_file_are_refused_by_name(
    home: Home, file: tuple[str, int], says: str
) -> None:
    name, size = file
    _, result = run_job(home, {name: (size, "0" * 64)})
    assert result.outcome is Outcome.FAILED
    assert (result.failure or "").startswith(f"{model_folder() / name}: {says}")


def test_an_unforeseen_error_is_a_result_and_leaves_its_traceback_in_the_log(home: Home) -> None:
    work = start_folder(home, FILES)
    (work / "weights").touch()  # a file where the job wants a folder
    assert LocalRunner().run(work, home.root, ignore) == 0
    result = read_record(work / "result.json", JobResult)
    assert result.outcome is Outcome.FAILED
    assert (result.failure or "").startswith("FileExistsError: ")
    log = (work / "log.txt").read_text(encoding="utf-8")
    assert "Traceback" in log
    assert "FileExistsError" in tail(work)
    assert entries_of(work)[-1].outcome is Outcome.FAILED


def test_a_job_that_cannot_even_say_how_it_ended_has_an_exit_code_and_a_log(home: Home) -> None:
    work = start_folder(home, FILES)
    (work / "ledger.jsonl").mkdir()
    assert LocalRunner().run(work, home.root, ignore) == 1
    assert "ledger.jsonl" in tail(work)
    assert not (work / "result.json").exists()


def test_a_second_process_on_the_same_folder_is_turned_away(home: Home, endless: Files) -> None:
    work = start_folder(home, endless)
    codes = []

    def meanwhile(progress: Progress) -> None:
        if not codes:
            wait_until((work / "ledger.jsonl").exists)
            codes.append(subprocess.run(
                [sys.executable, "-m", "tina_bench.jobs", str(work), "--home", str(home.root)],
                capture_output=True, check=False, text=True,
            ))  # fmt: skip
            the_child().kill()

    assert LocalRunner().run(work, home.root, meanwhile) == -signal.SIGKILL
    (second,) = codes
    assert second.returncode != 0
    assert "another tina-bench is writing to this log" in second.stderr
    assert len({entry.attempt for entry in entries_of(work)}) == 1


class Killer(Ears):
    """Kills the job as soon as it says anything."""

    def progress(self, progress: Progress) -> None:
        the_child().kill()


def test_a_real_job_that_is_killed_is_a_failure_on_the_bill_as_interrupted(
    home: Home, endless: Files
) -> None:
    summary = execution(home, lock_of(endless), Killer()).run()
    (failure,) = summary.failures
    assert "its process ended with signal 9 (SIGKILL); log: " in str(failure)
    assert failure.failure.kind is FailureKind.KILLED
    (work,) = home.jobs.iterdir()
    assert work.suffix == ".work"
    (line,) = bill(home.ledger(), by=("attempt",))
    assert line.outcome == "interrupted"


class CtrlC(Ears):
    """The user presses Ctrl-C as soon as the job says anything."""

    def __init__(self) -> None:
        super().__init__()
        self.children: list[psutil.Process] = []

    def progress(self, progress: Progress) -> None:
        self.children.append(the_child())
        raise KeyboardInterrupt


def test_ctrl_c_stops_the_job_in_good_order_and_leaves_a_folder_to_go_on_from(
    home: Home, endless: Files
) -> None:
    lock = lock_of(endless)
    for attempts in (1, 2):
        ears = CtrlC()
        with pytest.raises(KeyboardInterrupt):
            execution(home, lock, ears).run()
        (child,) = ears.children
        assert not child.is_running()
        (work,) = home.jobs.iterdir()
        assert work.suffix == ".work"
        result = read_record(work / "result.json", JobResult)
        assert result.outcome is Outcome.FAILED
        assert "interrupted; everything finished so far is kept" in (result.failure or "")
        ends = [entry.outcome for entry in entries_of(work) if entry.event == "end"]
        assert ends == [Outcome.FAILED] * attempts


PARENT = """
import sys
from pathlib import Path
from tina_bench.running.local import LocalRunner
LocalRunner().run(Path(sys.argv[1]), Path(sys.argv[2]), lambda progress: None)
"""


def test_the_job_dies_with_a_parent_that_is_killed(home: Home, endless: Files) -> None:
    work = start_folder(home, endless)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(work), str(home.root)], cwd=ROOT)
    wait_until((work / "progress.json").exists)
    (job,) = psutil.Process(parent.pid).children()
    assert "tina_bench.jobs" in job.cmdline()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not job.is_running() or job.status() == psutil.STATUS_ZOMBIE)
    result = read_record(work / "result.json", JobResult)
    assert "interrupted" in (result.failure or "")
    assert entries_of(work)[-1].event == "end"


def test_progress_is_what_the_job_says_of_itself(home: Home, endless: Files) -> None:
    first = {"first": (len(MIB), hashlib.sha256(MIB).hexdigest())}
    work = start_folder(home, {**first, **endless})
    seen: list[Progress] = []

    def listen(progress: Progress) -> None:
        seen.append(progress)
        if progress.done:
            the_child().kill()

    LocalRunner().run(work, home.root, listen)
    assert seen[-1] == Progress("load", 1, 2**18 + 1, "MiB")


def test_the_log_of_an_earlier_attempt_is_kept(home: Home) -> None:
    work = start_folder(home, {"no-such-file": (1, "0" * 64)})
    (work / "log.txt").write_text("from before\n", encoding="utf-8")
    LocalRunner().run(work, home.root, ignore)
    assert (work / "log.txt").read_text(encoding="utf-8").startswith("from before\n")
    assert tail(home.root) == ""


def test_a_job_that_computes_on_a_gpu_refuses_to_compute_elsewhere(home: Home) -> None:
    # As in a container of an engine that ignores the request for a GPU.
    work = make_folder(home, JobKind.EVALUATE, stack="gpu", image="sha256:1")
    assert LocalRunner().run(work, home.root, ignore) == 0
    result = read_record(work / "result.json", JobResult)
    assert result.failure_kind is FailureKind.MISSING_GPU
    assert "NVML shows none in its container" in (result.failure or "")
    assert "nvidia-smi" in (result.failure or "")


def test_what_the_job_prints_comes_out_line_by_line(home: Home) -> None:
    work = start_folder(home, FILES)
    (work / "weights").touch()
    (work / "log.txt").write_text("from before\n", encoding="utf-8")
    watch = Watch(work)
    assert watch.look() is None
    (work / "progress.json").write_text('{"phase":"load","done":0,"total":0,"unit":""}')
    with (work / "log.txt").open("a", encoding="utf-8") as log:
        seen = []
        for text in ("one\ntw", "o\n", "three"):
            log.write(text)
            log.flush()
            seen.append(watch.look())
    assert [progress.printed for progress in seen if progress] == ["one", "two", ""]
