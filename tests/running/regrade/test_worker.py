"""What keeps a worker from grading again is raised here as what it is."""

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.answered import answer_home
from tina_bench.catalog.graders import Answers, Grader
from tina_bench.errors import BusyError, DamagedLogError, JobFailedError, MissingEngineError
from tina_bench.files.append_log import LogWriter
from tina_bench.running.regrade.gradable_records import cell_of
from tina_bench.running.regrade.worker import grade_again
from tina_bench.store.home import Home
from tina_bench.store.log_identity import regrade_log_name
from tina_bench.store.records import ResultRecord
from tina_bench.store.regrade_job import RegradeAnswer, RegradeOrder, StoredProblem

PYTHON = Path(sys.executable)
# Needs no package, so that nothing but the case at hand can refuse; an answer is never graded.
GRADER = Grader(name="letter", title="", source="", answers=Answers.ANY, packages=())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def record(home: Home) -> ResultRecord:
    return answer_home(home, {}, {})


def ask(home: Home, record: ResultRecord, **changes: Any) -> RegradeAnswer:
    folder = home.root.parent / "work"
    folder.mkdir()
    cell = cell_of(record)
    problems = tuple(
        StoredProblem(problem=name, index=0, query="?", choices=("1",), golds=("1",), fields={})
        for name in cell.problems
    )
    order = RegradeOrder(
        cells=(cell,), problems={cell.task: problems}, graders=(changes.get("grader", GRADER),),
        timeout_seconds=1.0,
    )  # fmt: skip
    python = changes.get("python", PYTHON)
    return grade_again(python, order, folder, home.root, lambda _done, _all: None)


def test_grades_that_another_process_writes_are_busy(home: Home, record: ResultRecord) -> None:
    name = regrade_log_name(record.provenance.sample_log, GRADER, {}, remove_reasoning_tags=True)
    with (
        LogWriter(home.grade_log(record.model, name)),
        pytest.raises(BusyError, match="another tina-bench is writing to this log"),
    ):
        ask(home, record)


def test_a_log_that_is_damaged_meanwhile_is_refused_by_line(
    home: Home, record: ResultRecord
) -> None:
    log = home.root / record.provenance.sample_log
    log.write_bytes(log.read_bytes().replace(b"boxed", b"bocks", 1))
    with pytest.raises(DamagedLogError, match="line 1"):
        ask(home, record)


def test_a_package_that_the_interpreter_lacks_is_named(home: Home, record: ResultRecord) -> None:
    grader = GRADER.model_copy(update={"packages": ("no-such-package",)})
    with pytest.raises(MissingEngineError, match="grading with 'letter' needs no-such-package"):
        ask(home, record, grader=grader)


def test_a_program_that_is_no_python_has_failed(home: Home, record: ResultRecord) -> None:
    with pytest.raises(JobFailedError, match="grades ended with 0 and left no answer"):
        ask(home, record, python=Path("/bin/true"))
