"""`tina-bench cost`: where the money went."""

from typing import TYPE_CHECKING, Annotated, cast

import typer

from tina_bench.cli.options.common import ExistingHomeOption, JsonOption, open_home
from tina_bench.cli.show.tables import console, print_json, table
from tina_bench.formatting.numbers import seconds_text, usd_text

if TYPE_CHECKING:
    from tina_bench.store.home import Home


def cost(
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="COLUMNS",
            help="Sum by these: model, kind, phase, attempt; with commas.",
        ),
    ] = "model,kind,phase",
    others: Annotated[
        bool,
        typer.Option("--reported", help="Only what others report of runs that were imported."),
    ] = False,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sum the ledger of this home. Failed and interrupted attempts stay on the bill.

    An attempt that was killed is billed up to its last entry: "≥" marks every sum it is part of.
    What others report of imported runs stands in a table of its own and in no sum; with --json,
    only --reported prints it.
    """
    from tina_bench.metering.bill import as_rows, bill, check_columns

    columns = check_columns([column.strip() for column in by.split(",")])
    store = open_home(home)
    if others:
        _print_reported(store, as_json=as_json, always=True)
        return
    entries = list(store.ledger())
    lines = bill(entries, by=columns)
    if as_json:
        print_json(as_rows(lines))
        return
    out = console()
    if not lines:
        out.print(f"Nothing has been spent in {store.root} yet.")
        _print_reported(store)
        return
    shown: list[str] = [*columns]
    if "attempt" in columns:
        shown = [*dict.fromkeys(["model", "kind", *columns]), "outcome"]
    numbers = ("wall", "CPU", "GPU-hours", "energy", "tokens out", "cost")
    rows = table(*shown, *numbers, right=numbers)
    for line in lines:
        hours = "unknown" if line.gpu_seconds is None else f"{line.gpu_seconds / 3600:.3f}"
        energy = "unknown" if line.energy_joules is None else f"{line.energy_joules:.0f} J"
        labels = [str(getattr(line, column)) for column in shown]
        rows.add_row(
            *labels, seconds_text(line.wall_seconds),
            seconds_text(line.cpu_seconds), hours, energy, f"{line.tokens_out:,}",
            ("≥ " if line.interrupted else "") + usd_text(line.cost_usd),
        )  # fmt: skip
    out.print(rows)
    known = [line.cost_usd for line in lines]
    sum_ = None if any(value is None for value in known) else sum(cast("list[float]", known))
    prices = sorted({entry.price_name for entry in entries if entry.price_name})
    out.print(f"Total {usd_text(sum_)}; prices used: {', '.join(prices) or 'none'}.", markup=False)
    _print_reported(store)


def _print_reported(store: "Home", *, as_json: bool = False, always: bool = False) -> None:
    """What others say that theirs took; `always` says so, too, when there is nothing."""
    from tina_bench.cli.show.imports import name_text
    from tina_bench.metering.bill import as_rows, reported

    lines = reported(store.imported_runs())
    if as_json:
        print_json(as_rows(lines))
        return
    out = console()
    if not lines:
        if always:
            out.print(f"Nothing has been imported into {store.root} yet.", markup=False)
        return
    numbers = ("files", "wall", "GPU-hours", "cost")
    rows = table(
        "who", "model", "tasks", *numbers, right=numbers,
        title="Reported by others, not spent here and in no sum above",
    )  # fmt: skip
    for line in lines:
        rows.add_row(
            name_text(line.reported_by or "unknown", ""),
            name_text(line.model, line.model_as_printed), name_text(line.tasks, ""),
            str(line.files), seconds_text(line.wall_seconds), "unknown", "unknown",
        )  # fmt: skip
    out.print(rows)
