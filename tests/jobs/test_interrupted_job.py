"""A job that is stopped says so, whatever the code that it interrupted makes of it."""

import signal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.support.made import make_fetch_folder
from tina_bench.jobs import __main__ as job
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import FailureKind, JobResult


@pytest.fixture(autouse=True)
def _as_in_a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "")
    previous = signal.signal(signal.SIGTERM, job._interrupt)
    yield
    signal.signal(signal.SIGTERM, previous)


def result_of(path: Path, monkeypatch: pytest.MonkeyPatch, work: Any) -> JobResult:
    monkeypatch.setattr(job, "_work", work)
    job._do(make_fetch_folder({}), path, Home(path / "home"))
    return read_record(path / "result.json", JobResult)


def test_an_interrupt_that_a_library_has_wrapped_is_an_interrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrapped(_: Any) -> NoReturn:
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt as error:  # as pydantic does while it builds a schema
            raise ValueError("a schema is wrong") from error
        raise AssertionError

    result = result_of(tmp_path, monkeypatch, wrapped)
    assert result.failure == job.INTERRUPTED
    assert result.failure_kind is FailureKind.INTERRUPTED


def test_an_error_without_an_interrupt_is_the_job_s_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Any) -> NoReturn:
        raise ValueError("a schema is wrong")

    result = result_of(tmp_path, monkeypatch, failing)
    assert result.failure == "ValueError: a schema is wrong"
    assert result.failure_kind is FailureKind.JOB
