"""`--regrade`: grades that nobody gave are found by asking the grader again."""

from pathlib import Path

import pytest

from tests.support.program import call
from tests.support.sealed import seal
from tests.verifying.cases import MODEL
from tina_bench.catalog.load import load_catalog
from tina_bench.jobs.lighteval_tasks import load_problems
from tina_bench.lock.lockfile import packaged_lock, read_lock
from tina_bench.store.home import Home
from tina_bench.store.job_folder import Dataset

TASK = "smoke-30"


@pytest.fixture(scope="module")
def forged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Answers that are right by half, and one grade more in our favour than there are."""
    home = Home(tmp_path_factory.mktemp("forged"))
    files = read_lock(packaged_lock()).datasets[TASK].files
    dataset = Dataset(name=TASK, sha256={name: file.sha256 for name, file in files.items()})
    problems = load_problems(TASK, load_catalog().tasks[TASK], dataset, home.root)
    golds = [str(problem.doc.get_golds()[0]) for problem in problems]
    right = [[index % 2 == seed % 2 for seed in range(2)] for index in range(len(problems))]
    texts = [
        [f"So it is $\\boxed{{{gold if good else 12345}}}$." for good in row]
        for gold, row in zip(golds, right, strict=True)
    ]
    right[7][0] = True
    assert "12345" in texts[7][0]
    seal(home, MODEL, TASK, right, ids=[p.id for p in problems], golds=golds, texts=texts)
    return home


@pytest.mark.engine
@pytest.mark.nightly
def test_a_consistent_forgery_is_found_by_grading_again_and_by_nothing_else(
    forged: Home, tmp_path: Path
) -> None:
    asked = ("verify", "--home", forged.root, "--no-audits", "--fail-on")
    assert call(*asked, "nothing").code == 0
    again = call(
        *asked, "flip", "--regrade", "--json", "--junit", tmp_path / "j.xml",
        "--summary", tmp_path / "s.md",
    )  # fmt: skip
    assert again.code == 3, again.err
    (cell,) = again.json()["regraded"]["cells"]
    (flip,) = cell["flips"]
    assert (flip["index"], flip["seed"]) == (7, 0)
    assert flip["rulings"] == {"recorded": "right", "task": "wrong"}
    assert cell["lowest_percent"] == pytest.approx(50)
    assert "1 flip" in (tmp_path / "j.xml").read_text()
    assert "1 flip" in (tmp_path / "s.md").read_text()
    assert call(*asked, "nothing").code == 0, "the record and its grades are as they were"


@pytest.mark.engine
@pytest.mark.nightly
@pytest.mark.parametrize(
    "arguments", [("--fail-on", "flip"), ("--regrade", "--without-samples")], ids=" ".join
)
def test_what_cannot_be_graded_again_is_refused(forged: Home, arguments: tuple[str, ...]) -> None:
    ended = call("verify", "--home", forged.root, "--no-audits", *arguments)
    assert ended.code == 11
    assert "--regrade" in ended.sentence
