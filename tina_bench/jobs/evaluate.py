"""Generate every missing sample of a set of weights: all tasks × all seeds in one stream.

Guarantees: a sample is on the disk before the loop looks at the next engine step, so `kill -9` at
any moment costs at most what was in flight; a resumed job generates only what is missing; a sample
is known by the hash of what made it, never by its place in a list. Traded away: batches are put
together as requests come and go, so on hardware whose arithmetic depends on the batch, a resumed
run may differ in text from an uninterrupted one (each sample stays a fair draw).
"""

import os
import time
from collections import deque
from contextlib import closing
from pathlib import Path
from typing import Any

from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import write_model
from tina_bench.jobs.context import Context
from tina_bench.jobs.engine import Completion, Engine, RequestQueue, engine_identity, identity_of
from tina_bench.jobs.engine_pool import EnginePool, start_engines
from tina_bench.jobs.engine_worker import thread_environment
from tina_bench.jobs.sample_requests import (
    WantedSample,
    all_wanted,
    load_tokenizer,
    longest_first,
    protocol_digest,
    read_known,
)
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.metering.hardware import describe
from tina_bench.store.home import read_record
from tina_bench.store.job_folder import EvaluateInputs, EvaluateOutputs, Protocol
from tina_bench.store.records import Outcome, Phase, Sample, SampleSource, now

LOOKS = 20


class BudgetGuard:
    """Says when to start no more requests, so that those in flight can still be paid for.

    The reserve is what the longest answer in flight would take at the speed seen so far, and what
    the end of the job takes; when even that turns out too little, `empty` ends the job and loses
    what is in flight: before the next look at it could come too late, by how far apart the last
    looks were. Should the job not even come to look, its runner ends it (`SpendingLimit`).
    """

    def __init__(self, context: Context, engine: Engine | EnginePool, longest_answer: int) -> None:
        self._meter = context.meter
        self._longest = longest_answer
        self._engine = engine
        self._started = self._looked = time.monotonic()
        self._gaps: deque[float] = deque([0.0], maxlen=LOOKS)

    @property
    def low(self) -> bool:
        """True when only what is in flight can still be paid."""
        left, rate = self._meter.left_usd(), self._meter.usd_per_second
        if left is None or rate is None:
            return False
        # A step makes one token of every answer in flight in its engine; engines step side by side.
        elapsed = time.monotonic() - self._started
        per_step = elapsed * self._engine.engines / max(1, self._engine.steps)
        return left < rate * (per_step * self._longest + self._meter.closing_seconds)

    @property
    def empty(self) -> bool:
        """True when the budget would be used up before the next look."""
        moment = time.monotonic()
        self._gaps.append(moment - self._looked)
        self._looked = moment
        left, rate = self._meter.left_usd(), self._meter.usd_per_second
        reserve = (max(self._gaps) + self._meter.closing_seconds) * (rate or 0.0)
        return left is not None and left <= reserve


def _describe(
    path: Path,
    inputs: EvaluateInputs,
    engine_facts: dict[str, Any],
    prompts: dict[str, str],
    image: str | None,
    engines: int,
) -> None:
    """Write beside the log what its name is the hash of; prompt hashes of tasks add up."""
    if path.exists():
        prompts = read_record(path, SampleSource).prompts_sha256 | prompts
    write_model(
        path,
        SampleSource(
            weights_sha256=inputs.weights.sha256,
            engine=engine_facts,
            hardware={**describe(), "engines": engines},
            image=image,
            prompts_sha256=prompts,
        ),
    )


def run(context: Context) -> tuple[Outcome, list[str], EvaluateOutputs]:
    """Do the job; returns how it ended, which runs are complete, and where the samples are."""
    inputs = context.folder.inputs
    assert isinstance(inputs, EvaluateInputs)
    protocol = inputs.protocol
    if protocol.stack.engine_threads is not None:  # before anything imports torch
        os.environ.update(thread_environment(protocol.stack.engine_threads))
    engine_facts = engine_identity(protocol.stack, protocol.max_model_tokens)
    identity = identity_of(inputs.weights, engine_facts)
    model = context.folder.jobs[0].model
    weights = context.weights_path(inputs.weights)
    verify_sha256(weights, inputs.weights.sha256, f"model {model}")

    path = context.home.sample_log(model, identity)
    with LogWriter(path) as log:
        present, lengths = read_known(path)
        wanted, prompts_sha256 = all_wanted(context, inputs, identity, load_tokenizer(weights))
        image = context.folder.image
        engines, image = context.folder.engines, context.folder.image
        _describe(path.with_suffix(".json"), inputs, engine_facts, prompts_sha256, image, engines)
        missing = longest_first(
            [item for item in wanted if item.request.key not in present], lengths
        )
        found = len(wanted) - len(missing)
        by_engine: tuple[int, ...] = ()
        incidents: tuple[str, ...] = ()
        context.progress(found, len(wanted), "samples")
        if missing:
            with closing(
                start_engines(
                    weights,
                    protocol.stack,
                    protocol.max_model_tokens,
                    engines=engines,
                    requests=len(missing),
                )
            ) as engine:
                _generate(context, engine, protocol, missing, log, present, found)
                if isinstance(engine, EnginePool):
                    by_engine, incidents = engine.answered, tuple(engine.incidents)

    incomplete = {(item.task, item.seed) for item in wanted if item.request.key not in present}
    done = [job.id for job in context.folder.jobs if (job.task, job.seed) not in incomplete]
    complete = len(done) == len(context.folder.jobs)
    outputs = EvaluateOutputs(
        identity=identity,
        samples_generated=sum(item.request.key in present for item in missing),
        samples_found=found,
        deviations=protocol.deviations,
        samples_by_engine=by_engine,
        incidents=incidents,
    )
    return Outcome.DONE if complete else Outcome.BUDGET, done, outputs


def _generate(
    context: Context,
    engine: Engine | EnginePool,
    protocol: Protocol,
    missing: list[WantedSample],
    log: LogWriter,
    present: set[str],
    found: int,
) -> None:
    """Stream the missing samples into the log, until all are there or the budget is spent."""
    by_key = {item.request.key: item for item in missing}
    total, done = found + len(missing), found
    protocol_id = protocol_digest(protocol)
    with context.meter.in_phase(Phase.GENERATE):
        guard = BudgetGuard(context, engine, max(item.request.max_new_tokens for item in missing))
        queue = RequestQueue((item.request for item in missing), lambda: not guard.low)
        stream = engine.stream(queue, protocol.sampling)
        for answers in stream:
            if answers:
                records = [_sample(by_key[a.key], a, protocol_id) for a in answers]
                log.append(record.model_dump(mode="json") for record in records)
                present.update(record.key for record in records)
                done += len(records)
                context.meter.tick(
                    samples=len(records),
                    tokens_in=sum(record.tokens_in for record in records),
                    tokens_out=sum(record.tokens_out for record in records),
                )
                context.progress(done, total, "samples")
            if guard.empty:
                stream.close()
                return


def _sample(item: WantedSample, answer: Completion, protocol_id: str) -> Sample:
    return Sample(
        key=answer.key,
        task=item.task,
        problem=item.problem.id,
        index=item.problem.index,
        seed=item.seed,
        protocol=protocol_id,
        sample_seed=item.request.sample_seed,
        text=answer.text,
        tokens_in=len(item.request.prompt_token_ids),
        tokens_out=answer.tokens_out,
        finish_reason=answer.finish_reason,
        finished_at=now(),
    )
