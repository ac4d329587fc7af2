"""What this machine has for running jobs in containers: an engine, GPUs for it, images."""

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tina_bench.catalog.schema import Catalog
from tina_bench.containers.drift import drift
from tina_bench.containers.engine import connect, engine_kind, local_image
from tina_bench.doctor.machine import DoctorCheck
from tina_bench.errors import BlockedError, MissingEngineError, TinaBenchError
from tina_bench.running.docker.errors import talking
from tina_bench.running.failures import RunnerFailure

if TYPE_CHECKING:
    from docker import DockerClient

PATIENCE_SECONDS = 3
"""For an engine's answer: a report comes soon, or is none."""
NO_ENGINE = "no engine to ask"
GIB = 1024**3


def image_users(catalog: Catalog) -> Mapping[str, list[str]]:
    """The stacks that each image is for, by the image's name."""
    users: dict[str, list[str]] = {}
    for name, stack in catalog.stacks.items():
        for image in dict.fromkeys((stack.image, stack.train_image)):
            if image is not None:
                users.setdefault(image, []).append(name)
    return users


def examine_containers(catalog: Catalog) -> list[DoctorCheck]:
    """Look at the engine and what it holds; changes nothing, and no lack is an error."""
    users = image_users(catalog)
    client, found = None, ""
    try:
        client = connect(PATIENCE_SECONDS)
        with talking():
            version = client.version()
            info = client.info()
            found = (
                f"{engine_kind(client)} {version['Version']} at {client.api.base_url}, "
                f"cgroup v{info.get('CgroupVersion') or '1'}"
            )
            gpu = _gpu_finding(info, podman=engine_kind(client) == "podman")
            images = [_image_finding(name, stacks, client) for name, stacks in users.items()]
    except (BlockedError, MissingEngineError, RunnerFailure) as error:
        found = str(error)
        gpu = _gpu_finding(None, podman=False)
        images = [_image_finding(name, stacks, None) for name, stacks in users.items()]
        return [_engine_finding(found, ok=False), gpu, *images]
    finally:
        if client is not None:
            client.close()
    return [_engine_finding(found, ok=True), gpu, *images]


def _engine_finding(found: str, *, ok: bool) -> DoctorCheck:
    return DoctorCheck(
        "container engine", ok, found,
        "`--runner docker` and `tina-bench containers` need one; `--runner local` does not.",
        "Start Docker or Podman's service, or set DOCKER_HOST.",
    )  # fmt: skip


def _gpu_finding(info: Mapping[str, Any] | None, *, podman: bool) -> DoctorCheck:
    runtimes = (info or {}).get("Runtimes") or {}
    # Docker needs no runtime of that name, only the toolkit's hook where its daemon finds it.
    there = "nvidia" in runtimes or shutil.which("nvidia-container-runtime-hook") is not None
    ok = info is not None and there and not podman
    if info is None:
        found = NO_ENGINE
    elif podman:
        found = "Podman passes requests for GPUs over without a word"
    else:
        found = f"runtimes of the engine: {', '.join(sorted(runtimes)) or 'none'}"
    return DoctorCheck(
        "NVIDIA container runtime", ok, found,
        "Containers may get no GPU; a job that misses it says so and computes nothing.",
        "Install the NVIDIA Container Toolkit, run `nvidia-ctk runtime configure`, and restart "
        "the engine.",
    )  # fmt: skip


def _image_finding(name: str, stacks: list[str], client: "DockerClient | None") -> DoctorCheck:
    ok, found = False, NO_ENGINE
    if client is not None:
        try:
            image = local_image(name, client)
            other = [str(one) for one in drift(image) if one.blocks]
            ok = not other
            found = "; ".join(other) or f"{image.id[:19]}, {image.size_bytes / GIB:.1f} GiB"
        except TinaBenchError as error:
            found = str(error)
    return DoctorCheck(
        f"image {name}", ok, found,
        f"No container runs stack {' or '.join(stacks)} without.",
        f"`tina-bench containers build {name}` builds it.",
    )  # fmt: skip
