"""What holds of the logs of Open-RS once they are imported: of made ones, and of the published."""

import json
import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.catalog.facts import facts
from tests.importing.made_files import take_in
from tests.importing.made_logs import checkpoint_of
from tina_bench.metering.bill import reported
from tina_bench.store.home import Home
from tina_bench.store.imported_results import ImportedResult

NAMES = {"custom|aime24|0": "aime24", "custom|math_500|0": "math500", "custom|amc23|0": "amc23"}
SAID = {"reported_by": "Open-RS", "source": "knoveleng/open-rs@2889c47"}


def _documents(logs: Path) -> dict[str, dict[str, Any]]:
    return {
        f"{logs.name}/{path.relative_to(logs).as_posix()}": json.loads(path.read_bytes())
        for path in sorted(logs.rglob("*.json"))
    }


class LogClaims:
    """A subclass says in a fixture named `logs` which folder it is about."""

    @pytest.fixture(scope="class")
    @classmethod
    def home(cls, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
        root = tmp_path_factory.mktemp("logs") / "home"
        assert take_in(root, logs, **SAID).bad == []
        return Home(root)

    def test_every_file_is_in_with_the_numbers_that_it_prints(self, home: Home, logs: Path) -> None:
        documents = _documents(logs)
        runs = {run.file.path: run for run in home.imported_runs()}
        assert runs.keys() == documents.keys()
        assert len(runs) == 53
        for path, run in runs.items():
            document = documents[path]
            general = document["config_general"]
            (task,) = run.tasks
            (config,) = document["config_tasks"].values()
            printed = document["results"][task.task_as_printed]
            (score,) = task.scores
            assert score.value == printed["extractive_match"]
            assert score.stderr == printed["extractive_match_stderr"]
            assert (task.n, task.n_known_by) == (config["effective_num_docs"], "task configuration")
            assert score.n_correct is not None
            assert score.n_correct / task.n == pytest.approx(score.value, abs=1e-12)
            assert task.hashes == document["summary_tasks"][task.task_as_printed]["hashes"]
            assert task.config == config
            assert run.config_general == general
            assert run.model_as_printed == general["model_name"]
            assert run.time.wall_seconds == float(general["total_evaluation_time_secondes"])
            assert (run.lighteval_sha, run.revision_as_printed, run.seed_as_printed) == (None,) * 3
            assert run.saved_at_as_printed is not None
            assert run.saved_at_as_printed in path

    def test_tasks_are_the_catalog_s_where_dataset_and_size_agree(self, home: Home) -> None:
        for result in home.imported():
            if result.task_as_printed in NAMES:
                assert result.task == NAMES[result.task_as_printed]
            assert result.model is None, "the repository of the checkpoints is in no catalog entry"

    def test_runs_said_twice_are_recognised_and_different_checkpoints_are_not(
        self, home: Home
    ) -> None:
        """What is in the logs: three tasks of Exp1 step 100 ran three times, AIME24 of Exp1 step
        200 twice, three tasks of Exp2 step 50 twice; everything else is there once."""
        by_id = {run.id: run for run in home.imported_runs()}

        def folder(result_id: str) -> tuple[str, int, int]:
            return checkpoint_of(by_id[result_id].file.path)

        repeats = [result for result in home.imported() if result.repeat_of]
        found = Counter((folder(r.id), folder(str(r.repeat_of))) for r in repeats)
        assert found == {
            (("evals", 1, 100), ("evals", 1, 100)): 3,
            (("overall", 1, 100), ("evals", 1, 100)): 3,
            (("evals", 1, 200), ("evals", 1, 200)): 1,
            (("overall", 2, 50), ("evals", 2, 50)): 3,
        }
        for repeat in repeats:
            (first,) = by_id[str(repeat.repeat_of)].tasks
            (again,) = by_id[repeat.id].tasks
            assert again.hashes == first.hashes
            assert again.scores[0].value == first.scores[0].value
        evidence = Counter(r.task_as_printed for r in home.imported() if not r.repeat_of)
        assert evidence == {
            "custom|aime24|0": 13, "custom|math_500|0": 13, "custom|amc23|0": 13,
            "custom|minerva|0": 2, "custom|olympiadbench|0": 2,
        }  # fmt: skip

    def test_equal_scores_of_other_answers_are_no_repeats(self, home: Home) -> None:
        """AIME24 is 9 of 30 at four checkpoints; their answers differ, and so all four count."""
        nine = [
            result
            for result in home.imported()
            if (result.task, result.n_correct, result.repeat_of) == ("aime24", 9, None)
        ]
        assert len(nine) == 4
        assert len({result.answers for result in nine}) == len(nine)

    def test_every_cell_of_the_facts_that_a_log_covers_agrees(self, home: Home) -> None:
        rows = {(row["experiment"], row["step"]): row for row in facts()["open_rs_checkpoint_log"]}
        compared = set()
        for result in home.imported():
            _, *checkpoint = checkpoint_of(result.path)
            row = rows[*checkpoint]
            task = NAMES.get(result.task_as_printed)
            if task is not None:
                assert round(100 * result.value, 2) == row[task], (checkpoint, task)
                compared.add((*checkpoint, task))
        assert len(compared) == 13 * 3

    def test_their_time_is_reported_as_theirs_repeats_included(
        self, home: Home, logs: Path
    ) -> None:
        lines = reported(home.imported_runs())
        documents = _documents(logs).values()
        seconds = [float(d["config_general"]["total_evaluation_time_secondes"]) for d in documents]
        assert sum(line.files for line in lines) == 53
        known = [line.wall_seconds for line in lines if line.wall_seconds is not None]
        assert sum(known) == pytest.approx(sum(seconds), abs=1e-6)
        assert {line.reported_by for line in lines} == {"Open-RS"}
        assert all(line.cost_usd is None and line.gpu_seconds is None for line in lines)
        assert list(home.ledger()) == [], "none of it is on our bill"

    def test_in_which_order_files_come_changes_nothing(
        self, home: Home, logs: Path, tmp_path: Path
    ) -> None:
        files = sorted(logs.rglob("*.json"))
        random.Random(3).shuffle(files)
        for path in files:
            assert take_in(tmp_path / "home", path, **SAID).bad == []

        def without_place(results: list[ImportedResult]) -> list[dict[str, Any]]:
            return [result.model_dump(exclude={"path"}) for result in results]

        assert without_place(Home(tmp_path / "home").imported()) == without_place(home.imported())

    def test_the_same_bytes_again_change_nothing(
        self, home: Home, logs: Path, tmp_path: Path
    ) -> None:
        copy = tmp_path / "home"
        shutil.copytree(home.root, copy)
        before = {path.name: path.read_bytes() for path in (copy / "imported").iterdir()}
        made = take_in(copy, logs)
        assert Counter(map(str, (became for _, became in made.runs))) == {"already imported": 53}
        assert {path.name: path.read_bytes() for path in (copy / "imported").iterdir()} == before
