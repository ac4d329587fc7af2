"""`python -m tina_bench.jobs FOLDER --home HOME`: do the work of one job folder, then end.

Exit code 0 means that `result.json` says how it ended, failures included; anything else means that
this process could not even say so (a full disk, a crash of the engine, `kill -9`), which the runner
records.
"""

import argparse
import contextlib
import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tina_bench.errors import MissingGpuError, TinaBenchError
from tina_bench.files.atomic import write_model
from tina_bench.jobs.context import Context, report_progress
from tina_bench.jobs.failure_kinds import is_disk_full, kind_of
from tina_bench.jobs.parent_death import die_with_parent
from tina_bench.metering.gpu import hold_gpus, visible_gpus
from tina_bench.metering.meter import Meter
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import (
    EXIT_DISK_FULL,
    JOB_FILE,
    LEDGER_FILE,
    RESULT_FILE,
    FailureKind,
    JobFolder,
    JobResult,
)
from tina_bench.store.records import Outcome, Phase, now

INTERRUPTED = "interrupted; everything finished so far is kept, run the same command again."


def _interrupt(*_: Any) -> None:
    # Once is enough: what an interrupted job writes as it ends must not be interrupted too.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _is_interrupted() -> bool:
    """Whether the job was stopped, whatever a library has made of the `KeyboardInterrupt` since.

    pydantic, for one, makes it an error of a schema when it comes in the middle of an import.
    """
    return signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def _check_gpu(folder: JobFolder) -> None:
    """Refuse to compute without the requested GPU: some container engines ignore the request."""
    if folder.device == "cuda" and not visible_gpus().names:
        where = "in its container" if folder.image else "here"
        raise MissingGpuError(
            f"stack {folder.stack} computes on an NVIDIA GPU, and NVML shows none {where}; check "
            "with `nvidia-smi`, and that the package nvidia-ml-py is installed. Podman needs the "
            "NVIDIA Container Toolkit's CDI files and gives no GPU to Docker's kind of request."
        )


def _work(context: Context) -> tuple[Outcome, list[str], Any]:
    """Each kind of job is a module of its name, imported only when it is its turn."""
    module = importlib.import_module(f"tina_bench.jobs.{context.folder.kind}")
    outcome, done, outputs = module.run(context)
    return outcome, done, outputs


def main(arguments: list[str] | None = None) -> int:
    """Do one job folder's work; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tina_bench.jobs", description=__doc__)
    parser.add_argument("folder", type=Path, help="job folder that holds job.json")
    parser.add_argument("--home", type=Path, required=True, help="the home it belongs to")
    parser.add_argument(
        "--gpus-from-zero",
        action="store_true",
        help="the GPUs of job.json are all that this process sees, and numbered anew",
    )
    options = parser.parse_args(arguments)
    die_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGTERM, _interrupt)
    folder = read_record(options.folder / JOB_FILE, JobFolder)
    if options.gpus_from_zero and folder.gpus is not None:
        folder = folder.model_copy(update={"gpus": tuple(range(len(folder.gpus)))})
    try:
        _do(folder, options.folder, Home(options.home))
    except OSError as error:
        if not is_disk_full(error):
            raise
        # The log may have as little room as the result that could not be written; the code tells.
        with contextlib.suppress(OSError):
            print(f"no room left on the disk of {options.folder}: {error}", file=sys.stderr)
        return EXIT_DISK_FULL
    return 0


def _do(folder: JobFolder, path: Path, home: Home) -> None:
    """Do the work and write down how it ended; raises `OSError` when that cannot be written."""
    hold_gpus(folder.gpus)
    meter = Meter(folder, path / LEDGER_FILE)
    context = Context(home, path, folder, meter)
    report_progress(path, Phase.LOAD, 0, 0, "")
    outcome, failure, kind = Outcome.FAILED, None, None
    done: list[str] = []
    outputs: dict[str, Any] = {}
    try:
        _check_gpu(folder)
        outcome, done, raw = _work(context)
        outputs = raw.model_dump(mode="json") if isinstance(raw, BaseModel) else raw or {}
    except TinaBenchError as error:
        failure, kind = str(error), kind_of(error, path)
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - it is this job's result
        if isinstance(error, KeyboardInterrupt) or _is_interrupted():
            kind = FailureKind.INTERRUPTED
            if meter.is_budget_spent:  # the runner stops a job shortly before that
                outcome = Outcome.BUDGET
            else:
                failure = INTERRUPTED
        else:
            traceback.print_exc()
            failure, kind = f"{type(error).__name__}: {error}", kind_of(error, path)
    # All that is left is to write how it ended, which takes less time than a stop.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    meter.end(outcome)
    write_model(
        path / RESULT_FILE,
        JobResult(
            kind=folder.kind,
            name=folder.name,
            attempt=folder.attempt,
            outcome=outcome,
            done=tuple(done),
            outputs=outputs,
            failure=failure,
            failure_kind=kind,
            finished_at=now(),
        ),
    )


if __name__ == "__main__":
    exit_code = main()
    # Everything is on disk; engines take seconds to tear themselves down, which would be paid for.
    with contextlib.suppress(OSError):  # a full disk takes the log's last words, not the exit code
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(exit_code)
