"""Is an image still what this installation would build?"""

from dataclasses import dataclass
from pathlib import Path

from tina_bench.containers.engine import LocalImage
from tina_bench.containers.images import load_images, recipe_sha256, source_sha256
from tina_bench.containers.labels import (
    BASE_DIGEST,
    LOCK_LABEL,
    RECIPE_LABEL,
    REVISION,
    SOURCE_LABEL,
    commit,
)
from tina_bench.files.hashing import sha256_file
from tina_bench.formatting.numbers import short_digest
from tina_bench.lock.lockfile import chosen_lock, read_lock


@dataclass(frozen=True)
class Drift:
    """One difference between an image's labels and this installation."""

    what: str
    """`source`, `recipe`, `base`, `lock` or `commit`."""
    found: str | None
    """The image's label; `None` without one."""
    expected: str | None
    """What this installation would write there; `None` where it cannot know."""
    blocks: bool
    """Whether a result of that image would be described wrongly: other code, other packages or
    another base than the record would name. Another lock or commit alone changes neither."""
    image: str
    """Name of the image, for the command that renews it."""

    def __str__(self) -> str:
        """One sentence for the user, without its full stop."""
        difference = {
            "source": "was built of other tina_bench code than runs here",
            "recipe": "was built of another Dockerfile or other requirements than lie here",
            "base": "stands on another base than checkpoints.lock pins",
            "lock": "was built with another checkpoints.lock",
            "commit": "was built at another commit",
        }[self.what]
        return (
            f"image {self.image} {difference} (found {_short(self.found)}, expected "
            f"{_short(self.expected)}); `tina-bench containers build {self.image}` renews it"
        )


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    start = short_digest(value)
    return f"{start}-dirty" if value.endswith("-dirty") else start


def drift(image: LocalImage, lock: Path | None = None) -> list[Drift]:
    """Everything in which the labels of an image differ from this installation and its lock.

    Raises `LockError` where the lock cannot be read, `UsageError` for an image of another list.
    """
    lock = lock or chosen_lock()
    known = load_images().image(image.name)
    base = read_lock(lock).images.get(known.base)
    expected = {
        "source": (SOURCE_LABEL, source_sha256() if known.package else None, True),
        "recipe": (RECIPE_LABEL, recipe_sha256(image.name), True),
        "base": (BASE_DIGEST, base.digest if base else None, True),
        "lock": (LOCK_LABEL, sha256_file(lock), False),
        "commit": (REVISION, commit(), False),
    }
    found = (
        Drift(what, image.labels.get(label), value, blocks, image.name)
        for what, (label, value, blocks) in expected.items()
    )
    return [one for one in found if one.found != one.expected]
