"""One vLLM engine for one set of weights, and the stream of answers that comes out of it.

The engine runs inside this process (no engine subprocess): it starts in seconds instead of a
minute, and a crash of it is a crash of the job, which the runner records as a result.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Sampling, Stack
from tina_bench.errors import MissingEngineError, UsageError
from tina_bench.files.hashing import digest
from tina_bench.metering.gpu import visible_gpus
from tina_bench.metering.hardware import device_name, installed
from tina_bench.store.job_folder import Weights

IDENTITY_DIGITS = 16
ROUNDS = 2
"""Batches of requests that an engine holds at most: one being answered, one waiting its turn."""
OFFLINE = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""Set before the engine is imported: in process, no telemetry, no network."""


def check_packages(stack: Stack) -> dict[str, str]:
    """Installed version of every package that the stack pins.

    Raises `MissingEngineError` when one differs: another version is another measurement.
    """
    found = installed(stack.packages)
    differing = stack.package_gap(found)
    if differing is not None:
        raise MissingEngineError(f"the stack {differing}")
    return {name: version for name, version in found.items() if version is not None}


def engine_options(stack: Stack, max_model_tokens: int) -> dict[str, Any]:
    """Keyword arguments of `vllm.LLM`, the model's path excepted."""
    options: dict[str, Any] = {
        "dtype": stack.dtype,
        "max_model_len": max_model_tokens,
        "max_num_seqs": stack.max_num_seqs,
        "enforce_eager": stack.enforce_eager,
        "load_format": "safetensors",
        "trust_remote_code": False,
        "seed": 0,
    }
    if stack.device == "cpu":
        options["distributed_executor_backend"] = "uni"
        # vLLM 0.31 on CPU fails on a seeded request whose prompt it has prefilled only in part
        # ("CPU Generator does not use offset"), so prompts go in whole.
        options["enable_chunked_prefill"] = False
        options["max_num_batched_tokens"] = max(4096, max_model_tokens)
    elif stack.gpu_memory_utilization is not None:
        options["gpu_memory_utilization"] = stack.gpu_memory_utilization
    return options


def engine_identity(stack: Stack, max_model_tokens: int) -> dict[str, Any]:
    """Everything about the engine that may change an answer.

    The device is the one GPU that an engine computes on, and how many engines there are is not
    part of it: engines share no tensor, so an answer comes out of one GPU whatever the others do.
    What is in the same batch with it does depend on their number, as it depends on the order in
    which requests finish; where arithmetic depends on the batch, that is already so with one
    engine. So samples of one engine and of several are draws of one kind, and are found again.
    Raises `UsageError` when the GPUs in use are not all of one kind.
    """
    return {
        "packages": check_packages(stack),
        "device": engine_device(stack.device),
        "options": engine_options(stack, max_model_tokens),
    }


def identity_of(weights: Weights, engine: dict[str, Any]) -> str:
    """Name of the sample log: hash of weights, tokenizer and engine."""
    return digest({"weights": weights.sha256, "engine": engine})[:IDENTITY_DIGITS]


def engine_device(device: str) -> str:
    """What one engine computes on; raises `UsageError` when that depends on which engine it is."""
    names = sorted(set(visible_gpus().names)) if device == "cuda" else []
    if len(names) > 1:
        raise UsageError(
            f"the GPUs in use are of several kinds, {' and '.join(names)}, and one result is one "
            "measurement on one kind; choose some of one kind with --gpus."
        )
    return names[0] if names else device_name(device)


@dataclass(frozen=True)
class SampleRequest:
    """One answer that is wanted."""

    key: str
    prompt_token_ids: tuple[int, ...]
    sample_seed: int
    max_new_tokens: int


@dataclass(frozen=True)
class Completion:
    """One answer as the engine gave it."""

    key: str
    text: str
    tokens_out: int
    finish_reason: str


class RequestQueue:
    """The queue of requests, longest first, as long as more may be started."""

    def __init__(self, requests: Iterable[SampleRequest], may_ask: Callable[[], bool]) -> None:
        self._waiting = deque(requests)
        self._may_ask = may_ask

    def __iter__(self) -> Iterator[SampleRequest]:
        return self

    def __next__(self) -> SampleRequest:
        """The next request; it ends while no more may be started."""
        if not self._waiting or not self._may_ask():
            raise StopIteration
        return self._waiting.popleft()

    def give_back(self, requests: Iterable[SampleRequest]) -> None:
        """Requests that were taken and not answered; they are the first again."""
        self._waiting.extendleft(reversed(list(requests)))


class Engine:
    """A loaded engine. Start-up is the expensive part; everything of a model goes through one."""

    def __init__(self, weights: Path, stack: Stack, max_model_tokens: int) -> None:
        """Load local safetensors; no code from the model folder is ever run."""
        os.environ.update(OFFLINE)
        if stack.device == "cpu":
            # A small fixed cache: the default takes a share of the machine's memory.
            os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(int(stack.kv_cache_gib or 1))
        from vllm import LLM

        self._llm = LLM(
            model=str(weights), disable_log_stats=True, **engine_options(stack, max_model_tokens)
        )
        self.max_num_seqs = stack.max_num_seqs
        self.steps = 0
        """Steps made so far: each makes one token of every answer that is being generated."""
        self._inside: set[str] = set()

    engines = 1
    """Engines that answer: this one."""

    @property
    def busy(self) -> bool:
        """Whether a request is inside."""
        return bool(self._inside)

    def add(self, request: SampleRequest, sampling: Sampling) -> None:
        """Take a request in."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        self._llm.llm_engine.add_request(
            request.key,
            {"prompt_token_ids": list(request.prompt_token_ids)},
            SamplingParams(
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                top_k=sampling.top_k,
                max_tokens=request.max_new_tokens,
                seed=request.sample_seed,
                output_kind=RequestOutputKind.FINAL_ONLY,
            ),
        )
        self._inside.add(request.key)

    def step(self) -> list[Completion]:
        """One step; the answers that it finished."""
        answers = [_answer(out) for out in self._llm.llm_engine.step() if out.finished]
        self.steps += 1
        self._inside -= {answer.key for answer in answers}
        return answers

    def close(self) -> None:
        """Nothing: tearing an engine down takes seconds, and its process ends right after."""

    def stream(self, requests: RequestQueue, sampling: Sampling) -> Generator[list[Completion]]:
        """Yield the answers of each engine step that finished any, in the order they finish.

        At most two batches of requests are inside the engine at a time, so a caller that stops
        consuming leaves the rest unpaid for. Closing the generator aborts what is in flight.
        """
        try:
            exhausted = False
            while True:
                while not exhausted and len(self._inside) < ROUNDS * self.max_num_seqs:
                    request = next(requests, None)
                    if request is None:
                        exhausted = True
                        break
                    self.add(request, sampling)
                if not self.busy:
                    return
                yield self.step()
        finally:
            if self._inside:
                self._llm.llm_engine.abort_request(list(self._inside))
                self._inside.clear()


def _answer(output: Any) -> Completion:
    (completion,) = output.outputs
    return Completion(
        key=output.request_id,
        text=completion.text,
        tokens_out=len(completion.token_ids),
        finish_reason=str(completion.finish_reason),
    )
