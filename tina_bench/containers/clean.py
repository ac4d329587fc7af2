"""Remove images of ours, and no others.

Ours is what carries our label and is tagged in our repository. The label alone would not do: an
image of others that is built on one of ours inherits it.
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tina_bench.containers.engine import IMAGE_LABEL, REPOSITORY

if TYPE_CHECKING:
    from docker import DockerClient


@dataclass(frozen=True)
class BuiltTag:
    """One tag of ours, and the image that it names."""

    name: str
    tag: str
    id: str
    size_bytes: int


def built_tags(client: "DockerClient", names: tuple[str, ...] = ()) -> list[BuiltTag]:
    """Every image of ours in the engine, of these names or of all."""
    found = [
        BuiltTag(image.labels[IMAGE_LABEL], tag, str(image.id), int(image.attrs.get("Size") or 0))
        for image in client.images.list(filters={"label": IMAGE_LABEL})
        for tag in image.tags
        if tag.startswith(f"{REPOSITORY}/{image.labels[IMAGE_LABEL]}:")
    ]
    return sorted(
        (built for built in found if not names or built.name in names), key=lambda built: built.tag
    )


def remove(client: "DockerClient", built: BuiltTag) -> str | None:
    """Remove one tag of ours, and its layers unless something else uses them.

    Returns why not, when the engine refuses because a container uses it; containers are left alone.
    """
    import docker.errors

    try:
        client.images.remove(built.tag, force=False)
    except docker.errors.ImageNotFound:
        return None  # removed by another process since it was listed
    except docker.errors.APIError as error:
        return str(error.explanation or error).strip()
    return None


@dataclass(frozen=True)
class Removal(BuiltTag):
    """One tag of ours, and what became of it."""

    kept: str | None
    """Why the engine refused to remove it."""
    removed: bool
    """Whether it is gone."""


def remove_images(client: "DockerClient", names: tuple[str, ...], *, really: bool) -> list[Removal]:
    """Remove images of ours, of these names or of all; without `really`, only list them."""
    removals = []
    for built in built_tags(client, names):
        kept = remove(client, built) if really else None
        removals.append(Removal(**asdict(built), kept=kept, removed=really and kept is None))
    return removals
