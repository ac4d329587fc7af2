"""Grades that others published, where they are of the very answers that a home holds.

An import keeps no text, but each answer's sha256 and its value by each metric. Where a sample of
ours has the same text and answers the same problem, those values are the grades of another grader:
most often another version of the same one.
"""

import hashlib
from collections.abc import Mapping

from tina_bench.stats.graders.audit import Ruling
from tina_bench.store.answer_logs import counted_samples
from tina_bench.store.home import Home
from tina_bench.store.imported import LIGHTEVAL, ImportedOutcome, ImportedRun, ImportedTask
from tina_bench.store.regrade_job import RegradeCell

Reading = tuple[Ruling, str | None]
"""A ruling, and what was read out of the answer."""


class ImportedGrades:
    """A home's imported grades of single answers, read once."""

    def __init__(self, home: Home) -> None:
        self._root = home.root
        self._readings: dict[str, dict[str, dict[str, Reading]]] = {}
        for run in home.imported_runs():
            for task in run.tasks:
                for outcome in task.outcomes:
                    for number, answer in enumerate(outcome.answers):
                        if answer.sha256 is not None:
                            by_text = self._readings.setdefault(outcome.problem, {})
                            found = _readings(run, task, outcome, number)
                            by_text.setdefault(answer.sha256, {}).update(found)

    def rulings(self, cell: RegradeCell) -> dict[tuple[str, int], dict[str, Reading]]:
        """The files' grades of a cell's answers, by problem and seed, then by grader's name."""
        if self._readings.keys().isdisjoint(cell.problems):
            return {}
        found: dict[tuple[str, int], dict[str, Reading]] = {}
        for _, sample in counted_samples(self._root / cell.sample_log, [cell]):
            by_text = self._readings.get(sample.problem, {})
            sha256 = hashlib.sha256(sample.text.encode(errors="surrogatepass")).hexdigest()
            if by_text.get(sha256):
                found[sample.problem, sample.seed] = by_text[sha256]
        return found


def _readings(
    run: ImportedRun, task: ImportedTask, outcome: ImportedOutcome, number: int
) -> Mapping[str, Reading]:
    """Values that are a decision on this answer, by the name of file and metric.

    A metric over several answers is no grade of each; where a file grades each by its first metric,
    that is one.
    """
    answer, values = outcome.answers[number], dict(outcome.values)
    if len(outcome.answers) > 1:
        metric = next((score.metric for score in task.scores), "score")
        values = {} if answer.correct is None else {metric: float(answer.correct)}
    readings = outcome.extracted or ()
    read = readings[number] if number < len(readings) else None
    return {
        f"imported {run.id[:8]} {metric} ({_version(run)})": (
            Ruling.RIGHT if value == 1 else Ruling.WRONG,
            read,
        )
        for metric, value in sorted(values.items())
        if value in {0.0, 1.0}
    }


def _version(run: ImportedRun) -> str:
    """What graded, for the name of a ruling."""
    if run.format == LIGHTEVAL:
        return f"LightEval {run.lighteval_sha[:7]}" if run.lighteval_sha else "LightEval"
    return " ".join(filter(None, (run.harness or run.format, run.harness_version)))
