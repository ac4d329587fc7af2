"""What was built, kept on disk beside the image's log and its list of packages."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tina_bench.containers.engine import LocalImage
from tina_bench.files.atomic import write_model

ID_DIGITS = 12


class ImageRecord(BaseModel):
    """One image, as the engine described it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    name: str
    """Folder under `containers/`."""
    tag: str
    id: str
    """Hash of the image's configuration, which lists the hash of every layer."""
    created: str
    size_bytes: int
    labels: dict[str, str]
    """Commit, lock, recipe, source and base, among others."""


def write_record(folder: Path, image: LocalImage) -> Path:
    """Write the record of an image; the file's name carries the id, so each image keeps its own."""
    digits = image.id.removeprefix("sha256:")[:ID_DIGITS]
    path = folder / f"{image.name}-{digits}.json"
    write_model(
        path,
        ImageRecord(
            name=image.name,
            tag=image.tag,
            id=image.id,
            created=image.created,
            size_bytes=image.size_bytes,
            labels=dict(image.labels),
        ),
    )
    return path
