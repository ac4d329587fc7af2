"""Which runner is chosen and why, and what the doctor says of engines and images."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.containers.engine import IMAGE_LABEL, LocalImage, image_tag
from tina_bench.doctor.containers import container_checks
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Machine, Snapshot
from tina_bench.running.select_runner import Choice, RunnerName, choose
from tina_bench.store.job_folder import FailureKind
from tina_bench.store.records import JobKind

CATALOG = make_catalog(**{"stacks/cpu/image": "cpu"})
NOTHING = Machine(has_gpu=False, packages={})


def chosen(wanted: RunnerName, machine: Machine = NOTHING, stack: str = "cpu") -> Choice:
    return choose(wanted, stack, CATALOG.stacks[stack], machine)


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")


@pytest.fixture
def at_engine(monkeypatch: pytest.MonkeyPatch, engine: Any) -> Any:
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    return engine


def test_auto_is_local_where_the_packages_are_and_asks_no_engine(no_engine: None) -> None:
    choice = chosen(RunnerName.AUTO, FIT)
    assert choice.name is RunnerName.LOCAL
    assert choice.sentence == "Runner: local, since the packages of stack cpu are installed here."
    assert choice.machine is FIT


def test_auto_is_local_with_another_build_of_the_same_release(no_engine: None) -> None:
    stack = CATALOG.stacks["cpu"]
    name, version = next(iter(stack.packages.items()))
    here = Machine(has_gpu=False, packages={**FIT.packages, name: f"{version}+mine"})
    assert "not installed here as pinned" in choose(RunnerName.AUTO, "cpu", stack, here).why
    stack = stack.model_copy(update={"other_builds": {name: (f"{version}+mine",)}})
    why = choose(RunnerName.AUTO, "cpu", stack, here).why
    assert why == "the packages of stack cpu are installed here"


def test_auto_without_packages_and_without_an_engine_is_local_and_says_both(
    no_engine: None,
) -> None:
    choice = chosen(RunnerName.AUTO)
    assert choice.name is RunnerName.LOCAL
    assert "not installed here as pinned" in choice.why
    assert "no container engine answers" in choice.why
    assert choice.machine is NOTHING, "the plan shows what is missing for the local runner"


def test_a_gpu_stack_without_a_gpu_here_is_nothing_for_auto(no_engine: None) -> None:
    packages_only = Machine(has_gpu=False, packages=FIT.packages)
    assert "no GPU is visible" in chosen(RunnerName.AUTO, packages_only, "gpu").why


def test_local_is_local_whatever_is_missing(no_engine: None) -> None:
    assert chosen(RunnerName.LOCAL).name is RunnerName.LOCAL


def blocked_by(choice: Choice) -> tuple[str, ...]:
    request = make_request(models=("base-a",), tasks=("t1",), seeds=(0,))
    plan = make_plan(request, CATALOG, make_lock(), Snapshot(), choice.machine)
    kinds = {planned.job.kind for planned in plan.jobs if planned.job.id not in plan.blocked}
    assert kinds == {JobKind.FETCH}, "fetching needs no container"
    return plan.missing


def test_docker_without_an_engine_is_said_by_the_plan_and_by_kind(no_engine: None) -> None:
    choice = chosen(RunnerName.DOCKER)
    (failure,) = choice.failures
    assert failure.kind is FailureKind.MISSING_ENGINE
    (sentence,) = blocked_by(choice)
    assert sentence.startswith("docker runner: no container engine answers (unix://")
    assert choice.as_json() == {"name": "docker", "why": "--runner says so", "images": None}


def test_docker_without_the_image_names_the_command_that_builds_it(at_engine: Any) -> None:
    choice = chosen(RunnerName.DOCKER)
    (failure,) = choice.failures
    assert failure.kind is FailureKind.MISSING_IMAGE
    (sentence,) = blocked_by(choice)
    assert "`tina-bench containers build cpu` builds it" in sentence


def test_a_stack_without_an_image_cannot_run_in_one(at_engine: Any) -> None:
    (failure,) = chosen(RunnerName.DOCKER, stack="gpu").failures
    assert failure.kind is FailureKind.MISSING_IMAGE
    assert "stack gpu has no image" in failure.sentence


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({}, "found an image without label"),
        ({IMAGE_LABEL: "cpu"}, "was built of other tina_bench code than runs here"),
    ],
    ids=["a stranger's", "ours, of other code"],
)
def test_an_image_that_is_not_what_it_should_be_is_the_wrong_one(
    at_engine: Any, tiny_image: LocalImage, labels: dict[str, str], says: str
) -> None:
    client = at_engine.client
    container = client.containers.create(tiny_image.id, ["true"])
    marks = [f"LABEL {name}={value}" for name, value in labels.items()]
    image = container.commit(changes="\n".join(marks) or None)
    container.remove()
    repository, _, tag = image_tag("cpu").rpartition(":")
    image.tag(repository, tag)
    try:
        (failure,) = chosen(RunnerName.DOCKER).failures
        assert failure.kind is FailureKind.WRONG_IMAGE
        assert says in failure.sentence
        assert says in " ".join(finding.found for finding in container_checks(CATALOG))
    finally:
        client.images.remove(image_tag("cpu"))


def findings() -> dict[str, Any]:
    return {finding.what: finding for finding in container_checks(CATALOG)}


def test_the_doctor_names_the_engine_and_what_it_lacks(at_engine: Any) -> None:
    found = findings()
    assert found["container engine"].ok
    assert at_engine.client.version()["Version"] in found["container engine"].found
    assert not found["NVIDIA container runtime"].ok
    assert "runc" in found["NVIDIA container runtime"].found
    assert not found["image cpu"].ok
    assert "stack cpu" in found["image cpu"].prevents


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "unix:///not/there", "nonsense"])
def test_an_engine_that_is_not_there_is_a_finding_and_not_a_crash(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    for finding in findings().values():
        assert not finding.ok
        assert finding.prevents.endswith(".")
        assert finding.remedy.endswith(".")


def test_a_socket_that_listens_and_never_answers_does_not_hold_the_doctor_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(tmp_path / "docker.sock"))
        mute.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
        assert not findings()["container engine"].ok
