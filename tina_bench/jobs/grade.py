"""Grade stored samples with LightEval's metric, each under a hard time limit.

Guarantees: a sample is graded once a grader version and never generated again; an answer that hangs
the grader costs its time limit and one worker process, is recorded as undecided, and stays in the
denominator. Traded away: workers are forked, so this job must run in a process of its own that
has started no threads before.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from tina_bench import __version__
from tina_bench.files.append_log import LogWriter, whole_length
from tina_bench.files.atomic import write_model
from tina_bench.files.hashing import digest, sha256_prefix
from tina_bench.jobs.context import Context
from tina_bench.jobs.grade_workers import decide, grade_of, grade_with
from tina_bench.jobs.lighteval_tasks import TaskProblem, load_problems, task_metric
from tina_bench.jobs.sample_requests import protocol_digest
from tina_bench.metering.hardware import installed
from tina_bench.store.home import read_record, read_records
from tina_bench.store.job_folder import GRADER_PACKAGES, GradeInputs, Protocol
from tina_bench.store.outcomes import collect
from tina_bench.store.problem_texts import keep_problems
from tina_bench.store.records import (
    Grade,
    GradeStatus,
    Outcome,
    Phase,
    Provenance,
    ResultRecord,
    Sample,
    SampleSource,
)

FLUSH_EVERY = 64
"""Grades an fsync: grading again is cheap, unlike generating again."""

_metrics: dict[str, Any] = {}
"""Metric by task; filled before workers are forked, so that they start with it."""


def grade_text(
    task: str, doc: Any, text: str, *, remove_reasoning: bool
) -> tuple[bool, str | None]:
    """What the task's LightEval metric says of one answer: correct, and the answer it read."""
    return grade_with(_metrics[task], doc, text, remove_reasoning=remove_reasoning)


def grader_identity(inputs: GradeInputs) -> tuple[str, dict[str, str]]:
    """Name of the grade log, and the versions it stands for."""
    versions = {name: version or "none" for name, version in installed(GRADER_PACKAGES).items()}
    parts = [inputs.identity, versions, inputs.protocol.remove_reasoning_tags]
    return digest(parts)[:16], versions


def _grades(
    todo: Iterable[tuple[Sample, TaskProblem]], protocol: Protocol, timeout_seconds: float
) -> Iterator[Grade]:
    """Grade in forked workers, in order; a worker that overruns is killed and replaced."""
    grade = partial(grade_text, remove_reasoning=protocol.remove_reasoning_tags)

    def arguments(asked: tuple[Sample, TaskProblem]) -> tuple[Any, ...]:
        sample, problem = asked
        return sample.task, problem.doc, sample.text

    for (sample, problem), decision in decide(todo, grade, arguments, timeout_seconds):
        yield grade_of(
            sample,
            decision,
            metric=protocol.tasks[sample.task].metric,
            gold=str(problem.doc.get_golds()[0]),
        )


@dataclass(frozen=True)
class _Origin:
    """What the results of all tasks share: where their samples came from, hashed once."""

    source: SampleSource
    versions: dict[str, str]
    sample_log: str
    sample_log_bytes: int
    sample_log_sha256: str
    grade_log: str


def _loaded(context: Context, protocol: Protocol, name: str) -> list[TaskProblem]:
    """The problems of a task, after leaving their texts in the home.

    Not those that can be had only by accepting a licence: they stay in their own folder.
    """
    task, dataset = protocol.tasks[name], protocol.datasets[name]
    loaded = load_problems(name, task, dataset, context.home.root)
    if task.access == "open":
        keep_problems(context.home, name, (problem.text() for problem in loaded))
    return loaded


