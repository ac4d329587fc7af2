"""`tina-bench audit`: published numbers against themselves and against each other."""

from typing import Annotated

import typer

from tina_bench.cli.options.common import CatalogOption, ExistingHomeOption, JsonOption
from tina_bench.cli.show.audits.report import print_audits
from tina_bench.cli.show.audits.sections import Section
from tina_bench.cli.show.tables import console, print_json


def audit(
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Only this model; may be given several times."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also what is in order, every measurement, and other choices of evidence."
        ),
    ] = False,
    only: Annotated[
        list[Section] | None,
        typer.Option(
            "--only",
            help="Print this audit alone; may be given several times. --json always has all.",
        ),
    ] = None,
    catalog: CatalogOption = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Audit what was published, before anything is measured. Needs no engine, GPU or home.

    Is a printed score possible with its problems and runs, and how finely can it tell? Is it what
    its authors' own log says, and what others find? How much of a picked checkpoint's score is the
    luck of the pick? How much of each printed gain does all published evidence support? Do averages
    follow from their cells? Who disagrees with whom by more than chance?

    Reads the catalog, and from the home what was imported (`tina-bench import`) and measured here,
    if there is anything. Findings are no error: the exit code is 0. For CI see `verify --fail-on`.
    """
    from tina_bench import api

    audits = api.audit(home, models=model or (), catalog=catalog or ())
    if as_json:
        print_json(audits.model_dump(mode="json"))
    else:
        print_audits(audits, console(), everything=everything, only=only or tuple(Section))
