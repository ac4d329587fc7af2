"""The grades of a home, by answer, as grading again compares them."""

from pathlib import Path

from tina_bench.stats.graders.audit import Ruling
from tina_bench.store.home import read_records
from tina_bench.store.records import Grade, GradeStatus
from tina_bench.store.regrade_job import RegradeCell

Place = tuple[str, int]
"""Problem id and seed."""


def ruling_of(grade: Grade) -> Ruling:
    """What a grade says of its answer."""
    if grade.status is not GradeStatus.GRADED:
        return Ruling.UNDECIDED
    return Ruling.RIGHT if grade.correct else Ruling.WRONG


class GradeLogs:
    """Grade logs, each read once for all tasks that share it; those of one model at a time."""

    def __init__(self, root: Path) -> None:
        self._root, self._model = root, ""
        self._logs: dict[str, dict[tuple[str, str, str], dict[Place, Grade]]] = {}

    def of(self, log: str, cell: RegradeCell, metric: str) -> dict[Place, Grade]:
        """Grades of a cell's answers; the later wins, as it does when outcomes are collected."""
        if cell.model != self._model:
            self._model = cell.model
            self._logs.clear()
        if log not in self._logs:
            found = self._logs[log] = {}
            for grade in read_records(self._root / log, Grade):
                key = (grade.task, grade.protocol, grade.metric)
                found.setdefault(key, {})[grade.problem, grade.seed] = grade
        return self._logs[log].get((cell.task, cell.protocol, metric), {})
