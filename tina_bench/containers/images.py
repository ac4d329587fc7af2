"""Which images there are: `containers/images.toml` and the folders beside it.

They come with the wheel as with a checkout, and look the same from here.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tina_bench.errors import LockError, UsageError
from tina_bench.files.hashing import digest, sha256_file

PACKAGE = Path(__file__).parents[1]
CHECKOUT = PACKAGE.parent
LIST_FILE = "images.toml"


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Base(_Shape):
    """An image of others that ours stand on."""

    reference: str
    """Registry, repository and tag to resolve."""


class Image(_Shape):
    """One of our images, by the name of its folder."""

    title: str
    """What it is for."""
    base: str
    """Its base, by name."""
    files: tuple[str, ...]
    """Files of its folder that its Dockerfile copies: requirements with their hashes."""
    package: bool
    """Whether tina_bench itself is in it; an image of the paper's own code has none of ours."""
    disk_gib: Annotated[float, Field(gt=0)]
    """Free disk that building it takes, GiB, its build stage included."""
    note: str = ""
    """What has not been done or cannot be known; shown wherever the image is."""


class ImageList(_Shape):
    """The whole list."""

    bases: dict[str, Base]
    images: dict[str, Image]

    def image(self, name: str) -> Image:
        """The image of that name; raises `UsageError` naming those there are."""
        try:
            return self.images[name]
        except KeyError:
            raise UsageError(
                f"no image {name!r} under containers/; there are: {', '.join(self.images)}."
            ) from None


def shipped(path: str) -> Path:
    """A file or folder of the checkout, by its path there, wherever this installation keeps it."""
    in_wheel = PACKAGE / "_site" / path.removeprefix("leaderboard/")
    return in_wheel if in_wheel.exists() else CHECKOUT / path


def load_images(path: Path | None = None) -> ImageList:
    """Read the list; raises `LockError` naming file and key where it is malformed."""
    path = path or shipped("containers") / LIST_FILE
    try:
        made = ImageList.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LockError(f"{path}: cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise LockError(f"{path}: {key}: {first['msg']}.") from None
    for name, image in made.images.items():
        if image.base not in made.bases:
            raise LockError(
                f"{path}: images.{name}.base: found {image.base!r}, expected one of "
                f"{', '.join(made.bases)}."
            )
    return made


def dockerfile(name: str) -> str:
    """Path of an image's Dockerfile in the build context, which is laid out as a checkout."""
    inside = f"containers/{name}/Dockerfile"
    return inside if shipped(inside).exists() else "Dockerfile"


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, by its path relative to it, in the order of their names.

    Compiled modules and what an installation adds to the package are not part of it.
    """
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not {"__pycache__", "_site"} & set(relative.parts):
            yield relative.as_posix(), path


def source_sha256() -> str:
    """One hash over every file of the `tina_bench` package that is running."""
    return digest({name: sha256_file(path) for name, path in files_below(PACKAGE)})


def recipe_files(name: str) -> dict[str, Path]:
    """What an image is made from, its base and our package apart, by path in the build context."""
    paths = [f"containers/{name}/{file}" for file in load_images().image(name).files]
    return {path: shipped(path) for path in [dockerfile(name), *paths]}


def recipe_sha256(name: str) -> str:
    """One hash over an image's Dockerfile and requirements."""
    return digest({path: sha256_file(file) for path, file in recipe_files(name).items()})
