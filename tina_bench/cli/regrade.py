"""`tina-bench regrade`: the same answers under several graders, and every one they differ on."""

from pathlib import Path
from typing import Annotated

import typer

from tina_bench.cli.options.common import (
    CatalogOption,
    ChosenProfileOption,
    ExistingHomeOption,
    JsonOption,
    ModelsOption,
    TasksOption,
    open_home,
)
from tina_bench.cli.show.progress import grading_bar
from tina_bench.cli.show.regrade import print_flips, print_pairs, print_scores
from tina_bench.cli.show.tables import console, print_json


def regrade(
    model: ModelsOption = None,
    task: TasksOption = None,
    grader: Annotated[
        list[str] | None,
        typer.Option(
            "--grader",
            "-g",
            metavar="NAME",
            help="Only this grader: task (the task's own metric, run again), math-verify, "
            "boxed-exact or letter; may be given several times.",
        ),
    ] = None,
    grader_python: Annotated[
        list[Path] | None,
        typer.Option(
            "--grader-python",
            metavar="PATH",
            help="A Python of another environment, with other versions of the graders' packages "
            "(and pydantic and pebble): it grades everything too. May be given several times.",
        ),
    ] = None,
    profile: ChosenProfileOption = None,
    home: ExistingHomeOption = None,
    catalog: CatalogOption = None,
    flips: Annotated[
        Path | None,
        typer.Option(
            "--flips",
            metavar="FILE",
            help="Write every answer that graders differ on, whole, into this file: JSON Lines.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    r"""Grade stored answers again with several graders, and show every answer they differ on.

    Nothing is generated, and no record or grade that a record counts is changed: new grades go into
    logs of their own, so asking again costs nothing. Graders:

    - task: the task's own metric again. A difference is chance (a time limit inside the metric) or
      another version of its packages; there should be none.
    - math-verify: Math-Verify by itself, a \boxed answer first.
    - boxed-exact: the last \boxed answer as text, normalised as by the MATH benchmark; no algebra.
    - letter: for multiple choice, the letter after the last "Answer:".

    A process can load one version of a package. For another version give the Python of another
    environment, or import others' results with their details: their grades of the very same answers
    are compared as well.

    "Lowest" is the score if every answer that graders differ on is wrong, "highest" if each is
    right: what the choice of grader can move the score by, at most. Kappa is Cohen's. p tells
    whether two graders differ more often one way than the other (McNemar's exact test; with several
    runs the sign-flip test over problems). An answer that hangs or breaks a grader is undecided:
    told apart from wrong, and counted as not correct.

    Exit codes: 0 graded, whatever was found; 11 no such model, task, grader or Python; 14-15
    samples or grades are not those of the record; 20 a grading process failed; 22 nothing here can
    be graded again; 23 another process grades the same; 24 a grader's package is not installed.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.running.regrade.flips import write_flips
    from tina_bench.running.regrade.requested import grader_interpreter, requested_records
    from tina_bench.running.regrade.run import regrade_home

    store = open_home(home)
    records = requested_records(store, profile, model, task)
    with grading_bar() as progress:
        found = regrade_home(
            store, load_catalog(catalog or []), records, grader, progress,
            pythons=[grader_interpreter(path) for path in grader_python or ()],
        )  # fmt: skip
    if flips is not None:
        write_flips(flips, store, records, found)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    out = console()
    print_scores(found, out)
    print_pairs(found, out)
    print_flips(found, out, flips)
    for cell in found.left_out:
        out.print(f"Left out: {cell.model} on {cell.task}: {cell.reason}.", markup=False)
