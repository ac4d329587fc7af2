"""`tina-bench import`: take in what others measured with LightEval."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.options.common import CatalogOption, HomeOption, JsonOption, open_home
from tina_bench.cli.show.imports import (
    SHORT,
    correct_text,
    folder_text,
    name_text,
    repeat_text,
    score_text,
)
from tina_bench.cli.show.tables import console, print_json, table
from tina_bench.formatting.numbers import seconds_text

if TYPE_CHECKING:
    from tina_bench.importing.folder import ImportSummary
    from tina_bench.store.imported import ImportedResult


def _became(made: "ImportSummary") -> dict[str, str]:
    found: dict[str, str] = {}
    for run, what in made.runs:
        found.setdefault(run.id, str(what))
    return found


def _entries(made: "ImportSummary", results: list["ImportedResult"]) -> list[dict[str, Any]]:
    became = _became(made)
    return [
        {**result.model_dump(mode="json", exclude={"outcomes"}), "became": became[result.id]}
        for result in results
        if result.id in became
    ]


def _print(made: "ImportSummary", results: list["ImportedResult"]) -> None:
    became = _became(made)
    numbers = ("score", "correct", "file's time")
    rows = table("id", "folder", "model", "task", *numbers, "repeats", "", right=numbers)
    for result in results:
        if result.id in became:
            rows.add_row(
                result.id[:SHORT], folder_text(result),
                name_text(result.model, result.model_as_printed),
                name_text(result.task, result.task_as_printed), score_text(result),
                correct_text(result), seconds_text(result.wall_seconds), repeat_text(result),
                became[result.id],
            )  # fmt: skip
    console().print(rows)


def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Result files, or folders with any number of them."),
    ],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            help="The catalog's model, for files that do not name it, as checkpoints in a folder.",
        ),
    ] = None,
    who: Annotated[
        str | None, typer.Option("--who", metavar="TEXT", help="Who measured it.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", metavar="TEXT", help="Where it was published: link and commit."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything, keep nothing.")
    ] = False,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import LightEval's result files: `results_*.json`, and the details parquet beside them.

    Old and new formats, whole folders. Scores, counts, hashes, configuration and times are kept as
    printed, as somebody else's: never part of our results or our bill. Names become the catalog's
    only where that is certain; others stay in (brackets). A run that gives the very same answers
    as an earlier one of the same model is a repeat, and no further evidence; "?" means that the
    file cannot tell.

    Importing the same bytes again changes nothing. Exit codes: 0 all files are in; 11 there is no
    such path or model; 24 details need pyarrow; 25 at least one file is bad, each is explained,
    and the good ones are in.
    """
    from rich.progress import Progress

    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import ForeignFileError
    from tina_bench.importing.folder import Attribution, import_results
    from tina_bench.store.imported import imported_results

    store = open_home(home)
    said = Attribution(model=model, reported_by=who, source=source)
    err = console(stderr=True)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("reading", total=None)
        made = import_results(
            paths, load_catalog(catalog or ()), store, said, write=not dry_run,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    runs = {run.id: run for run in store.imported_runs()}
    runs |= {run.id: run for run, _ in made.runs if run.id not in runs or dry_run}
    results = imported_results(runs.values())
    total = len(made.bad) + len(made.runs)
    if as_json:
        print_json({"results": _entries(made, results), "bad": made.bad, "kept": not dry_run})
    else:
        if made.runs:
            _print(made, results)
        if total > 1 or made.runs:
            _summarise(made, results, dry_run=dry_run)
    if made.bad:
        first = made.bad[0]
        raise ForeignFileError(
            first if total == 1 else f"{len(made.bad)} of {total} files are bad; the first: {first}"
        )


def _summarise(made: "ImportSummary", results: list["ImportedResult"], *, dry_run: bool) -> None:
    from collections import Counter

    out = console()
    chosen = {run.id for run, _ in made.runs}
    repeats = sum(r.repeat_of is not None for r in results if r.id in chosen)
    counts = Counter(str(became) for _, became in made.runs)
    parts = [f"{number} {what}" for what, number in counts.items()]
    parts += [f"{len(made.bad)} bad"] if made.bad else []
    out.print(
        f"{', '.join(parts)}; {repeats} results repeat an earlier run."
        + (" Nothing was kept: --dry-run." if dry_run else ""),
        markup=False,
    )
    for sentence in made.bad:
        out.print(f"bad: {sentence}", markup=False)
