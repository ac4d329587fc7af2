"""Options of `--until-decided`: how many seeds at first, and at most."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tina_bench.running.until_decided import SeedLimits

UntilOption = Annotated[
    bool,
    typer.Option(
        "--until-decided",
        help="Choose the number of seeds by looking: a first batch, then more only where a claim "
        "is still open, half as many again each time. Such results are judged by a method that "
        "holds at any time, and say so.",
    ),
]
FirstSeedsOption = Annotated[
    int | None,
    typer.Option(
        "--first-seeds",
        min=1,
        max=10_000,
        metavar="N",
        help="With --until-decided: seeds of the first batch; 4 if not given.",
    ),
]
MaxSeedsOption = Annotated[
    int | None,
    typer.Option(
        "--max-seeds",
        min=1,
        max=10_000,
        metavar="N",
        help="With --until-decided: seeds of one model on one task at most; 64 if not given.",
    ),
]


def seed_limits(
    *, until_decided: bool, first_seeds: int | None, max_seeds: int | None
) -> "SeedLimits | None":
    """First and most seeds, or `None` without --until-decided; refuses what does not go with it."""
    from tina_bench.errors import UsageError
    from tina_bench.running.until_decided import SeedLimits

    limits = {"first_seeds": first_seeds, "max_seeds": max_seeds}
    given = {name: seeds for name, seeds in limits.items() if seeds is not None}
    if until_decided:
        return SeedLimits(**given)
    for name in given:
        raise UsageError(
            f"--{name.replace('_', '-')} goes with --until-decided; --seeds sets a fixed number."
        )
    return None
