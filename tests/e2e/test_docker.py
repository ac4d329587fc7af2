"""The smoke profile in the real `cpu` image: the same answers as outside, whatever happens."""

import contextlib
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Program
from tests.support.engine import CpuImage, cpu_image
from tina_bench.running.docker.cleanup import LABEL_HOME
from tina_bench.running.docker.heartbeat import LIMIT_SECONDS
from tina_bench.running.docker.images import StackImages
from tina_bench.running.docker.runner import DockerRunner
from tina_bench.running.failures import failure_of_exit
from tina_bench.store.job_folder import FailureKind
from tina_bench.store.records import JobKind, Phase

__all__ = ["cpu_image"]

# A cold image takes minutes to build, once a machine.
pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]

SEEDS = 2
SMOKE = ("reproduce", "--all", "--profile", "smoke", "--seeds", str(SEEDS))
BASE = ("reproduce", "--model", "smoke-base", "--profile", "smoke", "--seeds", str(SEEDS))
DOCKER = ("--runner", "docker", "--memory", "8g", "--shm-size", "1g")


def containers_of(image: CpuImage, program: Program) -> list[Any]:
    label = f"{LABEL_HOME}={program.root.resolve()}"
    found: list[Any] = image.engine.client.containers.list(all=True, filters={"label": label})
    return found


@pytest.fixture(scope="module")
def make(cpu_image: CpuImage, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Program]:
    def made(name: str) -> Program:
        return Program(tmp_path_factory.mktemp(name), environment=cpu_image.environment)

    return made


@pytest.fixture(scope="module")
def local(make: Callable[[str], Program]) -> Program:
    program = make("local")
    program.run(*SMOKE, "--runner", "local")
    return program


@pytest.fixture(scope="module")
def contained(make: Callable[[str], Program]) -> Program:
    program = make("contained")
    ended = program.run(*SMOKE, *DOCKER)
    assert "Runner: docker, since --runner says so." in ended.out
    return program


@pytest.mark.parametrize("model", ["smoke-base", "smoke-tina"])
def test_samples_and_grades_are_those_of_the_local_runner_one_by_one(
    local: Program, contained: Program, model: str
) -> None:
    expected = {sample.key: sample.text for sample in local.samples(model)}
    assert len(expected) == 170 * SEEDS
    assert {sample.key: sample.text for sample in contained.samples(model)} == expected
    grades = {grade.key: grade for grade in local.grades(model)}
    assert {grade.key: grade for grade in contained.grades(model)} == grades


def test_results_name_the_image_that_made_them_and_differ_in_nothing_that_decides_them(
    local: Program, contained: Program, cpu_image: CpuImage
) -> None:
    outside, inside = local.results(), contained.results()
    assert outside.keys() == inside.keys()
    for key, record in inside.items():
        ours, theirs = record.provenance, outside[key].provenance
        assert ours.image == cpu_image.image.id
        assert theirs.image is None
        assert record.problems == outside[key].problems
        for name in ("engine", "weights_sha256", "prompts_sha256", "protocol", "sample_log"):
            assert getattr(ours, name) == getattr(theirs, name), name


def test_everything_in_a_container_is_metered_too(contained: Program) -> None:
    entries = contained.ledger()
    spent = {(entry.model, entry.phase) for entry in entries if entry.wall_seconds > 0}
    assert {("smoke-base", Phase.GENERATE), ("smoke-tina", Phase.TRAIN)} <= spent
    assert all(entry.cost_usd is not None for entry in entries)
    assert all(entry.peak_memory_bytes > 2**20 for entry in entries if entry.event == "end")


def test_only_fetching_ran_outside(contained: Program) -> None:
    images = {}
    for path in contained.root.glob("jobs/*/job.json"):
        job = json.loads(path.read_text(encoding="utf-8"))
        images[job["kind"]] = job["image"] is not None
    assert images == {kind: kind != "fetch" for kind in JobKind}


def test_a_second_run_does_nothing_and_no_container_is_left(
    contained: Program, cpu_image: CpuImage
) -> None:
    assert "Nothing to do" in contained.run(*SMOKE, *DOCKER).out
    assert containers_of(cpu_image, contained) == []
    assert not list(contained.root.rglob("heartbeat"))


