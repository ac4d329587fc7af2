"""The container engine of this machine, Docker or Podman, through the socket that both speak.

Nothing here starts an engine or asks for more rights: it connects to a running one, or raises an
error that names the addresses that were tried. The `docker` package is imported only when needed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tina_bench import __version__
from tina_bench.errors import BlockedError, MissingEngineError, UsageError

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.tls import TLSConfig

REPOSITORY = "localhost/tina-bench"
"""Where our images are named. No registry answers at `localhost` without a port, so that no engine
can mistake a missing image for one to pull from a registry of others."""
LABEL = "org.tina-bench"
IMAGE_LABEL = f"{LABEL}.image"
"""On everything that we built, with the name of its folder under `containers/`; only what carries
it is ever removed."""
CONNECT_SECONDS = 60


@dataclass(frozen=True)
class LocalImage:
    """An image that lies in this machine's engine."""

    name: str
    """Folder under `containers/` that it was built from."""
    tag: str
    """Repository and tag, as the engine knows it."""
    id: str
    """`sha256:…`: the hash of its configuration, which lists the hash of every layer."""
    labels: Mapping[str, str]
    """Commit, lock and requirements it was built from (`tina_bench.containers.labels`)."""
    size_bytes: int
    created: str
    """As the engine prints it."""


def _sockets() -> list[Path]:
    """Where engines listen by default: Docker, Docker rootless, Docker Desktop, Podman."""
    run = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    return [
        Path("/var/run/docker.sock"),
        run / "docker.sock",
        Path.home() / ".docker" / "run" / "docker.sock",
        run / "podman" / "podman.sock",
        Path("/run/podman/podman.sock"),
    ]


def addresses() -> list[str]:
    """Addresses to try: `DOCKER_HOST` alone if it is set, else every usual socket that exists."""
    given = os.environ.get("DOCKER_HOST")
    return [given] if given else [f"unix://{path}" for path in _sockets() if path.exists()]


def _open(address: str, seconds: int) -> "DockerClient":
    import docker

    client = docker.DockerClient(
        base_url=address, version="auto", timeout=seconds, tls=_tls(address)
    )
    client.ping()
    return client


def _tls(address: str) -> "bool | TLSConfig":
    """What `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` ask for, as the docker command has it."""
    import docker

    folder = os.environ.get("DOCKER_CERT_PATH")
    if not address.startswith(("tcp://", "https://")) or not (
        folder or os.environ.get("DOCKER_TLS_VERIFY")
    ):
        return False
    where = Path(folder) if folder else Path.home() / ".docker"
    return docker.tls.TLSConfig(
        client_cert=(str(where / "cert.pem"), str(where / "key.pem")),
        ca_cert=str(where / "ca.pem"),
        verify=True,
    )


def connect(seconds: int = CONNECT_SECONDS) -> "DockerClient":
    """A client of the first engine that answers; the caller closes it.

    Tries `DOCKER_HOST` alone where it is set, else the usual sockets; `seconds` is the timeout of
    each answer, later ones included. Raises `MissingEngineError` without the `docker` package, and
    `BlockedError` with the addresses tried when no engine answers.
    """
    try:
        import docker.errors
    except ModuleNotFoundError:
        raise MissingEngineError(
            "containers need the docker package, which is not installed; "
            "`pip install 'tina-bench[docker]'` brings it."
        ) from None
    tried: list[str] = []
    for address in addresses():
        try:
            return _open(address, seconds)
        except (docker.errors.DockerException, OSError, ValueError) as error:
            tried.append(f"{address}: {_reason(error)}")
    if not tried:
        tried = [f"no socket at {path}" for path in _sockets()]
    raise BlockedError(
        f"no container engine answers ({'; '.join(tried)}); start Docker or Podman's service "
        "(`systemctl --user start podman.socket`), or set DOCKER_HOST to where one listens."
    )


def _reason(error: BaseException) -> str:
    """The innermost cause, in words: the docker package wraps a refusal four times."""
    seen: BaseException | None = error
    text = str(error)
    while seen is not None:
        if isinstance(seen, PermissionError):
            return "permission denied; add yourself to the group `docker`, or use a rootless engine"
        if isinstance(seen, OSError) and seen.strerror:
            text = seen.strerror.lower()
        seen = seen.__cause__ or seen.__context__
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__


def engine_kind(client: "DockerClient") -> Literal["docker", "podman"]:
    """Which engine answers: Podman ignores requests for GPUs without an error, Docker does not."""
    parts = client.version().get("Components") or ()
    podman = any("podman" in str(part.get("Name", "")).lower() for part in parts)
    return "podman" if podman else "docker"


def image_tag(name: str) -> str:
    """Repository and tag of the image that folder `containers/NAME` builds, in this version."""
    return f"{REPOSITORY}/{name}:{__version__}"


def as_local(client: "DockerClient", reference: str) -> LocalImage | None:
    """The image of that tag or id, if the engine has it and we built it."""
    import docker.errors

    try:
        found = client.images.get(reference)
    except docker.errors.ImageNotFound:
        return None
    labels = found.labels or {}
    name = labels.get(IMAGE_LABEL)
    if name is None:
        return None
    return LocalImage(
        name=name,
        tag=reference,
        id=str(found.id),
        labels=dict(labels),
        size_bytes=int(found.attrs.get("Size") or 0),
        created=str(found.attrs.get("Created") or ""),
    )


def local_image(name: str, client: "DockerClient") -> LocalImage:
    """The image of folder `containers/NAME`, as built on this machine.

    Raises `UsageError` for an image that is there under our name and was not built by us, and
    `BlockedError` with the command that builds it when there is none. Nothing is ever pulled.
    """
    import docker.errors

    tag = image_tag(name)
    image = as_local(client, tag)
    if image is not None and image.name == name:
        return image
    try:
        client.images.get(tag)
    except docker.errors.ImageNotFound:
        raise BlockedError(
            f"the engine has no image {tag}; `tina-bench containers build {name}` builds it."
        ) from None
    raise UsageError(
        f"{tag}: found an image without label {IMAGE_LABEL}={name}, expected one that "
        f"`tina-bench containers build {name}` has built; it is not used. Remove or rename it."
    )
