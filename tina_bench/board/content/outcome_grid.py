"""Who solved what: the outcomes of records as grids, and where an answer can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from markupsafe import escape
from numpy.typing import NDArray

from tina_bench.board.output.paths import answer_path
from tina_bench.stats.outcome_matrix import flags
from tina_bench.store.records import ResultRecord


@dataclass(frozen=True)
class OutcomeGrid:
    """One model on one task."""

    model: str
    """Model."""
    task: str
    """Task."""
    seeds: tuple[int, ...]
    """Sample seeds, one a run."""
    problems: tuple[str, ...]
    """Problem ids, in dataset order."""
    indices: tuple[int, ...]
    """Their rows in the dataset."""
    correct: NDArray[np.bool_]
    """Problems × runs."""

    @classmethod
    def of(cls, record: ResultRecord) -> "OutcomeGrid":
        """The outcomes of a record."""
        return cls(
            record.model,
            record.task,
            record.seeds,
            tuple(problem.problem for problem in record.problems),
            tuple(problem.index for problem in record.problems),
            flags(record, "correct"),
        )

    @property
    def n(self) -> int:
        """Problems."""
        return len(self.problems)

    @property
    def k(self) -> int:
        """Runs."""
        return len(self.seeds)

    @cached_property
    def solved(self) -> tuple[int, ...]:
        """By problem: runs that solved it."""
        return tuple(self.correct.sum(axis=1).tolist())

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each problem stands."""
        return {problem: position for position, problem in enumerate(self.problems)}

    @cached_property
    def shares(self) -> NDArray[np.float64]:
        """By problem: share of the runs that solved it."""
        return np.asarray(self.correct.mean(axis=1))

    def right(self, place: int) -> str:
        """Path of the first right answer to the problem there, or of the first; escaped."""
        return self._path(place, int(np.argmax(self.correct[place])))

    def wrong(self, place: int) -> str:
        """Path of the first wrong answer to the problem there, or of the first; escaped."""
        return self._path(place, int(np.argmin(self.correct[place])))

    def _path(self, place: int, run: int) -> str:
        seed, index = self.seeds[run], self.indices[place]
        return str(escape(answer_path(self.model, self.task, seed, place, index)))


def sheets(records: Mapping[tuple[str, str], ResultRecord]) -> dict[tuple[str, str], OutcomeGrid]:
    """By model and task."""
    return {key: OutcomeGrid.of(record) for key, record in records.items()}
