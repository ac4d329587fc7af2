"""The options of the verbs that carry a request out, as one object."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.cli.options.common import open_home, open_lock, parse_price
from tina_bench.cli.options.runner import RunnerWord, container_limits

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.types import Request
    from tina_bench.running.reproduction import Reproduction, ReproductionWatcher
    from tina_bench.running.select_runner import Choice


@dataclass(frozen=True)
class RunOptions:
    """How to run a request, as typed."""

    home: Path | None = None
    lock: Path | None = None
    price: str | None = None
    budget: float | None = None
    runner: RunnerWord = RunnerWord.AUTO
    memory: str | None = None
    shm_size: str | None = None
    engines: int | None = None
    gpus: str | None = None


def open_reproduction(
    request: "Request",
    catalog: "Catalog",
    options: RunOptions,
    watcher: "Callable[[Choice], ReproductionWatcher]",
) -> "tuple[Reproduction, Request]":
    """Check the options and choose the runner; nothing is written.

    Returns the request with the GPUs that are held. Raises `UsageError` for what does not fit.
    """
    from tina_bench.running import reproduction
    from tina_bench.running.select_runner import RunnerName

    home, lock = open_home(options.home), open_lock(options.lock, catalog)
    price, limits = parse_price(options.price), container_limits(options.memory, options.shm_size)
    return reproduction.open_reproduction(
        request,
        catalog,
        lock,
        home,
        watcher,
        runner=RunnerName(options.runner),
        engines=options.engines,
        gpus=options.gpus,
        price_name=price[0] if price else None,
        budget_usd=options.budget,
        limits=limits,
        command_line=("tina-bench", *sys.argv[1:]),
    )
