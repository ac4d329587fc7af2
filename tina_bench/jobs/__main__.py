"""`python -m tina_bench.jobs FOLDER --home HOME`: do the work of one job folder, then end.

Exit code 0 means that `result.json` says how it ended, failures included; anything else means that
this process could not even say so (a crash of the engine, `kill -9`), which the runner records.
"""

import argparse
import ctypes
import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tina_bench.errors import TinaBenchError
from tina_bench.jobs.context import Context, report_progress
from tina_bench.metering.meter import Meter
from tina_bench.store.atomic import write_model
from tina_bench.store.contract import (
    JOB_FILE,
    LEDGER_FILE,
    RESULT_FILE,
    JobFolder,
    JobResult,
)
from tina_bench.store.home import Home, read_record
from tina_bench.store.records import JobKind, Outcome, Phase, now

PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """Have the kernel stop this process when the runner dies: nobody pays for an orphan."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _device(folder: JobFolder) -> str:
    stack = getattr(folder.inputs, "stack", None) or getattr(
        getattr(folder.inputs, "protocol", None), "stack", None
    )
    # Fetching and grading compute on the processor whatever the engine runs on.
    if stack is None or folder.kind is JobKind.GRADE:
        return "cpu"
    return str(stack.device)


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
    options = parser.parse_args(arguments)
    _die_with_parent()
    signal.signal(signal.SIGTERM, _interrupt)

    folder = read_record(options.folder / JOB_FILE, JobFolder)
    meter = Meter(folder, options.folder / LEDGER_FILE, device=_device(folder))
    context = Context(Home(options.home), options.folder, folder, meter)
    report_progress(options.folder, Phase.LOAD, 0, 0, "")
    outcome, failure = Outcome.FAILED, None
    done: list[str] = []
    outputs: dict[str, Any] = {}
    try:
        outcome, done, raw = _work(context)
        outputs = raw.model_dump(mode="json") if isinstance(raw, BaseModel) else raw or {}
    except TinaBenchError as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "interrupted; everything finished so far is kept, run the same command again."
    except Exception as error:  # noqa: BLE001 - whatever an engine raises is this job's result
        traceback.print_exc()
        failure = f"{type(error).__name__}: {error}"
    meter.end(outcome)
    write_model(
        options.folder / RESULT_FILE,
        JobResult(
            kind=folder.kind,
            name=folder.name,
            attempt=folder.attempt,
            outcome=outcome,
            done=tuple(done),
            outputs=outputs,
            failure=failure,
            finished_at=now(),
        ),
    )
    return 0


if __name__ == "__main__":
    exit_code = main()
    # Everything is on disk; engines take seconds to tear themselves down, which would be paid for.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)
