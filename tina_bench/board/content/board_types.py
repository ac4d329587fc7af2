"""The board as data: one row per model, one cell per task.

A row holds what we measured, with both intervals and the ranks it may have, and the published
numbers beside it. Without a measurement of ours the published numbers stand alone.
"""

from dataclasses import dataclass

from tina_bench.metering.bill import BillLine
from tina_bench.stats.comparisons.ranks import RankBand
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
    """What the evidence says of it."""
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


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One model on the board."""

    model: str
    """Catalog name."""
    title: str
    """As people print it."""
    kind: str
    """`base`, `baseline`, `adapter`, or nothing for a model that the catalog lacks."""
    family_id: str
    """Its family as the filter spells it."""
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
    """Against its base, all common tasks pooled."""
    spend: BillLine | None
    """What everything about this model cost; `None` where the ledger has nothing."""
    verdicts: dict[Verdict, int]
    """Claims about it by verdict, those that none is for left out."""
    tested: int
    """Claims that were judged on measurements."""


@dataclass(frozen=True, slots=True)
class ModelGroup:
    """Models under one heading."""

    family: str
    """Heading."""
    family_id: str
    """The same as the filter spells it."""
    embedded: bool
    """Made for this package, to show that the machinery works."""
    rows: tuple[BoardRow, ...]
    """In the order of the catalog."""


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
