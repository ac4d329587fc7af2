"""How the jobs of a request run, and what they may cost."""

import math
from dataclasses import dataclass, field

from tina_bench.errors import UsageError
from tina_bench.running.select_runner import ContainerLimits, RunnerName


@dataclass(frozen=True)
class RunOptions:
    """Where jobs run, on how many engines, and what they may cost; the defaults fit any machine.

    Raises `UsageError` for a budget that is no number.
    """

    runner: str = RunnerName.AUTO
    """`auto`, `docker` or `local`."""
    engines: int | None = None
    """Engines that share the runs of a model; `None`: one per GPU, one on a processor."""
    gpus: str | None = None
    """Numbers of GPUs as `nvidia-smi` has them, as in `0,1`; `None`: all that are visible."""
    budget_usd: float | None = None
    """US dollars that all jobs together may cost; `None`: no limit."""
    price_name: str | None = None
    """What the price is called in the ledger; `None`: as the catalog calls it."""
    limits: ContainerLimits = field(default_factory=ContainerLimits)
    """Memory of a container, bytes; for the docker runner."""
    command_line: tuple[str, ...] = ("tina_bench.reproduce",)
    """What results say that they were made by."""

    def __post_init__(self) -> None:
        if self.budget_usd is not None and not math.isfinite(self.budget_usd):
            raise UsageError(f"--budget: found {self.budget_usd}, expected dollars, as in '2.50'.")
