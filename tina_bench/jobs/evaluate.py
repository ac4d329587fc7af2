"""Generate every missing sample of a set of weights: all tasks × all seeds in one stream.

Guarantees: a sample is on the disk before the loop looks at the next engine step, so `kill -9` at
any moment costs at most what was in flight; a resumed job generates only what is missing; a sample
is known by the hash of what made it, never by its place in a list. Traded away: batches are put
together as requests come and go, so on hardware whose arithmetic depends on the batch, a resumed
run may differ in text from an uninterrupted one (each sample stays a fair draw).
"""

import hashlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.errors import UsageError
from tina_bench.jobs.context import Context
from tina_bench.jobs.documents import Problem, load_problems
from tina_bench.jobs.engine import Answer, Engine, Request, engine_identity, identity_of
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.metering.hardware import describe
from tina_bench.store.atomic import write_model
from tina_bench.store.contract import EvaluateInputs, EvaluateOutputs, Protocol
from tina_bench.store.hashing import digest
from tina_bench.store.home import read_record, read_records
from tina_bench.store.log import LogWriter
from tina_bench.store.records import Outcome, Phase, Sample, SampleSource, now

PROTOCOL_DIGITS = 16


def protocol_digest(protocol: Protocol) -> str:
    """Hash of what is the same for all samples of a profile: sampling and context length."""
    return digest([protocol.sampling.model_dump(mode="json"), protocol.max_model_tokens])[
        :PROTOCOL_DIGITS
    ]


def derive_seed(seed: int, task: str, problem: str) -> int:
    """The engine seed of one sample, 0 to 2⁶³−1.

    Derived, because one seed for all problems of a run would feed them the same random numbers and
    so make their outcomes dependent. Source of the construction: none; any hash would do.
    """
    data = f"{seed}\x1f{task}\x1f{problem}".encode()
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big") >> 1


@dataclass(frozen=True)
class Wanted:
    """One sample that a run needs."""

    request: Request
    task: str
    problem: Problem
    seed: int
    expected_tokens: float


def render_prompts(
    tokenizer: Any, problems: Iterable[Problem], limit: int, max_new_tokens: int, task: str
) -> Iterator[tuple[Problem, tuple[int, ...]]]:
    """Prompt token ids as LightEval's `PromptManager` renders them with the chat template.

    No special tokens are added: the template has them (the published protocol adds a second BOS).
    Raises `UsageError` when a prompt and a full answer do not fit the context: cutting the prompt
    would be another benchmark.
    """
    from lighteval.tasks.prompt_manager import PromptManager

    manager = PromptManager(use_chat_template=True, tokenizer=tokenizer)
    for problem in problems:
        text = manager.prepare_prompt(problem.doc)
        ids = tuple(tokenizer(text, add_special_tokens=False)["input_ids"])
        if len(ids) + max_new_tokens > limit:
            raise UsageError(
                f"task {task}, problem {problem.index}: the prompt has {len(ids)} tokens, and with "
                f"{max_new_tokens} for the answer it does not fit the context of {limit}; raise "
                "the profile's max_model_tokens or lower the task's max_new_tokens."
            )
        yield problem, ids


