"""`tina-bench containers`: the images that jobs run in, and the bases they stand on."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.options.common import HomeOption, JsonOption, open_home
from tina_bench.cli.show.tables import console, print_json, table

if TYPE_CHECKING:
    from tina_bench.containers.drift import Drift

app = typer.Typer(
    help=(
        "Container images: one a software stack, each on a base known by its digest.\n\n"
        "`lock` resolves bases, `build` makes an image, `list` and `inspect` say what is there and "
        "whether it is still what this installation would make, `clean` removes what we built and "
        "nothing else. Docker and Podman both do; DOCKER_HOST says which, if it is set."
    ),
    no_args_is_help=True,
)

LockOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        envvar="TINA_BENCH_LOCK",
        metavar="FILE",
        help="The lock; the installation's own checkpoints.lock if not given.",
    ),
]
NamesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Only these; all if none is given.")
]
GIB = 1024**3


@app.callback()
def _group() -> None:
    """Container images: one a software stack, each on a base known by its digest."""


def _gib(size: float) -> str:
    return f"{size / GIB:.2f} GiB"


def _short(digest: str | None) -> str:
    return "–" if digest is None else digest.removeprefix("sha256:")[:12]


@app.command("list")
def list_(lock: LockOption = None, as_json: JsonOption = False) -> None:
    """Show every image: its base and the base's digest, and whether this machine has built it.

    Works without an engine, and then says that what has been built is unknown.
    """
    from tina_bench.containers.drift import drift
    from tina_bench.containers.engine import as_local, connect, image_tag
    from tina_bench.containers.images import load_images
    from tina_bench.errors import BlockedError, MissingEngineError
    from tina_bench.lock.lockfile import read_lock

    images, locked = load_images(), read_lock(lock).images
    client, why = None, None
    try:
        client = connect()
    except (BlockedError, MissingEngineError) as error:
        why = str(error)
    rows: list[dict[str, Any]] = []
    for name, image in images.images.items():
        built = as_local(client, image_tag(name)) if client else None
        base = locked.get(image.base)
        rows.append(
            {
                "name": name,
                "title": image.title,
                "note": image.note,
                "base": image.base,
                "base_reference": (base or images.bases[image.base]).reference,
                "base_digest": base.digest if base else None,
                "tag": image_tag(name),
                "built": None if client is None else built is not None,
                "id": built.id if built else None,
                "size_bytes": built.size_bytes if built else None,
                "drift": [str(one) for one in drift(built, lock)] if built else [],
            }
        )
    if as_json:
        print_json({"engine": why or "answers", "images": rows})
        return
    made = table("image", "what for", "base", "digest of the base", "built here", "size")
    for row in rows:
        state = {None: "unknown", False: "no", True: _short(row["id"])}[row["built"]]
        size = _gib(row["size_bytes"]) if row["size_bytes"] else ""
        made.add_row(
            row["name"], row["title"], row["base_reference"],
            _short(row["base_digest"]) if row["base_digest"] else "unresolved",
            f"{state}, drifted" if row["drift"] else state, size,
        )  # fmt: skip
    console().print(made)
    for row in rows:
        for line in [*([row["note"]] if row["note"] else []), *row["drift"]]:
            console().print(f"{row['name']}: {line}", markup=False)
    if why:
        console().print(why, markup=False)


@app.command("lock")
def lock_(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BASE]...", help="Only these bases; all if none is given."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing; exit code 13 if a tag has been moved since it was locked.",
        ),
    ] = False,
    reference: Annotated[
        str | None,
        typer.Option(
            "--reference",
            metavar="REF",
            help="Take the one named base from here instead, as from a mirror of your own.",
        ),
    ] = None,
    lock: LockOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the registries which digest each base's tag has, and write it to checkpoints.lock.

    Everything else in the lock stays. Review a changed digest as you would a changed lock file.
    """
    from rich.progress import track

    from tina_bench.containers.bases import resolve
    from tina_bench.containers.engine import connect
    from tina_bench.containers.images import load_images
    from tina_bench.errors import LockError, UsageError
    from tina_bench.lock.lockfile import chosen_lock, read_lock, write_lock

    bases = load_images().bases
    wanted = names or list(bases)
    if unknown := [name for name in wanted if name not in bases]:
        raise UsageError(f"no base {unknown[0]!r}; there are: {', '.join(bases)}.")
    if reference and len(wanted) != 1:
        raise UsageError("--reference is of one base; name it.")
    path = lock or chosen_lock()
    old = read_lock(path)
    found = {}
    with closing(connect()) as client:
        for name in track(wanted, "asking registries", console=console(stderr=True)):
            asked = reference or (old.images[name].reference if check and name in old.images else
                                  bases[name].reference)  # fmt: skip
            found[name] = resolve(client, asked)
    changes = {
        name: {
            "reference": image.reference,
            "digest": image.digest,
            "before": old.images[name].digest if name in old.images else None,
        }
        for name, image in found.items()
    }
    if check:
        for name, change in changes.items():
            if change["before"] != change["digest"]:
                was = change["before"] or "no digest"
                raise LockError(
                    f"{path}: base {name!r} is locked as {was}, and {change['reference']} now "
                    f"points to {change['digest']}; builds go on using the locked one. "
                    f"`tina-bench containers lock {name}` takes the new one, for review."
                )
    else:
        write_lock(old.model_copy(update={"images": {**old.images, **found}}), path)
    if as_json:
        print_json({"file": str(path), "bases": changes})
        return
    made = table("base", "reference", "digest", "before")
    for name, change in changes.items():
        same = change["before"] == change["digest"]
        made.add_row(
            name, change["reference"], change["digest"],
            "the same" if same else change["before"] or "unresolved",
        )  # fmt: skip
    console().print(made)
    console().print(f"{path}: {'agrees' if check else 'written'}.", markup=False, soft_wrap=True)


