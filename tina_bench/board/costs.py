"""The bill as the pages show it: attempt by attempt, by model, by phase, and whole.

Failed and interrupted attempts are rows like any other, also one that was killed before anything of
it was metered.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tina_bench.metering.bill import BillLine, bill
from tina_bench.store.records import LedgerEntry

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
    ledger = sorted(entries, key=lambda entry: entry.at)
    first = {entry.attempt: entry for entry in reversed(ledger)}
    last = {entry.attempt: entry for entry in ledger}
    phases = bill(ledger, by=("attempt", "phase"))
    return Bill(
        attempts=tuple(
            Attempt(
                first=first[line.attempt],
                last=last[line.attempt],
                total=line,
                phases=tuple(phase for phase in phases if phase.attempt == line.attempt),
            )
            for line in bill(ledger, by=("attempt",))
        ),
        by_model={line.model: line for line in bill(ledger, by=("model",))},
        by_phase=tuple(bill(ledger, by=("model", "phase"))),
        total=next(iter(bill(ledger, by=())), None),
    )