def load_tokenizer(folder: Path) -> Any:
    """The model's own tokenizer, from local files, without running any code of theirs."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)


def all_wanted(
    context: Context, inputs: EvaluateInputs, identity: str, tokenizer: Any
) -> tuple[list[Wanted], dict[str, str]]:
    """Every sample that the folder's runs consist of, and each task's hash over its prompts."""
    protocol = inputs.protocol
    seeds: dict[str, list[int]] = {}
    for job in context.folder.jobs:
        assert job.task is not None
        assert job.seed is not None
        seeds.setdefault(job.task, []).append(job.seed)
    wanted: list[Wanted] = []
    prompts_sha256: dict[str, str] = {}
    for name in sorted(seeds):
        task = protocol.tasks[name]
        problems = load_problems(name, task, protocol.datasets[name])
        rendered = list(
            render_prompts(
                tokenizer, problems, protocol.max_model_tokens, task.max_new_tokens, name
            )
        )
        prompts_sha256[name] = digest([[problem.id, list(ids)] for problem, ids in rendered])
        for problem, ids in rendered:
            for seed in seeds[name]:
                sample_seed = derive_seed(seed, name, problem.id)
                key = digest(
                    {
                        "prompt_token_ids": list(ids),
                        "sampling": protocol.sampling.model_dump(mode="json"),
                        "max_new_tokens": task.max_new_tokens,
                        "sample_seed": sample_seed,
                        "identity": identity,
                    }
                )
                wanted.append(
                    Wanted(
                        Request(key, ids, sample_seed, task.max_new_tokens),
                        name,
                        problem,
                        seed,
                        task.expected_output_tokens or float(task.max_new_tokens),
                    )
                )
    return wanted, prompts_sha256


def longest_first(wanted: list[Wanted], samples: Iterable[Sample]) -> list[Wanted]:
    """Order by expected answer length, longest first, so that no long answer starts last.

    Expected: the mean of the problem's answers so far, else of its task's, else the catalog's.
    """
    lengths: dict[tuple[str, str], list[int]] = {}
    for sample in samples:
        for key in ((sample.task, sample.problem), (sample.task, "")):
            lengths.setdefault(key, []).append(sample.tokens_out)
    mean = {key: sum(values) / len(values) for key, values in lengths.items()}

    def expected(item: Wanted) -> float:
        of_task = mean.get((item.task, ""), item.expected_tokens)
        return mean.get((item.task, item.problem.id), of_task)

    return sorted(wanted, key=lambda item: (-expected(item), item.request.key))


class Purse:
    """Says when to stop asking, so that what is in flight can still be paid for.

    The reserve is what the longest answer in flight would take at the speed seen so far; when even
    that turns out too little, `empty` ends the job at once and loses what is in flight.
    """

    def __init__(self, context: Context, longest_answer: int) -> None:
        self._meter = context.meter
        self._budget = context.folder.budget_usd
        self._longest = longest_answer
        self._steps = 0
        self._started = time.monotonic()

    def step(self) -> None:
        """Count one engine step: it makes one token of every answer in flight."""
        self._steps += 1

    def _left(self) -> float | None:
        spent = self._meter.spent_usd()
        return None if self._budget is None or spent is None else self._budget - spent

    @property
    def low(self) -> bool:
        """True when only what is in flight can still be paid."""
        left, rate = self._left(), self._meter.usd_per_second
        if left is None or rate is None:
            return False
        per_step = (time.monotonic() - self._started) / max(1, self._steps)
        return left < rate * per_step * self._longest

    @property
    def empty(self) -> bool:
        """True when the budget is used up."""
        left = self._left()
        return left is not None and left <= 0


def _feed(missing: list[Wanted], purse: Purse) -> Iterator[Request]:
    for item in missing:
        if purse.low:
            return
        yield item.request


def _describe(
    path: Path, inputs: EvaluateInputs, engine_facts: dict[str, Any], prompts: dict[str, str]
) -> None:
    """Write beside the log what its name is the hash of; prompt hashes of tasks add up."""
    if path.exists():
        prompts = read_record(path, SampleSource).prompts_sha256 | prompts
    write_model(
        path,
        SampleSource(
            weights_sha256=inputs.weights.sha256,
            engine=engine_facts,
            hardware=describe(),
            prompts_sha256=prompts,
        ),
    )


def run(context: Context) -> tuple[Outcome, list[str], EvaluateOutputs]:
    """Do the job; returns how it ended, which runs are complete, and where the samples are."""
    inputs = context.folder.inputs
    assert isinstance(inputs, EvaluateInputs)
    protocol = inputs.protocol
    engine_facts = engine_identity(protocol.stack, protocol.max_model_tokens)
    identity = identity_of(inputs.weights, engine_facts)
    model = context.folder.jobs[0].model
    weights = context.weights_path(inputs.weights)
    verify_sha256(weights, inputs.weights.sha256, f"model {model}")

    path = context.home.sample_log(model, identity)
    with LogWriter(path) as log:
        samples = list(read_records(path, Sample))
        present = {sample.key for sample in samples}
        wanted, prompts_sha256 = all_wanted(context, inputs, identity, load_tokenizer(weights))
        _describe(path.with_suffix(".json"), inputs, engine_facts, prompts_sha256)
        missing = longest_first(
            [item for item in wanted if item.request.key not in present], samples
        )
        found = len(wanted) - len(missing)
        context.progress(found, len(wanted), "samples")
        if missing:
            engine = Engine(weights, protocol.stack, protocol.max_model_tokens)
            _generate(context, engine, protocol, missing, log, present)

    incomplete = {(item.task, item.seed) for item in wanted if item.request.key not in present}
    done = [job.id for job in context.folder.jobs if (job.task, job.seed) not in incomplete]
    complete = len(done) == len(context.folder.jobs)
    outputs = EvaluateOutputs(
        identity=identity,
        samples_generated=sum(item.request.key in present for item in missing),
        samples_found=found,
    )
    return Outcome.DONE if complete else Outcome.BUDGET, done, outputs


def _generate(
    context: Context,
    engine: Engine,
    protocol: Protocol,
    missing: list[Wanted],
    log: LogWriter,
    present: set[str],
) -> None:
    """Stream the missing samples into the log, until all are there or the purse is empty."""
    by_key = {item.request.key: item for item in missing}
    total = len(present) + len(missing)
    protocol_id = protocol_digest(protocol)
    with context.meter.in_phase(Phase.GENERATE):
        purse = Purse(context, max(item.request.max_new_tokens for item in missing))
        stream = engine.stream(_feed(missing, purse), protocol.sampling)
        for answers in stream:
            purse.step()
            if answers:
                records = [_sample(by_key[a.key], a, protocol_id) for a in answers]
                log.append(record.model_dump(mode="json") for record in records)
                present.update(record.key for record in records)
                context.meter.tick(
                    samples=len(records),
                    tokens_in=sum(record.tokens_in for record in records),
                    tokens_out=sum(record.tokens_out for record in records),
                )
                context.progress(len(present), total, "samples")
            if purse.empty:
                stream.close()
                return


def _sample(item: Wanted, answer: Answer, protocol_id: str) -> Sample:
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
