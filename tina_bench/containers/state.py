"""The images of the list, and which of them this machine's engine has."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.containers.drift import drift
from tina_bench.containers.engine import as_local, connect, image_tag
from tina_bench.containers.images import load_images
from tina_bench.errors import BlockedError, MissingEngineError
from tina_bench.lock.lockfile import read_lock

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class ImageState:
    """One image of the list."""

    name: str
    """Folder under `containers/`."""
    title: str
    """What it is for."""
    note: str
    """What has not been done or cannot be known."""
    base: str
    """Its base, by name."""
    base_reference: str
    """Registry, repository and tag of the base; the lock's where it is locked."""
    base_digest: str | None
    """The lock's; `None` where it was never resolved."""
    tag: str
    """What it is called in the engine."""
    built: bool | None
    """Whether this machine's engine has it; `None` where no engine answers."""
    id: str | None
    """Of the image that was built here."""
    size_bytes: int | None
    """Of the image that was built here."""
    drift: tuple[str, ...]
    """In what the image that was built here differs from what would be built now."""


def image_states(lock: Path | None) -> tuple[list[ImageState], str | None]:
    """Every image of the list, and why no engine answers, if none does."""
    try:
        client = connect()
    except (BlockedError, MissingEngineError) as error:
        return _states(None, lock), str(error)
    with closing(client):
        return _states(client, lock), None


def _states(client: "DockerClient | None", lock: Path | None) -> list[ImageState]:
    images, locked = load_images(), read_lock(lock).images
    states = []
    for name, image in images.images.items():
        built = as_local(client, image_tag(name)) if client else None
        base = locked.get(image.base)
        states.append(
            ImageState(
                name=name,
                title=image.title,
                note=image.note,
                base=image.base,
                base_reference=(base or images.bases[image.base]).reference,
                base_digest=base.digest if base else None,
                tag=image_tag(name),
                built=None if client is None else built is not None,
                id=built.id if built else None,
                size_bytes=built.size_bytes if built else None,
                drift=tuple(str(one) for one in drift(built, lock)) if built else (),
            )
        )
    return states
