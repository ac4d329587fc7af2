"""The docker runner on a real engine: what a job in a container may see and do, and how it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker.types import Mount

from tests.support import tiny
from tests.support.engine import Engine, running_engine
from tests.support.program import ROOT
from tests.support.tiny import make_folder
from tina_bench.containers.engine import LocalImage
from tina_bench.running.docker.cleanup import LABEL_HOME, clear
from tina_bench.running.docker.errors import talking
from tina_bench.running.docker.mounts import IMAGE_USER_UID
from tina_bench.running.docker.runner import DockerRunner
from tina_bench.running.failures import RunnerFailure
from tina_bench.running.progress import Progress
from tina_bench.store.home import Home
from tina_bench.store.job_folder import FailureKind
from tina_bench.store.records import JobKind

MEMORY = 128 * 2**20
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
RUNS = (JobKind.TRAIN, JobKind.MERGE, JobKind.EVALUATE, JobKind.GRADE)


def ignore(progress: Progress) -> None:
    pass


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def runner(engine: Any, tiny_image: LocalImage) -> DockerRunner:
    return docker_runner(engine, tiny_image)


def docker_runner(engine: Any, image: LocalImage, **given: Any) -> DockerRunner:
    given = {"memory_bytes": MEMORY, "shm_bytes": 32 * 2**20, **given}
    return DockerRunner(engine.client, tiny.images(image), **given)


def result_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return found


def probe(runner: DockerRunner, home: Home, kind: JobKind, *given: str) -> dict[str, Any]:
    folder = make_folder(home, kind, "probe", *(given or ("1",)))
    assert runner.run(folder, home.root, ignore) == 0
    outputs: dict[str, Any] = result_of(folder)["outputs"]
    return outputs


def failure(runner: DockerRunner, home: Home, *command: str, **given: Any) -> Any:
    folder = make_folder(home, JobKind.MERGE, *command, **given)
    with pytest.raises(RunnerFailure) as caught:
        runner.run(folder, home.root, ignore)
    return caught.value.failure


def containers_of(engine: Any, home: Home) -> list[Any]:
    label = f"{LABEL_HOME}={home.root}"
    found: list[Any] = engine.client.containers.list(all=True, filters={"label": label})
    return found


def wait_until(condition: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def while_it_runs(act: Callable[[], None], folder: Path) -> Iterator[None]:
    """Act once the job in that folder is alive."""

    def wait_and_act() -> None:
        wait_until((folder / "alive").exists)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    yield
    thread.join()


# What a job may see and do


def test_a_job_has_no_capabilities_and_cannot_get_any(runner: DockerRunner, home: Home) -> None:
    status = probe(runner, home, JobKind.EVALUATE)["status"]
    assert {status[name] for name in CAPABILITIES} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def test_a_job_is_not_root_and_what_it_writes_belongs_to_whoever_asked(
    runner: DockerRunner, home: Home
) -> None:
    folder = make_folder(home, JobKind.MERGE, "write")
    assert runner.run(folder, home.root, ignore) == 0
    inside = probe(runner, home, JobKind.EVALUATE)
    expected = os.getuid() or IMAGE_USER_UID
    assert (inside["uid"], inside["gid"]) == (expected, os.getgid() or IMAGE_USER_UID)
    for path in (home.root, *home.root.rglob("*")):
        assert (path.stat().st_uid, path.stat().st_gid) == (os.getuid(), os.getgid()), path


def test_what_one_job_wrote_for_its_owner_alone_the_next_can_read(
    runner: DockerRunner, home: Home
) -> None:
    first = make_folder(home, JobKind.MERGE, "write")
    assert runner.run(first, home.root, ignore) == 0
    path = home.jobs / "fetch-base-1" / "weights" / "model"
    path.chmod(0o600)
    folder = make_folder(home, JobKind.EVALUATE, "probe", "1")
    assert runner.run(folder, home.root, ignore) == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_job_reaches_no_network_not_even_this_machine(runner: DockerRunner, home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        inside = probe(runner, home, JobKind.TRAIN, str(server.getsockname()[1]))
    assert inside["interfaces"] == ["lo"]
    assert inside["reached"] == "Connection refused"


@pytest.mark.parametrize("kind", RUNS)
def test_a_job_writes_to_its_own_folder_and_its_logs_and_nowhere_else(
    runner: DockerRunner, home: Home, kind: JobKind
) -> None:
    own = str(home.work_folder(f"{kind}-m-01234567"))
    base = str(home.jobs / "fetch-base-1" / "weights")
    samples, grades = str(home.root / "samples" / "m"), str(home.root / "grades" / "m")
    results = str(home.root / "results" / "p" / "m")
    problems = str(home.problems)
    asked = [own, base, samples, grades, results, problems, str(home.jobs), str(home.root)]
    writable = probe(runner, home, kind, "1", *asked)["writable"]
    allowed = {
        JobKind.EVALUATE: {own, samples},
        JobKind.GRADE: {own, grades, results, problems},
    }.get(kind, {own})
    scratch = {"/tmp", "/dev/shm"}
    assert {path for path, can in writable.items() if can is True} == allowed | scratch
    assert writable["/"] == writable["/opt"] == "Read-only file system"


@pytest.mark.parametrize("kind", RUNS)
def test_a_job_sees_of_the_home_only_what_it_needs(
    runner: DockerRunner, home: Home, kind: JobKind
) -> None:
    (home.root / "samples" / "other").mkdir(parents=True)
    (home.jobs / "fetch-other-1").mkdir(parents=True)
    (home.root / ".secret").touch()
    seen = set(probe(runner, home, kind)["home"])
    assert not [path for path in seen if "other" in path or "secret" in path]
    needed = {
        JobKind.TRAIN: {"jobs/fetch-base-1/weights/model"},
        JobKind.MERGE: {"jobs/fetch-base-1/weights/model", "jobs/fetch-adapter-1/weights/model"},
        JobKind.EVALUATE: {"jobs/fetch-base-1/weights/model", "samples/m"},
        JobKind.GRADE: {"samples/m", "grades/m", "results/p/m"},
    }[kind]
    assert {str(home.root / name) for name in needed} <= seen
    if kind is JobKind.TRAIN:
        assert str(home.root / "jobs/fetch-adapter-1") not in seen


def test_read_only_mounts_are_read_only_also_for_the_kernel(
    runner: DockerRunner, home: Home
) -> None:
    options = {}
    for line in probe(runner, home, JobKind.GRADE)["mounts"]:
        _, target, kind, flags, *_ = line.split()
        options[target] = (kind, set(flags.split(",")))
    assert "ro" in options["/"][1]
    assert "ro" in options[str(home.root / "samples" / "m")][1]
    assert "rw" in options[str(home.root / "grades" / "m")][1]
    assert options["/tmp"][0] == "tmpfs"
    assert {"nosuid", "nodev"} <= options["/tmp"][1]


def test_limits_on_memory_and_processes_hold_inside(runner: DockerRunner, home: Home) -> None:
    limits = probe(runner, home, JobKind.EVALUATE)["limits"]
    assert limits == {"memory": str(MEMORY), "pids": "4096"}


def test_without_sizes_a_container_may_take_nine_tenths_of_the_machine_and_no_more(
    engine: Any, tiny_image: LocalImage
) -> None:
    total = engine.client.info()["MemTotal"]
    limits = DockerRunner(engine.client, tiny.images(tiny_image)).limits
    assert limits.memory_bytes == total * 9 // 10
    assert limits.shm_bytes == min(8 * 2**30, total // 2)


def test_the_command_is_the_contract_s_under_guard_and_nothing_of_the_user_s_environment_goes_in(
    runner: DockerRunner, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    inside = probe(runner, home, JobKind.EVALUATE)
    folder = home.work_folder("evaluate-m-01234567")
    assert inside["argv"][1:] == [str(folder), "--home", str(home.root)]
    assert inside["guard"][1:3] == ["-m", "tina_bench.jobs.guard"]
    assert inside["parent"] == 1
    assert inside["environment"]["OMP_NUM_THREADS"] == "1"
    assert "hf_secret" not in json.dumps(inside)


def test_children_of_children_are_reaped(runner: DockerRunner, home: Home) -> None:
    folder = make_folder(home, JobKind.MERGE, "orphans")
    assert runner.run(folder, home.root, ignore) == 0
    states = result_of(folder)["outputs"]["states"]
    assert "Z" not in states
    assert len(states) == 2


def test_log_and_progress_come_out_while_it_runs(runner: DockerRunner, home: Home) -> None:
    folder = make_folder(home, JobKind.MERGE, "probe", "1")
    (folder / "log.txt").write_text("from before\n", encoding="utf-8")
    seen: list[Progress] = []
    assert runner.run(folder, home.root, seen.append) == 0
    assert seen[0] == Progress("load", 1, 2, "samples")
    assert "".join(progress.printed for progress in seen) == "the job says hello"
    assert (folder / "log.txt").read_text(encoding="utf-8") == "from before\nthe job says hello\n"


def test_nothing_is_left_of_a_container_that_ended(
    engine: Any, runner: DockerRunner, home: Home
) -> None:
    folder = make_folder(home, JobKind.MERGE, "write")
    assert runner.run(folder, home.root, ignore) == 0
    assert containers_of(engine, home) == []
    assert not (folder / "heartbeat").exists()


def test_jobs_run_by_the_image_s_id_and_a_tag_that_is_moved_changes_nothing(
    engine: Any, tiny_image: LocalImage, home: Home
) -> None:
    engine.client.images.get(tiny_image.id).tag("moved", "now")
    runner = docker_runner(engine, tiny_image)
    other = tiny.build(engine.client, tiny_image.id, other="yes")
    engine.client.images.get(other.id).tag("moved", "now")
    folder = make_folder(home, JobKind.MERGE, "sleep")
    found = []

    def look() -> None:
        (container,) = containers_of(engine, home)
        found.append(container.attrs["Image"])
        container.kill()

    with while_it_runs(look, folder), pytest.raises(RunnerFailure):
        runner.run(folder, home.root, ignore)
    assert found == [tiny_image.id] == [runner.image(JobKind.MERGE)]


def test_fetching_runs_outside(runner: DockerRunner) -> None:
    assert runner.image(JobKind.FETCH) is None


# How it ends


def test_a_job_that_takes_more_memory_than_it_may_is_told_apart_from_one_that_was_killed(
    runner: DockerRunner, home: Home
) -> None:
    found = failure(runner, home, "eat")
    assert found.kind is FailureKind.OUT_OF_MEMORY
    assert "memory limit of 0.12 GiB" in found.sentence
    assert "--memory" in found.sentence


def test_a_container_that_is_killed_says_so_and_the_folder_can_be_taken_up(
    engine: Any, runner: DockerRunner, home: Home
) -> None:
    folder = make_folder(home, JobKind.MERGE, "sleep")
    with (
        while_it_runs(lambda: containers_of(engine, home)[0].kill("KILL"), folder),
        pytest.raises(RunnerFailure) as caught,
    ):
        runner.run(folder, home.root, ignore)
    assert caught.value.failure.kind is FailureKind.KILLED
    assert not (folder / "result.json").exists()
    assert containers_of(engine, home) == []
    again = make_folder(home, JobKind.MERGE, "write")
    assert again == folder
    assert runner.run(again, home.root, ignore) == 0


def test_a_container_that_is_taken_away_is_killed_too(
    engine: Any, runner: DockerRunner, home: Home
) -> None:
    folder = make_folder(home, JobKind.MERGE, "sleep")
    with (
        while_it_runs(lambda: containers_of(engine, home)[0].remove(force=True), folder),
        pytest.raises(RunnerFailure) as caught,
    ):
        runner.run(folder, home.root, ignore)
    assert caught.value.failure.kind is FailureKind.KILLED


def test_a_job_that_is_stopped_from_outside_puts_its_papers_in_order(
    engine: Any, runner: DockerRunner, home: Home
) -> None:
    folder = make_folder(home, JobKind.MERGE, "sleep")
    with while_it_runs(lambda: containers_of(engine, home)[0].stop(timeout=30), folder):
        assert runner.run(folder, home.root, ignore) == 0
    assert result_of(folder)["failure_kind"] == FailureKind.INTERRUPTED


@pytest.mark.parametrize(("command", "code"), [(("exit", "3"), 3), (("signal", "11"), -11)])
def test_the_job_s_own_exit_code_and_signal_come_out(
    runner: DockerRunner, home: Home, command: tuple[str, ...], code: int
) -> None:
    folder = make_folder(home, JobKind.MERGE, *command)
    assert runner.run(folder, home.root, ignore) == code


def test_an_image_that_is_gone_by_now_is_a_missing_image(
    engine: Any, tiny_image: LocalImage, home: Home
) -> None:
    gone = tiny.build(engine.client, tiny_image.id, gone="soon")
    runner = docker_runner(engine, gone)
    engine.client.images.remove(gone.id, force=True)
    found = failure(runner, home, "write")
    assert found.kind is FailureKind.MISSING_IMAGE
    assert "tina-bench containers build" in found.sentence


def test_an_image_without_what_a_job_needs_says_why_it_did_not_start(
    engine: Any, home: Home, tiny_image: LocalImage
) -> None:
    bare = engine.client.images.get(tiny_image.id)
    folder = make_folder(home, JobKind.MERGE, "write")
    container = engine.client.containers.create(bare.id, ["true"])
    image = container.commit(changes="ENV PYTHONPATH=/nowhere")
    container.remove()
    there = LocalImage("tiny", "tiny", image.id, {}, 0, "")
    assert docker_runner(engine, there).run(folder, home.root, ignore) == 1
    assert "No module named" in (folder / "log.txt").read_text(encoding="utf-8")


def test_a_gpu_that_the_engine_cannot_give_is_a_missing_runtime(
    runner: DockerRunner, home: Home
) -> None:
    found = failure(runner, home, "write", stack="gpu")
    assert found.kind is FailureKind.MISSING_GPU_RUNTIME
    assert "NVIDIA Container Toolkit" in found.sentence
    assert found.kind is failure(runner, home, "write", stack="gpu", gpus=(0, 2)).kind


def test_a_folder_that_the_engine_cannot_see_is_refused_in_its_own_words(
    engine: Any, tiny_image: LocalImage, tmp_path: Path
) -> None:
    mount = Mount("/x", str(tmp_path / "not-there"), "bind")
    with pytest.raises(RunnerFailure) as caught, talking():
        engine.client.containers.create(tiny_image.id, ["true"], mounts=[mount])
    assert caught.value.failure.kind is FailureKind.ENGINE_REFUSED
    assert "must run on this machine" in caught.value.failure.sentence


def test_weights_that_are_missing_are_for_the_job_to_name(runner: DockerRunner, home: Home) -> None:
    folder = make_folder(home, JobKind.MERGE, "probe", "1")
    shutil.rmtree(home.jobs / "fetch-base-1")
    assert runner.run(folder, home.root, ignore) == 0
    assert str(home.jobs / "fetch-base-1") not in result_of(folder)["outputs"]["home"]


def test_ctrl_c_stops_and_removes_the_container_and_leaves_a_folder_to_go_on_from(
    engine: Any, runner: DockerRunner, home: Home
) -> None:
    folder = make_folder(home, JobKind.MERGE, "sleep")

    def press(progress: Progress) -> None:
        if (folder / "alive").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.run(folder, home.root, press)
    assert containers_of(engine, home) == []
    assert result_of(folder)["failure_kind"] == FailureKind.INTERRUPTED
    assert (folder / "alive").stat().st_uid == os.getuid(), "it is the user's again"
    again = make_folder(home, JobKind.MERGE, "write")
    assert runner.run(again, home.root, ignore) == 0


PARENT = """
import sys
from pathlib import Path
import docker
from tests.support.tiny import images
from tina_bench.containers.engine import LocalImage
from tina_bench.running.docker.runner import DockerRunner
address, image, folder, home, limit = sys.argv[1:]
runner = DockerRunner(
    docker.DockerClient(base_url=address), images(LocalImage("tiny", "tiny", image, {}, 0, "")),
    memory_bytes=2**27, shm_bytes=2**25, heartbeat_limit_seconds=float(limit),
)
runner.run(Path(folder), Path(home), lambda progress: None)
"""


def orphaned(engine: Any, image: LocalImage, home: Home, verb: str, limit: float) -> Path:
    """A job whose runner was killed with `kill -9`."""
    folder = make_folder(home, JobKind.MERGE, verb)
    command = [sys.executable, "-c", PARENT, engine.address, image.id, str(folder)]
    parent = subprocess.Popen([*command, str(home.root), str(limit)], cwd=ROOT)
    wait_until((folder / "alive").exists)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    return folder


def test_a_job_whose_runner_was_killed_stops_by_itself(
    engine: Any, tiny_image: LocalImage, home: Home
) -> None:
    folder = orphaned(engine, tiny_image, home, "sleep", 2)
    (container,) = containers_of(engine, home)
    assert container.status == "running"
    wait_until(lambda: containers_of(engine, home)[0].status == "exited", 15)
    assert "no sign of life from tina-bench for 2 s" in (folder / "log.txt").read_text()
    assert result_of(folder)["failure_kind"] == FailureKind.INTERRUPTED


def test_what_a_killed_runner_left_is_stopped_and_removed_when_the_home_is_next_used(
    engine: Any, tiny_image: LocalImage, home: Home, runner: DockerRunner
) -> None:
    orphaned(engine, tiny_image, home, "sleep", 600)
    elsewhere = Home(home.root.parent / "elsewhere")
    orphaned(engine, tiny_image, elsewhere, "sleep", 600)
    assert clear(home, engine.client) == 1
    assert containers_of(engine, home) == []
    assert [container.status for container in containers_of(engine, elsewhere)] == ["running"]
    assert clear(elsewhere, engine.client) == 1
    folder = make_folder(home, JobKind.MERGE, "write")
    assert runner.run(folder, home.root, ignore) == 0


def test_the_local_runner_s_next_use_of_a_home_clears_it_too(
    engine: Any, tiny_image: LocalImage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    assert clear(home, None) == 0
    orphaned(engine, tiny_image, home, "sleep", 600)
    assert clear(home, None) == 1
    assert containers_of(engine, home) == []


HOOK = """#!/bin/sh
exit 0
"""


def test_gpus_are_asked_for_by_their_numbers_and_numbered_anew_inside(
    engine: Engine, tiny_image: LocalImage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the toolkit's hook (here one that does nothing) Docker accepts the request and passes it
    # on: this proves how the request arrives, not that a GPU does.
    with tempfile.TemporaryDirectory(prefix="tb-gpu-") as folder:
        hooks = Path(folder) / "hooks"
        hooks.mkdir()
        (hooks / "nvidia-container-runtime-hook").write_text(HOOK, encoding="utf-8")
        (hooks / "nvidia-container-runtime-hook").chmod(0o755)
        monkeypatch.setenv("PATH", f"{hooks}:{os.environ['PATH']}")
        with running_engine(Path(folder)) as other:
            archive = b"".join(engine.client.images.get("tiny:kept").save(named=True))
            other.client.images.load(archive)
            runner = docker_runner(other, tiny_image)

            def inside(**given: Any) -> tuple[Any, list[str]]:
                work = make_folder(home, JobKind.EVALUATE, "probe", "1", stack="gpu", **given)
                assert runner.run(work, home.root, ignore) == 0
                outputs = result_of(work)["outputs"]
                return outputs["environment"].get("NVIDIA_VISIBLE_DEVICES"), outputs["argv"]

            assert inside()[0] == "all"
            seen, argv = inside(gpus=(2, 5))
            assert seen == "2,5"
            assert argv[-1] == "--gpus-from-zero"
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
            seen, argv = inside()
            assert seen == "1,3"
            assert argv[-1] == str(home.root)
            grade = make_folder(home, JobKind.GRADE, "probe", "1", stack="gpu")
            assert runner.run(grade, home.root, ignore) == 0
            assert "NVIDIA_VISIBLE_DEVICES" not in result_of(grade)["outputs"]["environment"]
