"""An engine's process without an engine: it speaks the same language, and does as it is told.

The real engines are in test_engines.py; this is for what they cannot be made to do in a test.
"""

import os
import signal
import sys
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.support.worlds import make_catalog
from tina_bench.catalog.schema import Sampling
from tina_bench.jobs.engine import Completion, RequestQueue, SampleRequest
from tina_bench.jobs.engine_pool import EnginePool
from tina_bench.jobs.engine_worker import Failed, Ready, answer_all
from tina_bench.jobs.parent_death import die_with_parent

SAMPLING = Sampling(temperature=0.6, top_p=0.95)
STACK = make_catalog().stacks["cpu"]


class Obedient:
    """Answers every request with its key in the next step; some keys are orders."""

    def __init__(self) -> None:
        self.inside: list[SampleRequest] = []

    @property
    def busy(self) -> bool:
        return bool(self.inside)

    def add(self, request: SampleRequest, sampling: Sampling) -> None:
        self.inside.append(request)

    def step(self) -> list[Completion]:
        time.sleep(0.001)
        if any(request.key.startswith("poison") for request in self.inside):
            os.kill(os.getpid(), signal.SIGKILL)
        if any(request.key.startswith("raise") for request in self.inside):
            raise ValueError("a hard problem")
        done = [request for request in self.inside if not request.key.startswith("forever")]
        self.inside = [request for request in self.inside if request not in done]
        return [
            Completion(request.key, "x" * request.max_new_tokens, request.max_new_tokens, "stop")
            for request in done
        ]


def serve(connection: Connection, parent: int, environment: Any, weights: Path, *_: Any) -> None:
    """As `jobs.engine_worker.serve`; a file `fail` in the weights' folder fails one start."""
    die_with_parent(signal.SIGKILL, parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    (weights / f"{os.getpid()}.pid").touch()
    if (weights / "fail").exists():
        (weights / "fail").unlink()
        connection.send(Failed("RuntimeError: out of luck"))
        os._exit(1)
    try:
        connection.send(Ready())
        answer_all(connection, Obedient())  # type: ignore[arg-type]
    except ValueError as error:
        connection.send(Failed(f"{type(error).__name__}: {error}"))
    os._exit(1)


def make_pool(folder: Path, engines: int, requests: int) -> EnginePool:
    return EnginePool(folder, STACK, 64, engines=engines, requests=requests, serve=serve)


def make_request(key: str, size: int = 1) -> SampleRequest:
    return SampleRequest(key, tuple(range(size)), 0, size)


def wait_for_ever(folder: Path) -> None:
    """A job with two engines that never get done."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    requests = [make_request(f"forever-{number}") for number in range(8)]
    with closing(make_pool(folder, 2, 8)) as pool:
        for _ in pool.stream(RequestQueue(requests, lambda: True), SAMPLING):
            (folder / "running").touch()


if __name__ == "__main__":
    wait_for_ever(Path(sys.argv[1]))