def texts(program: Program) -> dict[str, str]:
    return {sample.key: sample.text for sample in program.samples("smoke-base")}


def assert_goes_on_from(program: Program, local: Program) -> None:
    """Repeating the command finishes what was left, with the answers of an undisturbed run."""
    before = texts(program)
    ended = program.run(*BASE, *DOCKER, "--json")
    assert ended.json()["failures"] == []
    found, expected = texts(program), {s.key: s.text for s in local.samples("smoke-base")}
    assert found == expected
    assert before.items() <= found.items()


def wait_for_samples(program: Program) -> None:
    while not any(path.stat().st_size for path in program.root.glob("samples/*/*.jsonl")):
        time.sleep(0.02)


def test_ctrl_c_removes_the_container_and_the_run_can_be_taken_up(
    make: Callable[[str], Program], cpu_image: CpuImage, local: Program
) -> None:
    program = make("interrupted")
    process = program.start(*BASE, *DOCKER)
    wait_for_samples(program)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "run it again" in err
    assert containers_of(cpu_image, program) == []
    (entries,) = [[e for e in program.ledger() if e.kind is JobKind.EVALUATE]]
    assert entries[-1].event == "end", "the job put its papers in order"
    assert_goes_on_from(program, local)


def test_a_container_that_is_killed_fails_as_killed_and_the_run_can_be_taken_up(
    make: Callable[[str], Program], cpu_image: CpuImage, local: Program
) -> None:
    program = make("killed")
    process = program.start(*BASE, *DOCKER, "--json")
    wait_for_samples(program)
    (container,) = containers_of(cpu_image, program)
    container.kill()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 20
    (failure,) = json.loads(out)["failures"]
    assert (failure["kind"], failure["job"], failure["model"]) == (
        "killed",
        "evaluate",
        "smoke-base",
    )
    assert "killed from outside" in err
    assert_goes_on_from(program, local)


def test_a_tina_bench_that_is_killed_leaves_no_container_at_work(
    make: Callable[[str], Program], cpu_image: CpuImage, local: Program
) -> None:
    # So many seeds that the job would work for minutes.
    program = make("orphan")
    process = program.start(*BASE[:-1], "400", *DOCKER)
    wait_for_samples(program)
    process.kill()
    process.wait()
    begun = time.monotonic()
    while any(container.status == "running" for container in containers_of(cpu_image, program)):
        assert time.monotonic() - begun < LIMIT_SECONDS + 30
        time.sleep(0.2)
    assert time.monotonic() - begun > LIMIT_SECONDS / 2, "it did not end by itself"
    kept = len(texts(program))
    assert 0 < kept < 170 * 400
    ended = program.run("reproduce", "--model", "smoke-base", "-p", "smoke", "-t", "smoke-30",
                        "--seeds", "1", *DOCKER)  # fmt: skip
    assert "removed a container that a tina-bench which died has left" in ended.err
    assert containers_of(cpu_image, program) == []


def test_a_job_that_is_given_too_little_memory_says_so(make: Callable[[str], Program]) -> None:
    program = make("small")
    ended = program.run(
        *BASE, "--runner", "docker", "--memory", "400m", "--shm-size", "64m", "--json", code=20
    )
    (failure,) = ended.json()["failures"]
    assert failure["kind"] == "out-of-memory"
    assert "--memory" in failure["sentence"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(path)], check=True)
    yield path
    subprocess.run(["umount", str(path)], check=True)


def test_a_disk_without_room_is_told_by_a_real_job_in_a_container(
    contained: Program, cpu_image: CpuImage, small_disk: Path
) -> None:
    home = small_disk / "home"
    shutil.copytree(contained.root, home, ignore=shutil.ignore_patterns("checkpoints"))
    (work,) = home.glob("jobs/evaluate-smoke-base-*")
    filler = small_disk / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    runner = DockerRunner(
        cpu_image.engine.client, StackImages(cpu_image.image, cpu_image.image), memory_bytes=2**32
    )
    code = runner.run(work, home, lambda progress: None)
    assert failure_of_exit(code, "").kind is FailureKind.DISK_FULL
