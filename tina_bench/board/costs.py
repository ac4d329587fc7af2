"""What the ledger says was spent: by model, phase and attempt, unknowns kept apart from zeros.

Guarantees: a sum is `None` when any part of it is unknown, and the part that is known is kept
beside it; a sum over an attempt without an end is marked as a lower bound, because what a killed
attempt spent after its last entry is on nobody's bill. Failed and interrupted attempts are rows
like any other.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from tina_bench.store.records import LedgerEntry, Outcome, Phase

QUANTITIES = ("wall_seconds", "cpu_seconds", "gpu_seconds", "energy_joules", "cost_usd")
COUNTS = ("tokens_in", "tokens_out", "samples", "steps")


class State(StrEnum):
    """How an attempt stands, by its ledger."""

    DONE = "done"
    BUDGET = "stopped at the budget"
    FAILED = "failed"
    OPEN = "no end recorded"


_STATES = {Outcome.DONE: State.DONE, Outcome.BUDGET: State.BUDGET, Outcome.FAILED: State.FAILED}


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of one quantity, and how much it can be trusted."""

    known: float
    """Sum of the parts that are known."""
    complete: bool
    """No part is unknown."""
    at_least: bool
    """An attempt without an end is in it: what it really spent is this or more."""

    @property
    def total(self) -> float | None:
        """The sum; `None` when any part is unknown."""
        return self.known if self.complete else None


@dataclass(frozen=True, slots=True)
class Spend:
    """Everything one group of ledger entries spent."""

    wall_seconds: Amount
    """Wall-clock time, seconds."""
    cpu_seconds: Amount
    """CPU time, seconds."""
    gpu_seconds: Amount
    """GPUs held times wall time, seconds."""
    energy_joules: Amount
    """Joules, from device counters."""
    cost_usd: Amount
    """US dollars."""
    tokens_in: int
    """Prompt tokens."""
    tokens_out: int
    """Generated tokens."""
    samples: int
    """Samples finished."""
    steps: int
    """Optimizer steps finished."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one job folder."""

    model: str
    """Model it was for."""
    folder: str
    """Job folder."""
    attempt: str
    """Id."""
    kind: str
    """What kind of job."""
    stack: str
    """Catalog name of the stack."""
    device: str
    """What computed."""
    state: State
    """How it stands."""
    started: datetime.datetime
    """Its first entry."""
    last: datetime.datetime
    """Its last entry."""
    price_name: str | None
    """Catalog name of the price."""
    price_usd_per_hour: float | None
    """US dollars an hour of the billed unit."""
    spend: Spend
    """All phases."""
    phases: tuple[tuple[Phase, Spend], ...]
    """By phase; a phase that nothing was written for is left out."""


@dataclass(frozen=True, slots=True)
class Bill:
    """The whole ledger, added up."""

    attempts: tuple[Attempt, ...]
    """By model, then by start."""
    by_model: dict[str, Spend]
    """All attempts of a model."""
    by_phase: dict[str, tuple[tuple[Phase, Spend], ...]]
    """By model and phase."""
    total: Spend
    """Everything."""


def _frame(entries: Iterable[LedgerEntry]) -> pd.DataFrame:
    """One row an entry. Only `spent` entries carry amounts; others are there for their state."""
    columns = list(LedgerEntry.model_fields)
    frame = pd.DataFrame([entry.model_dump() for entry in entries], columns=columns)
    spent = frame["event"] == "spent"
    for name in QUANTITIES:
        values = pd.to_numeric(frame[name])
        frame[name] = values.where(spent, 0.0)
    ended = frame.loc[frame["event"] == "end", ["folder", "attempt"]].drop_duplicates()
    frame = frame.merge(ended.assign(ended=True), how="left", on=["folder", "attempt"])
    frame["open"] = frame["ended"].isna()
    return frame


def _spend(frame: pd.DataFrame) -> Spend:
    at_least = bool(frame["open"].any())
    values: dict[str, Any] = {name: int(frame[name].sum()) for name in COUNTS}
    for name in QUANTITIES:
        values[name] = Amount(
            known=float(frame[name].sum()),
            complete=not bool(frame[name].isna().any()),
            at_least=at_least,
        )
    return Spend(**values)


def _phases(frame: pd.DataFrame) -> tuple[tuple[Phase, Spend], ...]:
    spent = frame[frame["event"] == "spent"]
    present = set(spent["phase"])
    return tuple(
        (phase, _spend(spent[spent["phase"] == phase])) for phase in Phase if phase in present
    )


def _attempt(frame: pd.DataFrame) -> Attempt:
    first, ends = frame.iloc[0], frame[frame["event"] == "end"]
    price = first["price_usd_per_hour"]
    return Attempt(
        model=str(first["model"]),
        folder=str(first["folder"]),
        attempt=str(first["attempt"]),
        kind=str(first["kind"]),
        stack=str(first["stack"]),
        device=str(first["device"]),
        state=State.OPEN if ends.empty else _STATES[Outcome(ends.iloc[-1]["outcome"])],
        started=frame["at"].min().to_pydatetime(),
        last=frame["at"].max().to_pydatetime(),
        price_name=None if pd.isna(first["price_name"]) else str(first["price_name"]),
        price_usd_per_hour=None if pd.isna(price) else float(price),
        spend=_spend(frame),
        phases=_phases(frame),
    )


def _groups(frame: pd.DataFrame, by: list[str]) -> Iterator[pd.DataFrame]:
    for _, group in frame.groupby(by, sort=True):
        yield group


def add_up(entries: Iterable[LedgerEntry]) -> Bill:
    """The bill; of an empty ledger it is zero and complete."""
    frame = _frame(entries)
    attempts = [_attempt(group) for group in _groups(frame, ["model", "folder", "attempt"])]
    models = {str(group["model"].iloc[0]): group for group in _groups(frame, ["model"])}
    return Bill(
        attempts=tuple(sorted(attempts, key=lambda a: (a.model, a.started, a.folder, a.attempt))),
        by_model={name: _spend(group) for name, group in models.items()},
        by_phase={name: _phases(group) for name, group in models.items()},
        total=_spend(frame),
    )
