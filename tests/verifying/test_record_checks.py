"""A record is believed in nothing that lies beside it: every way to contradict it is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.sealed import mixed, rewrite, seal
from tests.verifying.cases import MODEL, Scene, results
from tina_bench.errors import BlockedError, UsageError
from tina_bench.store.home import Home, read_records
from tina_bench.store.records import Grade, GradeStatus, Sample
from tina_bench.verifying.types import CheckState, RecordCheck, Verification


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def record_file(home: Home) -> Path:
    return home.result_file("smoke", MODEL, "smoke-30")


def one(home: Home, pattern: str) -> Path:
    (path,) = home.root.glob(pattern)
    return path


def grades(home: Home) -> tuple[Path, list[Grade]]:
    path = one(home, "grades/*/*.jsonl")
    return path, list(read_records(path, Grade))


def samples(home: Home) -> tuple[Path, list[Sample]]:
    path = one(home, "samples/*/*.jsonl")
    return path, list(read_records(path, Sample))


def regrade(home: Home, index: int, **changes: Any) -> None:
    """Somebody who knows the format changes one grade."""
    path, found = grades(home)
    found[index] = found[index].model_copy(update=changes)
    rewrite(path, found)


def state(check: RecordCheck, what: str) -> CheckState:
    (found,) = (entry.state for entry in check.checks if entry.what == what)
    return found


def only(made: Verification) -> RecordCheck:
    (check,) = made.records
    return check


def test_a_sound_record_agrees_in_everything_that_can_be_seen_from_here(scene: Scene) -> None:
    check = only(scene.verify())
    assert {entry.what for entry in check.checks if entry.state is CheckState.AGREES} == {
        "record", "samples", "origin", "grades", "score", "answers", "dataset", "weights", "grader",
    }  # fmt: skip
    assert [entry.what for entry in check.checks if entry.state is CheckState.NOT_CHECKED] == [
        "problems"
    ]
    assert check.recomputed_percent == check.recorded_percent == pytest.approx(100 * 94 / 240)


def flip_in_record(home: Home) -> None:
    def change(values: dict[str, Any]) -> None:
        first = values["problems"][0]
        first["correct"][0] = not first["correct"][0]
        first["answer_group"] = []

    edit(record_file(home), change)


def swap_seeds(home: Home) -> None:
    edit(record_file(home), lambda values: values.update(seeds=[*values["seeds"][:-1], 99]))


def drop_hard_problem(home: Home) -> None:
    edit(record_file(home), lambda values: values["problems"].pop())


def other_dataset(home: Home) -> None:
    changed = {"smoke-30.jsonl": "0" * 64}
    edit(record_file(home), lambda v: v["provenance"].update(dataset_sha256=changed))


def other_weights(home: Home) -> None:
    def change(values: dict[str, Any]) -> None:
        values["provenance"]["weights_sha256"]["model.safetensors"] = "0" * 64

    edit(record_file(home), change)


def no_dataset(home: Home) -> None:
    edit(record_file(home), lambda values: values["provenance"].update(dataset_sha256={}))


def other_engine(home: Home) -> None:
    edit(record_file(home), lambda v: v["provenance"]["engine"].update(device="another"))


def other_grader(home: Home) -> None:
    edit(record_file(home), lambda v: v["provenance"]["grader"].update({"math-verify": "9"}))


def other_prompts(home: Home) -> None:
    edit(record_file(home), lambda v: v["provenance"].update(prompts_sha256="0" * 64))


def other_source(home: Home) -> None:
    path = one(home, "samples/*/*.json")
    edit(path, lambda values: values["weights_sha256"].update({"model.safetensors": "0" * 64}))


def no_samples(home: Home) -> None:
    one(home, "samples/*/*.jsonl").unlink()


def no_grades(home: Home) -> None:
    one(home, "grades/*/*.jsonl").unlink()


def one_letter(home: Home) -> None:
    path = one(home, "samples/*/*.jsonl")
    path.write_bytes(path.read_bytes().replace(b"an answer", b"my answer", 1))


def cut_samples(home: Home) -> None:
    path = one(home, "samples/*/*.jsonl")
    path.write_bytes(path.read_bytes()[:-5000])


def better_grade(home: Home) -> None:
    _, found = grades(home)
    index = next(i for i, grade in enumerate(found) if not grade.correct)
    regrade(home, index, correct=True)


def correct_and_undecided(home: Home) -> None:
    _, found = grades(home)
    index = next(i for i, grade in enumerate(found) if grade.correct)
    regrade(home, index, status=GradeStatus.TIMEOUT)


def grade_of_no_answer(home: Home) -> None:
    regrade(home, 0, key="f" * 64)


def grade_of_other_answer(home: Home) -> None:
    _, found = grades(home)
    regrade(home, 0, key=found[1].key)


def longer_answer(home: Home) -> None:
    regrade(home, 0, truncated=True)


def ungraded(home: Home) -> None:
    path, found = grades(home)
    rewrite(path, found[:-1])


BROKEN: dict[str, tuple[Callable[[Home], None], str, str]] = {
    "an outcome of the record": (flip_in_record, "score", "is the first that differs"),
    "its seeds": (swap_seeds, "score", "are not graded on every problem"),
    "a problem left out": (drop_hard_problem, "score", "a score over chosen problems is no score"),
    "another dataset": (other_dataset, "dataset", "the lock has sha256"),
    "no dataset": (no_dataset, "dataset", "found no files"),
    "another engine": (other_engine, "origin", "no hash of the record's weights and engine"),
    "another grader": (other_grader, "grades", "no hash of the samples and the grader's"),
    "other prompts": (other_prompts, "origin", "prompts: found others"),
    "another origin of the samples": (other_source, "origin", "weights: found others"),
    "samples gone": (no_samples, "samples", "found no file, expected the samples"),
    "grades gone": (no_grades, "grades", "found no file, expected the grades"),
    "a letter of an answer": (one_letter, "samples", "found other bytes"),
    "samples cut": (cut_samples, "samples", "found other bytes"),
    "a better grade": (better_grade, "score", "is the first that differs"),
    "correct and undecided": (correct_and_undecided, "grades", "expected false, as status is"),
    "a grade of no answer": (grade_of_no_answer, "answers", "is of no stored answer"),
    "a grade of another answer": (grade_of_other_answer, "answers", "is not of the answer"),
    "a grade that says cut": (longer_answer, "answers", "is not of the answer"),
    "a run without its last grade": (ungraded, "score", "are not graded on every problem"),
}


@pytest.mark.parametrize(("damage", "what", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_whatever_contradicts_a_record_is_found_and_the_record_judged_by_nobody(
    scene: Scene, damage: Callable[[Home], None], what: str, says: str
) -> None:
    damage(scene.home)
    made = scene.verify()
    (found,) = (c for c in only(made).problems if c.what == what)
    assert says in found.detail
    assert str(scene.home.root) not in found.detail, "told as it lies, whatever the machine"
    assert made.exit_code == 14
    judged = results(made)
    assert all(judged[name].integrity for name in ("holds", "too-high", "vague", "greedy"))
    assert judged["nobody-measured"].integrity is None
    assert made.counts["REPRODUCED"] == made.counts["NOT_REPRODUCED"] == 0


def test_other_weights_than_the_locks_are_found_though_everything_else_fits(scene: Scene) -> None:
    other_weights(scene.home)
    found = {check.what for check in only(scene.verify()).problems}
    assert found == {"origin", "weights"}


def test_a_damaged_grade_log_is_code_15(scene: Scene) -> None:
    path, _ = grades(scene.home)
    path.write_bytes(path.read_bytes().replace(b'"correct":true', b'"correct":tru1', 1))
    made = scene.verify()
    assert made.exit_code == 15
    assert only(made).problems[0].detail.startswith("grades/smoke-base/")


def test_a_log_that_has_grown_since_and_a_torn_last_line_are_no_damage(scene: Scene) -> None:
    for path, found in (samples(scene.home), grades(scene.home)):
        extra = [entry.model_copy(update={"seed": 50, "key": f"x{entry.key}"}) for entry in found]
        rewrite(path, [*found, *extra])
        with path.open("ab") as log:
            log.write(b'{"torn":')
    made = scene.verify()
    assert made.problems == ()
    assert results(made)["holds"].verdict == "REPRODUCED"


def test_a_missing_sample_log_needs_the_flag_and_is_told_with_it(scene: Scene) -> None:
    no_samples(scene.home)
    assert scene.verify().exit_code == 14
    allowed = scene.verify(without_samples=True)
    assert allowed.problems == ()
    check = only(allowed)
    assert state(check, "samples") is state(check, "answers") is CheckState.NOT_CHECKED
    assert state(check, "score") is CheckState.AGREES
    assert results(allowed)["too-high"].verdict == "NOT_REPRODUCED"


def test_the_flag_does_not_allow_other_bytes(scene: Scene) -> None:
    one_letter(scene.home)
    assert scene.verify(without_samples=True).exit_code == 14


@pytest.mark.parametrize(
    "place",
    ["/etc/passwd", "../../../etc/passwd", "samples/../../../etc/passwd", "samples/smoke-base/",
     "samples/other/x.jsonl", "samples/smoke-base/../x.jsonl", "samples/smoke-base/..jsonl", "",
     "samples/smoke-base/x\0.jsonl", "samples\\smoke-base\\x.jsonl"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["sample_log", "grade_log"])
def test_no_record_makes_verify_read_a_file_elsewhere(scene: Scene, kind: str, place: str) -> None:
    said = place if kind == "sample_log" else place.replace("samples", "grades")
    edit(record_file(scene.home), lambda values: values["provenance"].update({kind: said}))
    assert any("expected" in check.detail for check in only(scene.verify()).problems)


def test_a_link_out_of_the_folder_is_refused(scene: Scene, tmp_path: Path) -> None:
    path, _ = samples(scene.home)
    elsewhere = tmp_path / "elsewhere.jsonl"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    problems = only(scene.verify()).problems
    assert any("a link that leads out" in problem.detail for problem in problems)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "the file"), (b"{", "the file"), (b"[]", "the file"), (b"\xff", "the file"),
     (b'{"schema_version": 2}', "schema_version")],
)  # fmt: skip
def test_a_file_that_is_no_record_is_an_error_of_its_own(
    scene: Scene, content: bytes, says: str
) -> None:
    record_file(scene.home).write_bytes(content)
    made = scene.verify()
    assert made.exit_code == 14
    (problem,) = only(made).problems
    assert problem.detail.startswith("results/smoke/smoke-base/smoke-30.json: ")
    assert says in problem.detail or "JSON" in problem.detail or "UTF-8" in problem.detail
    assert results(made)["holds"].integrity is not None


def test_a_broken_record_does_not_hide_another(scene: Scene) -> None:
    seal(scene.home, MODEL, "smoke-100", mixed(100, 8, 400))
    flip_in_record(scene.home)
    made = scene.verify()
    assert [bool(check.problems) for check in made.records] == [False, True]
    judged = results(made)
    assert judged["nobody-measured"].integrity is None
    assert judged["nobody-measured"].measured_percent == 50.0
    assert judged["holds"].integrity is not None


def test_models_that_were_graded_against_different_right_answers_are_told(scene: Scene) -> None:
    seal(scene.home, "smoke-tina", "smoke-30", mixed(30, 8, 150), golds="43")
    made = scene.verify()
    (problem,) = (check for _, check in made.problems)
    assert problem.what == "right answers"
    assert "'43'" in problem.detail
    assert "'42'" in problem.detail


def test_what_the_lock_does_not_have_is_told_and_no_failure(scene: Scene) -> None:
    scene.lock = scene.lock.model_copy(update={"models": {}, "datasets": {}, "tasks": {}})
    made = scene.verify()
    assert made.problems == ()
    for what in ("dataset", "weights", "grader"):
        assert state(only(made), what) is CheckState.NOT_CHECKED


def test_two_profiles_of_one_cell_are_the_users_choice(scene: Scene) -> None:
    seal(Home(scene.home.root), MODEL, "smoke-30", mixed(30, 8, 60), profile="other")
    with pytest.raises(UsageError, match="choose one with --profile"):
        scene.verify()


def test_an_empty_folder_is_blocked_and_imports_alone_are_not(scene: Scene, tmp_path: Path) -> None:
    scene.home = Home(tmp_path / "nowhere")
    with pytest.raises(BlockedError, match="nothing is imported there"):
        scene.verify()


def test_a_model_that_nobody_knows_is_refused(scene: Scene) -> None:
    with pytest.raises(UsageError, match="no model 'nobody'"):
        scene.verify(models=("nobody",))
