"""What others published in these formats: it imports with the counts that its readers found."""

from collections import Counter
from pathlib import Path

import pytest

from tests.importing.made_files import take_in
from tina_bench.store.home import Home
from tina_bench.store.imported_results import ImportedResult

pytestmark = pytest.mark.extra

COUNTS = {
    "r1-distill-qwen-1.5b": (47, 32, 145, 2121, 383, 330),
    "own-tina-open-rs3-ckpt500": (52, 39, 152, 2112, 410, 334),
    "own-tina-open-rs3-repo-default-ckpt500": (49, 34, 150, 2100, 409, 365),
    "own-tina-open-rs2-ckpt450": (43, 38, 135, 2123, 403, 355),
    "own-tina-limr-ckpt180": (45, 37, 143, 2116, 405, 345),
}
"""Right answers of five runs, by model and task."""
TASKS = ("aime24", "aime25", "amc23", "math500", "minerva", "gpqa")
SIZES = dict(zip(TASKS, (30, 30, 40, 500, 272, 198), strict=True))
HARNESS = {
    "lm-eval": [("aime24", 2, 1, 2)],
    "sober": [("aime24", 30, 2, 17)],
    "qwen2.5-math": [("aime24", 2, 2, 2)],
    "nemo-skills": [("aime24", 2, 1, 0), ("aime24", 2, 1, 2), ("real", 50, 1, 31)],
    "evalscope": [("aime24", 2, 2, 2)],
    "opencompass": [("aime2024", 2, 2, 2)],
    "inspect": [("aime2024", 2, 2, 2), ("popularity", 1, 1, 0)],
    "verl": [("val", 2, 2, 2)],
}
"""Task, problems, runs and right answers of each file, by format."""


@pytest.mark.parametrize("name", ["per_seed.csv", "per_task.csv"])
def test_the_third_partys_runs_are_in_with_its_counts(
    name: str, published_evidence: Path, tmp_path: Path
) -> None:
    assert take_in(tmp_path, published_evidence / name).bad == []
    found = {(r.model_as_printed, r.task): r for r in Home(tmp_path).imported()}
    assert len(found) == len(COUNTS) * len(TASKS)
    for model, counts in COUNTS.items():
        for task, count in zip(TASKS, counts, strict=True):
            result = found[model, task]
            assert (result.n_correct, result.n, result.runs) == (count, SIZES[task], 5)
            by_seed = name == "per_seed.csv"
            assert [run.run for run in result.by_run] == (list(range(5)) if by_seed else [])
    models = Counter(result.model for result in found.values())
    assert models == {"r1-distill-qwen-1.5b": 6, None: 24}


def test_the_small_files_of_every_harness_are_in(published_harness: Path, tmp_path: Path) -> None:
    done = take_in(tmp_path, published_harness, model="r1-distill-qwen-1.5b")
    assert (done.bad, done.left_out) == ([], [])
    found: dict[str, list[tuple[str, int | None, int | None, int | None]]] = {}
    for result in Home(tmp_path).imported():
        found.setdefault(result.format, []).append(_counts(result))
    assert {name: sorted(counts, key=str) for name, counts in found.items()} == HARNESS


def _counts(result: ImportedResult) -> tuple[str, int | None, int | None, int | None]:
    return result.task_as_printed, result.n, result.runs, result.n_correct


def test_files_of_no_known_format_are_named_and_the_rest_is_kept(
    published_evidence: Path, tmp_path: Path
) -> None:
    done = take_in(tmp_path, published_evidence)
    assert {run.file.path for run, _ in done.runs} == {
        "evidence/per_seed.csv", "evidence/per_task.csv",
    }  # fmt: skip
    assert len(done.bad) == 5
    assert all("expected a result file of a known format" in one for one in done.bad)
