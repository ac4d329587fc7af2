"""The life of one engine of several: a process that loads, answers what comes, and ends.

What it is sent are pairs of requests and sampling parameters; what it sends are `Message`s.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from tina_bench.catalog.schema import Sampling, Stack
from tina_bench.errors import UsageError
from tina_bench.jobs.engine import Completion, Engine, SampleRequest
from tina_bench.jobs.parent_death import die_with_parent
from tina_bench.metering.gpu import visible_devices

REPORT_SECONDS = 0.1
"""An engine that finishes nothing says so this often; budgets are looked at in between."""


@dataclass(frozen=True)
class Ready:
    """The engine is loaded."""


@dataclass(frozen=True)
class Stepped:
    """Steps since the last message, and the answers that they finished."""

    steps: int
    answers: list[Completion]


@dataclass(frozen=True)
class Failed:
    """The engine raised."""

    why: str


Message = Ready | Stepped | Failed


def thread_environment(threads: int) -> dict[str, str]:
    """So many threads for an engine on the processor, unless the user's environment says more.

    To be set before torch is imported. Threads that are bound to cores would wait there for each
    other whenever another program is on one of them.
    """
    given = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": str(threads)}
    return {name: os.environ.get(name, value) for name, value in given.items()}


def worker_environments(stack: Stack, engines: int) -> list[dict[str, str]]:
    """What each engine's process sees of the machine: one GPU, or its share of the processor.

    Raises `UsageError` when there are fewer GPUs than engines.
    """
    if stack.device == "cuda":
        devices = visible_devices()
        if len(devices) < engines:
            raise UsageError(
                f"found {len(devices)} GPUs for {engines} engines, expected one for each; lower "
                "--engines, or name more with --gpus."
            )
        return [{"CUDA_VISIBLE_DEVICES": name} for name in devices[:engines]]
    share = max(1, (os.cpu_count() or 1) // engines)
    return [thread_environment(stack.engine_threads or share)] * engines


def serve(
    connection: Connection,
    parent: int,
    environment: Mapping[str, str],
    weights: Path,
    stack: Stack,
    max_model_tokens: int,
) -> None:
    """The life of an engine's process: load, answer requests, end with the job's process."""
    die_with_parent(signal.SIGKILL, parent)
    # Ctrl-C goes to every process of a terminal; when to stop is the job's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.update(environment)
    try:
        engine = Engine(weights, stack, max_model_tokens)
        connection.send(Ready())
        answer_all(connection, engine)
    except Exception as error:  # noqa: BLE001 - whatever an engine raises is why this process ends
        traceback.print_exc()
        with contextlib.suppress(OSError):  # the job's process may have ended
            connection.send(Failed(f"{type(error).__name__}: {error}"))
    sys.stderr.flush()
    os._exit(1)


def answer_all(connection: Connection, engine: Engine) -> None:
    """Answer requests until the job's process has ended; never returns.

    An engine steps as long as it is busy, and takes new requests in between two steps.
    """
    arrived: queue.SimpleQueue[tuple[list[SampleRequest], Sampling]] = queue.SimpleQueue()

    def receive() -> None:
        # A thread of its own: if both sides waited for room to send, neither would read.
        try:
            while True:
                arrived.put(connection.recv())
        except (EOFError, OSError):
            os._exit(1)  # the job's process has ended

    threading.Thread(target=receive, daemon=True).start()
    steps, finished, said = 0, list[Completion](), time.monotonic()
    while True:
        while not engine.busy or not arrived.empty():
            requests, sampling = arrived.get()
            for request in requests:
                engine.add(request, sampling)
        finished += engine.step()
        steps += 1
        if finished or not engine.busy or time.monotonic() - said >= REPORT_SECONDS:
            connection.send(Stepped(steps, finished))
            steps, finished, said = 0, [], time.monotonic()
