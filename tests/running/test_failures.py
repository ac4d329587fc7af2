"""One vocabulary of failures: what an exit code, an exception or an engine's words amount to."""

import errno
from pathlib import Path

import pytest
from docker.errors import APIError, ImageNotFound

from tina_bench.errors import BlockedError, DiskFullError, IntegrityError, MissingGpuError
from tina_bench.jobs import guard
from tina_bench.jobs.failure_kinds import kind_of
from tina_bench.running.docker.errors import refusal
from tina_bench.running.failures import ADVICE, ENDS_PLAN, FailedJob, Failure, failure_of_exit
from tina_bench.store import job_folder
from tina_bench.store.job_folder import FailureKind
from tina_bench.store.records import JobKind


def test_every_kind_says_what_to_do() -> None:
    assert set(ADVICE) == set(FailureKind)
    silent = {kind for kind, advice in ADVICE.items() if not advice}
    assert silent == {FailureKind.JOB}, "a job's own sentence has its own advice"


def test_a_sentence_is_what_was_found_and_what_to_do() -> None:
    failure = Failure(FailureKind.INTERRUPTED, "it was stopped.")
    assert failure.sentence == "it was stopped; run the same command again to go on."
    assert Failure(FailureKind.JOB, "It did not work out.").sentence == "It did not work out."
    failed = FailedJob(JobKind.MERGE, "m", failure)
    assert str(failed) == f"merge m: {failure.sentence}"
    assert failed.as_json() == {
        "kind": "interrupted", "job": "merge", "model": "m", "sentence": failure.sentence,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        (-9, FailureKind.KILLED, "signal 9 (SIGKILL)"),
        (-11, FailureKind.KILLED, "signal 11 (SIGSEGV)"),
        (-65, FailureKind.KILLED, "signal 65 (unknown)"),
        (1, FailureKind.CRASHED, "exit code 1"),
        (0, FailureKind.CRASHED, "exit code 0"),
        (errno.ENOSPC, FailureKind.DISK_FULL, "no room left"),
        (errno.ENOMEM, FailureKind.OUT_OF_MEMORY, "memory limit"),
    ],
)
def test_an_exit_code_is_a_kind(code: int, kind: FailureKind, says: str) -> None:
    failure = failure_of_exit(code, "the-log")
    assert failure.kind is kind
    assert says in failure.sentence
    assert "the-log" in failure.sentence


def test_the_guard_s_exit_code_is_the_contract_s() -> None:
    assert guard.EXIT_OUT_OF_MEMORY == job_folder.EXIT_OUT_OF_MEMORY


class OutOfMemoryError(RuntimeError):
    """What torch calls it."""


def chained(error: BaseException) -> BaseException:
    outer = RuntimeError("saving failed")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "x"), FailureKind.DISK_FULL),
        (OSError(errno.EDQUOT, "x"), FailureKind.DISK_FULL),
        (chained(OSError(errno.ENOSPC, "x")), FailureKind.DISK_FULL),
        (RuntimeError("IoError: No space left on device (os error 28)"), FailureKind.DISK_FULL),
        (DiskFullError("needs 3 GiB"), FailureKind.DISK_FULL),
        (MemoryError(), FailureKind.OUT_OF_MEMORY),
        (OutOfMemoryError("CUDA out of memory"), FailureKind.OUT_OF_MEMORY),
        (KeyboardInterrupt(), FailureKind.INTERRUPTED),
        (MissingGpuError("none"), FailureKind.MISSING_GPU),
        (BlockedError("x"), FailureKind.JOB),
        (IntegrityError("x"), FailureKind.JOB),
        (OSError(errno.ENOENT, "x"), FailureKind.JOB),
        (ValueError("x"), FailureKind.JOB),
    ],
)
def test_an_exception_of_a_job_is_a_kind(
    error: BaseException, kind: FailureKind, tmp_path: Path
) -> None:
    assert kind_of(error, tmp_path) is kind


def test_what_ends_a_plan_is_what_no_other_job_would_fare_better_with() -> None:
    assert {FailureKind.ENGINE_GONE, FailureKind.DISK_FULL} == ENDS_PLAN


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ('could not select device driver "" with capabilities: [[gpu]]', "missing-gpu-runtime"),
        ("nvidia-container-cli: initialization error: driver not loaded", "missing-gpu-runtime"),
        ("nvidia-container-cli: device error: 7: unknown device", "missing-gpu"),
        ("mkdir /var/lib/docker/overlay2/x: no space left on device", "disk-full"),
        ("invalid mount config: bind source path does not exist: /x", "engine-refused"),
        ("container 7b5c does not exist in database: no such container", "killed"),
        ("something new", "engine-refused"),
    ],
)
def test_an_engine_s_words_are_a_kind_and_are_kept(words: str, kind: str) -> None:
    failure = refusal(APIError("500 Server Error", explanation=words)).failure
    assert failure.kind == kind
    assert words in failure.sentence


def test_an_image_that_is_not_found_is_missing() -> None:
    assert refusal(ImageNotFound("no such image")).failure.kind is FailureKind.MISSING_IMAGE
