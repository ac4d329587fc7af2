"""Grade stored samples with LightEval's metric, each under a hard time limit.

Guarantees: a sample is graded once a grader version and never generated again; an answer that hangs
the grader costs its time limit and one worker process, is recorded as undecided, and stays in the
denominator. Traded away: workers are forked, so this job must run in a process of its own that
has started no threads before.
"""

from collections.abc import Iterator
from concurrent.futures import TimeoutError as GradeTimeout
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from tina_bench import __version__
from tina_bench.jobs.context import Context
from tina_bench.jobs.documents import Problem, load_problems, task_metric
from tina_bench.jobs.wanted import protocol_digest
from tina_bench.metering.hardware import installed
from tina_bench.store.atomic import write_model
from tina_bench.store.contract import GRADER_PACKAGES, GradeInputs, Protocol
from tina_bench.store.hashing import digest, sha256_prefix
from tina_bench.store.home import read_record, read_records
from tina_bench.store.log import LogWriter
from tina_bench.store.outcomes import collect
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

WORKERS = 2
FLUSH_EVERY = 64
"""Grades an fsync: grading again is cheap, unlike generating again."""
REASONING_TAGS = [("<think>", "</think>")]
"""LightEval's default (`PipelineParameters.reasoning_tags`)."""

_metrics: dict[str, Any] = {}
"""Metric by task; filled before workers are forked, so that they start with it."""


def grade_text(
    task: str, doc: Any, text: str, *, remove_reasoning: bool
) -> tuple[bool, str | None]:
    """What the task's LightEval metric says of one answer: correct, and the answer it read.

    The metric writes what it extracted into `doc.specific`, which is how "no answer" is told from
    "wrong answer".
    """
    from lighteval.models.model_output import ModelResponse
    from lighteval.utils.utils import remove_reasoning_tags

    response = ModelResponse(text=[text])
    if remove_reasoning:
        response.text_post_processed = [remove_reasoning_tags(text, REASONING_TAGS)]
    doc.specific = None
    score = _metrics[task].sample_level_fn.compute(doc=doc, model_response=response)
    extracted = (doc.specific or {}).get("extracted_predictions") or []
    return float(score) == 1.0, str(extracted[0]) if extracted else None


def grader_identity(inputs: GradeInputs) -> tuple[str, dict[str, str]]:
    """Name of the grade log, and the versions it stands for."""
    versions = {name: version or "none" for name, version in installed(GRADER_PACKAGES).items()}
    parts = [inputs.identity, versions, inputs.protocol.remove_reasoning_tags]
    return digest(parts)[:16], versions


