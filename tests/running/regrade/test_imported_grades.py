"""Others' grades count only for the very same answer to the very same problem."""

import hashlib
from pathlib import Path
from typing import Any

from tests.support.answered import answer_home, golds
from tina_bench.files.atomic import write_model
from tina_bench.running.regrade.gradable_records import cell_of
from tina_bench.running.regrade.imported_grades import ImportedGrades
from tina_bench.stats.graders.audit import Ruling
from tina_bench.store.home import Home
from tina_bench.store.imported import (
    ImportedAnswer,
    ImportedOutcome,
    ImportedRun,
    ImportedScore,
    ImportedTask,
    ReportedTime,
    SourceFile,
)


def outcome(problem: str, texts: list[str], **values: float) -> ImportedOutcome:
    return ImportedOutcome(
        problem=problem,
        index=0,
        gold=("1",),
        extracted=("7",),
        answers=tuple(
            ImportedAnswer(
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                characters=len(text),
                tokens_out=None,
            )
            for text in texts
        ),
        values=values,
    )


def keep(
    home: Home, *outcomes: ImportedOutcome, scores: tuple[str, ...] = (), **changes: Any
) -> None:
    sha256 = "ab" * 32
    nothing: dict[str, Any] = {
        "reported_by": None, "source": None, "model": None, "model_reason": "",
        "revision_as_printed": None, "dtype_as_printed": None, "seed_as_printed": None,
        "saved_at_as_printed": None, "config_general": {}, "averages": {},
    }  # fmt: skip
    task = ImportedTask(
        task_as_printed="t", task=None, task_reason="", n=None, n_known_by=None,
        scores=tuple(
            ImportedScore(
                metric=name, value=0.5, stderr=None, n_correct=None, n_correct_known_by=None
            )
            for name in scores
        ),
        hashes={}, version=None, config={}, summary={}, outcomes=outcomes,
    )  # fmt: skip
    run = ImportedRun(
        id=sha256[:16],
        file=SourceFile(path="p", sha256=sha256, size_bytes=1),
        model_as_printed="m",
        lighteval_sha="ed084813e0bd12d82a06d9f913291fdbee774905",
        layout="model info",
        time=ReportedTime(wall_seconds=None, clock_start_seconds=None, clock_end_seconds=None),
        tasks=(task,),
        **nothing | changes,
    )
    write_model(home.imported_file(run.id), run)


def test_the_same_text_to_the_same_problem_is_compared_under_the_files_own_name(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    record = answer_home(home, {(0, 0): "first", (1, 0): "second"}, {}, k=2)
    first, second = golds()[0][0], golds()[1][0]
    keep(
        home,
        outcome(first, ["first"], extractive_match=0.0),
        outcome(second, ["another text"], extractive_match=1.0),
        outcome(golds()[2][0], ["first"], extractive_match=1.0),
    )
    name = "imported abababab extractive_match (LightEval ed08481)"
    assert ImportedGrades(home).rulings(cell_of(record)) == {
        (first, 0): {name: (Ruling.WRONG, "7")}
    }


def test_a_value_over_several_answers_or_between_right_and_wrong_is_no_ruling(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    record = answer_home(home, {(0, 0): "first"}, {})
    problem = golds()[0][0]
    keep(home, outcome(problem, ["first", "first"], avg=1.0))
    assert ImportedGrades(home).rulings(cell_of(record)) == {}
    keep(home, outcome(problem, ["first"], share=0.5))
    assert ImportedGrades(home).rulings(cell_of(record)) == {}


def test_each_of_several_answers_has_the_mark_that_its_file_gives_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    record = answer_home(home, {(0, 0): "first", (0, 1): "second", (0, 2): "third"}, {}, k=3)
    problem = golds()[0][0]
    several = outcome(problem, ["first", "second", "third"], acc=0.5)
    marks = (True, False, None)
    answers = tuple(
        answer.model_copy(update={"correct": mark})
        for answer, mark in zip(several.answers, marks, strict=True)
    )
    keep(
        home, several.model_copy(update={"answers": answers, "extracted": ("7", "8")}),
        scores=("acc",), format="evalscope", harness_version="1.14.1",
    )  # fmt: skip
    name = "imported abababab acc (evalscope 1.14.1)"
    assert ImportedGrades(home).rulings(cell_of(record)) == {
        (problem, 0): {name: (Ruling.RIGHT, "7")},
        (problem, 1): {name: (Ruling.WRONG, "8")},
    }


def test_a_home_without_imports_reads_no_text(tmp_path: Path) -> None:
    home = Home(tmp_path)
    record = answer_home(home, {}, {})
    (home.root / record.provenance.sample_log).unlink()
    assert ImportedGrades(home).rulings(cell_of(record)) == {}
