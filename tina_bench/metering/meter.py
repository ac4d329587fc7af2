"""The meter of one attempt: writes ledger entries as time is spent.

Guarantees: an entry is on disk at least every `interval_seconds` of a phase in which the job calls
`tick`, so an attempt that is killed is billed up to its last entry, and the start entry is written
before anything else happens. Traded away: what a killed attempt spent after its last entry is not
on the bill; the bill of an interrupted attempt is a lower bound and shown as one.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tina_bench.files.append_log import LogWriter
from tina_bench.metering.gpu import GpuReading, visible_gpus
from tina_bench.metering.hardware import device_name
from tina_bench.metering.spending_limit import (
    budget_seconds,
    closing_seconds,
    held_gpu_count,
    price_of_stretch,
)
from tina_bench.store.job_folder import JobFolder
from tina_bench.store.records import LedgerEntry, Outcome, Phase, now

INTERVAL_SECONDS = 5.0
"""An entry costs an fsync; five seconds of a $2 GPU are a quarter of a cent."""
UTILISATION_SECONDS = 0.5


@dataclass
class _Stretch:
    """Counters since the last entry."""

    started: float
    cpu_started: float
    energy_started: float | None
    tokens_in: int = 0
    tokens_out: int = 0
    samples: int = 0
    steps: int = 0
    utilisations: list[float] = field(default_factory=list)


def _children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _cpu_seconds() -> float:
    """User and system time of this process and of its children, ended or not."""
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(map(_cpu_seconds_of, _children()))


def _cpu_seconds_of(child: psutil.Process) -> float:
    try:
        times = child.cpu_times()
    except psutil.NoSuchProcess:  # it has just ended, and counts as such from now on
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def _resident_bytes(child: psutil.Process) -> int:
    try:
        return int(child.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _process_started() -> float:
    """Monotonic-clock reading of when this process began: interpreter start-up is paid time."""
    return time.monotonic() - max(0.0, time.time() - psutil.Process().create_time())


class Meter:
    """Meters one attempt at one job folder. Not thread-safe: the job's own thread calls it."""

    def __init__(self, folder: JobFolder, path: Path) -> None:
        """Open the ledger at `path` and write the start entry.

        The first stretch begins with the process, so that the time in which Python and the engine
        were imported is on the bill.
        """
        self._folder = folder
        self._device = device_name(folder.device)
        self._gpus = visible_gpus()
        self._gpu_count = held_gpu_count(folder)
        self._on_gpu = folder.device == "cuda"
        self._log = LogWriter(path)
        self._phase = Phase.LOAD
        self._children_peak_bytes = 0

        self._begin = _process_started()
        self._last_utilisation = 0.0
        self._stretch = self._fresh()
        self._stretch.started = self._begin
        self._stretch.cpu_started = 0.0
        self._write("start", until=self._stretch)

    @property
    def phase(self) -> Phase:
        """The phase that is being paid for now."""
        return self._phase

    def _reading(self) -> GpuReading:
        return self._gpus.read() if self._on_gpu else GpuReading(None, None)

    def _fresh(self) -> _Stretch:
        return _Stretch(time.monotonic(), _cpu_seconds(), self._reading().energy_joules)

    def spent_usd(self) -> float | None:
        """Dollars of this attempt so far, up to this moment."""
        return price_of_stretch(self._folder, time.monotonic() - self._begin, self._gpu_count)

    def left_usd(self) -> float | None:
        """Dollars of the attempt's budget that are left; `None` where there is none, or unknown."""
        budget, spent = self._folder.budget_usd, self.spent_usd()
        return None if budget is None or spent is None else budget - spent

    @property
    def usd_per_second(self) -> float | None:
        """What a second costs."""
        return price_of_stretch(self._folder, 1.0, self._gpu_count)

    @property
    def closing_seconds(self) -> float:
        """What of the budget is kept for ending in good order; 0 where there is no limit."""
        seconds = budget_seconds(self._folder, self._gpu_count)
        return 0.0 if seconds is None else closing_seconds(seconds)

    @property
    def is_budget_spent(self) -> bool:
        """Whether little more of the budget is left than what is kept for the end.

        Twice that, because the runner stops a job a little before its budget is spent.
        """
        left, rate = self.left_usd(), self.usd_per_second
        if left is None or rate is None:
            return False
        return left <= 2 * rate * self.closing_seconds

    @contextmanager
    def in_phase(self, phase: Phase) -> Iterator[None]:
        """Pay for what happens inside as `phase`; before and after is what it was before."""
        before = self._phase
        self.flush()
        self._phase = phase
        try:
            yield
        finally:
            self.flush()
            self._phase = before

    def tick(
        self, *, tokens_in: int = 0, tokens_out: int = 0, samples: int = 0, steps: int = 0
    ) -> None:
        """Count work done; writes an entry when the last one is old enough."""
        stretch = self._stretch
        stretch.tokens_in += tokens_in
        stretch.tokens_out += tokens_out
        stretch.samples += samples
        stretch.steps += steps
        moment = time.monotonic()
        if self._on_gpu and moment - self._last_utilisation >= UTILISATION_SECONDS:
            self._last_utilisation = moment
            utilisation = self._reading().utilisation
            if utilisation is not None:
                stretch.utilisations.append(utilisation)
        if moment - stretch.started >= INTERVAL_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was spent since the last entry."""
        # The next stretch begins where this one ends, so that writing the entry is on the bill too.
        following = self._fresh()
        self._write("spent", until=following)
        self._stretch = following

    def end(self, outcome: Outcome) -> None:
        """Write the rest and close the attempt."""
        self.flush()
        self._write("end", until=self._stretch, outcome=outcome)
        self._log.close()

    def _write(self, event: str, *, until: _Stretch, outcome: Outcome | None = None) -> None:
        stretch, folder = self._stretch, self._folder
        wall_seconds = until.started - stretch.started
        energy_joules = None
        if stretch.energy_started is not None and until.energy_started is not None:
            energy_joules = until.energy_started - stretch.energy_started
        utilisations = stretch.utilisations
        gpu_seconds = None if self._gpu_count is None else self._gpu_count * wall_seconds
        entry = LedgerEntry.model_validate(
            {
                "attempt": folder.attempt,
                "event": event,
                "outcome": outcome,
                "kind": folder.kind,
                "folder": folder.name,
                "model": folder.jobs[0].model,
                "stack": folder.stack,
                "phase": self._phase,
                "at": now(),
                "wall_seconds": wall_seconds,
                # The time of a child that is never waited for is lost with it.
                "cpu_seconds": max(0.0, until.cpu_started - stretch.cpu_started),
                "peak_memory_bytes": self._peak_memory_bytes(),
                "tokens_in": stretch.tokens_in,
                "tokens_out": stretch.tokens_out,
                "samples": stretch.samples,
                "steps": stretch.steps,
                "device": self._device,
                "gpu_count": self._gpu_count,
                "gpu_seconds": gpu_seconds,
                "gpu_utilisation": sum(utilisations) / len(utilisations) if utilisations else None,
                "energy_joules": energy_joules,
                "driver": self._gpus.driver if self._on_gpu else None,
                "price_name": folder.price_name,
                "price_usd_per_hour": folder.price_usd_per_hour,
                "cost_usd": price_of_stretch(folder, wall_seconds, self._gpu_count),
            }
        )
        self._log.append([entry.model_dump(mode="json")])

    def _peak_memory_bytes(self) -> int:
        import resource

        # Kilobytes on Linux, where this runs. The kernel keeps our own maximum, but not that of
        # several children at one moment (engines), so it is the largest seen at an entry.
        children = sum(map(_resident_bytes, _children()))
        self._children_peak_bytes = max(self._children_peak_bytes, children)
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return own + self._children_peak_bytes
