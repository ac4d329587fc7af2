"""Parts of a build in processes that are forked from this one, with everything it has in memory.

Guarantees: every task is run once, and the first error of one is raised here; no process outlives
the block. Only where that is safe and worth it: on Linux, with more than one processor, and while
this process has a single thread, because a fork copies the locks of threads but not the threads.
Elsewhere the tasks are run here, one after the other, with the same results.

Not a `ProcessPoolExecutor`: beside a running one, whose manager is a thread, a second would fork a
process with threads, and before Python 3.14 it neither ends a running task nor names the signal
that killed a worker.
"""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import pickle
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Generic, TypeVar

from tina_bench.errors import TinaBenchError

T = TypeVar("T")
Task = Callable[[], T]


def possible() -> bool:
    """Whether a second process may be forked, and has a processor to run on."""
    alone = threading.active_count() == 1
    return sys.platform == "linux" and alone and (os.cpu_count() or 1) > 1


class ParallelTasks(Generic[T]):
    """Tasks that run in other processes, or that run in `done`."""

    def __init__(self, tasks: Sequence[Task[T]], workers: int | None) -> None:
        """Start that many processes; none where a fork is not safe."""
        workers = (os.cpu_count() or 1) if workers is None else workers
        self._tasks = tasks
        self._lines: list[Connection] = []
        self._processes: list[multiprocessing.context.ForkProcess] = []
        self._results = tempfile.TemporaryDirectory(prefix="tina-bench-")
        if not tasks or not possible():
            return
        context = multiprocessing.get_context("fork")
        # Held as long as the processes live: once freed, its memory would be reused for the next.
        self._taken = taken = context.Value("i", 0)
        for _ in range(min(workers, len(tasks))):
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=self._work, args=(taken, there), daemon=True)
            process.start()
            there.close()  # so that the end of the process is the end of the line
            self._lines.append(here)
            self._processes.append(process)

    def done(self) -> Iterator[tuple[int, T]]:
        """Yield number and result of each task as it completes; raises a task's error."""
        if not self._lines:
            for number, task in enumerate(self._tasks):
                yield number, task()
            return
        left = len(self._tasks)
        open_lines = list(self._lines)
        while left:
            if not open_lines:
                for process in self._processes:
                    process.join()
                codes = sorted({p.exitcode or 0 for p in self._processes})
                raise RuntimeError(f"a process of the build ended before its work, with {codes}")
            for line in multiprocessing.connection.wait(open_lines):
                assert isinstance(line, Connection)
                try:
                    number, error = line.recv()
                except EOFError:
                    open_lines.remove(line)
                    continue
                if error is not None:
                    raise error
                left -= 1
                found = self._result(number).read_bytes()
                yield number, pickle.loads(found)  # noqa: S301 - our own process wrote it

    def _result(self, number: int) -> Path:
        """Results wait in files: a full pipe would block a process that has more tasks."""
        return Path(self._results.name) / str(number)

    def _work(self, taken: "Synchronized[int]", line: Connection) -> None:
        while True:
            with taken.get_lock():
                number = taken.value
                taken.value += 1
            if number >= len(self._tasks):
                return
            try:
                self._result(number).write_bytes(pickle.dumps(self._tasks[number]()))
            except Exception as error:  # noqa: BLE001 - raised in `done`
                if not isinstance(error, TinaBenchError):
                    error.add_note(traceback.format_exc())
                line.send((number, error))
                return
            line.send((number, None))

    def stop(self) -> None:
        """End the processes, also in the middle of a task."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()
        for line in self._lines:
            line.close()
        self._results.cleanup()


@contextlib.contextmanager
def in_parallel(
    tasks: Sequence[Task[T]], workers: int | None = None
) -> "Iterator[ParallelTasks[T]]":
    """Run tasks in parallel to the block, with one process per processor at most."""
    started = ParallelTasks(tasks, workers)
    try:
        yield started
    finally:
        started.stop()
