"""One rule for all readers: where a log lies, whether it changed, and which line of it counts."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.made import NOON, make_grade, make_result
from tests.support.sealed import append
from tina_bench.errors import DamagedLogError, IntegrityError
from tina_bench.running.regrade.gradable_records import cell_of
from tina_bench.store.answer_logs import (
    AnswerLogs,
    check_sample_logs,
    counted_samples,
    facts_of,
    inside,
    last_grades,
    recorded_grade_log,
    recorded_sample_log,
)
from tina_bench.store.answers import RecordAnswers
from tina_bench.store.records import ResultRecord, Sample

LOG = "samples/m/i.jsonl"
ELSEWHERE = {
    "another home's": "../samples/m/i.jsonl",
    "a file of the system": "/etc/passwd",
    "out by way of its place": "samples/../../etc/passwd",
    "another model's": "samples/other/i.jsonl",
    "a folder above": "samples/m/../i.jsonl",
    "a folder": "samples/m/",
    "no name": "samples/m/.jsonl",
    "dots for a name": "samples/m/...jsonl",
    "no log": "samples/m/i.json",
    "a deeper folder": "samples/m/deeper/i.jsonl",
    "the other kind": "grades/m/i.jsonl",
    "nothing": "",
    "a zero byte": "samples/m/i\0.jsonl",
    "the other slash": "samples\\m\\i.jsonl",
}


@pytest.mark.parametrize("named", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_log_anywhere_but_in_its_place_is_refused_by_file_and_key(
    tmp_path: Path, named: str
) -> None:
    record = make_result(sample_log=named)
    with pytest.raises(IntegrityError) as refused:
        recorded_sample_log(tmp_path, record)
    told = str(refused.value)
    assert told.startswith(f"{tmp_path}/results/smoke/m/t.json: provenance.sample_log: found ")
    assert "outside this home's logs" in told
    assert "expected samples/m/NAME.jsonl" in told


@pytest.mark.parametrize("named", ELSEWHERE.values(), ids=ELSEWHERE)
def test_the_rule_holds_for_grades_alike(tmp_path: Path, named: str) -> None:
    swapped = {"samples": "grades", "grades": "samples"}
    parts = [swapped.get(part, part) for part in named.split("/")]
    record = make_result(grade_log="/".join(parts).replace("samples\\", "grades\\"))
    with pytest.raises(IntegrityError, match=r"provenance\.grade_log: found .*expected grades/m/"):
        recorded_grade_log(tmp_path, record)


@pytest.mark.parametrize("model", ["..", ".", ""])
def test_a_model_whose_name_is_a_way_is_refused(tmp_path: Path, model: str) -> None:
    record = make_result(model=model, sample_log=f"samples/{model}/i.jsonl")
    with pytest.raises(IntegrityError, match="outside this home"):
        recorded_sample_log(tmp_path, record)


def test_a_link_that_leads_out_is_refused_and_one_within_the_home_is_not(tmp_path: Path) -> None:
    home, record = tmp_path / "home", make_result()
    (home / "samples" / "m").mkdir(parents=True)
    (home / "moved.jsonl").write_bytes(b"")
    log = home / LOG
    log.symlink_to(home / "moved.jsonl")
    assert recorded_sample_log(home, record) == log
    log.unlink()
    log.symlink_to(tmp_path / "elsewhere.jsonl")
    with pytest.raises(IntegrityError, match=f"{log}: found a link that leads out of the home"):
        recorded_sample_log(home, record)


def test_a_home_that_is_itself_behind_a_link_holds_its_logs(tmp_path: Path) -> None:
    (tmp_path / "real" / "samples" / "m").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "real")
    assert recorded_sample_log(tmp_path / "home", make_result()) == tmp_path / "home" / LOG


def test_a_circle_of_links_is_no_file_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "samples" / "m").mkdir(parents=True)
    (tmp_path / LOG).symlink_to("i.jsonl")
    assert inside(tmp_path, tmp_path / LOG) == tmp_path / LOG
    with pytest.raises(IntegrityError, match="found no file, expected the samples of m on t"):
        check_sample_logs(tmp_path, [make_result()])


def answer(problem: str, text: str, **changes: Any) -> Sample:
    values: dict[str, Any] = {
        "key": hashlib.sha256(text.encode()).hexdigest(), "task": "t", "problem": problem,
        "index": 0, "seed": 0, "protocol": "p", "sample_seed": 1, "text": text, "tokens_in": 1,
        "tokens_out": 10, "finish_reason": "stop", "finished_at": NOON,
    }  # fmt: skip
    return Sample(**{**values, **changes})


def sealed(root: Path, samples: list[Sample], **changes: Any) -> ResultRecord:
    """A record of what the log holds now: one problem, `p0`, one run."""
    append(root / LOG, samples)
    data = (root / LOG).read_bytes()
    whole = {"sample_log_bytes": len(data), "sample_log_sha256": hashlib.sha256(data).hexdigest()}
    return make_result(grader={"metric": "m:m"}, **{**whole, **changes})


def test_the_first_of_two_answers_is_the_record_s_for_grading_and_for_pages(
    tmp_path: Path,
) -> None:
    record = sealed(tmp_path, [answer("p0", "first"), answer("p0", "second")])
    ((_, counted),) = counted_samples(tmp_path / LOG, [cell_of(record)])
    shown = RecordAnswers.read(tmp_path, [record])
    assert shown is not None
    ((head, _),) = shown.behind(record, 0)
    assert counted.text == shown.text(head) == "first"


def test_what_a_log_has_grown_by_is_neither_graded_again_nor_shown(tmp_path: Path) -> None:
    record = sealed(tmp_path, [answer("p0", "first")])
    cell = cell_of(record).model_copy(update={"problems": ("p0", "p1")})
    append(tmp_path / LOG, [answer("p1", "later")])
    assert [sample.text for _, sample in counted_samples(tmp_path / LOG, [cell])] == ["first"]
    shown = RecordAnswers.read(tmp_path, [record])
    assert shown is not None
    assert set(shown.samples["p", "t", 0]) == {"p0"}


def test_only_the_record_s_runs_problems_and_protocol_are_graded_again(tmp_path: Path) -> None:
    strangers = [
        answer("p0", "another task", task="u"), answer("p0", "another protocol", protocol="q"),
        answer("p9", "another problem"), answer("p0", "another run", seed=9),
    ]  # fmt: skip
    record = sealed(tmp_path, [*strangers, answer("p0", "its own")])
    assert [one.text for _, one in counted_samples(tmp_path / LOG, [cell_of(record)])] == [
        "its own"
    ]


def test_the_last_of_two_grades_is_the_record_s_for_grading_and_for_pages(tmp_path: Path) -> None:
    record = sealed(tmp_path, [answer("p0", "first")])
    grades = [
        make_grade("p0", 0, task="t", protocol="p", metric="m:m", extracted=read)
        for read in ("before", "after")
    ]
    append(tmp_path / "grades/m/i.jsonl", grades)
    strict = AnswerLogs(tmp_path).grades(record)
    assert strict == grades
    assert last_grades(strict)[0]["p0"].extracted == "after"
    shown = RecordAnswers.read(tmp_path, [record])
    assert shown is not None
    ((_, grade),) = shown.behind(record, 0)
    assert grade is not None
    assert grade.extracted == "after"


def test_grades_of_another_metric_protocol_or_task_are_not_the_record_s(tmp_path: Path) -> None:
    record = sealed(tmp_path, [answer("p0", "first")])
    own = {"task": "t", "protocol": "p", "metric": "m:m"}
    append(
        tmp_path / "grades/m/i.jsonl",
        [make_grade("p0", 0, **{**own, key: "other"}) for key in own],
    )
    assert AnswerLogs(tmp_path).grades(record) == []
    shown = RecordAnswers.read(tmp_path, [record])
    assert shown is not None
    ((_, grade),) = shown.behind(record, 0)
    assert grade is None


def test_a_sample_and_its_grade_have_the_same_facts() -> None:
    sample = answer("p0", "text", finish_reason="length")
    grade = make_grade("p0", 0, task="t", protocol="p", truncated=True)
    assert facts_of(sample) == facts_of(grade)


def test_a_damaged_log_is_refused_for_every_record_that_shares_it(tmp_path: Path) -> None:
    record = sealed(tmp_path, [answer("p0", "first"), answer("p1", "second")])
    path = tmp_path / LOG
    path.write_bytes(path.read_bytes().replace(b"second", b"sekond"))
    logs = AnswerLogs(tmp_path)
    for one in (record, make_result(task="u", sample_log=LOG)):
        with pytest.raises(DamagedLogError, match="line 2: found content that does not match"):
            logs.samples(one)


def test_two_answers_under_one_key_are_refused(tmp_path: Path) -> None:
    record = sealed(tmp_path, [answer("p0", "text"), answer("p1", "text")])
    with pytest.raises(IntegrityError, match="found two answers under the key"):
        AnswerLogs(tmp_path).samples(record)


def test_an_origin_behind_a_link_that_leads_out_is_not_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    record = sealed(home, [answer("p0", "first")])
    (tmp_path / "elsewhere.json").write_text("{}")
    (home / LOG).with_suffix(".json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(IntegrityError, match="a link that leads out"):
        AnswerLogs(home).source(record)
