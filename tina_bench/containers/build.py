"""Build one of our images, from a base known by its digest and a context known by its bytes."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tina_bench.containers.bases import OnEvent, fetch_base, locked_base, pinned
from tina_bench.containers.build_files import BuildFiles
from tina_bench.containers.context import EPOCH, write_context
from tina_bench.containers.engine import LocalImage, as_local, image_tag, local_image
from tina_bench.containers.images import dockerfile, load_images
from tina_bench.containers.labels import make_labels
from tina_bench.errors import DiskFullError, JobFailedError, TinaBenchError
from tina_bench.formatting.numbers import GIB, gib_text
from tina_bench.lock.lockfile import chosen_lock, read_lock

if TYPE_CHECKING:
    from docker import DockerClient

BUILD_TIMEOUT_SECONDS = 3600
"""Longest silence of the engine; installing an engine's packages is one silent step."""


@dataclass(frozen=True)
class ImageOptions:
    """Options of one build."""

    lock: Path | None = None
    files: BuildFiles = field(default_factory=BuildFiles)
    arguments: dict[str, str] = field(default_factory=dict)
    """Values of the Dockerfile's own ARGs, such as INDEX_URL."""
    network: str | None = None
    """Network of the build's steps; the engine's default if absent."""
    no_cache: bool = False


def data_root(client: "DockerClient") -> Path | None:
    """Where the engine keeps images; `None` when that is not a folder of this machine."""
    folder = Path(str(client.info().get("DockerRootDir") or ""))
    return folder if folder.is_absolute() and folder.is_dir() else None


def check_space(client: "DockerClient", name: str, need_gib: float) -> float | None:
    """Free GiB on the disk of the engine's images; raises `DiskFullError` when that is too little.

    `None` for an engine on another machine, of which that cannot be known.
    """
    folder = data_root(client)
    if folder is None:
        return None
    free = shutil.disk_usage(folder).free
    if free < need_gib * GIB:
        raise DiskFullError(
            f"building image {name!r} takes about {need_gib:.3g} GiB, and {folder} has "
            f"{gib_text(free, 1)} free; `tina-bench containers clean` shows which old images of "
            "ours could go, or move the engine's data root to a larger disk."
        )
    return free / GIB


def build(
    client: "DockerClient", name: str, options: ImageOptions, on_event: OnEvent
) -> tuple[LocalImage, LocalImage | None]:
    """Build the image of folder `containers/NAME`; returns it, and the one it replaces if any.

    Raises `LockError` for a base that was never resolved, `IntegrityError` for one whose bytes are
    not those of its digest, `DiskFullError` before anything is downloaded, and `JobFailedError`
    with the failing step. An image that was there before stays until this one is whole.
    """
    images = load_images()
    image = images.image(name)
    lock = options.lock or chosen_lock()
    base = locked_base(read_lock(lock).images, image.base, images.bases[image.base], name)
    check_space(client, name, image.disk_gib)
    fetch_base(client, base, on_event)
    before = as_local(client, image_tag(name))
    labels = make_labels(name, image, base, lock)
    with options.files.served() as served, tempfile.TemporaryFile(prefix="tina-bench-") as context:
        write_context(name, lock, labels, context)
        context.seek(0)
        stream = client.api.build(
            fileobj=context,
            custom_context=True,
            dockerfile=dockerfile(name),
            tag=image_tag(name),
            buildargs={
                "BASE_IMAGE": pinned(base),
                "SOURCE_DATE_EPOCH": str(EPOCH),
                **served,
                **options.arguments,
            },
            # Those files are served on this machine's own loopback.
            network_mode="host" if served else options.network,
            nocache=options.no_cache,
            timeout=BUILD_TIMEOUT_SECONDS,
            rm=True,
            forcerm=True,
            decode=True,
        )
        _follow(name, stream, on_event)
    return local_image(name, client), before


def drop_if_replaced(client: "DockerClient", old: LocalImage) -> bool:
    """Remove an image that a newer one has taken the tag of; one that is in use stays."""
    import docker.errors

    with contextlib.suppress(docker.errors.ImageNotFound, docker.errors.APIError):
        if client.images.get(old.id).tags == []:
            client.images.remove(old.id, noprune=False)
            return True
    return False


def _follow(name: str, stream: Iterator[dict[str, Any]], on_event: OnEvent) -> None:
    """Pass an engine's messages on; raises `JobFailedError` with the last lines when it fails."""
    import docker.errors

    lines: list[str] = []
    try:
        for event in stream:
            if "error" in event:
                raise _failure(name, str(event["error"]), lines)
            if text := str(event.get("stream") or "").strip():
                lines.append(text)
            on_event(event)
    except docker.errors.APIError as error:
        raise _failure(name, str(error.explanation or error), lines) from None


def _failure(name: str, error: str, lines: list[str]) -> TinaBenchError:
    step = next((line for line in reversed(lines) if line.lower().startswith("step ")), "")
    last = [line for line in lines if not line.lower().startswith("step ")][-5:]
    if "no space left on device" in error or any("no space left" in line for line in last):
        return DiskFullError(
            f"building image {name!r} filled the engine's disk at {step.splitlines()[0]!r}; "
            "`tina-bench containers clean` shows which old images of ours could go."
        )
    where = f" at {step.splitlines()[0]!r}" if step else ""
    return JobFailedError(
        f"image {name!r} was not built: the engine stopped{where}: "
        f"{error.strip().splitlines()[-1] if error.strip() else 'no reason given'}\n"
        + "\n".join(last)
    )