def _grades(
    todo: list[tuple[Sample, Problem]], protocol: Protocol, timeout_seconds: float
) -> Iterator[Grade]:
    """Grade in forked workers, in order; a worker that overruns is killed and replaced."""
    from pebble import ProcessPool

    with ProcessPool(max_workers=WORKERS, context=get_context("fork")) as pool:
        futures = [
            pool.schedule(
                grade_text,
                args=(sample.task, problem.doc, sample.text),
                kwargs={"remove_reasoning": protocol.remove_reasoning_tags},
                timeout=timeout_seconds,
            )
            for sample, problem in todo
        ]
        for (sample, problem), future in zip(todo, futures, strict=True):
            status, correct, extracted = GradeStatus.GRADED, False, None
            try:
                correct, extracted = future.result()
            except GradeTimeout:
                status = GradeStatus.TIMEOUT
            except Exception:  # noqa: BLE001 - whatever a parser makes of hostile text is a record
                status = GradeStatus.ERROR
            yield Grade(
                key=sample.key,
                task=sample.task,
                problem=sample.problem,
                index=sample.index,
                seed=sample.seed,
                protocol=sample.protocol,
                metric=protocol.tasks[sample.task].metric,
                status=status,
                correct=correct,
                extracted=extracted,
                gold=str(problem.doc.get_golds()[0]),
                truncated=sample.finish_reason == "length",
                tokens_out=sample.tokens_out,
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


def run(context: Context) -> tuple[Outcome, list[str], dict[str, Any]]:
    """Do the job: grade what is ungraded, then write the result record of every task."""
    inputs = context.folder.inputs
    assert isinstance(inputs, GradeInputs)
    protocol, model = inputs.protocol, context.folder.jobs[0].model
    sample_path = context.home.sample_log(model, inputs.identity)
    runs = {(job.task, job.seed) for job in context.folder.jobs}
    protocol_id = protocol_digest(protocol)
    tasks = sorted({str(job.task) for job in context.folder.jobs})
    problems: dict[tuple[str, str], Problem] = {}
    for name in tasks:
        _metrics[name] = task_metric(protocol.tasks[name])
        task, dataset = protocol.tasks[name], protocol.datasets[name]
        for problem in load_problems(name, task, dataset, context.home.root):
            problems[name, problem.id] = problem

    identity, versions = grader_identity(inputs)
    samples = [
        sample
        for sample in read_records(sample_path, Sample)
        if sample.protocol == protocol_id and (sample.task, sample.problem) in problems
    ]
    grade_path = context.home.grade_log(model, identity)
    with LogWriter(grade_path) as log:
        grades = list(read_records(grade_path, Grade))
        graded = {(grade.key, grade.task, grade.metric) for grade in grades}
        todo = [
            (sample, problems[sample.task, sample.problem])
            for sample in samples
            if (sample.task, sample.seed) in runs
            and (sample.key, sample.task, protocol.tasks[sample.task].metric) not in graded
        ]
        with context.meter.in_phase(Phase.GRADE):
            fresh: list[Grade] = []
            written = 0
            for grade in _grades(todo, protocol, inputs.timeout_seconds):
                fresh.append(grade)
                context.meter.tick(samples=1)
                if len(fresh) - written >= FLUSH_EVERY or len(fresh) == len(todo):
                    log.append(record.model_dump(mode="json") for record in fresh[written:])
                    written = len(fresh)
                    context.progress(written, len(todo), "grades")
    grades = [grade for grade in grades + fresh if grade.protocol == protocol_id]
    length = sample_path.stat().st_size
    origin = _Origin(
        source=read_record(sample_path.with_suffix(".json"), SampleSource),
        versions=versions,
        sample_log=str(sample_path.relative_to(context.home.root)),
        sample_log_bytes=length,
        sample_log_sha256=sha256_prefix(sample_path, length),
        grade_log=str(grade_path.relative_to(context.home.root)),
    )
    for name in tasks:
        _write_result(context, protocol, name, problems, grades, samples, origin)
    undecided = sum(grade.status is not GradeStatus.GRADED for grade in fresh)
    outputs = {"grade_identity": identity, "graded": len(fresh), "undecided": undecided}
    return Outcome.DONE, [job.id for job in context.folder.jobs], outputs


def _write_result(
    context: Context,
    protocol: Protocol,
    task: str,
    problems: dict[tuple[str, str], Problem],
    grades: list[Grade],
    samples: list[Sample],
    origin: _Origin,
) -> None:
    model, metric, source = context.folder.jobs[0].model, protocol.tasks[task].metric, origin.source
    order = [problem for (name, _), problem in problems.items() if name == task]
    seeds, outcomes = collect(
        [(problem.id, problem.index) for problem in order],
        [grade for grade in grades if grade.task == task and grade.metric == metric],
    )
    finished = [sample.finished_at for sample in samples if sample.task == task]
    dataset = protocol.datasets[task]
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
        packages=protocol.stack.packages,
        stack=protocol.stack_name,
        profile=protocol.profile,
        hardware=source.hardware,
        image=source.image,
        deviations=protocol.deviations,
        caveats=protocol.tasks[task].caveats,
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
