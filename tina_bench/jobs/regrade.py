"""`python -m tina_bench.jobs.regrade FOLDER HOME`: grade stored answers again, by other graders.

A worker (`tina_bench.files.worker_process`) that is given a `RegradeOrder` and answers with a
`RegradeAnswer`. Grades go into logs of their own, named by grader and package versions: no record
and no grade that a record counts is touched, nothing is generated, and what an earlier or an
interrupted call has graded is not graded again. It reports answers done, of answers to do.

Any interpreter that has the packages of the chosen graders, and pydantic and pebble besides, can
run this; which versions it has is part of each log's name. Forks, so it starts no thread.
"""

import importlib.metadata
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from tina_bench.catalog.graders import Answers, Grader
from tina_bench.errors import MissingEngineError, TinaBenchError
from tina_bench.files.append_log import LogWriter
from tina_bench.files.worker_process import REFUSED, read_order, report, write_answer
from tina_bench.jobs.grade_workers import decide, grade_of
from tina_bench.jobs.graders import load, regrade_text
from tina_bench.jobs.parent_death import die_with_parent
from tina_bench.store.answer_logs import counted_samples
from tina_bench.store.home import Home, read_records
from tina_bench.store.log_identity import regrade_log_name
from tina_bench.store.records import Grade, Sample
from tina_bench.store.regrade_job import (
    RegradeAnswer,
    RegradeCell,
    RegradeLog,
    RegradeOrder,
    StoredProblem,
)

FLUSH_EVERY = 64
Problems = dict[str, dict[str, StoredProblem]]
Work = tuple[RegradeCell, Sample, StoredProblem]


def versions_of(grader: Grader) -> dict[str, str]:
    """Version of each of the grader's packages in this interpreter."""
    found = {}
    for package in grader.packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "none"
    return found


def usable(order: RegradeOrder) -> dict[str, dict[str, str]]:
    """Versions by grader, of those graders that this interpreter can run.

    Raises `MissingEngineError` for one that it cannot, or where it can run none.
    """
    found = {grader.name: versions_of(grader) for grader in order.graders}
    lacking = {
        name: [package for package, version in versions.items() if version == "none"]
        for name, versions in found.items()
    }
    able = {name: versions for name, versions in found.items() if not lacking[name]}
    if len(able) == len(found) or (able and order.only_installed):
        return able
    name = next(name for name, packages in lacking.items() if packages)
    raise MissingEngineError(
        f"{sys.executable}: grading with {name!r} needs {' and '.join(lacking[name])}, which that "
        "Python does not have; `pip install 'tina-bench[engines]'` brings what the graders need, "
        "or choose others with --grader."
    )


def suits(grader: Grader, problems: dict[str, StoredProblem]) -> bool:
    """Whether a grader can read the answers to a task's problems."""
    if grader.answers is Answers.ANY:
        return True
    choices = {problem.is_choice for problem in problems.values()}
    return choices == {grader.answers is Answers.CHOICE}


class _Progress:
    """Counts the graded answers, and reports them."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0

    def add(self, answers: int) -> None:
        """Count answers that are graded, now or before."""
        self._done += answers
        report(self._done, self._total)


def _grade(
    home: Home,
    cells: list[RegradeCell],
    grader: Grader,
    log_path: Path,
    problems: Problems,
    timeout_seconds: float,
    progress: _Progress,
) -> int:
    """Grade what is ungraded of one sample log by one grader; returns how much that was."""
    with LogWriter(log_path) as log:
        graded = {(made.key, made.task, made.metric) for made in read_records(log_path, Grade)}

        def todo() -> Iterator[Work]:
            for cell, sample in counted_samples(home.root / cells[0].sample_log, cells):
                if (sample.key, sample.task, cell.metric_of(grader)) in graded:
                    progress.add(1)
                else:
                    load(grader.name, cells)  # before the first worker is forked
                    yield cell, sample, problems[cell.task][sample.problem]

        fresh: list[Grade] = []
        total = 0
        found = decide(
            todo(),
            regrade_text,
            lambda work: (grader.name, work[0], work[2], work[1].text),
            timeout_seconds,
        )
        for (cell, sample, problem), decision in found:
            fresh.append(
                grade_of(sample, decision, metric=cell.metric_of(grader), gold=problem.golds[0])
            )
            total += 1
            if len(fresh) >= FLUSH_EVERY:
                log.append(made.model_dump(mode="json") for made in fresh)
                progress.add(len(fresh))
                fresh.clear()
        if fresh:
            log.append(made.model_dump(mode="json") for made in fresh)
            progress.add(len(fresh))
    return total


def regrade(home: Home, order: RegradeOrder) -> RegradeAnswer:
    """Do the whole order: every grader on every cell that it suits."""
    problems = {
        task: {problem.problem: problem for problem in made}
        for task, made in order.problems.items()
    }
    able = usable(order)
    plan: dict[tuple[str, str], tuple[Grader, list[RegradeCell]]] = {}
    logs = []
    for cell in order.cells:
        for grader in order.graders:
            if grader.name not in able or not suits(grader, problems[cell.task]):
                continue
            versions = able[grader.name]
            identity = regrade_log_name(
                cell.sample_log, grader, versions, remove_reasoning_tags=cell.remove_reasoning_tags
            )
            name = str(home.grade_log(cell.model, identity).relative_to(home.root))
            logs.append(
                RegradeLog(
                    model=cell.model,
                    task=cell.task,
                    grader=grader.name,
                    metric=cell.metric_of(grader),
                    versions=versions,
                    grade_log=name,
                )
            )
            # By protocol too: two profiles may have answers to one task in one log.
            plan.setdefault((name, cell.protocol), (grader, []))[1].append(cell)
    answers = sum(
        len(cell.seeds) * len(cell.problems) for _, cells in plan.values() for cell in cells
    )
    progress = _Progress(answers)
    graded = sum(
        _grade(home, cells, grader, home.root / name, problems, order.timeout_seconds, progress)
        for (name, _), (grader, cells) in plan.items()
    )
    return RegradeAnswer(logs=tuple(logs), graded=graded)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main(folder: Path, home: Path) -> int:
    """Answer the order in `folder`; returns the exit code."""
    die_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, _interrupt)
    order, code = read_order(folder, RegradeOrder), 0
    try:
        answer = regrade(Home(home), order)
    except TinaBenchError as error:
        code = REFUSED
        answer = RegradeAnswer(refusal=str(error), refusal_exit_code=error.exit_code)
    write_answer(folder, answer)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
