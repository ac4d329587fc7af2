"""The local runner: a job is a child process of this interpreter, in this environment.

A child, so that a crash of an engine is a result and not the end of everything; in a session of its
own, so that Ctrl-C reaches it as one orderly request to stop and not as a blow to every thread.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tina_bench.metering.spending_limit import Demand, SpendingLimit, held_gpu_count
from tina_bench.running.failures import BudgetSpentError
from tina_bench.running.progress import POLL_SECONDS, Progress, Watch, tail
from tina_bench.store.home import read_record
from tina_bench.store.job_folder import JOB_FILE, OUTPUT_FILE, JobFolder
from tina_bench.store.records import JobKind

__all__ = ["GRACE_SECONDS", "LocalRunner", "Progress", "tail"]

GRACE_SECONDS = 30.0
"""How long an interrupted job may take to write its last entries."""


def _environment() -> dict[str, str]:
    # Engines import thousands of modules: without their compiled form each start costs 10 s more.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class LocalRunner:
    """Runs job folders one after the other on this machine."""

    name = "local"

    def image(self, _: JobKind) -> str | None:
        """No image: jobs run in this environment."""
        return None

    def run(self, folder: Path, home: Path, on_progress: Callable[[Progress], None]) -> int:
        """Run one job folder to its end; returns the child's exit code, negative for a signal.

        On Ctrl-C the child is signalled to stop, and `KeyboardInterrupt` goes on up once it has.
        Raises `BudgetSpentError` when it had to be killed for its budget.
        """
        job = read_record(folder / JOB_FILE, JobFolder)
        watch, limit = Watch(folder), SpendingLimit(job, held_gpu_count(job))
        command = [sys.executable, "-m", "tina_bench.jobs", str(folder), "--home", str(home)]
        with (folder / OUTPUT_FILE).open("ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=_environment(),
            )
            try:
                while child.poll() is None:
                    progress = watch.look()
                    if progress is not None:
                        on_progress(progress)
                    demand = limit.look()
                    if demand is Demand.KILL:
                        raise BudgetSpentError  # noqa: TRY301 - the child is ended below
                    if demand is Demand.STOP:
                        child.send_signal(signal.SIGTERM)
                    time.sleep(POLL_SECONDS)
            except BudgetSpentError:
                child.kill()
                child.wait()
                raise
            except BaseException:
                self._stop(child)
                raise
        return child.returncode

    @staticmethod
    def _stop(child: subprocess.Popen[bytes]) -> None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
