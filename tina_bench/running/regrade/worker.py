"""The processes that grading again takes: one that makes problems, one per Python that grades."""

from collections.abc import Mapping
from pathlib import Path

from tina_bench.errors import JobFailedError, MissingEngineError, error_kind
from tina_bench.files.worker_process import (
    NO_ENGINE,
    REFUSED,
    OnProgress,
    read_answer,
    run_worker,
)
from tina_bench.store.regrade_job import (
    ProblemAnswer,
    ProblemOrder,
    RegradeAnswer,
    RegradeOrder,
    StoredProblem,
    TaskInput,
)

ProblemsById = dict[str, StoredProblem]


def ask_problems(
    wanted: Mapping[str, TaskInput], folder: Path, home: Path
) -> dict[str, ProblemsById | str]:
    """Every task's problems by id, or the sentence why they cannot be made.

    Raises `MissingEngineError` without LightEval, and `JobFailedError` when the process fails.
    """
    order = ProblemOrder(wanted="problems", tasks=dict(wanted))
    end = run_worker("tina_bench.jobs.problems", folder, order, str(home))
    if end.code == NO_ENGINE:
        raise MissingEngineError(
            "grading again makes the problems anew, which needs lighteval; install "
            "`pip install 'tina-bench[engines]'`, or verify without --regrade."
        )
    if end.code != 0 or not end.answered:
        raise JobFailedError(f"the process that makes the problems {end.how}.")
    return {
        name: {problem.problem: problem for problem in made.problems}
        if made.refusal is None
        else made.refusal
        for name, made in read_answer(folder, ProblemAnswer).tasks.items()
    }


def grade_again(
    python: Path, order: RegradeOrder, folder: Path, home: Path, on_progress: OnProgress
) -> RegradeAnswer:
    """Have one interpreter carry out an order.

    Raises `UsageError` where there is no such interpreter, `MissingEngineError` where it lacks what
    a grader needs, what else the worker refused with, and `JobFailedError` when the process fails.
    What it had graded by then is kept.
    """
    end = run_worker(
        "tina_bench.jobs.regrade", folder, order, str(home), python=python, on_progress=on_progress
    )
    if end.code not in {0, REFUSED} or not end.answered:
        raise JobFailedError(f"the process that grades {end.how}.")
    answer = read_answer(folder, RegradeAnswer)
    if answer.refusal is not None:
        raise error_kind(answer.refusal_exit_code)(answer.refusal)
    return answer
