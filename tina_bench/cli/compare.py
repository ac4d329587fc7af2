"""`tina-bench compare`: models against each other, and which ranks they may have."""

from typing import Annotated

import typer

from tina_bench.cli.options.common import (
    ChosenProfileOption,
    ExistingHomeOption,
    JsonOption,
    TasksOption,
)
from tina_bench.cli.show.comparisons import print_pairs, print_ranks
from tina_bench.cli.show.tables import console, print_json


def compare(
    model: Annotated[
        list[str] | None,
        typer.Option("--model", "-m", help="Compare only this model; give at least two."),
    ] = None,
    task: TasksOption = None,
    profile: ChosenProfileOption = None,
    home: ExistingHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare models pair by pair on the same problems, and tell which ranks they may have.

    For each task, and for the average over tasks (each task weighs the same, as in the averages
    that papers print): the difference, its 95 % interval for problems like these, and the exact p
    of a paired sign-flip test (with one run each: McNemar's).

    "Adjusted p" is corrected for the number of pairs in the table, which is printed as its family:
    asking for fewer models makes a smaller family, so decide before looking.

    "Detectable" is the least difference that the pair's problems and runs show with 80 % power,
    by itself and (in brackets) within the family. "For 5 points" says how many problems like these,
    or runs of each model, would show a difference of 5 points so, by itself; no runs are told where
    no number is enough, or where one run each cannot tell.

    A rank of 2 – 5 says that one model is surely better and that only ranks down to 5 are possible;
    all ranks of a table are right at once in at least 95 % of cases.

    Models that were not measured on a task, or on other problems of it, are left out by name.

    Exit codes: 0 compared, whatever was found; 11 no such model or task; 22 fewer than two models
    have results to compare in this home.
    """
    from tina_bench import api

    made = api.compare(home, models=model, tasks=task, profile=profile)
    if as_json:
        print_json(
            {
                "pairs": [found.model_dump(mode="json") for found in made.pairs],
                "ranks": [found.model_dump(mode="json") for found in made.ranks],
            }
        )
        return
    out = console()
    for pairs, bands in zip(made.pairs, made.ranks, strict=True):
        print_pairs(pairs, out)
        print_ranks(bands, out)
