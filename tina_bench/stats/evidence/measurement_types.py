"""Pieces of evidence: who measured what, and what is not counted as a piece of its own."""

import re
from typing import Literal

from tina_bench.catalog.fields import Confidence
from tina_bench.stats.types import Shape

OURS = "tina-bench (here)"
"""Who measured our own records."""


NOT_POOLED = frozenset({Confidence.SECONDARY, Confidence.UNREAD})
"""What was seen at second hand, or without its runs and settings: listed, and not pooled."""


class MeasuredHow(Shape):
    """How it was measured, as far as the source says; `None` and empty: it does not say."""

    temperature: float | None = None
    """0 is greedy."""
    top_p: float | None = None
    """Nucleus mass."""
    max_new_tokens: int | None = None
    """Longest answer, tokens."""
    prompts_sha256: str | None = None
    """Hash over problem ids and prompt tokens, template included."""
    grader: str | None = None
    """Import path of the metric."""
    harness: str | None = None
    """Software that asked and graded."""

    @property
    def stated(self) -> bool:
        """Whether it says how answers were drawn, and how long they could be."""
        return self.temperature is not None and self.max_new_tokens is not None


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
    correct_by_run: tuple[int, ...] = ()
    """Right answers of each run, where known."""
    correct_by_problem: tuple[int, ...] = ()
    """Right answers to each problem over all runs, where known."""
    protocol: MeasuredHow = MeasuredHow()
    """How it was measured."""
    confidence: Confidence | None = None
    """How sure it is that this is what was measured; `None` where that is not known."""
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


class Evidence(Shape):
    """Every measurement once."""

    measurements: tuple[Measurement, ...]
    """By model, task and name."""
    not_pooled: tuple[Measurement, ...] = ()
    """What was seen at second hand or without its table; by model, task and name."""
    set_aside: tuple[SetAside, ...]
    """By name."""

    def of(self, model: str, task: str) -> tuple[Measurement, ...]:
        """Return the pieces on one model and task."""
        return tuple(m for m in self.measurements if (m.model, m.task) == (model, task))


def group_of(who: str) -> str:
    """Return the people behind a name: `Tina authors` and `Tina author (name)` are the same.

    So are `Resa authors (Tina authors)`, the same people under another paper.
    """
    known_as = re.search(r"\(([^()]+?)\s+authors\)$", who)
    if known_as is not None:
        return known_as[1]
    return re.split(r"\s+authors?\b", who, maxsplit=1)[0]