def run(context: Context) -> tuple[Outcome, list[str], dict[str, Any]]:
    """Do the job: grade what is ungraded, then write the result record of every task."""
    inputs = context.folder.inputs
    assert isinstance(inputs, GradeInputs)
    protocol, model = inputs.protocol, context.folder.jobs[0].model
    sample_path = context.home.sample_log(model, inputs.identity)
    runs = {(job.task, job.seed) for job in context.folder.jobs}
    protocol_id = protocol_digest(protocol)
    tasks = sorted({str(job.task) for job in context.folder.jobs})
    problems: dict[tuple[str, str], TaskProblem] = {}
    for name in tasks:
        _metrics[name] = task_metric(protocol.tasks[name])
        for problem in _loaded(context, protocol, name):
            problems[name, problem.id] = problem

    identity, versions = grader_identity(inputs)
    finished: dict[str, list[datetime.datetime]] = {name: [] for name in tasks}
    grade_path = context.home.grade_log(model, identity)
    with LogWriter(grade_path) as log:
        grades = list(read_records(grade_path, Grade))
        graded = {(grade.key, grade.task, grade.metric) for grade in grades}

        def todo() -> Iterator[tuple[Sample, TaskProblem]]:
            """Read the log once, and hold no more texts than are being graded."""
            for sample in read_records(sample_path, Sample):
                problem = problems.get((sample.task, sample.problem))
                if problem is None or sample.protocol != protocol_id:
                    continue
                finished[sample.task].append(sample.finished_at)
                made = (sample.key, sample.task, protocol.tasks[sample.task].metric)
                if (sample.task, sample.seed) in runs and made not in graded:
                    yield sample, problem

        sizes = Counter(task for task, _ in problems)
        total = sum(sizes[str(task)] for task, _ in runs) - sum(
            (grade.task, grade.seed) in runs and grade.protocol == protocol_id for grade in grades
        )
        with context.meter.in_phase(Phase.GRADE):
            fresh: list[Grade] = []
            written = 0

            def flush() -> None:
                nonlocal written
                log.append(record.model_dump(mode="json") for record in fresh[written:])
                written = len(fresh)
                context.progress(written, max(total, written), "grades")

            for grade in _grades(todo(), protocol, inputs.timeout_seconds):
                fresh.append(grade)
                context.meter.tick(samples=1)
                if len(fresh) - written >= FLUSH_EVERY:
                    flush()
            if written < len(fresh):
                flush()
    grades = [grade for grade in grades + fresh if grade.protocol == protocol_id]
    length = whole_length(sample_path)
    origin = _Origin(
        source=read_record(sample_path.with_suffix(".json"), SampleSource),
        versions=versions,
        sample_log=str(sample_path.relative_to(context.home.root)),
        sample_log_bytes=length,
        sample_log_sha256=sha256_prefix(sample_path, length),
        grade_log=str(grade_path.relative_to(context.home.root)),
    )
    for name in tasks:
        _write_result(context, protocol, name, problems, grades, finished[name], origin)
    undecided = sum(grade.status is not GradeStatus.GRADED for grade in fresh)
    outputs = {"grade_identity": identity, "graded": len(fresh), "undecided": undecided}
    return Outcome.DONE, [job.id for job in context.folder.jobs], outputs


def _write_result(
    context: Context,
    protocol: Protocol,
    task: str,
    problems: dict[tuple[str, str], TaskProblem],
    grades: list[Grade],
    finished: list[datetime.datetime],
    origin: _Origin,
) -> None:
    model, metric, source = context.folder.jobs[0].model, protocol.tasks[task].metric, origin.source
    order = [problem for (name, _), problem in problems.items() if name == task]
    seeds, outcomes = collect(
        [(problem.id, problem.index) for problem in order],
        [grade for grade in grades if grade.task == task and grade.metric == metric],
    )
    dataset, inputs = protocol.datasets[task], context.folder.inputs
    assert isinstance(inputs, GradeInputs)
    looked_at = inputs.until_decided.get(task)
    provenance = Provenance(
        tina_bench_version=__version__,
        weights_sha256=source.weights_sha256,
        dataset_sha256=dataset.sha256,
        prompts_sha256=source.prompts_sha256[task],
        engine=source.engine,
        sampling={
            **protocol.sampling.model_dump(mode="json"),
            "max_new_tokens": protocol.tasks[task].max_new_tokens,
            "max_model_tokens": protocol.max_model_tokens,
        },
        grader={
            "metric": metric,
            "remove_reasoning_tags": str(protocol.remove_reasoning_tags).lower(),
            **origin.versions,
        },
        packages=source.engine["packages"],
        stack=protocol.stack_name,
        profile=protocol.profile,
        hardware=source.hardware,
        image=source.image,
        deviations=protocol.deviations,
        caveats=protocol.tasks[task].caveats,
        stopping="fixed" if looked_at is None else "until-decided",
        until_decided=looked_at,
        protocol=protocol_digest(protocol),
        sample_log=origin.sample_log,
        sample_log_bytes=origin.sample_log_bytes,
        sample_log_sha256=origin.sample_log_sha256,
        grade_log=origin.grade_log,
        command_line=context.folder.command_line,
        started_at=min(finished),
        finished_at=max(finished),
    )
    record = ResultRecord(
        model=model, task=task, seeds=seeds, problems=outcomes, provenance=provenance
    )
    write_model(context.home.result_file(protocol.profile, model, task), record)
