"""Inspect's own reader opens what `tina-bench export --format inspect` writes."""

from pathlib import Path

import pytest
from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample

from tests.exporting.exports import RECORDS, export, own_counts, taken_in
from tests.importing.made_files import take_in
from tests.importing.made_harness import MODEL, OURS, TASK, write_csv
from tina_bench import frames

pytestmark = pytest.mark.extra


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect") / "logs"
    made = export(RECORDS, "inspect", folder)
    assert (made.files, made.own, made.answers, made.left_out) == (6, 6, 2720, ())
    return folder


def test_every_log_is_listed_and_read_with_the_counts_of_its_record(logs: Path) -> None:
    listed = list_eval_logs(str(logs))
    assert len(listed) == 6
    outcomes = frames.results(RECORDS)
    for info in listed:
        log = read_eval_log(info)
        model = log.eval.model.removeprefix("vllm/")
        mine = outcomes[(outcomes.model == model) & (outcomes.task == log.eval.task)]
        assert (log.status, log.eval.config.epochs) == ("success", 8)
        assert log.samples is not None
        assert len(log.samples) == len(mine)
        (name,) = {name for sample in log.samples for name in sample.scores or {}}
        right = {
            (sample.id, sample.metadata["seed"]): (sample.scores or {})[name].value
            for sample in log.samples
        }
        expected = {
            (row.problem, row.seed): "C" if row.correct else "I" for row in mine.itertuples()
        }
        assert right == expected
        assert log.results is not None
        assert log.results.scores[0].metrics["accuracy"].value == pytest.approx(mine.correct.mean())


def test_a_sample_has_question_answer_tokens_and_what_the_grader_read(logs: Path) -> None:
    (path,) = logs.glob("smoke-30_smoke-base_*.eval")
    answers = frames.samples(RECORDS, model="smoke-base")
    first = answers[(answers.task == "smoke-30") & (answers.seed == 3)].iloc[0]
    sample = read_eval_log_sample(str(path), id=first.problem, epoch=4)
    assert sample.output.completion == first.text
    assert sample.messages[-1].text == first.text
    assert str(sample.input).startswith("Start with ")
    assert sample.output.usage is not None
    assert sample.output.usage.output_tokens == first.tokens_out
    assert sample.output.stop_reason == "stop"
    (score,) = (sample.scores or {}).values()
    assert (score.value == "C") == (score.answer == sample.target)


def test_dollars_hardware_and_verdict_stand_in_the_logs_metadata(logs: Path) -> None:
    (path,) = logs.glob("smoke-30_smoke-base_*.eval")
    told = read_eval_log(str(path), header_only=True).eval.metadata["tina_bench"]
    assert float(told["model_cost_usd"]) > 0
    assert told["verdict smoke-base-smoke-30"].startswith("REPRODUCED")


def test_the_logs_come_back_with_equal_counts(logs: Path, tmp_path: Path) -> None:
    assert taken_in(logs, tmp_path / "home") == own_counts(RECORDS)


def test_without_texts_a_problem_is_told_by_its_id(tmp_path: Path) -> None:
    export(RECORDS, "inspect", tmp_path / "logs", texts=False, tasks=("smoke-30",))
    for path in (tmp_path / "logs").iterdir():
        for sample in read_eval_log(str(path)).samples or []:
            assert sample.input == f"[the text of problem {sample.id} is not in this log]"
            assert sample.output.choices == []
    before = {key: rows for key, rows in own_counts(RECORDS).items() if key[1] == "smoke-30"}
    assert taken_in(tmp_path / "logs", tmp_path / "home") == before


def test_imports_are_tagged_and_those_without_answers_are_left_out(tmp_path: Path) -> None:
    named = {"model": MODEL, "task": TASK}
    answers = [
        {**named, "problem": i, "seed": s, "correct": i % 2} for i in range(30) for s in (1, 2)
    ]
    counted = [{**named, "correct": 9, "n": 30, "runs": 1}]
    take_in(tmp_path / "home", write_csv(tmp_path / "a.csv", answers), reported_by="A team")
    take_in(tmp_path / "home", write_csv(tmp_path / "b.csv", counted), reported_by="B team")
    made = export(tmp_path / "home", "inspect", tmp_path / "logs")
    assert (made.imported, made.answers) == (1, 60)
    assert any("none is known" in sentence for sentence in made.left_out)
    (path,) = (tmp_path / "logs").iterdir()
    log = read_eval_log(str(path), header_only=True)
    assert log.eval.tags == ["third-party"]
    assert log.eval.metadata["tina_bench"]["measured_by"] == "A team"
    assert log.eval.model == MODEL
    assert taken_in(tmp_path / "logs", tmp_path / "other") == {
        (OURS, TASK): [(30, 60, 30, 2, [15, 15])]
    }
