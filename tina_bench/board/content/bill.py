"""The bill as the pages show it: attempt by attempt, by model, by phase, and whole.

Failed and interrupted attempts are rows like any other, also one that was killed before anything of
it was metered.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from tina_bench.board.output.cache import Cache
from tina_bench.board.output.parallel import in_parallel
from tina_bench.files.hashing import sha256_file
from tina_bench.metering.bill import BillLine, add_lines, bill
from tina_bench.store.home import Home, read_records
from tina_bench.store.records import LedgerEntry

BYTES_FOR_PROCESSES = 2_000_000
"""Of ledgers: with less, one process is as quick."""
_STATES = {"budget": "stopped at the budget", "interrupted": "no end recorded"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one job folder."""

    first: LedgerEntry
    """Its first entry: with model, job, stack, device and price."""
    last: LedgerEntry
    """Its last entry."""
    total: BillLine
    """All phases."""
    phases: tuple[BillLine, ...]
    """By phase; a phase that nothing was written for is left out."""

    @property
    def state(self) -> str:
        """How it stands, for people."""
        return _STATES.get(self.total.outcome, self.total.outcome)


@dataclass(frozen=True, slots=True)
class Bill:
    """The whole ledger, added up."""

    attempts: tuple[Attempt, ...]
    """In the order in which they began."""
    by_model: dict[str, BillLine]
    """All attempts of a model."""
    by_phase: tuple[BillLine, ...]
    """By model and phase."""
    total: BillLine | None
    """Everything; `None` for an empty ledger."""


def add_up(entries: Iterable[LedgerEntry]) -> Bill:
    """The bill of a ledger, whatever the order of its entries."""
    return _total(_attempts(entries))


def add_up_home(home: Home, cache: Cache) -> Bill:
    """The bill of a home; each ledger is added up once and cached.

    A hundred GPU-hours leave some seventy thousand entries, which several processes share.
    """
    paths = home.ledgers()
    tasks = [partial(_cached, path, cache) for path in paths]
    large = sum(path.stat().st_size for path in paths) > BYTES_FOR_PROCESSES
    with in_parallel(tasks, None if large else 0) as started:
        found = dict(started.done())
    folders = (_Folder.model_validate_json(found[number]) for number in range(len(paths)))
    return _total(attempt for folder in folders for attempt in folder.attempts)


def _cached(path: Path, cache: Cache) -> bytes:
    def made() -> bytes:
        found = _attempts(read_records(path, LedgerEntry))
        return _Folder(attempts=found).model_dump_json().encode()

    return cache.get("attempts", sha256_file(path), made)


class _Folder(BaseModel):
    """One ledger, as it is cached."""

    attempts: tuple[Attempt, ...]


def _attempts(entries: Iterable[LedgerEntry]) -> tuple[Attempt, ...]:
    ledger = sorted(entries, key=lambda entry: entry.at)
    first = {entry.attempt: entry for entry in reversed(ledger)}
    last = {entry.attempt: entry for entry in ledger}
    phases = bill(ledger, by=("attempt", "phase"))
    return tuple(
        Attempt(
            first=first[line.attempt],
            last=last[line.attempt],
            total=line,
            phases=tuple(phase for phase in phases if phase.attempt == line.attempt),
        )
        for line in bill(ledger, by=("attempt",))
    )


def _total(attempts: Iterable[Attempt]) -> Bill:
    ordered = sorted(attempts, key=lambda attempt: attempt.first.at)
    lines = [attempt.total for attempt in ordered]
    phases = [phase for attempt in ordered for phase in attempt.phases]
    return Bill(
        attempts=tuple(ordered),
        by_model={line.model: line for line in add_lines(lines, by=("model",))},
        by_phase=tuple(add_lines(phases, by=("model", "phase"))),
        total=next(iter(add_lines(lines, by=())), None),
    )
