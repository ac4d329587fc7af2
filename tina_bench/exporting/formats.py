"""The formats that results are exported in, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tina_bench.errors import UsageError
from tina_bench.exporting import every_eval_ever, flat_table, hub_results, inspect_logs
from tina_bench.exporting.measurements import ExportedMeasurement, NotExported, WrittenExport

Writer = Callable[[Sequence[ExportedMeasurement], Path, NotExported], WrittenExport]
"""Writes measurements to a new path, whole or not at all; raises `BlockedError` where none fits."""


@dataclass(frozen=True)
class ExportFormat:
    """One of them."""

    name: str
    """As `--format` takes it."""
    write: Writer
    """Writes it."""
    has_texts: bool
    """Whether it can hold texts of problems and answers."""


FORMATS: dict[str, ExportFormat] = {
    made.name: made
    for made in (
        ExportFormat("eee", every_eval_ever.write, has_texts=True),
        ExportFormat("hf-eval-results", hub_results.write, has_texts=False),
        ExportFormat("inspect", inspect_logs.write, has_texts=True),
        ExportFormat("csv", flat_table.write, has_texts=True),
    )
}


def find_format(name: str) -> ExportFormat:
    """The format of that name; raises `UsageError` for another."""
    if name not in FORMATS:
        raise UsageError(f"--format: found {name!r}, expected one of {', '.join(FORMATS)}.")
    return FORMATS[name]
