"""`tina-bench export`: results in the formats that other programs read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tina_bench.cli.options.common import (
    CatalogOption,
    ExistingHomeOption,
    JsonOption,
    ModelsOption,
    TasksOption,
)
from tina_bench.cli.show.tables import console, print_json, say
from tina_bench.formatting.numbers import plural

if TYPE_CHECKING:
    from tina_bench.exporting.export import ExportSummary


def export(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="What to write: a file for csv, else a folder. Must not be there yet.",
        ),
    ],
    form: Annotated[
        str,
        typer.Option("--format", metavar="FORMAT", help="eee, hf-eval-results, inspect or csv."),
    ],
    without_texts: Annotated[
        bool,
        typer.Option("--without-texts", help="Leave out texts of problems and answers."),
    ] = False,
    without_imported: Annotated[
        bool, typer.Option("--without-imported", help="Leave out what others measured.")
    ] = False,
    who: Annotated[
        str | None, typer.Option("--who", metavar="TEXT", help="Who measured your own results.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="ADDRESS", help="Where your own results can be seen."),
    ] = None,
    relationship: Annotated[
        str,
        typer.Option(
            "--relationship",
            metavar="WORD",
            help="For eee, how those who measured your own results stand to the makers of the "
            "models: first_party, third_party, collaborative, or other, which states nothing. "
            "Imports are third_party.",
        ),
    ] = "other",
    model: ModelsOption = None,
    task: TasksOption = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", "-p", help="Only your own results of this profile."),
    ] = None,
    catalog: CatalogOption = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write results for other programs: scores, and every answer where the format takes them.

    `eee` is a folder for the datastore of Every Eval Ever 0.3.0: aggregates with interval, cost,
    hardware and verdicts, and a line per answer.

    `hf-eval-results` is a folder with OWNER/MODEL/.eval_results/*.yaml, to put into model
    repositories on the hub, for the benchmarks that are registered there.

    `inspect` is a folder of logs for `inspect view --log-dir PATH`; needs inspect-ai.

    `csv` is one flat table, a row an answer, for pandas or a spreadsheet.

    Imported results go along as those of others. Texts go along where the home has them and they
    may be published. What a format cannot hold is left out, with one sentence. `eee`, `inspect`
    and `csv` come back with `tina-bench import PATH`, with equal counts.

    Exit codes: 0 it is written; 11 no such format, model or task, or PATH is there already; 14-15
    answers that are not what their results say; 22 nothing to export; 24 inspect-ai is missing.
    """
    from tina_bench import api
    from tina_bench.exporting.options import ExportOptions, parse_relationship

    options = ExportOptions(
        profile=profile,
        models=tuple(model or ()),
        tasks=tuple(task or ()),
        texts=not without_texts,
        imported=not without_imported,
        who=who,
        url=url,
        relationship=parse_relationship(relationship),
    )
    made = api.export(form, path, home, options, catalog=catalog or ())
    if as_json:
        print_json(
            {
                "path": str(made.path), "format": made.format, "files": made.files, "own": made.own,
                "imported": made.imported, "answers": made.answers, "left_out": made.left_out,
            }
        )  # fmt: skip
    else:
        _print(made)


def _print(made: "ExportSummary") -> None:
    out = console()
    counts = (
        (made.own, "own result"),
        (made.imported, "imported result"),
        (made.answers, "answer"),
    )
    parts = [plural(number, noun) for number, noun in counts if number]
    files = f" ({plural(made.files, 'file')})" if made.files > 1 else ""
    say(out, f"{made.path}{files}: {', '.join(parts)}.")
    for sentence in made.left_out:
        say(out, sentence)
