"""The processes that grading again takes: one that makes problems, one a Python that grades."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tina_bench.errors import JobFailedError, MissingEngineError, UsageError
from tina_bench.store.home import read_record
from tina_bench.store.regrade_job import (
    ANSWER_FILE,
    NO_ENGINE,
    ORDER_FILE,
    PROBLEMS_FILE,
    REFUSED,
    ProblemOrder,
    RegradeAnswer,
    RegradeOrder,
    StoredProblem,
)

OUTPUT_FILE = "log.txt"
GRACE_SECONDS = 10.0


def ask_problems(
    wanted: Mapping[str, ProblemOrder], folder: Path, home: Path
) -> dict[str, dict[str, StoredProblem] | str]:
    """Every task's problems by id, or the sentence why they cannot be made.

    Leaves them in `folder` for the graders. Raises `MissingEngineError` without LightEval, and
    `JobFailedError` when the process fails.
    """
    order = {name: one.model_dump(mode="json") for name, one in sorted(wanted.items())}
    (folder / ORDER_FILE).write_text(json.dumps(order), encoding="utf-8")
    code = _run(Path(sys.executable), "tina_bench.jobs.golds", folder, home)
    if code == NO_ENGINE:
        raise MissingEngineError(
            "grading again makes the problems anew, which needs lighteval; install "
            "`pip install 'tina-bench[engines]'`, or verify without --regrade."
        )
    if code != 0:
        raise _failed("makes the problems", code, folder)
    found = json.loads((folder / PROBLEMS_FILE).read_text(encoding="utf-8"))
    return {
        name: rows
        if isinstance(rows, str)
        else {row["problem"]: StoredProblem.model_validate(row) for row in rows}
        for name, rows in found.items()
    }


def grade_again(
    python: Path,
    order: RegradeOrder,
    folder: Path,
    home: Path,
    on_progress: Callable[[int, int], None],
) -> RegradeAnswer:
    """Have one interpreter carry out an order.

    Raises `UsageError` where there is no such interpreter, `MissingEngineError` where it lacks what
    a grader needs, and `JobFailedError` when the process fails. What it had graded by then is kept.
    """
    (folder / ANSWER_FILE).unlink(missing_ok=True)
    (folder / ORDER_FILE).write_text(order.model_dump_json(), encoding="utf-8")

    def line(text: str) -> None:
        done, total = json.loads(text)
        on_progress(done, total)

    code = _run(python, "tina_bench.jobs.regrade", folder, home, line)
    if code not in {0, REFUSED}:
        raise _failed("grades", code, folder)
    answer = read_record(folder / ANSWER_FILE, RegradeAnswer)
    if answer.refusal is not None:
        raise MissingEngineError(answer.refusal)
    return answer


def _run(
    python: Path,
    module: str,
    folder: Path,
    home: Path,
    on_line: Callable[[str], None] = lambda _: None,
) -> int:
    """Run a worker to its end; on Ctrl-C it is asked to stop before that goes on up."""
    root = Path(__file__).parents[2]
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with (folder / OUTPUT_FILE).open("wb") as log:
        try:
            child = subprocess.Popen(
                [str(python), "-m", module, str(folder), str(home)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                env=environment,
                text=True,
            )
        except OSError as error:
            raise UsageError(
                f"{python}: cannot be started as a Python: {error.strerror}."
            ) from None
        assert child.stdout is not None
        try:
            for text in child.stdout:
                on_line(text)
            return child.wait()
        except BaseException:
            child.terminate()
            try:
                child.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            raise


def _failed(what: str, code: int, folder: Path) -> JobFailedError:
    text = (folder / OUTPUT_FILE).read_text(encoding="utf-8", errors="replace")
    last = (text.strip().splitlines() or ["it said nothing"])[-1]
    return JobFailedError(f"the process that {what} ended with {code}: {last[:300]}.")
