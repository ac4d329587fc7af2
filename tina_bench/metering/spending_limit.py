"""How long an attempt may go on before its budget is spent: watched from outside its process.

A job checks its own budget between two samples or steps, but not while Python imports an engine, a
kernel compiles, or a loop hangs. So the runner, which only waits meanwhile, holds the limit too:
shortly before the money is spent it stops the job (SIGTERM), and at the end it kills it.

Guarantees: an attempt is dead before its budget is spent, whatever it is doing, as long as the
runner is given the processor within `KILL_SECONDS` and the longest gap it has seen so far. Traded
away: up to `closing_seconds` of the budget stay unspent, and a job that has to be killed loses what
was in flight.
"""

import time
from collections.abc import Callable
from enum import StrEnum

from tina_bench.metering.gpu import visible_gpus
from tina_bench.store.job_folder import JobFolder

KILL_SECONDS = 0.5
"""What killing a process and reaping it may take."""
CLOSING_SECONDS = (2.0, 10.0)
"""Least and most that is kept for stopping an engine and writing the last entries."""
CLOSING_SHARE = 0.05
"""Of the budget's seconds, between those two."""
CLOSING_SHARE_AT_MOST = 0.25
"""However short the budget is."""


def price_of_stretch(folder: JobFolder, wall_seconds: float, gpu_count: int | None) -> float | None:
    """Dollars for a stretch of time; `None` when price or number of billed units is unknown."""
    if folder.price_usd_per_hour is None:
        return None
    units = gpu_count if folder.billed_per == "gpu" else 1
    return None if units is None else folder.price_usd_per_hour * units * wall_seconds / 3600


def held_gpu_count(folder: JobFolder) -> int | None:
    """GPUs that a job holds: 0 on the processor, `None` when the driver shows none."""
    if folder.device == "cpu":
        return 0
    if folder.gpus is not None:
        return len(folder.gpus)
    return len(visible_gpus().names) or None


def start_usd(folder: JobFolder, start_seconds: float | None) -> float:
    """Dollars for the start and the end of a job; 0 where that is unknown.

    With no more left than that, none is begun: it would be stopped before its first piece of work.
    """
    if start_seconds is None:
        return 0.0
    seconds = start_seconds + min(CLOSING_SECONDS)
    return price_of_stretch(folder, seconds, held_gpu_count(folder)) or 0.0


def budget_seconds(folder: JobFolder, gpu_count: int | None) -> float | None:
    """Wall seconds that the budget pays for; `None` without a budget, a price, or a cost."""
    rate = price_of_stretch(folder, 1.0, gpu_count)
    return None if folder.budget_usd is None or not rate else folder.budget_usd / rate


def closing_seconds(seconds: float) -> float:
    """What is kept of a budget of so many seconds, so that a job can end in good order."""
    least, most = CLOSING_SECONDS
    kept = min(most, max(least, CLOSING_SHARE * seconds))
    return min(kept, CLOSING_SHARE_AT_MOST * seconds)


class Demand(StrEnum):
    """What the runner of a job must do now."""

    GO_ON = "go on"
    STOP = "stop"
    """Stop the job in good order; given once."""
    KILL = "kill"


class SpendingLimit:
    """The budget of one attempt, from the moment before its process is started."""

    def __init__(
        self,
        folder: JobFolder,
        gpu_count: int | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock."""
        self._seconds = budget_seconds(folder, gpu_count)
        self._clock = clock
        self._started = self._looked = clock()
        self._longest_gap = 0.0
        self._asked = False

    def look(self) -> Demand:
        """What to do now; to be called every tenth of a second or so."""
        if self._seconds is None:
            return Demand.GO_ON
        moment = self._clock()
        self._longest_gap = max(self._longest_gap, moment - self._looked)
        self._looked = moment
        left = self._started + self._seconds - moment
        # The next look may come as late as any so far, and that would be too late.
        closing = closing_seconds(self._seconds)
        if left <= min(KILL_SECONDS, closing / 2) + self._longest_gap:
            return Demand.KILL
        if not self._asked and left <= closing / 2 + KILL_SECONDS + self._longest_gap:
            self._asked = True
            return Demand.STOP
        return Demand.GO_ON
