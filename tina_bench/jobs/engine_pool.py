"""Several engines that pull from one queue of requests, each in a process and on a GPU of its own.

No tensor is shared between GPUs: that changes scores (vLLM issues #11204 and others),
and a model that fits one GPU does not need it. The job's process hands out requests, longest
first, to whichever engine has room, and is the only one that writes samples and ledger.

Guarantees: an engine holds a bounded number of requests, so that a budget that runs low leaves the
rest unasked; an engine that ends early (`kill -9`, a crash) gives its requests back to the others
and is reported; engines end when this process does, however it ends. Traded away: what a lost
engine had in flight is generated again; a request that was in flight in two engines that ended is
not given to a third, and the job fails.
"""

import math
import multiprocessing
import os
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tina_bench.catalog.schema import Sampling, Stack
from tina_bench.errors import JobFailedError
from tina_bench.jobs.engine import ROUNDS, Completion, Engine, RequestQueue, SampleRequest
from tina_bench.jobs.engine_worker import (
    REPORT_SECONDS,
    Failed,
    Message,
    Ready,
    Stepped,
    serve,
    worker_environments,
)

PATIENCE_SECONDS = 10.0
"""For the kernel to take a killed process away."""


@dataclass(eq=False)
class _Worker:
    """An engine's process, as the job sees it."""

    name: str
    process: SpawnProcess
    connection: Connection
    in_flight: dict[str, SampleRequest] = field(default_factory=dict)
    answered: int = 0
    failure: str | None = None
    """What the engine printed before it ended."""

    def end(self) -> str:
        """Make sure that it has ended; says how it did."""
        self.process.join(PATIENCE_SECONDS if self.failure is None else 0.1)
        self.process.kill()
        self.process.join(PATIENCE_SECONDS)
        self.connection.close()
        code = self.process.exitcode
        if self.failure is not None:
            return self.failure
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


class EnginePool:
    """Engines in processes of their own, to be used like one `Engine`."""

    def __init__(
        self,
        weights: Path,
        stack: Stack,
        max_model_tokens: int,
        *,
        engines: int,
        requests: int,
        serve: Callable[..., None] = serve,
    ) -> None:
        """Start engines, not more than there are `requests` to come, and wait until all are up.

        `serve` is the life of an engine's process. Raises `JobFailedError` when none of them
        starts, and `UsageError` when there are fewer GPUs; goes on with the others when some fail.
        """
        engines = max(1, min(engines, requests))
        # What one engine may hold at first: else the one that is up first has all of a short queue.
        self._room = min(ROUNDS * stack.max_num_seqs, math.ceil(requests / engines))
        self.steps = 0
        """Steps made so far, by all of them."""
        self.incidents: list[str] = []
        """Engines that ended early, one sentence each."""
        self._returned: set[str] = set()
        context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        """Engines that live."""
        self._started: list[_Worker] = []
        try:
            environments = worker_environments(stack, engines)
            for number, environment in enumerate(environments, start=1):
                ours, theirs = context.Pipe()
                process = context.Process(
                    target=serve,
                    args=(theirs, os.getpid(), environment, weights, stack, max_model_tokens),
                    name=f"engine-{number}",
                )
                process.start()
                theirs.close()
                gpu = environment.get("CUDA_VISIBLE_DEVICES")
                name = f"engine {number} of {engines}" + ("" if gpu is None else f" on GPU {gpu}")
                self._workers.append(_Worker(name, process, ours))
            self._started = list(self._workers)
            starting = set(self._workers)
            while starting:
                for worker, message in self._receive(None):
                    if isinstance(message, Ready) or message is None:
                        starting.discard(worker)
        except BaseException:
            self.close()
            raise

    @property
    def engines(self) -> int:
        """Engines that answer."""
        return len(self._workers)

    @property
    def answered(self) -> tuple[int, ...]:
        """Answers so far by engine, engines that have ended included."""
        return tuple(worker.answered for worker in self._started)

    def stream(self, requests: RequestQueue, sampling: Sampling) -> Generator[list[Completion]]:
        """Yield answers in the order they finish, and an empty list when none has for a while.

        Raises `JobFailedError` when no engine is left, or when requests seem to end engines.
        """
        while True:
            self._hand_out(requests, sampling)
            if not any(worker.in_flight for worker in self._workers):
                return
            answers: list[Completion] = []
            failure: JobFailedError | None = None
            try:
                for worker, message in self._receive(REPORT_SECONDS):
                    if isinstance(message, Stepped):
                        self.steps += message.steps
                        answers += message.answers
                        worker.answered += len(message.answers)
                        for answer in message.answers:
                            del worker.in_flight[answer.key]
                    elif message is None:
                        requests.give_back(worker.in_flight.values())
            except JobFailedError as error:
                failure = error
            yield answers  # what has come is kept, whatever came with it
            if failure is not None:
                raise failure

    def close(self) -> None:
        """End every engine, whatever it is doing."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _receive(self, timeout: float | None) -> Iterator[tuple[_Worker, Message | None]]:
        """Messages that have arrived, one per worker; `None` from one that has ended."""
        by_connection = {worker.connection: worker for worker in self._workers}
        for ready in wait(list(by_connection), timeout):
            assert isinstance(ready, Connection)
            worker = by_connection[ready]
            try:
                message: Message | None = ready.recv()
            except (EOFError, OSError):  # the end of it, perhaps in the middle of a message
                message = None
            if isinstance(message, Failed):
                worker.failure, message = message.why, None
            if message is None:
                self._lose(worker)
            yield worker, message

    def _hand_out(self, requests: RequestQueue, sampling: Sampling) -> None:
        """Give requests, the next one always to the engine with the fewest, until all are full."""
        given: dict[_Worker, list[SampleRequest]] = {}
        while True:
            worker = min(self._workers, key=lambda one: len(one.in_flight))
            if len(worker.in_flight) >= self._room:
                break
            request = next(requests, None)
            if request is None:
                break
            worker.in_flight[request.key] = request
            given.setdefault(worker, []).append(request)
        for worker, some in given.items():
            try:
                worker.connection.send((some, sampling))
            except OSError:
                continue  # it has just ended: the next look at its connection says so

    def _lose(self, worker: _Worker) -> None:
        """Take out an engine that has ended, and say so; its requests are the caller's."""
        how = worker.end()
        self._workers.remove(worker)
        n, plural = len(worker.in_flight), "" if len(worker.in_flight) == 1 else "s"
        sentence = f"{worker.name} ended early ({how}) with {n} request{plural} in flight"
        self.incidents.append(sentence)
        print(f"{sentence}.", file=sys.stderr, flush=True)
        if not self._workers:
            raise JobFailedError(
                f"no engine is left: {'; '.join(self.incidents)}. Everything finished so far is "
                "kept; the job's log says more."
            )
        twice = self._returned & worker.in_flight.keys()
        if twice:
            raise JobFailedError(
                f"two engines ended with the same {len(twice)} request"
                f"{'' if len(twice) == 1 else 's'} in flight ({'; '.join(self.incidents)}), so a "
                "third is not given them. Everything finished so far is kept; the job's log says "
                "more."
            )
        self._returned |= worker.in_flight.keys()


def start_engines(
    weights: Path, stack: Stack, max_model_tokens: int, *, engines: int, requests: int
) -> Engine | EnginePool:
    """One engine inside this process, or several in processes of their own."""
    if engines == 1:
        return Engine(weights, stack, max_model_tokens)
    return EnginePool(weights, stack, max_model_tokens, engines=engines, requests=requests)
