"""What runners are called; apart, so that the command line's help loads nothing for it."""

from enum import StrEnum


class RunnerName(StrEnum):
    """What `--runner` takes."""

    AUTO = "auto"
    DOCKER = "docker"
    LOCAL = "local"
