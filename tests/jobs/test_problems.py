"""Problems made by LightEval and handed on without it."""

import json
from pathlib import Path

import pytest

from tests.support.answered import TASK, golds
from tina_bench.catalog.load import load_catalog
from tina_bench.jobs.problems import make_problems
from tina_bench.lock.lockfile import packaged_lock, read_lock
from tina_bench.store.job_folder import Dataset
from tina_bench.store.regrade_job import TaskInput

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def asked() -> TaskInput:
    files = read_lock(packaged_lock()).datasets[TASK].files
    dataset = Dataset(name=TASK, sha256={name: file.sha256 for name, file in files.items()})
    return TaskInput(task=load_catalog().tasks[TASK], dataset=dataset)


def test_problems_have_the_ids_and_right_answers_of_the_dataset(
    asked: TaskInput, tmp_path: Path
) -> None:
    made = make_problems(TASK, asked, "problems", tmp_path)
    assert [(one.problem, one.golds) for one in made.problems] == [
        (problem, (gold,)) for problem, gold in golds()
    ]
    assert (made.refusal, made.sha256) == (None, None)
    assert json.loads(json.dumps(made.model_dump(mode="json")))["problems"][0]["fields"]["query"]


def test_other_bytes_than_the_lock_s_are_a_refusal_and_no_crash(
    asked: TaskInput, tmp_path: Path
) -> None:
    wrong = dict.fromkeys(asked.dataset.sha256, "0" * 64)
    dataset = asked.dataset.model_copy(update={"sha256": wrong})
    made = make_problems(TASK, asked.model_copy(update={"dataset": dataset}), "sha256", tmp_path)
    assert made.refusal is not None
    assert "smoke-30.jsonl: found sha256" in made.refusal
    assert made.sha256 is None


def test_a_prompt_function_that_fails_is_a_refusal_by_task(
    asked: TaskInput, tmp_path: Path
) -> None:
    task = asked.task.model_copy(update={"prompt": "builtins:int"})
    made = make_problems(TASK, asked.model_copy(update={"task": task}), "sha256", tmp_path)
    assert made.refusal is not None
    assert made.refusal.startswith("task smoke-30: TypeError: ")
