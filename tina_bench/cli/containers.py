"""`tina-bench containers`: the images that jobs run in, and the bases they stand on."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from tina_bench.cli.options.common import HomeOption, JsonOption, open_home
from tina_bench.cli.show.containers import (
    print_bases,
    print_built,
    print_image,
    print_images,
    print_removals,
)
from tina_bench.cli.show.tables import console, print_json

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


@app.callback()
def _group() -> None:
    """Container images: one a software stack, each on a base known by its digest."""


@app.command("list")
def list_(lock: LockOption = None, as_json: JsonOption = False) -> None:
    """Show every image: its base and the base's digest, and whether this machine has built it.

    Works without an engine, and then says that what has been built is unknown.
    """
    from dataclasses import asdict

    from tina_bench.containers.state import image_states

    states, why = image_states(lock)
    if as_json:
        print_json({"engine": why or "answers", "images": [asdict(state) for state in states]})
    else:
        print_images(states, why)


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
    from dataclasses import asdict

    from rich.progress import track

    from tina_bench.containers.base_lock import (
        base_changes,
        base_references,
        refuse_moved,
        write_bases,
    )
    from tina_bench.containers.bases import resolve
    from tina_bench.containers.engine import connect
    from tina_bench.lock.lockfile import chosen_lock, read_lock

    path = lock or chosen_lock()
    old = read_lock(path)
    wanted = base_references(names or [], reference, old if check else None)
    found = {}
    with closing(connect()) as client:
        for name in track(wanted, "asking registries", console=console(stderr=True)):
            found[name] = resolve(client, wanted[name])
    changes = base_changes(old, found)
    if check:
        refuse_moved(path, changes)
    else:
        write_bases(path, old, found)
    if as_json:
        bases = {name: asdict(change) for name, change in changes.items()}
        print_json({"file": str(path), "bases": bases})
    else:
        print_bases(path, changes, check=check)


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
    from tina_bench.containers.build_files import BuildFiles, check_index
    from tina_bench.containers.engine import connect
    from tina_bench.containers.records import write_record

    options = ImageOptions(
        lock=lock,
        files=BuildFiles(wheels=wheels, certificates=certificates),
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
    else:
        print_built(image, path)


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
    else:
        print_image(image, kind, found, listed)


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

    from tina_bench.containers.clean import remove_images
    from tina_bench.containers.engine import connect

    with closing(connect()) as client:
        removals = remove_images(client, tuple(names or ()), really=yes)
    if as_json:
        print_json([asdict(one) for one in removals])
    else:
        print_removals(removals, really=yes)
