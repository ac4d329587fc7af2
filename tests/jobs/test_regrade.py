"""Grading stored answers again: real graders, tricky answers, and logs that stay as they were."""

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.program import CALM
from tests.support.answered import TASK, answer_home, golds
from tests.support.made import make_result
from tina_bench.catalog.graders import GRADERS, RECORDED
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import BlockedError, IntegrityError, UsageError
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import sha256_file
from tina_bench.running.regrade.flips import flip_texts
from tina_bench.running.regrade.run import regrade_home
from tina_bench.stats.graders.audit import CellAudit, Flip, GraderAudit, Ruling
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord
from tina_bench.store.regrade_job import RegradeCell, StoredProblem

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

EXPR = "lighteval.metrics.metrics:Metrics.expr_gold_metric"
LATEX = "tina_bench.jobs.prompts_hub:latex_gold_metric"
LETTERS = "lighteval.metrics.metrics:Metrics.gpqa_instruct_metric"
R, W, U = Ruling.RIGHT, Ruling.WRONG, Ruling.UNDECIDED

HANGS = r"\boxed{2003^{2002^{2001}}}"
TEXTS = {
    (0, 0): HANGS,
    (1, 0): r"\boxed{GOLD.0}",
    (2, 0): r"\boxed{\frac{2 \cdot GOLD}{2}}",
    (3, 0): r"perhaps \boxed{999}, no: \boxed{GOLD}",
    (4, 0): "The answer is GOLD.",
    (5, 0): "\x1b[31m\\boxed{998}\u202e",
    (6, 0): "I do not know.",
}
RECORDED_AS = {
    (0, 0): None,
    (5, 0): True,  # as if somebody had changed the record: the metric says otherwise
    (6, 0): False,
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, ResultRecord]:
    for name, value in CALM.items():
        pytest.MonkeyPatch().setenv(name, value)
    home = Home(tmp_path_factory.mktemp("regraded"))
    return home, answer_home(home, TEXTS, RECORDED_AS)


