"""Options of the runners: where jobs run, and what a container may take."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tina_bench.running.select_runner import ContainerLimits


class RunnerWord(StrEnum):
    """`RunnerName` for the command line: help must not load the runners."""

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


def container_limits(memory: str | None, shm_size: str | None) -> "ContainerLimits":
    """Read the options; raises `UsageError` for a text that is no size."""
    from tina_bench.running.select_runner import ContainerLimits

    return ContainerLimits(_size("--memory", memory), _size("--shm-size", shm_size))


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
