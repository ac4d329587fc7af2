"""What LightEval itself writes today, made here by its own pipeline on a real engine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from tests.e2e.program import CALM
from tests.importing.made_files import CATALOG, take_in
from tina_bench.lock.lockfile import read_lock
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedRun
from tina_bench.store.job_folder import Dataset

pytestmark = pytest.mark.engine

TASKS = ("smoke-30", "smoke-40")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lighteval") / "saved"
    subprocess.run(
        [sys.executable, "-m", "tests.importing.lighteval_saves", str(folder), ",".join(TASKS)],
        env={**os.environ, **CALM},
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=550,
    )
    return folder


@pytest.fixture(scope="module")
def home(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("imported") / "home"
    made = take_in(root, saved)
    assert made.bad == []
    return Home(root)


@pytest.fixture(scope="module")
def imported(home: Home) -> ImportedRun:
    (run,) = home.imported_runs()
    return run


def test_scores_names_and_counts_are_those_of_the_file(saved: Path, imported: ImportedRun) -> None:
    (path,) = saved.rglob("results_*.json")
    document = json.loads(path.read_bytes())
    assert (imported.layout, imported.model) == ("model configuration", "smoke-base")
    assert [task.task for task in imported.tasks] == sorted(TASKS)
    total = float(document["config_general"]["total_evaluation_time_secondes"])
    assert imported.time.wall_seconds == total
    for task in imported.tasks:
        printed = document["results"][task.task_as_printed]
        (score,) = task.scores
        assert score.value == printed["extractive_match"]
        assert (task.n, task.n_known_by) == (CATALOG.tasks[str(task.task)].n_problems, "details")
        assert task.config["effective_num_docs"] == -1, "LightEval 0.13 does not fill it in"
        assert score.n_correct is not None
        assert 0 < score.n_correct < task.n, "all right or all wrong would prove nothing"


def test_every_answer_is_the_one_in_lightevals_file(saved: Path, imported: ImportedRun) -> None:
    for task in imported.tasks:
        (path,) = saved.rglob(f"details_{task.task_as_printed}_*.parquet")
        rows = {int(row["doc"]["id"]): row for row in pq.read_table(path).to_pylist()}
        assert [outcome.index for outcome in task.outcomes] == sorted(rows)
        for outcome in task.outcomes:
            row = rows[outcome.index]
            (answer,) = outcome.answers
            assert answer.characters == len(row["model_response"]["text"][0])
            assert answer.tokens_out == len(row["model_response"]["output_tokens"][0])
            assert outcome.values == row["metric"]


def test_our_own_grader_says_the_same_of_the_same_texts_problem_by_problem(
    saved: Path, imported: ImportedRun
) -> None:
    from tina_bench.jobs import grade
    from tina_bench.jobs.lighteval_tasks import load_problems, task_metric

    lock = read_lock()
    for task in imported.tasks:
        name = str(task.task)
        files = lock.datasets[name].files
        dataset = Dataset(name=name, sha256={file: e.sha256 for file, e in files.items()})
        (path,) = saved.rglob(f"details_{task.task_as_printed}_*.parquet")
        texts = {
            int(row["doc"]["id"]): row["model_response"]["text"][0]
            for row in pq.read_table(path).to_pylist()
        }
        grade._metrics[name] = task_metric(CATALOG.tasks[name])
        problems = load_problems(name, CATALOG.tasks[name], dataset, Path())
        assert len(problems) == len(task.outcomes)
        for problem, outcome in zip(problems, task.outcomes, strict=True):
            correct, extracted = grade.grade_text(
                name, problem.doc, texts[problem.index], remove_reasoning=True
            )
            assert (outcome.problem, outcome.index) == (problem.id, problem.index)
            assert outcome.values["extractive_match"] == float(correct)
            assert (outcome.extracted or (None,))[0] == extracted
            assert outcome.gold == tuple(problem.doc.get_golds())


def test_without_its_details_the_standard_error_still_tells_how_many_problems(
    saved: Path, tmp_path: Path
) -> None:
    (path,) = saved.rglob("results_*.json")
    lone = tmp_path / path.name
    lone.write_bytes(path.read_bytes())
    take_in(tmp_path / "home", lone)
    (run,) = Home(tmp_path / "home").imported_runs()
    assert [(t.task, t.n, t.n_known_by) for t in run.tasks] == [
        ("smoke-30", 30, "standard error"), ("smoke-40", 40, "standard error"),
    ]  # fmt: skip


def test_a_second_start_of_the_same_greedy_run_is_a_repeat(
    saved: Path, home: Home, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    subprocess.run(
        [sys.executable, "-m", "tests.importing.lighteval_saves", str(again), TASKS[0]],
        env={**os.environ, **CALM},
        cwd=Path(__file__).parents[2],
        check=True,
        timeout=550,
    )
    root = tmp_path / "home"
    take_in(root, saved, again)
    first, other, second = Home(root).imported()
    assert (first.task, other.task, second.task) == ("smoke-30", "smoke-40", "smoke-30")
    assert (first.repeat_of, other.repeat_of, second.repeat_of) == (None, None, first.id)
