"""`tina-bench import`: take in what others measured, with whatever harness."""

from collections.abc import Iterable
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
from tina_bench.formatting.escape import printable
from tina_bench.formatting.numbers import plural, seconds_text

SHOWN_LEFT_OUT = 8

if TYPE_CHECKING:
    from tina_bench.importing.folder import ImportSummary
    from tina_bench.store.imported_results import ImportedResult


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
        list[Path] | None,
        typer.Argument(metavar="PATH…", help="Result files, or folders with any number of them."),
    ] = None,
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
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="NAME=OURS",
            help="A model or task by the name that files print, and the catalog's; repeatable.",
        ),
    ] = None,
    formats: Annotated[
        bool, typer.Option("--formats", help="List the formats that are read, and nothing else.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything, keep nothing.")
    ] = False,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import result files of others: LightEval, lm-eval and other harnesses, or a plain table.

    Files are recognised by what is in them; --formats lists what is known. A folder may hold
    anything: what can be read is in, everything else is named with the reason. Scores, counts,
    settings and times are kept as printed, as those of others: never part of our results or our
    bill. Names become the catalog's only where that is certain or where --model or --map say so;
    others stay in (brackets). A run that gives the very same answers as an earlier one of the same
    model is a repeat, and no further evidence; "?" means that the file cannot tell.

    Importing the same bytes again changes nothing. Exit codes: 0 all files are in; 11 there is no
    such path, model or task; 24 a format needs a package that is not installed; 25 at least one
    file is bad, each is explained, and the good ones are in.
    """
    if formats:
        _print_formats(as_json=as_json)
        return
    from rich.progress import Progress

    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import ForeignFileError, UsageError
    from tina_bench.importing.folder import import_results
    from tina_bench.importing.names import Attribution
    from tina_bench.store.imported_results import imported_results

    if not paths:
        raise UsageError(
            "PATH: found none, expected result files or folders of them; `tina-bench import "
            "--formats` lists what is read."
        )
    store = open_home(home)
    said = Attribution(model=model, reported_by=who, source=source, names=_mapped(names or ()))
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
    remarks = sorted({remark for run, _ in made.runs for remark in run.remarks})
    if as_json:
        print_json(
            {
                "results": _entries(made, results),
                "bad": made.bad,
                "left_out": made.left_out,
                "remarks": remarks,
                "kept": not dry_run,
            }
        )
    else:
        if made.runs:
            _print(made, results)
        if made.files > 1 or made.runs:
            _summarise(made, results, dry_run=dry_run)
        for remark in remarks:
            console().print(f"note: {remark}", markup=False)
        if made.left_out:
            console().print(_left_out(made.left_out), markup=False)
    if made.bad:
        first = made.bad[0]
        raise ForeignFileError(
            first
            if made.files == 1
            else f"{len(made.bad)} of {made.files} files are bad; the first: {first}"
        )
    if not made.runs:
        raise ForeignFileError(
            f"{', '.join(map(str, paths))}: found no result file in "
            f"{plural(len(made.left_out), 'file')}, expected one of a known format; "
            "`tina-bench import --formats` lists them."
        )


def _mapped(pairs: Iterable[str]) -> dict[str, str]:
    """The names of --map; the last = parts, as names of others may hold one."""
    from tina_bench.errors import UsageError

    found: dict[str, str] = {}
    for pair in pairs:
        printed, equals, ours = pair.rpartition("=")
        if not equals or not printed or not ours:
            raise UsageError(
                f"--map: found {pair!a}, expected NAME=OURS, such as AIME2024=aime24; give a name "
                "as files print it, and the catalog's."
            )
        if found.setdefault(printed, ours) != ours:
            raise UsageError(
                f"--map: found {printed!a} as {found[printed]!a} and as {ours!a}, expected one "
                "of them; leave the other out."
            )
    return found


def _print_formats(*, as_json: bool) -> None:
    from tina_bench.importing.formats import FORMATS

    if as_json:
        print_json(
            [
                {"name": f.name, "title": f.title, "files": f.files, "gives": f.gives,
                 "writer": f.writer}
                for f in FORMATS
            ]
        )  # fmt: skip
        return
    rows = table("format", "whose", "its files", "what an import takes")
    for f in FORMATS:
        rows.add_row(f.name, f.title, f.files, f.gives)
    console().print(rows)


def _left_out(names: list[str]) -> str:
    """What does not look like results, in one line however many."""
    shown = ", ".join(names[:SHOWN_LEFT_OUT])
    more = len(names) - SHOWN_LEFT_OUT
    return printable(
        f"left out, as no results of a known format: {shown}"
        + (f" and {more} more" if more > 0 else "")
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
