"""The whole of `export`: a choice of a home's results, written in one format to a new path.

Guarantees: nothing that exists is touched; what is written is there whole or not at all; what a
format cannot hold is left out and told in one sentence a reason, never changed to fit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import BlockedError, UsageError
from tina_bench.exporting.formats import find_format
from tina_bench.exporting.imported import imported_measurements
from tina_bench.exporting.measurements import ExportedMeasurement, NotExported
from tina_bench.exporting.options import ExportOptions
from tina_bench.exporting.own import own_measurements
from tina_bench.store.home import Home


@dataclass(frozen=True)
class ExportSummary:
    """What an export wrote."""

    path: Path
    """File or folder."""
    format: str
    """Its name."""
    files: int
    """Files written."""
    own: int
    """Own results in it: model × task."""
    imported: int
    """Results of others in it."""
    answers: int
    """Single answers in it."""
    left_out: tuple[str, ...]
    """What the format could not hold, or the home does not have: one sentence per reason."""


def export_home(
    home: Home, catalog: Catalog, name: str, path: Path, options: ExportOptions
) -> ExportSummary:
    """Write what `options` choose of a home's results.

    Raises `UsageError` for an unknown format or name and for a path that is there or cannot be
    written, `BlockedError` where there is nothing to export, `IntegrityError` for answers that are
    not what their records say, and `MissingEngineError` where the format needs a package that is
    not installed.
    """
    form = find_format(name)
    if path.exists() or path.is_symlink():
        raise UsageError(
            f"{path}: is there already, and an export replaces nothing; name a new path, or delete "
            "it first."
        )
    left_out = NotExported()
    chosen = _own(home, catalog, options)
    if options.imported:
        chosen += _imported(home, catalog, options, left_out)
    _refuse_nothing(home, options, chosen)
    try:
        written = form.write(chosen, path, left_out)
    except OSError as error:
        why = error.strerror or f"{error}"
        raise UsageError(f"{path}: cannot be written: {why}; name another path.") from None
    if form.has_texts and options.texts:
        for one in chosen:
            if one.no_texts is not None:
                left_out.add(one.no_texts, one.label)
    return ExportSummary(
        path=path,
        format=form.name,
        files=1 if path.is_file() else sum(file.is_file() for file in path.rglob("*")),
        own=written.own,
        imported=written.imported,
        answers=written.answers,
        left_out=left_out.sentences(),
    )


def _takes(
    options: ExportOptions, models: Iterable[str | None], tasks: Iterable[str | None]
) -> bool:
    """Whether one of the names of a model, and one of those of a task, is asked for."""
    asked = ((options.models, models), (options.tasks, tasks))
    return all(not wanted or not set(wanted).isdisjoint(names) for wanted, names in asked)


def _own(home: Home, catalog: Catalog, options: ExportOptions) -> list[ExportedMeasurement]:
    records = [
        record
        for record in home.results()
        if options.profile in (None, record.provenance.profile)
        and _takes(options, [record.model], [record.task])
    ]
    return own_measurements(home, catalog, records, options)


def _imported(
    home: Home, catalog: Catalog, options: ExportOptions, left_out: NotExported
) -> list[ExportedMeasurement]:
    results = [
        one
        for one in home.imported()
        if _takes(options, [one.model, one.model_as_printed], [one.task, one.task_as_printed])
    ]
    return imported_measurements(home, catalog, results, left_out)


def _refuse_nothing(
    home: Home, options: ExportOptions, chosen: Sequence[ExportedMeasurement]
) -> None:
    """Raise a sentence where there is nothing, or nothing of that name."""
    if chosen:
        return
    named = {
        "--profile": () if options.profile is None else (options.profile,),
        "--model": options.models,
        "--task": options.tasks,
    }
    said = [f"{option} {name}" for option, names in named.items() for name in names]
    if said:
        raise UsageError(
            f"{home.root} holds nothing of {', '.join(said)}; `tina-bench results list` and "
            "`tina-bench results imported` show what there is."
        )
    raise BlockedError(
        f"{home.root} holds no results, so there is nothing to export; `tina-bench reproduce` "
        "measures, `tina-bench import` takes in what others measured, --home names another home."
    )
