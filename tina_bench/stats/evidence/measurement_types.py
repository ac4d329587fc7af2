"""Pieces of evidence: who measured what, and what is not counted as a piece of its own."""

import re
from typing import Literal

from tina_bench.stats.types import Shape

OURS = "tina-bench (here)"
"""Who measured our own records."""


class Measurement(Shape):
    """One piece of evidence: one or several runs of a model on a task."""

    name: str
    """Catalog name of the claim, or which file or record it is."""
    origin: Literal["claim", "imported file", "own record"]
    """What it was read from."""
    model: str
    """Catalog name of the model."""
    task: str
    """Catalog name of the task."""
    percent: float
    """The score, percent."""
    decimals: int | None = None
    """Digits printed; `None`: not rounded."""
    n: int
    """Problems."""
    runs: int | None
    """Runs behind it; `None`: not stated, and taken as one."""
    spread_points: float | None = None
    """SD of one run by this measurement itself, points."""
    spread_degrees_of_freedom: float | None = None
    """How well that SD is known, as those of a chi-square."""
    best_of: int | None = None
    """Checkpoints that it was picked out of by such scores, where known: its luck came with it."""
    who: str
    """Who measured."""
    source: str
    """Where it is printed."""
    told_again_in: tuple[str, ...] = ()
    """Other names under which the same runs were found."""


class SetAside(Shape):
    """Something that looks like evidence and is not counted as a piece of its own."""

    name: str
    """Claim, file or record."""
    counted_as: str | None
    """The piece that holds it; `None`: not counted at all."""
    reason: str
    """Why."""


class AuditInput(Shape):
    """Every piece once."""

    measurements: tuple[Measurement, ...]
    """By model, task and name."""
    set_aside: tuple[SetAside, ...]
    """By name."""

    def of(self, model: str, task: str) -> tuple[Measurement, ...]:
        """Return the pieces on one model and task."""
        return tuple(m for m in self.measurements if (m.model, m.task) == (model, task))


def group_of(who: str) -> str:
    """Return the people behind a name: `Tina authors` and `Tina author (name)` are the same."""
    return re.split(r"\s+authors?\b", who, maxsplit=1)[0]
