"""Digests of bases in `checkpoints.lock`: which tags to resolve, and what that changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tina_bench.containers.images import load_images
from tina_bench.errors import LockError, UsageError
from tina_bench.lock.lockfile import Lock, LockedImage, write_lock


@dataclass(frozen=True)
class BaseChange:
    """What a tag names now, beside what is locked."""

    reference: str
    """Registry, repository and tag."""
    digest: str
    """What the tag names now."""
    before: str | None
    """The lock's digest; `None` where it had none."""


def base_references(
    names: Sequence[str], reference: str | None, old: Lock | None
) -> dict[str, str]:
    """The reference to resolve for each of these bases, or for all, by the base's name.

    `reference` stands in for that of one named base. With `old`, a locked base is resolved by the
    reference that it was locked by. Raises `UsageError` for an unknown base.
    """
    bases = load_images().bases
    wanted = names or list(bases)
    if unknown := [name for name in wanted if name not in bases]:
        raise UsageError(f"no base {unknown[0]!r}; there are: {', '.join(bases)}.")
    if reference and len(wanted) != 1:
        raise UsageError("--reference is of one base; name it.")
    locked = {} if old is None else old.images
    return {name: reference or locked.get(name, bases[name]).reference for name in wanted}


def base_changes(old: Lock, found: Mapping[str, LockedImage]) -> dict[str, BaseChange]:
    """What was resolved beside what is locked, by the base's name."""
    return {
        name: BaseChange(
            reference=image.reference,
            digest=image.digest,
            before=old.images[name].digest if name in old.images else None,
        )
        for name, image in found.items()
    }


def refuse_moved(path: Path, changes: Mapping[str, BaseChange]) -> None:
    """Raise `LockError` for the first base whose tag names another digest than the lock's."""
    for name, change in changes.items():
        if change.before != change.digest:
            was = change.before or "no digest"
            raise LockError(
                f"{path}: base {name!r} is locked as {was}, and {change.reference} now points to "
                f"{change.digest}; builds go on using the locked one. `tina-bench containers lock "
                f"{name}` takes the new one, for review."
            )


def write_bases(path: Path, old: Lock, found: Mapping[str, LockedImage]) -> None:
    """Write what was resolved into the lock; everything else in it stays."""
    write_lock(old.model_copy(update={"images": {**old.images, **found}}), path)
