"""What a container engine's refusals mean, in the vocabulary of failures."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tina_bench.running.failures import RunnerFailure
from tina_bench.store.job_folder import FailureKind

if TYPE_CHECKING:
    from docker.errors import APIError

REFUSALS = (
    # Docker without the NVIDIA Container Toolkit; the toolkit without a driver; a wrong index.
    ("could not select device driver", FailureKind.MISSING_GPU_RUNTIME),
    ("unknown device", FailureKind.MISSING_GPU),
    ("nvidia-container-cli", FailureKind.MISSING_GPU_RUNTIME),
    ("nvidia-container-runtime", FailureKind.MISSING_GPU_RUNTIME),
    ("no space left on device", FailureKind.DISK_FULL),
    ("no such container", FailureKind.KILLED),  # Podman's message for one that was removed
)
"""What parts of an engine's messages mean, the first that fits; in lower case."""


def refusal(error: "APIError") -> RunnerFailure:
    """The failure that an engine's message amounts to."""
    import docker.errors

    words = str(error.explanation or error).strip()
    if isinstance(error, docker.errors.ImageNotFound):
        return RunnerFailure(
            FailureKind.MISSING_IMAGE,
            f"the engine has the image no more ({words}); `tina-bench containers build` builds it",
        )
    kinds = [kind for part, kind in REFUSALS if part in words.lower()]
    kind = kinds[0] if kinds else FailureKind.ENGINE_REFUSED
    if "bind source path" in words.lower():
        words += " (the engine must run on this machine, and see the home under the same path)"
    return RunnerFailure(kind, f"the container engine refused: {words}")


@contextlib.contextmanager
def talking() -> Iterator[None]:
    """Turn the docker package's exceptions into failures: a refusal, or an engine that is gone."""
    import docker.errors
    import requests.exceptions
    import urllib3.exceptions

    try:
        yield
    except docker.errors.APIError as error:
        raise refusal(error) from error
    except (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
    ) as error:
        raise RunnerFailure(
            FailureKind.ENGINE_GONE, f"the container engine does not answer any more ({error})"
        ) from error
