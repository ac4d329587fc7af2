"""Start the program as a user does: a process, a home, an exit code."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.program import Ended
from tina_bench.files.append_log import read_log
from tina_bench.store.home import Home
from tina_bench.store.records import Grade, LedgerEntry, ResultRecord, Sample

# Two engines share two cores in this suite: threads that wait for each other would stop both.
CALM = {"OMP_NUM_THREADS": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "COLUMNS": "200"}


def _listen_to_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass(frozen=True)
class Program:
    """tina-bench in a home of its own."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    """What it finds beside this machine's own environment."""

    @property
    def home(self) -> Home:
        return Home(self.root)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tina_bench", *arguments],
            env={**os.environ, **CALM, **self.environment, "TINA_BENCH_HOME": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A suite that was started in the background has Ctrl-C switched off, and hands that on.
            preexec_fn=_listen_to_ctrl_c,  # noqa: PLW1509 - this suite starts no threads
        )

    def run(self, *arguments: str, code: int = 0) -> Ended:
        """Run to the end; the exit code must be `code`."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=540)
        ended = Ended(process.returncode, out, err)
        assert ended.code == code, f"exit {ended.code}\n{out[-2000:]}\n{err[-4000:]}"
        return ended

    def run_and_kill_job(self, kind: str, when: Callable[[], bool], *arguments: str) -> Ended:
        """Run, and `kill -9` the process of the first job of that kind as soon as `when` holds."""
        process = self.start(*arguments)
        killed = False
        while process.poll() is None:
            job = self._job_process(process.pid)
            if job is not None and not killed and self._is_kind(job, kind) and when():
                os.kill(job, signal.SIGKILL)
                killed = True
            time.sleep(0.01)
        out, err = process.communicate()
        return Ended(process.returncode, out, err)

    def run_and_interrupt(self, kind: str, *arguments: str) -> Ended:
        """Run, and press Ctrl-C once the first job of that kind is on the ledger."""
        process = self.start(*arguments)
        ledger = f"jobs/{kind}-*/ledger.jsonl"
        while process.poll() is None and not any(
            path.stat().st_size for path in self.root.glob(ledger)
        ):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err)

    @staticmethod
    def _job_process(parent: int) -> int | None:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        try:
            found = children.read_text().split()
        except FileNotFoundError:
            return None
        return int(found[0]) if found else None

    @staticmethod
    def _is_kind(pid: int, kind: str) -> bool:
        try:
            return f"/jobs/{kind}-" in Path(f"/proc/{pid}/cmdline").read_text()
        except FileNotFoundError:
            return False

    def results(self) -> dict[tuple[str, str], ResultRecord]:
        return {(record.model, record.task): record for record in self.home.results()}

    def samples(self, model: str) -> list[Sample]:
        logs = sorted((self.root / "samples" / model).glob("*.jsonl"))
        return [Sample.model_validate(record) for path in logs for record in read_log(path)]

    def grades(self, model: str) -> list[Grade]:
        logs = sorted((self.root / "grades" / model).glob("*.jsonl"))
        return [Grade.model_validate(record) for path in logs for record in read_log(path)]

    def ledger(self) -> list[LedgerEntry]:
        return list(self.home.ledger())
