"""Which runner carries a plan out, and why: printed before anything starts.

`auto` takes the environment that is there: this one when it has the stack's packages, else a
container when an engine and the stack's image are there. It never falls from one to the other
halfway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tina_bench.catalog.schema import Catalog, Stack
from tina_bench.containers.engine import connect
from tina_bench.errors import BlockedError, MissingEngineError, UsageError
from tina_bench.planning.gpus import this_machine
from tina_bench.planning.plan import resolve_profile
from tina_bench.planning.types import Machine, Request
from tina_bench.running.docker.cleanup import clear
from tina_bench.running.docker.images import StackImages, resolve_images
from tina_bench.running.failures import Failure, RunnerFailure
from tina_bench.running.interfaces import Runner
from tina_bench.running.local import LocalRunner
from tina_bench.store.home import Home
from tina_bench.store.job_folder import FailureKind

if TYPE_CHECKING:
    from docker import DockerClient

NVIDIA_DRIVER = Path("/proc/driver/nvidia/gpus")
"""A folder per GPU, where the kernel's driver is loaded; for machines without nvidia-ml-py."""


class RunnerName(StrEnum):
    """What `--runner` takes."""

    AUTO = "auto"
    DOCKER = "docker"
    LOCAL = "local"


@dataclass(frozen=True)
class ContainerLimits:
    """Limits of containers, bytes; `None` for what the runner takes by itself."""

    memory_bytes: int | None = None
    shm_bytes: int | None = None


@dataclass(frozen=True)
class Choice:
    """The runner that was chosen."""

    name: RunnerName
    why: str
    """One sentence."""
    machine: Machine
    """What the plan can count on with it."""
    failures: tuple[Failure, ...] = ()
    """What the docker runner lacks here, when it was requested by name."""
    client: "DockerClient | None" = None
    images: StackImages | None = None

    @property
    def sentence(self) -> str:
        """For the console."""
        return f"Runner: {self.name}, since {self.why}."

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        images = self.images
        return {
            "name": str(self.name),
            "why": self.why,
            "images": {
                "evaluation": images.evaluation.id,
                "training": images.training.id,
            }
            if images
            else None,
        }


def _gap(stack: Stack, machine: Machine) -> str | None:
    if stack.device == "cuda" and not machine.has_gpu:
        return "no GPU is visible to this environment"
    found = machine.packages
    different = [name for name in stack.packages if not stack.takes(name, found.get(name))]
    return f"{', '.join(different)} not installed here as pinned" if different else None


def _has_gpu(machine: Machine, engine: Mapping[str, Any]) -> bool:
    """Whether a container may get a GPU; the job checks inside in any case."""
    return machine.has_gpu or NVIDIA_DRIVER.is_dir() or "nvidia" in (engine.get("Runtimes") or ())


def _docker(stack_name: str, stack: Stack, machine: Machine, why: str) -> Choice:
    """The docker runner; raises `RunnerFailure` when it cannot run here."""
    try:
        client = connect()
    except (BlockedError, MissingEngineError) as error:
        raise RunnerFailure(FailureKind.MISSING_ENGINE, str(error)) from None
    try:
        images = resolve_images(stack_name, stack, client)
        has_gpu = _has_gpu(machine, client.info())
    except RunnerFailure:
        client.close()
        raise
    inside = replace(machine, has_gpu=has_gpu, packages=dict(stack.packages))
    return Choice(RunnerName.DOCKER, why, inside, client=client, images=images)


def choose(wanted: RunnerName, stack_name: str, stack: Stack, machine: Machine) -> Choice:
    """The runner for a stack on this machine.

    Never raises for what is missing: with a runner that was requested by name, the plan says what
    it lacks; with `auto`, the local runner's gaps are what the plan shows.
    """
    if wanted is RunnerName.LOCAL:
        return Choice(RunnerName.LOCAL, "--runner says so", machine)
    gap = _gap(stack, machine)
    if wanted is RunnerName.AUTO and gap is None:
        return Choice(
            RunnerName.LOCAL, f"the packages of stack {stack_name} are installed here", machine
        )
    if wanted is RunnerName.DOCKER:
        try:
            return _docker(stack_name, stack, machine, "--runner says so")
        except RunnerFailure as error:
            # Packages and GPU are the image's affair; what is missing is the image or its engine.
            inside = replace(
                machine,
                has_gpu=True,
                packages=dict(stack.packages),
                lacks=(f"docker runner: {error.failure.sentence}",),
            )
            return Choice(RunnerName.DOCKER, "--runner says so", inside, (error.failure,))
    try:
        return _docker(stack_name, stack, machine, f"{gap}, and the image of {stack_name} is there")
    except RunnerFailure as error:
        found = error.failure.found.rstrip(".")
        return Choice(RunnerName.LOCAL, f"{gap}, and neither does docker help: {found}", machine)


def choose_for(request: Request, catalog: Catalog, runner: str) -> Choice:
    """The runner for a request on this machine, and why; `runner` as `RunnerName` spells it."""
    try:
        wanted = RunnerName(runner)
    except ValueError:
        raise UsageError(
            f"--runner: found {runner!r}, expected one of {', '.join(RunnerName)}."
        ) from None
    name = resolve_profile(catalog, request).stack
    stack = catalog.stacks[name]
    return choose(wanted, name, stack, this_machine(stack.packages))


def open_runner(
    choice: Choice, home: Home, limits: ContainerLimits, notice: Callable[[str], None]
) -> Runner:
    """The runner that was chosen, once what a runner that died has left in this home is gone.

    The caller holds the home. Raises `UsageError` for limits that the local runner does not have,
    and `BlockedError` when the engine does not answer any more.
    """
    try:
        left = clear(home, choice.client)
        if left:
            containers = "a container" if left == 1 else f"{left} containers"
            notice(f"removed {containers} that a tina-bench which died has left.")
        if choice.client is not None and choice.images is not None:
            from tina_bench.running.docker.runner import DockerRunner

            return DockerRunner(
                choice.client,
                choice.images,
                memory_bytes=limits.memory_bytes,
                shm_bytes=limits.shm_bytes,
            )
    except RunnerFailure as error:
        raise BlockedError(error.failure.sentence) from None
    if limits != ContainerLimits():
        raise UsageError("--memory and --shm-size are for the docker runner, and this is local.")
    return LocalRunner()
