"""`tina-bench fetch`: download what the lock names, and nothing else."""

from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import CatalogOption, JsonOption, LockOption, ProfileOption
from tina_bench.cli.show.tables import console, print_json, safe, table

if TYPE_CHECKING:
    from rich.progress import Progress

    from tina_bench.errors import TinaBenchError
    from tina_bench.lock.fetch import Fetch, Fetched

EXIT_INTERRUPTED = 130
"""What shells give for a program that Ctrl-C ended."""


def _bar() -> "Progress":
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    screen = console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
        transient=True,
    )


def fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]…",
            help="Models (with their bases), tasks, recipes, datasets, or a published text by its "
            "address; everything of the profile if none is given.",
            show_default=False,
        ),
    ] = None,
    profile: ProfileOption = "paper",
    retrain: Annotated[
        bool,
        typer.Option(
            "--retrain", help="What training the adapters takes, instead of their weights."
        ),
    ] = False,
    lock: LockOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Download locked files into the hub's cache (HF_HOME), and check every byte of them.

    Only locked commits, only safetensors, tokenizers, configuration and data. Safe to interrupt and
    to repeat: a download that was cut goes on where it stopped, and what is there is only checked,
    also offline. `reproduce` fetches by itself what it needs; this does it beforehand.

    Exit codes: 13 never resolved; 14 a wrong byte (taken out of the cache: run it again); 30 gated,
    or a token is missing; 31 not on the hub; 32 the hub does not answer; 33 the disk is too small;
    130 Ctrl-C.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.lock.fetch import Fetch
    from tina_bench.lock.lockfile import read_lock
    from tina_bench.lock.required_files import needed_by_names, needed_by_profile

    loaded = load_catalog(catalog or ())
    if names:
        needed = needed_by_names(loaded, names, retrain=retrain)
    else:
        needed = needed_by_profile(loaded, profile, retrain=retrain)
    work = Fetch(needed, read_lock(lock))
    refusal = work.refusal()
    if names and refusal is not None:
        raise refusal
    try:
        with _bar() as bar:
            task = bar.add_task("", total=work.total_bytes)
            done = work.run(lambda name, at: bar.update(task, description=name, completed=at))
    except KeyboardInterrupt:
        typer.echo("interrupted: what is there is kept; run it again to go on.", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json(
            {
                "fetched": [item.as_row() for item in done],
                "unresolved": [wanted.name for wanted in work.unresolved],
            }
        )
    else:
        _print(work, done)
    errors: list[TinaBenchError] = [item.error for item in done if item.error is not None]
    if refusal is not None:
        errors.append(refusal)
    if errors:
        raise _one_error(errors)


def _one_error(errors: "list[TinaBenchError]") -> "TinaBenchError":
    """The first error, or what all of them come to, under the first one's exit code."""
    if len(errors) == 1:
        return errors[0]
    shape = type(errors[0])
    return shape("; ".join(str(error).removesuffix(".") for error in errors) + ".")


def _print(work: "Fetch", done: "list[Fetched]") -> None:
    from rich.filesize import decimal

    out = console()
    if not done and not work.unresolved:
        out.print("Nothing of this lies on the hub: there is nothing to fetch.")
        return
    rows = table("", "kind", "name", "revision", "files", "size", "downloaded", "why not",
                 right=("files", "size", "downloaded"))  # fmt: skip
    for item in done:
        sign = "✓" if item.error is None else "✗"
        why = "" if item.error is None else safe(str(item.error))
        rows.add_row(
            sign, item.kind, item.name, (item.revision or "")[:8], str(item.files),
            decimal(item.bytes), decimal(item.downloaded_bytes), why,
        )  # fmt: skip
    for wanted in work.unresolved:
        rows.add_row("✗", wanted.kind, wanted.name, "", "", "", "", "never resolved")
    out.print(rows)
    good = sum(item.error is None for item in done)
    out.print(f"{good} of {len(done) + len(work.unresolved)} are there, every byte checked.")
