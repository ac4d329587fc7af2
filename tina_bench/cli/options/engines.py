"""How many engines a `reproduce` has, and on which GPUs."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Stack
    from tina_bench.planning.types import Machine

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


def chosen_engines(
    stack: "Stack", machine: "Machine", engines: int | None, gpus: str | None
) -> tuple[int, tuple[int, ...] | None, int]:
    """Engines, the GPUs that jobs may use (`None`: all), and how many GPUs are held.

    Raises `UsageError` for what does not fit together: every engine has a GPU of its own.
    """
    from tina_bench.errors import UsageError

    if stack.device == "cpu":
        if gpus is not None:
            raise UsageError("--gpus: this stack computes on the processor; leave it out.")
        return engines or 1, None, 1
    indices = None
    if gpus is not None:
        if not re.fullmatch(r"\d+(,\d+)*", gpus):
            raise UsageError(f"--gpus: found {gpus!r}, expected numbers of GPUs, as in '0,1'.")
        indices = tuple(map(int, gpus.split(",")))
        if len(set(indices)) < len(indices):
            raise UsageError(f"--gpus: found {gpus!r}, expected every GPU once.")
    held = len(indices or machine.gpus) or 1
    if engines is not None and engines > held:
        raise UsageError(
            f"--engines: found {engines}, expected not more than there are GPUs ({held}): each "
            "engine has one of its own."
        )
    return engines or held, indices, held