@pytest.fixture(scope="module")
def before(asked: tuple[Home, ResultRecord]) -> dict[str, str]:
    return {str(path): sha256_file(path) for path in asked[0].root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def audit(asked: tuple[Home, ResultRecord], before: dict[str, str]) -> GraderAudit:
    home, record = asked
    return regrade_home(home, load_catalog(), [record], timeout_seconds=4.0)


@pytest.fixture
def cell(audit: GraderAudit) -> CellAudit:
    (only,) = audit.cells
    return only


def flips(cell: CellAudit) -> dict[int, Flip]:
    return {flip.index: flip for flip in cell.flips}


def test_every_grader_that_suits_has_graded_every_answer(
    audit: GraderAudit, cell: CellAudit
) -> None:
    assert [score.grader for score in cell.scores] == [
        RECORDED, "boxed-exact", "math-verify", "task",
    ]  # fmt: skip
    assert {score.answers for score in cell.scores} == {30}
    assert audit.graded_now == 90


def test_neither_record_nor_samples_nor_its_grades_are_touched(
    asked: tuple[Home, ResultRecord], before: dict[str, str], audit: GraderAudit
) -> None:
    assert {path: sha256_file(Path(path)) for path in before} == before
    new = {str(path) for path in asked[0].root.rglob("*") if path.is_file()} - set(before)
    assert len(new) == 3
    assert all("/grades/smoke-base/" in path for path in new)


def test_the_tasks_own_metric_says_the_same_again_but_where_the_record_was_changed(
    cell: CellAudit,
) -> None:
    differ = [
        row for row, flip in flips(cell).items() if flip.rulings[RECORDED] != flip.rulings["task"]
    ]
    assert differ == [5]
    assert flips(cell)[5].read["task"] == "998"


def test_an_answer_that_hangs_one_grader_is_undecided_there_and_wrong_elsewhere(
    cell: CellAudit,
) -> None:
    rulings = flips(cell)[0].rulings
    assert (rulings[RECORDED], rulings["task"], rulings["boxed-exact"]) == (U, U, W)


def test_text_that_is_equal_only_as_a_number_divides_strict_and_lenient_graders(
    cell: CellAudit,
) -> None:
    for row in (1, 2, 4):
        rulings = flips(cell)[row].rulings
        assert (rulings["task"], rulings["math-verify"], rulings["boxed-exact"]) == (R, R, W), row
    assert flips(cell)[4].read["boxed-exact"] is None


def test_the_score_lies_between_the_bounds_whoever_grades(cell: CellAudit) -> None:
    assert cell.lowest_percent < cell.highest_percent
    for score in cell.scores:
        assert score.percent is not None
        assert cell.lowest_percent <= score.percent <= cell.highest_percent
    assert cell.exceeds_margin  # three of 30 problems are more than this task's margin


def test_a_flip_brings_question_right_answer_and_the_end_of_the_answer(cell: CellAudit) -> None:
    flip = flips(cell)[1]
    gold = golds()[1][1]
    assert flip.gold == gold
    assert flip.question is not None
    assert "Start with" in flip.question
    assert flip.answer_end == f"\\boxed{{{gold}.0}}"


def test_whole_texts_come_one_by_one(asked: tuple[Home, ResultRecord], audit: GraderAudit) -> None:
    home, record = asked
    texts = {flip.index: text for _, flip, text in flip_texts(home, [record], audit)}
    assert set(texts) == set(flips(audit.cells[0]))
    assert texts[5] == TEXTS[5, 0]


def test_asking_again_grades_nothing_and_says_the_same(
    asked: tuple[Home, ResultRecord], audit: GraderAudit
) -> None:
    home, record = asked
    told: list[tuple[int, int]] = []
    again = regrade_home(
        home, load_catalog(), [record], on_progress=lambda done, total: told.append((done, total))
    )
    assert (again.graded_now, again.cells) == (0, audit.cells)
    assert told[-1] == (90, 90)


OTHER_MATH_VERIFY = """
import re
class LatexExtractionConfig:
    def __init__(self, boxed_match_priority=0): pass
class ExprExtractionConfig: pass
def parse(text, ways):
    return re.findall(r"boxed{([^{}]*)}", text)[-1:] or re.findall(r"^[$](.*)[$]$", text)
def verify(gold, found):
    return gold == found
"""


@pytest.mark.nightly
def test_another_interpreter_is_another_grader_with_its_versions_in_its_name(
    asked: tuple[Home, ResultRecord], audit: GraderAudit, tmp_path: Path
) -> None:
    # Another version as far as the worker can tell: a package of that name with rules of its own.
    package = tmp_path / "site" / "math_verify"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(OTHER_MATH_VERIFY, encoding="utf-8")
    about = tmp_path / "site" / "math_verify-99.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: math-verify\nVersion: 99.0\n")
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH={tmp_path / "site"}:$PYTHONPATH exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    home, record = asked
    found = regrade_home(home, load_catalog(), [record], ["math-verify"], pythons=[python])
    (cell,) = found.cells
    other = next(score for score in cell.scores if "99.0" in score.grader)
    assert other.versions["math-verify"] == "99.0"
    assert other.grader.startswith("math-verify (")
    assert flips(cell)[1].rulings[other.grader] is W
    assert flips(cell)[1].rulings["math-verify"] is R
    assert found.graded_now == 30


