"""The board as data: one row per model, one cell per task.

A cell holds the best estimate from all public evidence, what we measured, with both intervals and
the ranks it may have, and the published numbers beside it, each with what others say of it.
"""

from dataclasses import dataclass, replace

from tina_bench.metering.bill import BillLine
from tina_bench.stats.comparisons.ranks import RankBand
from tina_bench.stats.evidence.types import EstimatedGain, Others, ScoreEstimate, Standing
from tina_bench.stats.types import AverageEstimate, Comparison, TaskEstimate, Verdict

HERE = "here"
"""Stands for us in the filter of who measured."""
NOTHING = "none"
"""Stands for no result of ours in the filter of stacks."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published score as a cell shows it."""

    claim: str
    """Catalog name."""
    value: float
    """As printed, percent."""
    decimals: int
    """Digits printed."""
    who: str
    """Who says so."""
    short: str
    """The same in a word or two."""
    who_id: str
    """The same as the filter spells it."""
    verdict: Verdict
    """What our own measurements say of it."""
    word: Others | None
    """What other teams' measurements say of it; `None` where they were not asked."""
    tasks: int | None = None
    """Tasks in an average; `None` for a task's score, and where the source does not say which."""


@dataclass(frozen=True, slots=True)
class BoardCell:
    """One model on one task, or its average."""

    estimate: TaskEstimate | AverageEstimate | None
    """Our score; `None` where we have none."""
    published: tuple[Published, ...]
    """Published scores, the model's own makers first."""
    band: RankBand | None = None
    """The ranks it may have; `None` where nothing is there to compare with."""
    ranked: int = 0
    """Models that were ranked."""
    deviates: bool = False
    """The result was not made as asked."""
    tasks: int = 0
    """Tasks in an average."""
    known: ScoreEstimate | None = None
    """The best estimate from all public evidence, our score included."""
    page: str = ""
    """Where every measurement behind it stands; nothing for an average."""
    standing: Standing | None = None
    """Of an average: the ranks it may have by public evidence."""
    stood: int = 0
    """Models that have such a rank."""

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.known or self.estimate or self.published)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One model on the board."""

    model: str
    """Catalog name."""
    title: str
    """As people print it."""
    kind: str
    """`base`, `baseline`, `adapter`, or nothing for a model that the catalog lacks."""
    family: str
    """What it belongs to."""
    family_id: str
    """The same as the filter spells it."""
    stacks: tuple[str, ...]
    """Stacks that its results were made with, or `NOTHING`."""
    who_ids: tuple[str, ...]
    """Who measured it, as the filter spells them."""
    cells: tuple[BoardCell, ...]
    """One per task of the board."""
    average: BoardCell
    """Unweighted mean over the tasks that it has, and published averages."""
    runs: str
    """Number of runs behind each score."""
    gain: Comparison | None
    """Measured here against its base, all common tasks pooled."""
    known_gain: EstimatedGain | None
    """Over its base by public evidence, over the tasks of the ranking."""
    spend: BillLine | None
    """What everything about this model cost; `None` where the ledger has nothing."""
    verdicts: dict[Verdict, int]
    """Claims about it by verdict, those that none is for left out."""
    tested: int
    """Claims that were judged on measurements."""
    words: dict[Others, int]
    """Claims about it, counted by the word of others; words without a claim are left out."""


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """Models under one heading."""

    heading: str
    """Heading."""
    id: str
    """The same as an address can hold it."""
    embedded: bool
    """Made for this package, to show that the machinery works."""
    rows: tuple[BoardRow, ...]
    """By estimated average, the highest first; then those without, in the order of the catalog."""


@dataclass(frozen=True, slots=True)
class Column:
    """One task of the board."""

    task: str
    """Catalog name."""
    title: str
    """As people print it."""
    n: int | None
    """Problems; `None` where catalog and results give no single number."""
    embedded: bool
    """Comes with this package."""


@dataclass(frozen=True, slots=True)
class BoardTable:
    """A table of the front page: some groups, and the columns that any of their rows fills."""

    groups: tuple[ModelGroup, ...]
    """Its rows."""
    columns: tuple[Column, ...]
    """Its tasks."""
    has_costs: bool
    """Whether the ledger has anything on a model in it."""

    @classmethod
    def of(
        cls, groups: tuple[ModelGroup, ...], columns: tuple[Column, ...], *, embedded: bool
    ) -> "BoardTable":
        """The groups that come with this package, or those that do not."""
        own = tuple(group for group in groups if group.embedded == embedded)
        rows = [row for group in own for row in group.rows]
        filled = [any(row.cells[i].is_shown for row in rows) for i, column in enumerate(columns)]
        kept = tuple(
            replace(group, rows=tuple(replace(row, cells=_chosen(row, filled))
                                      for row in group.rows))
            for group in own
        )  # fmt: skip
        shown = tuple(column for column, is_filled in zip(columns, filled, strict=True)
                      if is_filled)  # fmt: skip
        return cls(kept, shown, any(row.spend is not None or row.runs for row in rows))


def _chosen(row: BoardRow, filled: list[bool]) -> tuple[BoardCell, ...]:
    return tuple(cell for cell, kept in zip(row.cells, filled, strict=True) if kept)
