"""Files that lm-eval 0.4.13, evalscope 1.14.1 and inspect-ai 0.3.285 wrote themselves.

Each ran a model that answers by rote on two or three problems, twice.
"""

from pathlib import Path

import pytest

from tests.importing.made_files import take_in
from tina_bench.errors import MissingEngineError
from tina_bench.importing import inspect_logs
from tina_bench.importing.drafts import Found
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedRun

WRITTEN = Path(__file__).parent / "written"


def only_run(name: str, tmp_path: Path) -> ImportedRun:
    done = take_in(tmp_path / "home", WRITTEN / name)
    assert done.bad == []
    assert done.left_out == []
    assert [run.remarks for run, _ in done.runs] == [()]
    (run,) = Home(tmp_path / "home").imported_runs()
    return run


def test_each_filter_of_lm_eval_is_a_score_and_its_first_repeat_is_what_it_grades(
    tmp_path: Path,
) -> None:
    run = only_run("lm_eval", tmp_path)
    (task,) = run.tasks
    assert (run.model_as_printed, run.harness_version) == ("me/rote-1b", "0.4.13")
    assert (task.task_as_printed, task.n, task.runs) == ("tiny_math", 3, 1)
    assert {score.metric: score.n_correct for score in task.scores} == {
        "exact_match,strict": 1, "exact_match,digits": 2,
    }  # fmt: skip
    assert [len(outcome.answers) for outcome in task.outcomes] == [2, 2, 2]
    assert [outcome.answers[1].correct for outcome in task.outcomes] == [None] * 3
    assert (run.protocol.temperature, run.protocol.max_tokens) == (0.6, 64)
    assert task.details is not None
    assert run.time.wall_seconds == pytest.approx(6.757, abs=1e-3)


def test_evalscopes_group_is_the_problem_and_its_report_agrees(tmp_path: Path) -> None:
    run = only_run("evalscope", tmp_path)
    (task,) = run.tasks
    assert run.model_as_printed == "me/rote-1b"
    assert (task.task_as_printed, task.n, task.runs) == ("general_mcq", 2, 2)
    assert [outcome.problem_as_printed for outcome in task.outcomes] == ["0", "1"]
    assert [outcome.gold for outcome in task.outcomes] == [("A",), ("B",)]
    assert (run.protocol.top_p, run.seed_as_printed) == (0.95, 42)
    assert [file.path for file in run.beside] == [
        "evalscope/predictions/rote-1b/general_mcq_tiny.jsonl"
    ]


def test_inspects_own_archive_has_each_scorer_each_epoch_and_what_was_cut(tmp_path: Path) -> None:
    run = only_run("inspect", tmp_path)
    (task,) = run.tasks
    assert (run.model_as_printed, run.harness_version) == ("mockllm/model", "0.3.285")
    assert (task.task_as_printed, task.n, task.runs) == ("tiny_math", 2, 2)
    assert {score.metric: score.n_correct for score in task.scores} == {"includes": 1, "match": 1}
    answers = {
        (outcome.problem_as_printed, answer.run): answer
        for outcome in task.outcomes
        for answer in outcome.answers
    }
    assert answers["p-1", 1].correct is True
    assert [key for key, answer in answers.items() if answer.truncated] == [("p-2", 2)]
    assert {answer.tokens_out for answer in answers.values()} == {1, 2, 4}


def test_the_same_log_as_json_is_a_repeat_of_the_archive(tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log, write_eval_log

    log = read_eval_log(WRITTEN / "inspect" / "tiny-math.eval")
    (tmp_path / "logs").mkdir()
    write_eval_log(log, str(tmp_path / "logs" / "again.json"), format="json")
    home = tmp_path / "home"
    assert take_in(home, WRITTEN / "inspect", tmp_path / "logs").bad == []
    results = Home(home).imported()
    assert len(results) == 4
    assert sum(result.repeat_of is None for result in results) == 2


def test_without_inspect_the_sentence_names_what_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "inspect_ai.log", None)
    path = WRITTEN / "inspect" / "tiny-math.eval"
    with pytest.raises(MissingEngineError, match=r"pip install 'tina-bench\[inspect\]'"):
        inspect_logs.read(Found(path, "x"))
