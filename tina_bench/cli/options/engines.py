"""How many engines a `reproduce` has, and on which GPUs."""

from typing import Annotated

import typer

EnginesOption = Annotated[
    int | None,
    typer.Option(
        "--engines",
        min=1,
        max=64,
        help="Engines that share the runs of a model, each in a process of its own. If not given: "
        "one for each GPU, one on a processor.",
    ),
]
GpusOption = Annotated[
    str | None,
    typer.Option(
        "--gpus",
        metavar="N,N",
        help="Use these GPUs, by the numbers of `nvidia-smi`, as in `0,1`; all if not given.",
    ),
]
