"""How container images and their bases are printed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import console, safe, table
from tina_bench.formatting.numbers import gib_text, short_digest

if TYPE_CHECKING:
    from tina_bench.containers.base_lock import BaseChange
    from tina_bench.containers.clean import Removal
    from tina_bench.containers.drift import Drift
    from tina_bench.containers.engine import LocalImage
    from tina_bench.containers.state import ImageState


def print_images(states: "Sequence[ImageState]", why: str | None) -> None:
    """Print every image, then notes and drifts, then why no engine answers."""
    out = console()
    rows = table("image", "what for", "base", "digest of the base", "built here", "size")
    for image in states:
        built = {None: "unknown", False: "no", True: short_digest(image.id)}[image.built]
        rows.add_row(
            image.name, safe(image.title), image.base_reference,
            short_digest(image.base_digest) if image.base_digest else "unresolved",
            f"{built}, drifted" if image.drift else built,
            gib_text(image.size_bytes) if image.size_bytes else "",
        )  # fmt: skip
    out.print(rows)
    for image in states:
        for line in [*([image.note] if image.note else []), *image.drift]:
            out.print(f"{image.name}: {line}", markup=False)
    if why:
        out.print(why, markup=False)


def print_bases(path: Path, changes: "Mapping[str, BaseChange]", *, check: bool) -> None:
    """Print each base's digest beside the locked one."""
    out = console()
    rows = table("base", "reference", "digest", "before")
    for name, change in changes.items():
        same = change.before == change.digest
        rows.add_row(
            name, change.reference, change.digest,
            "the same" if same else change.before or "unresolved",
        )  # fmt: skip
    out.print(rows)
    out.print(f"{path}: {'agrees' if check else 'written'}.", markup=False, soft_wrap=True)


def print_built(image: "LocalImage", record: Path) -> None:
    """Print one line about an image that was just built."""
    console().print(
        f"{image.tag} is built: {short_digest(image.id)}, {gib_text(image.size_bytes)}. "
        f"Record: {record}",
        markup=False,
        soft_wrap=True,
    )


def print_image(
    image: "LocalImage", engine: str, drifts: "Sequence[Drift]", packages: Path | None
) -> None:
    """Print an image's identity and labels, and in what it differs from what would be built now."""
    out = console()
    rows = table("what", "found")
    rows.add_row("tag", image.tag)
    rows.add_row("id", image.id)
    rows.add_row("size", gib_text(image.size_bytes))
    rows.add_row("created", image.created)
    rows.add_row("engine", engine)
    for label, value in sorted(image.labels.items()):
        rows.add_row(safe(label), safe(value))
    out.print(rows)
    if not drifts:
        out.print("It is what this installation would build.")
    for one in drifts:
        mark = "refused by the runner" if one.blocks else "harmless"
        out.print(f"{mark}: {one}.", markup=False)
    if packages:
        out.print(f"Packages: {packages}", markup=False, soft_wrap=True)


def print_removals(removals: "Sequence[Removal]", *, really: bool) -> None:
    """Print what was removed, or would be."""
    out = console()
    rows = table("image", "tag", "id", "size", "removed" if really else "would be removed")
    for one in removals:
        rows.add_row(
            safe(one.name), safe(one.tag), short_digest(one.id), gib_text(one.size_bytes),
            safe(one.kept or "yes"),
        )  # fmt: skip
    out.print(rows)
    if removals and not really:
        out.print("Nothing was removed; `--yes` does it.")
