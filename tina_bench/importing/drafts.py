"""What a file of another harness says, before names, counts and contradictions are looked at.

A reader of a format turns its files into these; `tina_bench.importing.records` turns these into
what is kept. So every format is held to the same rules, and a reader knows nothing but its format.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tina_bench.store.imported import ReportedProtocol, SourceFile


@dataclass(frozen=True)
class Found:
    """A file, and the name that records have for it."""

    path: Path
    where: str


@dataclass(frozen=True)
class Row:
    """One graded answer to one problem, or several that the file has counted already."""

    place: str
    """File and line, for a sentence."""
    problem: str | None
    """The file's own id of the problem; `None`: it has none, and the text stands for it."""
    marks: Mapping[str, Any]
    """What each metric says: 0 or 1; of several answers, how many are right."""
    run: int | None = None
    """Seed, epoch or repeat; `None` where the file does not tell answers apart."""
    trials: int = 1
    """Answers that the marks are of."""
    query: str | None = None
    """Text of the problem."""
    text: str | None = None
    """The answer as generated."""
    tokens: int | None = None
    """Generated tokens."""
    truncated: bool | None = None
    """Whether it ended at the token limit."""
    extracted: str | None = None
    """What the grader read out of it."""
    gold: str | None = None
    """The right answer."""
    ungraded: tuple[str, ...] = ()
    """Texts of further answers that no metric says anything of."""


@dataclass(frozen=True)
class DraftTotal:
    """Right answers of one or more whole runs, not by problem."""

    place: str
    correct: int
    n: int | None
    """Problems; `None`: the catalog's task says it."""
    trials: int
    """Answers."""
    run: int | None = None
    stderr: float | None = None


@dataclass(frozen=True)
class PrintedScore:
    """A score in percent without a count."""

    place: str
    percent: float
    decimals: int
    runs: int | None
    """Runs that it is the mean of; `None`: not said."""
    sd_points: float | None = None
    """Standard deviation of one run, points."""


@dataclass
class DraftTask:
    """One task: exactly one of the three kinds of evidence."""

    name: str
    """As printed."""
    place: str
    """File and key or line, for sentences about the task as a whole."""
    rows: list[Row] = field(default_factory=list)
    totals: list[DraftTotal] = field(default_factory=list)
    printed: list[PrintedScore] = field(default_factory=list)
    metric: str = "correct"
    """What totals and printed scores are called; rows name their own."""
    named_by_hand: bool = False
    """Whether the task's name was written by the one who made the table: another number of
    problems is then a mistake, and not a part of the task or a task of the same name."""
    n: int | None = None
    """Number of problems as printed beside the rows."""
    shots: int | None = None
    """Examples in the prompt."""
    dataset: Mapping[str, Any] = field(default_factory=dict)
    """Dataset as LightEval's configuration names it: hf_repo, hf_subset, evaluation_splits."""
    said: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)
    """Scores that the harness printed for all rows, as shares, and their standard errors."""
    version: int | float | str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    details: SourceFile | None = None


@dataclass
class ImportDraft:
    """One model under one protocol, out of one file and those beside it."""

    path: Path
    file: SourceFile
    format: str
    model: str | None
    """As printed; `None` where the format has no place for it."""
    model_key: str = "model"
    """Where the name stands, or would."""
    lookup: str | None = None
    """The name without what the harness puts before it, such as the engine."""
    tasks: list[DraftTask] = field(default_factory=list)
    part: str | None = None
    protocol: ReportedProtocol = field(default_factory=ReportedProtocol)
    revision: str | None = None
    dtype: str | None = None
    seed: int | None = None
    saved_at: str | None = None
    seconds: float | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    harness: str | None = None
    harness_version: str | None = None
    who: str | None = None
    source: str | None = None
    beside: list[SourceFile] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    used: list[Path] = field(default_factory=list)
    """Files beside it that are no longer loose."""
