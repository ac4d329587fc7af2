"""Checks of what runs jobs in containers: an engine, its access to GPUs, images."""

import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tina_bench.catalog.schema import Catalog
from tina_bench.containers.drift import drift
from tina_bench.containers.engine import connect, engine_kind, local_image
from tina_bench.doctor.types import DoctorCheck
from tina_bench.errors import BlockedError, MissingEngineError, TinaBenchError
from tina_bench.formatting.numbers import gib_text
from tina_bench.running.docker.errors import talking
from tina_bench.running.failures import RunnerFailure

if TYPE_CHECKING:
    from docker import DockerClient

TIMEOUT_SECONDS = 3
"""For an engine's answer: a report that takes long is not read."""
NO_ENGINE = "no engine to ask"


def image_users(catalog: Catalog) -> Mapping[str, list[str]]:
    """The stacks that each image is for, by the image's name."""
    users: dict[str, list[str]] = {}
    for name, stack in catalog.stacks.items():
        for image in dict.fromkeys((stack.image, stack.train_image)):
            if image is not None:
                users.setdefault(image, []).append(name)
    return users


def container_checks(catalog: Catalog) -> list[DoctorCheck]:
    """Check the engine and what it holds."""
    users = image_users(catalog)
    client, found = None, ""
    try:
        client = connect(TIMEOUT_SECONDS)
        with talking():
            version = client.version()
            info = client.info()
            found = (
                f"{engine_kind(client)} {version['Version']} at {client.api.base_url}, "
                f"cgroup v{info.get('CgroupVersion') or '1'}"
            )
            gpu = _gpu_check(info, podman=engine_kind(client) == "podman")
            images = [_image_check(name, stacks, client) for name, stacks in users.items()]
    except (BlockedError, MissingEngineError, RunnerFailure) as error:
        found = str(error)
        gpu = _gpu_check(None, podman=False)
        images = [_image_check(name, stacks, None) for name, stacks in users.items()]
        return [_engine_check(found, ok=False), gpu, *images]
    finally:
        if client is not None:
            client.close()
    return [_engine_check(found, ok=True), gpu, *images]


def _engine_check(found: str, *, ok: bool) -> DoctorCheck:
    return DoctorCheck(
        "container engine", ok, found,
        "`--runner docker` and `tina-bench containers` need one; `--runner local` does not.",
        "Start Docker or Podman's service, or set DOCKER_HOST.",
    )  # fmt: skip


def _gpu_check(info: Mapping[str, Any] | None, *, podman: bool) -> DoctorCheck:
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


def _image_check(name: str, stacks: list[str], client: "DockerClient | None") -> DoctorCheck:
    ok, found = False, NO_ENGINE
    if client is not None:
        try:
            image = local_image(name, client)
            other = [str(one) for one in drift(image) if one.blocks]
            ok = not other
            found = "; ".join(other) or f"{image.id[:19]}, {gib_text(image.size_bytes, 1)}"
        except TinaBenchError as error:
            found = str(error)
    return DoctorCheck(
        f"image {name}", ok, found,
        f"No container runs stack {' or '.join(stacks)} without.",
        f"`tina-bench containers build {name}` builds it.",
    )  # fmt: skip
