"""`python -m tina_bench.jobs.guard … -- COMMAND`: the first process of a container.

The kernel does not notify a container of the death of its runner, so the job's guard needs a sign
of life: the runner touches a heartbeat file, and when that has not changed for a while, the job is
stopped (SIGTERM), then killed. So an orphaned job costs no more, also when the runner was killed,
its machine's engine died, or the job hangs in code that never comes back to Python.

Guarantees: what the job prints is in its log, whether or not the runner lives; a signal to the
container reaches the job; children of children are reaped; and the exit code is the job's own,
128 + n for signal n, or `EXIT_OUT_OF_MEMORY` when the kernel killed it at the container's memory
limit. Traded away: a runner that stands still for longer than the limit (Ctrl-Z) loses its job to
a resumable stop. Standard library only, so that there is little that can break.
"""

import argparse
import errno
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.1
EXIT_OUT_OF_MEMORY = errno.ENOMEM
"""The same as in `tina_bench.store.job_folder`, which would import half of the package."""
OOM_COUNTERS = (
    Path("/sys/fs/cgroup/memory.events"),  # cgroup v2: a line `oom_kill N`
    Path("/sys/fs/cgroup/memory/memory.oom_control"),  # cgroup v1: likewise
)


class Heartbeat:
    """How long ago the file last changed, by a clock that cannot be set."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: int | None = None
        self._moment = time.monotonic()

    @property
    def age_seconds(self) -> float:
        """Seconds since it was last seen to change; a file that is gone does not change."""
        try:
            found = self._path.stat().st_mtime_ns
        except OSError:
            found = self._seen or 0
        if found != self._seen:
            self._seen, self._moment = found, time.monotonic()
        return time.monotonic() - self._moment


def kills_for_memory() -> int:
    """Processes that the kernel has killed in this container at its memory limit."""
    for path in OOM_COUNTERS:
        try:
            lines = path.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


class Guard:
    """Runs one command to its end."""

    def __init__(
        self, command: list[str], heartbeat: Heartbeat, limit: float, grace: float
    ) -> None:
        self._heartbeat = heartbeat
        self._limit = limit
        self._grace = grace
        self._asked: float | None = None
        self._child = os.posix_spawnp(command[0], command, os.environ)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._pass_on)

    def _pass_on(self, *_: Any) -> None:
        os.kill(self._child, signal.SIGTERM)

    def run(self) -> int:
        """Wait for the command; returns its exit status as `os.waitpid` gives it."""
        while True:
            # Any child: the first process of a container inherits every orphaned process in it.
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == self._child:
                return status
            if pid == 0:
                self._look()
                time.sleep(POLL_SECONDS)

    def _look(self) -> None:
        if self._asked is not None:
            if time.monotonic() - self._asked > self._grace:
                os.kill(self._child, signal.SIGKILL)
        elif self._heartbeat.age_seconds > self._limit:
            print(
                f"no sign of life from tina-bench for {self._limit:.0f} s: the job stops, so that "
                "it costs no more; run the same command again to go on.",
                flush=True,
            )
            self._asked = time.monotonic()
            self._pass_on()


def main() -> int:
    """Run the command after `--` under guard; returns the exit code of this process."""
    parser = argparse.ArgumentParser(prog="python -m tina_bench.jobs.guard", description=__doc__)
    parser.add_argument("--heartbeat", type=Path, required=True, help="file that changes")
    parser.add_argument("--limit", type=float, required=True, help="seconds it may stand still")
    parser.add_argument("--grace", type=float, required=True, help="seconds from TERM to KILL")
    parser.add_argument("--log", type=Path, required=True, help="where output goes, appended")
    parser.add_argument("command", nargs="+", help="what to run")
    options = parser.parse_args()
    log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    before = kills_for_memory()
    guard = Guard(options.command, Heartbeat(options.heartbeat), options.limit, options.grace)
    code = os.waitstatus_to_exitcode(guard.run())
    if code == -signal.SIGKILL and kills_for_memory() > before:
        return EXIT_OUT_OF_MEMORY
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
