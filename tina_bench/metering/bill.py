"""Sums over the ledger: every attempt counts, finished, failed or interrupted."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

from tina_bench.store.records import LedgerEntry

Column = Literal["model", "kind", "phase", "attempt"]


@dataclass(frozen=True)
class BillLine:
    """One sum. A quantity that is unknown for any part of it is `None`."""

    model: str = ""
    kind: str = ""
    phase: str = ""
    attempt: str = ""
    outcome: str = ""
    """With `attempt`: `done`, `budget`, `failed`, or `interrupted` for one that never ended."""
    interrupted: bool = False
    """An attempt that never ended is part of it: what was really spent is this or more."""
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_bytes: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    samples: int = 0
    steps: int = 0
    gpu_seconds: float | None = None
    energy_joules: float | None = None
    cost_usd: float | None = None
    gpu_seconds_known: float = 0.0
    """The part that is known, of a sum that may not be; likewise the next two."""
    energy_joules_known: float = 0.0
    cost_usd_known: float = 0.0


SECONDS = ("wall_seconds", "cpu_seconds")
COUNTS = ("tokens_in", "tokens_out", "samples", "steps")
KNOWN_OR_NOT = ("gpu_seconds", "energy_joules", "cost_usd")


def bill(entries: Iterable[LedgerEntry], by: Sequence[Column]) -> list[BillLine]:
    """Sum the ledger by the named columns, in the order in which they first appear; by none, whole.

    An interrupted attempt is on the bill up to its last entry: its sums are lower bounds, and so is
    every sum that it is part of. One that was killed before its first stretch ended has a line of
    zeros, but in no phase.
    """
    rows = [entry.model_dump(mode="json") for entry in entries]
    if not rows:
        return []
    frame = pd.DataFrame(rows)
    ended = frame[frame["event"] == "end"].set_index("attempt")["outcome"].to_dict()
    frame["interrupted"] = ~frame["attempt"].isin(ended)
    # Start and end mark an attempt; they span no time, and so have nothing unknown about it.
    marks = frame["event"] != "spent"
    frame.loc[marks, [*SECONDS, *COUNTS, *KNOWN_OR_NOT]] = 0
    if "phase" in by:
        frame = frame[~marks]
    lines = []
    for _, group in frame.groupby(list(by), sort=False) if by else [((), frame)]:
        first = group.iloc[0]
        line: dict[str, object] = {column: str(first[column]) for column in by}
        if "attempt" in by:
            line |= {"model": str(first["model"]), "kind": str(first["kind"])}
            line["outcome"] = str(ended.get(first["attempt"], "interrupted"))
        line |= {name: float(group[name].sum()) for name in SECONDS}
        line |= {name: int(group[name].sum()) for name in COUNTS}
        line |= {
            name: None if group[name].isna().any() else float(group[name].sum())
            for name in KNOWN_OR_NOT
        }
        line |= {f"{name}_known": float(group[name].sum()) for name in KNOWN_OR_NOT}
        line["interrupted"] = bool(group["interrupted"].any())
        line["peak_memory_bytes"] = int(group["peak_memory_bytes"].max())
        lines.append(BillLine(**line))  # type: ignore[arg-type]
    return lines


def as_rows(lines: Iterable[BillLine]) -> list[dict[str, object]]:
    """Bill lines as plain dictionaries, for JSON and CSV."""
    return [asdict(line) for line in lines]
