"""Sums over the ledger: every attempt counts, finished, failed or interrupted."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from tina_bench.errors import UsageError
from tina_bench.store.imported import ImportedRun
from tina_bench.store.records import LedgerEntry

Column = Literal["model", "kind", "phase", "attempt"]
COLUMNS: tuple[Column, ...] = get_args(Column)


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


def check_columns(names: Sequence[str]) -> list[Column]:
    """These names as columns; raises `UsageError` for one that is none."""
    known: dict[str, Column] = {column: column for column in COLUMNS}
    for name in names:
        if name not in known:
            raise UsageError(f"--by: found {name!r}, expected some of {', '.join(COLUMNS)}.")
    return [known[name] for name in names]


def bill(entries: Iterable[LedgerEntry], by: Sequence[Column]) -> list[BillLine]:
    """Sum the ledger by the named columns, in the order in which they first appear; by none, whole.

    An interrupted attempt is on the bill up to its last entry: its sums are lower bounds, and so is
    every sum that it is part of. One that was killed before its first stretch ended has a line of
    zeros, but in no phase.
    """
    rows = [entry.model_dump(mode="json") for entry in entries]
    if not rows:
        return []
    import pandas as pd  # a third of a second of import that an empty ledger need not wait for

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


def add_lines(lines: Sequence[BillLine], by: Sequence[Column]) -> list[BillLine]:
    """Sum lines by the named columns, in the order in which they first appear; by none, whole.

    The same as `bill` of all their entries, if none is in two of the lines.
    """
    groups: dict[tuple[str, ...], list[BillLine]] = {}
    for line in lines:
        groups.setdefault(tuple(getattr(line, column) for column in by), []).append(line)
    return [_sum(dict(zip(by, key, strict=True)), group) for key, group in groups.items()]


def _sum(labels: Mapping[str, str], lines: Sequence[BillLine]) -> BillLine:
    total: dict[str, object] = {**labels}
    for name in (*SECONDS, *(f"{name}_known" for name in KNOWN_OR_NOT)):
        total[name] = math.fsum(getattr(line, name) for line in lines)
    for name in COUNTS:
        total[name] = sum(getattr(line, name) for line in lines)
    for name in KNOWN_OR_NOT:
        unknown = any(getattr(line, name) is None for line in lines)
        total[name] = None if unknown else total[f"{name}_known"]
    total["interrupted"] = any(line.interrupted for line in lines)
    total["peak_memory_bytes"] = max(line.peak_memory_bytes for line in lines)
    return BillLine(**total)  # type: ignore[arg-type]


@dataclass(frozen=True)
class ReportedLine:
    """What others report that their runs took: never part of our bill, nor of any sum with it."""

    reported_by: str | None
    """Who reports it; `None` where that is unknown."""
    model: str | None
    """The catalog's model, where certain."""
    model_as_printed: str
    """The model's name in their files."""
    tasks: str
    """The tasks of each file, as they print them."""
    files: int
    """Imported files; a repeated run cost its time too, and counts."""
    wall_seconds: float | None
    """Sum over the files; `None` where one of them has no time."""
    gpu_seconds: None = None
    """Unknown: LightEval's files do not name a device."""
    cost_usd: None = None
    """Unknown, as there is neither device nor price."""


def reported(runs: Iterable[ImportedRun]) -> list[ReportedLine]:
    """The times of imported files, summed by who, model and tasks, in that order."""
    groups: dict[tuple[str, str, str, str], list[ImportedRun]] = {}
    for run in runs:
        tasks = ", ".join(task.task_as_printed for task in run.tasks)
        key = (run.reported_by or "", run.model or "", run.model_as_printed, tasks)
        groups.setdefault(key, []).append(run)
    lines = []
    for key in sorted(groups):
        seconds = [run.time.wall_seconds for run in groups[key]]
        known = [value for value in seconds if value is not None]
        lines.append(
            ReportedLine(
                reported_by=key[0] or None,
                model=key[1] or None,
                model_as_printed=key[2],
                tasks=key[3],
                files=len({run.file.sha256 for run in groups[key]}),
                # fsum: the files come in no order that means anything.
                wall_seconds=math.fsum(known) if len(known) == len(seconds) else None,
            )
        )
    return lines


def as_rows(lines: Iterable[BillLine | ReportedLine]) -> list[dict[str, object]]:
    """Lines as plain dictionaries, for JSON and CSV."""
    return [asdict(line) for line in lines]
