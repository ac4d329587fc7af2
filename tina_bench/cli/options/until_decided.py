"""Options of `--until-decided`: how many seeds at first, and at most."""

from typing import Annotated

import typer

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


def check_options(
    *, until_decided: bool, seeds: int | None, first_seeds: int | None, max_seeds: int | None
) -> tuple[int, int] | None:
    """First and most seeds, or `None` without --until-decided; refuses what does not go with it."""
    from tina_bench.errors import UsageError
    from tina_bench.running.until_decided import FIRST_SEEDS, MAX_SEEDS

    if not until_decided:
        for name, value in (("--first-seeds", first_seeds), ("--max-seeds", max_seeds)):
            if value is not None:
                raise UsageError(f"{name} goes with --until-decided; --seeds sets a fixed number.")
        return None
    if seeds is not None:
        raise UsageError(
            "--seeds sets the number of seeds and --until-decided chooses it; leave one out, or "
            "bound it with --first-seeds and --max-seeds."
        )
    most = MAX_SEEDS if max_seeds is None else max_seeds
    return (min(FIRST_SEEDS, most) if first_seeds is None else first_seeds), most
