"""The options of what runs jobs, as one object."""

import sys
from typing import TYPE_CHECKING

from tina_bench.cli.options.common import parse_price
from tina_bench.cli.options.runner import RunnerWord, container_limits

if TYPE_CHECKING:
    from tina_bench.running.options import RunOptions


def run_options(
    *,
    price: str | None = None,
    budget: float | None = None,
    runner: RunnerWord = RunnerWord.AUTO,
    memory: str | None = None,
    shm_size: str | None = None,
    engines: int | None = None,
    gpus: str | None = None,
) -> "RunOptions":
    """Read the options as they were typed; raises `UsageError` for what is no price or size."""
    from tina_bench.running.options import RunOptions

    given = parse_price(price)
    return RunOptions(
        runner=runner,
        engines=engines,
        gpus=gpus,
        budget_usd=budget,
        price_name=given[0] if given else None,
        limits=container_limits(memory, shm_size),
        command_line=("tina-bench", *sys.argv[1:]),
    )
