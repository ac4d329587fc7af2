"""Options that several verbs share, and the home, lock and request made of them."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.lock.lockfile import Lock
    from tina_bench.planning.types import Request
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


def _named_home(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    """Refuse a folder that was typed and is not there; the environment may name one to come."""
    from tina_bench.errors import UsageError

    source = context.get_parameter_source(str(parameter.name))
    # By its name: typer has had both click's enumeration and one of its own.
    typed = source is not None and source.name == "COMMANDLINE"
    if typed and not Path(value).exists():
        raise UsageError(
            f"--home {value}: is no folder, expected a home or a folder of records, with results/ "
            "in it."
        )
    return value


def _not_records(value: Any) -> Any:
    """Refuse the former option, for scripts that still have it."""
    from tina_bench.errors import UsageError

    if value is not None:
        raise UsageError(
            f"--records {value}: a folder of records is named as any home is, with --home {value}."
        )
    return value


ExistingHomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TINA_BENCH_HOME",
        metavar="DIR",
        callback=_named_home,
        help="A home, or a folder of records laid out like one (results/, grades/, samples/); "
        "./runs if not given.",
    ),
]
"""Of verbs that only read: a misspelled folder is not taken for an empty home."""
RecordsOption = Annotated[
    str | None, typer.Option("--records", hidden=True, metavar="DIR", callback=_not_records)
]
"""The former spelling of --home of `verify`."""
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
BudgetOption = Annotated[
    float | None,
    typer.Option(
        "--budget",
        metavar="USD",
        min=0,
        help="Stop at a sample boundary before this many dollars are spent by this command; "
        "everything finished is kept. Exit code 21.",
    ),
]
LogOption = Annotated[
    bool, typer.Option("--show-log", help="Print what the jobs print, as they print it.")
]


class ScaleName(StrEnum):
    """The catalog's `Scale` for the command line: help must not load the catalog."""

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


def open_home(path: Path | None) -> "Home":
    """The home that the options name; raises `UsageError` where something else lies there."""
    from tina_bench.store import home

    return home.open_home(path)


def open_lock(path: Path | None, catalog: "Catalog") -> "Lock":
    """The lock that the options name; refused when it has other bytes than the catalog's names."""
    from tina_bench.lock import required_files

    return required_files.open_lock(path, catalog)


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
    gpu: str | None = None,
    gpu_count: int = 1,
) -> "Request":
    """The planner's request that the options make."""
    from tina_bench.catalog.scale import Scale
    from tina_bench.errors import UsageError
    from tina_bench.planning.types import Request

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
        gpu=gpu,
        gpu_count=gpu_count,
    )