@app.command("build")
def build(
    name: Annotated[str, typer.Argument(help="Image to build: a folder under containers/.")],
    wheels: Annotated[
        Path | None,
        typer.Option(
            "--wheels",
            metavar="DIR",
            help="Wheels of packages that no index in reach has, as torch's CPU build; the build "
            "borrows them over this machine's loopback, so on its own network `host`.",
        ),
    ] = None,
    index: Annotated[
        str | None, typer.Option("--index", metavar="URL", help="Package index instead of PyPI.")
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(
            "--certificates",
            metavar="FILE",
            help="Certificate authorities (PEM) to trust while building, as behind a proxy; lent "
            "in the same way.",
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option("--network", help="Network of the build, such as `host`; the engine's own."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Do every step again, whatever the engine has.")
    ] = False,
    lock: LockOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build an image from its locked base and hash-locked requirements.

    Looks at free disk first and pulls the base by digest. An image that was there before is
    replaced once the new one is whole. What was done is logged in HOME/images.
    """
    from tina_bench.cli.show.image_builds import Screen
    from tina_bench.containers.build import ImageOptions, build, drop_if_replaced
    from tina_bench.containers.engine import connect
    from tina_bench.containers.lending import Lent, check_index
    from tina_bench.containers.records import write_record

    options = ImageOptions(
        lock=lock,
        lent=Lent(wheels=wheels, certificates=certificates),
        arguments={"INDEX_URL": check_index(index)} if index else {},
        network=network,
        no_cache=no_cache,
    )
    folder = open_home(home).root / "images"
    with closing(connect()) as client:
        with Screen(name, folder / f"{name}.log") as screen:
            image, before = build(client, name, options, screen.event)
        if before is not None and before.id != image.id:
            drop_if_replaced(client, before)
    path = write_record(folder, image)
    if as_json:
        print_json({"name": name, "tag": image.tag, "id": image.id, "size_bytes": image.size_bytes,
                    "labels": dict(image.labels), "record": str(path)})  # fmt: skip
        return
    console().print(
        f"{image.tag} is built: {_short(image.id)}, {_gib(image.size_bytes)}. Record: {path}",
        markup=False, soft_wrap=True,
    )  # fmt: skip


@app.command("inspect")
def inspect(
    name: Annotated[str, typer.Argument(help="Image to look at: a folder under containers/.")],
    sbom: Annotated[
        bool,
        typer.Option(
            "--sbom", help="Also list every package in it (SPDX, by syft) in HOME/images."
        ),
    ] = False,
    lock: LockOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show an image's identity and labels, and where it differs from what would be built now.

    Exit code 0 also where it has drifted: this is a report. A drift that would make a record untrue
    is marked, and the docker runner refuses such an image.
    """
    from dataclasses import asdict

    from tina_bench.containers.drift import drift
    from tina_bench.containers.engine import connect, engine_kind, local_image
    from tina_bench.containers.images import load_images
    from tina_bench.containers.records import write_record
    from tina_bench.containers.sbom import write_sbom

    load_images().image(name)
    with closing(connect()) as client:
        image, kind = local_image(name, client), engine_kind(client)
        found = drift(image, lock)
        folder = open_home(home).root / "images"
        path = write_record(folder, image) if sbom else None
        listed = write_sbom(client, image, path) if path else None
    if as_json:
        print_json(
            {**asdict(image), "labels": dict(image.labels), "engine": kind,
             "drift": [asdict(one) for one in found], "sbom": str(listed) if listed else None}
        )  # fmt: skip
        return
    rows = table("what", "found")
    rows.add_row("tag", image.tag)
    rows.add_row("id", image.id)
    rows.add_row("size", _gib(image.size_bytes))
    rows.add_row("created", image.created)
    rows.add_row("engine", kind)
    for label, value in sorted(image.labels.items()):
        rows.add_row(label, value)
    console().print(rows)
    _say_drift(found)
    if listed:
        console().print(f"Packages: {listed}", markup=False, soft_wrap=True)


def _say_drift(found: "list[Drift]") -> None:
    if not found:
        console().print("It is what this installation would build.")
    for one in found:
        mark = "refused by the runner" if one.blocks else "harmless"
        console().print(f"{mark}: {one}.", markup=False)


@app.command("clean")
def clean(
    names: NamesArgument = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove them; without it, only show what would go.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove images that tina-bench has built; without `--yes`, only show them.

    Images of others are never touched, bases and what stands on ours included, and one that a
    container uses stays.
    """
    from dataclasses import asdict

    from tina_bench.containers.clean import our_images, remove
    from tina_bench.containers.engine import connect

    with closing(connect()) as client:
        rows = [
            {**asdict(ours), "kept": None if not yes else remove(client, ours), "removed": False}
            for ours in our_images(client, tuple(names or ()))
        ]
    for row in rows:
        row["removed"] = yes and row["kept"] is None
    if as_json:
        print_json(rows)
        return
    made = table("image", "tag", "id", "size", "removed" if yes else "would be removed")
    for row in rows:
        said = row["kept"] or "yes"
        made.add_row(row["name"], row["tag"], _short(row["id"]), _gib(row["size_bytes"]), said)
    console().print(made)
    if rows and not yes:
        console().print("Nothing was removed; `--yes` does it.")
