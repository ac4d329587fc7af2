"""The runner of a command: its options, which one it is, and opening it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import this_machine

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.types import Request
    from tina_bench.running.choose import Choice
    from tina_bench.running.execute import Runner
    from tina_bench.store.home import Home


class RunnerWord(StrEnum):
    """`RunnerName` in the words of the command line: help must not load the runners."""

    AUTO = "auto"
    DOCKER = "docker"
    LOCAL = "local"


RunnerOption = Annotated[
    RunnerWord,
    typer.Option(
        "--runner",
        help="Where jobs run: in this environment (local), each in a container of the stack's "
        "image (docker; Podman too), or wherever the stack's packages are (auto). Fetching always "
        "runs here.",
    ),
]
MemoryOption = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        help="Docker runner: memory a job may take at most, as in `24g`; nine tenths of the "
        "machine's if not given. A job that wants more is killed, and that is said.",
    ),
]
ShmOption = Annotated[
    str | None,
    typer.Option(
        "--shm-size",
        metavar="SIZE",
        help="Docker runner: shared memory of a job, as in `2g`; 8 GiB or half the machine's if "
        "not given. It counts as memory once it is used.",
    ),
]


@dataclass(frozen=True)
class Sizes:
    """Limits of containers, bytes; `None` for what the runner thinks sane."""

    memory_bytes: int | None = None
    shm_bytes: int | None = None

    @classmethod
    def parse(cls, memory: str | None, shm_size: str | None) -> "Sizes":
        """Read the options; raises `UsageError` for what is no size."""
        return cls(_size("--memory", memory), _size("--shm-size", shm_size))


def _size(option: str, text: str | None) -> int | None:
    """`24g` in bytes, as the docker command reads it."""
    from tina_bench.errors import UsageError

    if text is None:
        return None
    try:
        from docker.errors import DockerException
        from docker.utils import parse_bytes
    except ModuleNotFoundError:
        raise UsageError(
            f"{option} is for the docker runner, which needs the docker package; "
            "`pip install 'tina-bench[docker]'` brings it."
        ) from None
    try:
        size = int(parse_bytes(text))
    except (DockerException, ValueError):
        size = 0
    if size <= 0:
        raise UsageError(f"{option}: found {text!r}, expected a size, as in '24g' or '512m'.")
    return size


def choose_runner(request: "Request", catalog: "Catalog", wanted: RunnerWord) -> "Choice":
    """The runner for a request on this machine, and why."""
    from tina_bench.planning.plan import resolve_profile
    from tina_bench.running.choose import RunnerName, choose

    name = resolve_profile(catalog, request).stack
    stack = catalog.stacks[name]
    return choose(RunnerName(wanted), name, stack, this_machine(list(stack.packages)))


def open_runner(choice: "Choice", home: "Home", sizes: Sizes) -> "Runner":
    """The runner that was chosen, once what a runner that died has left in this home is gone.

    The caller holds the home. Raises `UsageError` for limits that the local runner does not have,
    and `BlockedError` when the engine does not answer any more.
    """
    from tina_bench.errors import BlockedError, UsageError
    from tina_bench.running.docker.cleanup import clear
    from tina_bench.running.failures import RunnerFailure

    try:
        left = clear(home, choice.client)
        if left:
            containers = "a container" if left == 1 else f"{left} containers"
            typer.echo(f"removed {containers} that a tina-bench which died has left.", err=True)
        if choice.client is not None and choice.images is not None:
            from tina_bench.running.docker.runner import DockerRunner

            return DockerRunner(
                choice.client,
                choice.images,
                memory_bytes=sizes.memory_bytes,
                shm_bytes=sizes.shm_bytes,
            )
    except RunnerFailure as error:
        raise BlockedError(error.failure.sentence) from None
    if sizes != Sizes():
        raise UsageError("--memory and --shm-size are for the docker runner, and this is local.")
    from tina_bench.running.local import LocalRunner

    return LocalRunner()
