"""Options that several verbs share, and how tables and JSON are printed."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tina_bench.catalog.schema import Catalog
    from tina_bench.lock.lockfile import Lock
    from tina_bench.planning.shapes import Machine, Request
    from tina_bench.store.home import Home

CatalogOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalog",
        metavar="PATH",
        help="Your own catalog: a TOML file, or a folder of them. May be given several times.",
    ),
]
LockOption = Annotated[
    Path | None,
    typer.Option(
        "--lock",
        metavar="FILE",
        help="Another lock than the packaged one, as `tina-bench lock --file FILE` makes it; "
        "TINA_BENCH_LOCK if not given.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TINA_BENCH_HOME",
        metavar="DIR",
        help="Where everything is kept; ./runs if not given.",
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option("--profile", "-p", help="What to reproduce: `smoke` runs on any CPU in minutes."),
]
ChosenProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        "-p",
        help="Only what was measured under this profile; needed where a home holds several.",
    ),
]
AllOption = Annotated[bool, typer.Option("--all", help="Every model of the profile.")]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option("--model", "-m", help="Only this model; may be given several times."),
]
TasksOption = Annotated[
    list[str] | None,
    typer.Option("--task", "-t", help="Only this task; may be given several times."),
]
SeedsOption = Annotated[
    int | None,
    typer.Option("--seeds", min=1, max=10_000, help="Number of sample seeds, 0 to N-1."),
]
PriceOption = Annotated[
    str | None,
    typer.Option(
        "--price",
        metavar="[NAME=]USD",
        help="US dollars an hour of the stack's billed unit, as in `l40s=0.79`.",
    ),
]


class ScaleName(StrEnum):
    """The catalog's `Scale` in the words of the command line: help must not load the catalog."""

    TINY = "tiny"


RetrainOption = Annotated[
    bool,
    typer.Option(
        "--retrain",
        help="Train adapters by their recipes, where their published weights would be fetched. "
        "Their results stand under a profile name of their own (PROFILE.retrained).",
    ),
]
ScaleOption = Annotated[
    ScaleName | None,
    typer.Option(
        "--scale",
        help="With --retrain: every recipe scaled down to the embedded base, to see that it runs, "
        "on any CPU. Names get an ending of their own, and every result says what was changed.",
    ),
]


def console(*, stderr: bool = False) -> "Console":
    """A console that keeps to the terminal's width; in a pipe, tables have 120 columns.

    There a sentence is one line, however long: a path in it can be searched for, and copied.
    """
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if made.is_terminal:
        return made
    return Console(stderr=stderr, highlight=False, width=120, soft_wrap=True)


def table(*columns: str, title: str | None = None, right: tuple[str, ...] = ()) -> "Table":
    """An empty table in the house style."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def json_text(value: Any) -> str:
    """JSON as every verb prints it: indented, one document, without a final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str)


def print_json(value: Any) -> None:
    """Print JSON to standard output, indented, one document."""
    typer.echo(json_text(value))


def open_home(path: Path | None) -> "Home":
    """The home that the options name; raises `UsageError` where something else lies there."""
    from tina_bench.errors import UsageError
    from tina_bench.store.home import Home

    home = Home.default() if path is None else Home(path.absolute())
    if home.root.exists() and not home.root.is_dir():
        raise UsageError(
            f"{home.root}: found a file, expected a folder to keep everything in; name another "
            "home with --home or TINA_BENCH_HOME."
        )
    return home


def open_lock(path: Path | None, catalog: "Catalog") -> "Lock":
    """The lock that the options name; refused when it has other bytes than the catalog's names."""
    from tina_bench.lock.lockfile import read_lock
    from tina_bench.lock.wanted import refuse_other_bytes

    lock = read_lock(path)
    refuse_other_bytes(catalog, lock)
    return lock


def parse_price(text: str | None) -> tuple[str, float] | None:
    """`l40s=0.79` or `0.79` as name and dollars; raises `UsageError` for anything else."""
    from tina_bench.errors import UsageError

    if text is None:
        return None
    name, _, number = text.rpartition("=")
    try:
        value = float(number)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise UsageError(f"--price: found {text!r}, expected dollars an hour, as in 'l40s=0.79'.")
    return f"--price {name}".strip(), value


def make_request(
    profile: str,
    *,
    everything: bool,
    models: list[str] | None,
    tasks: list[str] | None,
    seeds: int | None,
    price: str | None,
    retrain: bool = False,
    scale: ScaleName | None = None,
) -> "Request":
    """The planner's request that the options amount to."""
    from tina_bench.catalog.scale import Scale
    from tina_bench.errors import UsageError
    from tina_bench.planning.shapes import Request

    if everything == bool(models):
        raise UsageError("say what to reproduce: either --all or one or more --model NAME.")
    if scale is not None and not retrain:
        raise UsageError(f"--scale {scale} is about training; give --retrain with it.")
    given = parse_price(price)
    return Request(
        profile=profile,
        models=tuple(models) if models else None,
        tasks=tuple(tasks) if tasks else None,
        seeds=tuple(range(seeds)) if seeds else None,
        retrain=retrain,
        scale=None if scale is None else Scale(scale),
        price_usd_per_hour=given[1] if given else None,
    )


LINE_SECONDS = 30.0
"""In a pipe, where no bar moves, a line says at least so often how far the work is."""


def this_machine(packages: list[str]) -> "Machine":
    """What this machine offers, as a plan needs to know."""
    from tina_bench.metering.gpu import visible_gpus
    from tina_bench.metering.hardware import installed
    from tina_bench.planning.shapes import Machine

    names = visible_gpus().names
    return Machine(has_gpu=bool(names), packages=installed(packages), gpus=names)


def seconds_text(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "unknown"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{seconds / 3600:.1f} h"


def usd_text(value: float | None) -> str:
    """Dollars for people: cents, and enough digits to see amounts below one."""
    if value is None:
        return "unknown"
    return f"${value:.2f}" if value >= 1 else f"${value:.4f}"
