"""Every way in which a job folder is left without a complete result, and what to do about each.

Both runners speak this vocabulary, so that a script can tell a machine that is too small from one
that is broken, and either from a job that failed by itself.
"""

import signal
from dataclasses import dataclass

from tina_bench.store.job_folder import EXIT_DISK_FULL, EXIT_OUT_OF_MEMORY, FailureKind
from tina_bench.store.records import JobKind

ADVICE = {
    FailureKind.OUT_OF_MEMORY: "give it more (`--memory` with the docker runner), or run it where "
    "there is more; everything finished so far is kept",
    FailureKind.KILLED: "if it was not you, the kernel may have been short of memory (`dmesg` "
    "says); everything finished so far is kept, run the same command again to go on",
    FailureKind.INTERRUPTED: "run the same command again to go on",
    FailureKind.DISK_FULL: "free some space or choose another home with TINA_BENCH_HOME, then run "
    "the same command again to go on",
    FailureKind.MISSING_ENGINE: "`--runner local` needs none",
    FailureKind.ENGINE_GONE: "start the engine again and repeat the command: what is finished is "
    "kept, and a container that was left stops by itself",
    FailureKind.ENGINE_REFUSED: "`tina-bench doctor` says what was found of the engine",
    FailureKind.MISSING_IMAGE: "nothing is pulled by itself, and `--runner local` needs no image",
    FailureKind.WRONG_IMAGE: "it is not used, since results would name code that did not run",
    FailureKind.MISSING_GPU_RUNTIME: "install the NVIDIA Container Toolkit and restart the engine, "
    "or use `--runner local`",
    FailureKind.MISSING_GPU: "see that `nvidia-smi` lists it, here and in a container",
    FailureKind.CRASHED: "everything finished so far is kept",
    FailureKind.JOB: "",
}
"""What to do, by kind; a job's own sentence says it itself."""
ENDS_PLAN = frozenset({FailureKind.ENGINE_GONE, FailureKind.DISK_FULL})
"""Kinds that every other job folder of the plan would fail with too."""


@dataclass(frozen=True)
class Failure:
    """What went wrong, and of which kind it is."""

    kind: FailureKind
    found: str
    """What was found, without a full stop; a job's own failure is a sentence already."""

    @property
    def sentence(self) -> str:
        """What was found, and what to do."""
        advice = ADVICE[self.kind]
        return f"{self.found.rstrip('.')}; {advice}." if advice else self.found


@dataclass(frozen=True)
class FailedJob:
    """A job folder that failed."""

    job: JobKind
    model: str
    failure: Failure

    def __str__(self) -> str:
        """For the console."""
        return f"{self.job} {self.model}: {self.failure.sentence}"

    def as_json(self) -> dict[str, str]:
        """For `--json`."""
        return {
            "kind": str(self.failure.kind),
            "job": str(self.job),
            "model": self.model,
            "sentence": self.failure.sentence,
        }


class RunnerFailure(Exception):  # noqa: N818 - it carries a failure
    """A runner knows why a folder has no result better than its exit code says."""

    def __init__(self, kind: FailureKind, found: str) -> None:
        super().__init__(found)
        self.failure = Failure(kind, found)


class BudgetSpentError(Exception):
    """A job had to be killed, because it did not stop before its budget would be spent."""


def failure_of_exit(code: int, log: str) -> Failure:
    """The failure that an exit code stands for; negative for a signal, as in `subprocess`."""
    if code == EXIT_DISK_FULL:
        return Failure(FailureKind.DISK_FULL, f"no room left on its disk; log: {log}")
    if code == EXIT_OUT_OF_MEMORY:
        return Failure(
            FailureKind.OUT_OF_MEMORY,
            f"the kernel killed it at its container's memory limit; log: {log}",
        )
    if code < 0:
        how = f"its process ended with signal {-code} ({_signal_name(-code)}); log: {log}"
        return Failure(FailureKind.KILLED, how)
    return Failure(FailureKind.CRASHED, f"its process ended with exit code {code}; log: {log}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