def test_a_sample_log_that_was_changed_is_refused_before_anything_is_graded(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    record = answer_home(home, {}, {})
    path = home.root / record.provenance.sample_log
    path.write_bytes(path.read_bytes().replace(b"boxed", b"bocks"))
    with pytest.raises(IntegrityError, match="found other bytes"):
        regrade_home(home, load_catalog(), [record])


def test_a_log_outside_the_home_is_not_opened(tmp_path: Path) -> None:
    record = make_result(task=TASK, sample_log="../elsewhere.jsonl")
    with pytest.raises(IntegrityError, match="outside this home"):
        regrade_home(Home(tmp_path / "home"), load_catalog(), [record])


@pytest.mark.nightly
def test_a_dataset_with_other_bytes_than_the_records_grades_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    record = answer_home(home, {}, {})
    wrong = dict.fromkeys(record.provenance.dataset_sha256, "0" * 64)
    made = record.provenance.model_copy(update={"dataset_sha256": wrong})
    changed = record.model_copy(update={"provenance": made})
    write_model(home.result_file("smoke", record.model, TASK), changed)
    with pytest.raises(BlockedError, match=r"smoke-30\.jsonl: found sha256"):
        regrade_home(home, load_catalog(), [changed])
    assert len(list((home.root / "grades").rglob("*.jsonl"))) == 1


def test_an_unknown_grader_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no grader 'strict'; choose among task, math-verify"):
        regrade_home(Home(tmp_path), load_catalog(), [], ["strict"])


def order_of(metric: str, *, remove: bool = False) -> RegradeCell:
    return RegradeCell(
        model="m", task="t", metric=metric, remove_reasoning_tags=remove, protocol="p",
        seeds=(0,), problems=("p",), sample_log="samples/m/i.jsonl", sample_log_bytes=0,
    )  # fmt: skip


def problem_of(gold: str, choices: tuple[str, ...] = ()) -> StoredProblem:
    chosen = choices or (gold,)
    fields = {"query": "?", "choices": list(chosen), "gold_index": chosen.index(gold)}
    return StoredProblem(
        problem="p", index=0, query="?", choices=chosen, golds=(gold,), fields=fields
    )


@pytest.fixture(scope="module")
def grade() -> object:
    from tina_bench.jobs.graders import load, regrade_text

    for name in GRADERS:
        load(name, [order_of(LATEX)])
    return regrade_text


@pytest.mark.parametrize(
    ("gold", "text", "task", "math_verify", "boxed_exact"),
    [
        (r"\boxed{\frac{1}{2}}", r"\boxed{0.5}", True, True, True),  # MATH spells 0.5 as a fraction
        (r"\boxed{\frac{1}{2}}", r"\boxed{\frac12}", True, True, True),
        (r"\boxed{\frac{1}{2}}", r"\boxed{\dfrac{2}{4}}", True, True, False),
        (r"\boxed{\frac{1}{4}}", r"\boxed{0.25}", True, True, False),
        (r"\boxed{5}", r"\boxed{5\text{ cm}}", True, True, True),
        (r"\boxed{(1,2)}", r"\boxed{(1, 2)}", True, True, True),
        (r"\boxed{(1,2)}", r"\boxed{(2, 1)}", False, False, False),
        (r"\boxed{2}", r"$x = 2$", True, True, False),
        (r"so $1+1=2$, and $\boxed{2}$.", r"\boxed{2}", True, True, True),
        (r"\boxed{2}", r"\boxed{}", False, False, False),
    ],
)
def test_math_answers_are_graded_as_each_grader_says_of_itself(
    grade, gold, text, task, math_verify, boxed_exact
) -> None:
    found = {
        name: grade(name, order_of(LATEX), problem_of(gold), text)[0]
        for name in ("task", "math-verify", "boxed-exact")
    }
    assert found == {"task": task, "math-verify": math_verify, "boxed-exact": boxed_exact}


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Answer: A or so. No.\nAnswer: B", "B"),
        ("answer:c.", "C"),
        ("The correct choice is B", None),
        ("Answer: Because", None),
        ("", None),
    ],
)
def test_the_letter_is_the_one_after_the_last_answer(grade, text, letter) -> None:
    problem = problem_of("B", ("A", "B", "C", "D"))
    assert grade("letter", order_of(LETTERS), problem, text) == (letter == "B", letter)


def test_the_metric_of_multiple_choice_runs_on_a_stored_problem(grade) -> None:
    problem = problem_of("B", ("A", "B", "C", "D"))
    assert grade("task", order_of(LETTERS), problem, "Answer: B")[0] is True
    assert grade("task", order_of(LETTERS), problem, "Answer: C")[0] is False


def test_a_right_answer_that_cannot_be_read_is_no_wrong_answer(grade) -> None:
    from tina_bench.jobs.graders import UnreadableGoldError

    with pytest.raises(UnreadableGoldError):
        grade("boxed-exact", order_of(LATEX), problem_of(r"\boxed{"), r"\boxed{1}")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["<think>", "</think>", "a", "<thi", "nk>", "\n"]), max_size=12))
def test_thinking_is_removed_as_lighteval_removes_it(parts: list[str]) -> None:
    from lighteval.utils.utils import remove_reasoning_tags

    from tina_bench.jobs.grade_workers import REASONING_TAGS
    from tina_bench.jobs.graders import without_thinking

    text = "".join(parts)
    assert without_thinking(text) == remove_reasoning_tags(text, REASONING_TAGS)
