"""The end of an attempt that was killed: its runner enters what the job no longer could.

Guarantees: an attempt whose runner lives is on the ledger with all of its wall-clock time, whatever
ended it and whenever, so that a budget over several jobs counts it. Traded away: processor time and
energy of that last stretch are not known; the bill of such an attempt stays a lower bound.
"""

from pathlib import Path
from typing import Literal

from tina_bench.files.append_log import LogWriter
from tina_bench.metering.hardware import device_name
from tina_bench.metering.spending_limit import held_gpu_count, price_of_stretch
from tina_bench.store.home import read_records
from tina_bench.store.job_folder import JobFolder
from tina_bench.store.records import LedgerEntry, Phase, now

Event = Literal["start", "spent"]
LEAST_SECONDS = 0.01
"""Less than this is the time that starting and reaping a process takes."""
PATIENCE_SECONDS = 60.0
"""For a killed process to let go of its ledger."""


def bill_unrecorded(
    folder: JobFolder, ledger: Path, wall_seconds: float, *, surely_ran: bool = True
) -> list[LedgerEntry]:
    """Add what an attempt of so many seconds has not entered, unless it came to its own end.

    One that may have been refused before it ran, and has entered nothing, did not. Returns all of
    the attempt's entries.
    """
    entries = (
        [e for e in read_records(ledger, LedgerEntry) if e.attempt == folder.attempt]
        if ledger.exists()
        else []
    )
    if not entries and not surely_ran:
        return []
    missing_seconds = wall_seconds - sum(entry.wall_seconds for entry in entries)
    if any(entry.event == "end" for entry in entries) or missing_seconds < LEAST_SECONDS:
        return entries
    last = entries[-1] if entries else None
    # A process that is killed before its first line of Python has not even opened its attempt.
    events: list[Event] = ["spent"] if entries else ["start", "spent"]
    made = [
        _entry(folder, last, event, missing_seconds if event == "spent" else 0.0)
        for event in events
    ]
    with LogWriter(ledger, patience_seconds=PATIENCE_SECONDS) as log:
        log.append(entry.model_dump(mode="json") for entry in made)
    return entries + made


def _entry(
    folder: JobFolder, last: LedgerEntry | None, event: Event, wall_seconds: float
) -> LedgerEntry:
    gpu_count = held_gpu_count(folder) if last is None else last.gpu_count
    return LedgerEntry(
        attempt=folder.attempt,
        event=event,
        kind=folder.kind,
        folder=folder.name,
        model=folder.jobs[0].model,
        stack=folder.stack,
        phase=Phase.LOAD if last is None else last.phase,
        at=now(),
        wall_seconds=wall_seconds,
        cpu_seconds=0.0,
        peak_memory_bytes=0 if last is None else last.peak_memory_bytes,
        device=device_name(folder.device) if last is None else last.device,
        gpu_count=gpu_count,
        gpu_seconds=None if gpu_count is None else gpu_count * wall_seconds,
        gpu_utilisation=None,
        energy_joules=None,
        driver=None if last is None else last.driver,
        price_name=folder.price_name,
        price_usd_per_hour=folder.price_usd_per_hour,
        cost_usd=price_of_stretch(folder, wall_seconds, gpu_count),
    )
