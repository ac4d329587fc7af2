"""Carry out a plan: one job folder per pool, in order, keeping everything whatever happens.

A pool whose inputs failed is skipped, which the summary says; the rest goes on. A finished folder
is never touched again; an unfinished one is resumed where it was left, under a new attempt id.
"""

import shutil
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import BusyError, HubUnreachableError, NotOnHubError
from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import fsync_folder, write_model
from tina_bench.jobs.failure_kinds import is_disk_full
from tina_bench.lock.lockfile import Lock
from tina_bench.metering.spending_limit import start_usd
from tina_bench.metering.unrecorded import bill_unrecorded
from tina_bench.planning.plan import resolve_profile
from tina_bench.planning.types import Plan
from tina_bench.running.failures import (
    ENDS_PLAN,
    BudgetSpentError,
    FailedJob,
    Failure,
    RunnerFailure,
    failure_of_exit,
)
from tina_bench.running.interfaces import Runner, Watcher
from tina_bench.running.job_inputs import Inputs
from tina_bench.running.progress import tail
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import (
    JOB_FILE,
    LEDGER_FILE,
    OUTPUT_FILE,
    RESULT_FILE,
    FailureKind,
    JobFolder,
    JobResult,
    MergeInputs,
)
from tina_bench.store.records import Job, JobKind, Outcome, UntilDecided

POOL_DIGITS = 8
ORPHANED_SECONDS = 60.0
"""How long a job whose runner was killed may take to end; it is signalled at once."""
MINIMUM_FREE_BYTES = 64 * 2**20
"""Free disk below which no job starts: its logs and records alone may take as much."""


@dataclass(frozen=True)
class BilledPrice:
    """What a machine costs in this invocation."""

    name: str
    price_usd_per_hour: float | None
    billed_per: str


@dataclass
class Summary:
    """How an execution ended."""

    done: int = 0
    failures: list[FailedJob] = field(default_factory=list)
    budget_reached: bool = False
    spent_usd: float | None = 0.0
    """Dollars of this execution; `None` when any part is unknown."""

    def left_usd(self, budget_usd: float | None) -> float | None:
        """What is left of a budget; nothing once a part of the cost is unknown: a cap must hold."""
        if budget_usd is None:
            return None
        return 0.0 if self.spent_usd is None else budget_usd - self.spent_usd


class Execution:
    """One carrying-out of a plan."""

    def __init__(
        self,
        home: Home,
        catalog: Catalog,
        lock: Lock,
        plan: Plan,
        runner: Runner,
        watcher: Watcher,
        *,
        price: BilledPrice,
        budget_usd: float | None = None,
        command_line: tuple[str, ...] = (),
        engines: int = 1,
        gpus: tuple[int, ...] | None = None,
        until_decided: Mapping[tuple[str, str], UntilDecided] | None = None,
    ) -> None:
        profile = resolve_profile(catalog, plan.request)
        self._home = home
        self._plan = plan
        self._runner = runner
        self._watcher = watcher
        self._price = price
        self._budget = budget_usd
        self._command_line = command_line
        self._engines = engines
        self._gpus = gpus
        self._stack_name = profile.stack
        self._inputs = Inputs(
            catalog,
            lock,
            profile,
            plan.request.profile,
            retrain=plan.request.retrain,
            until_decided=until_decided,
        )
        self._results: dict[str, JobResult] = {}
        self.summary = Summary()

    def run(self) -> Summary:
        """Carry out every pool that can be; the caller holds the home."""
        finished = self._home.finished()
        for result in finished.values():
            self._results |= dict.fromkeys(result.done, result)
        open_jobs = [
            planned.job for planned in self._plan.jobs if planned.job.id not in self._plan.blocked
        ]
        for (kind, pool), group in groupby(open_jobs, key=lambda job: (job.kind, job.pool)):
            jobs = tuple(group)
            ready = tuple(job for job in jobs if all(need in self._results for need in job.needs))
            if not ready:
                continue  # what it needs has failed or was stopped, which the summary says
            name = f"{kind}-{jobs[0].model}-{pool[:POOL_DIGITS]}"
            parts = sum(other == name or other.startswith(f"{name}-") for other in finished)
            self._one(f"{name}-{parts + 1}" if parts else name, ready)
            failures = self.summary.failures
            hopeless = bool(failures) and failures[-1].failure.kind in ENDS_PLAN
            if self.summary.budget_reached or hopeless:
                break
        return self.summary

    def _one(self, name: str, jobs: tuple[Job, ...]) -> None:
        kind, model = jobs[0].kind, jobs[0].model
        try:
            inputs = self._inputs.build(jobs, self._results)
        except (HubUnreachableError, NotOnHubError) as error:  # a published text that is not here
            self._watcher.pool_started(kind, model, len(jobs))
            self._fail(kind, model, Failure(FailureKind.JOB, str(error)))
            return
        left = self.summary.left_usd(self._budget)
        folder = JobFolder(
            kind=kind,
            name=name,
            attempt=uuid.uuid4().hex,
            jobs=jobs,
            inputs=inputs,
            stack=self._stack_name,
            engines=self._engines if kind is JobKind.EVALUATE else 1,
            gpus=self._gpus,
            image=self._runner.image(kind),
            command_line=self._command_line,
            price_name=self._price.name,
            price_usd_per_hour=self._price.price_usd_per_hour,
            billed_per="gpu" if self._price.billed_per == "gpu" else "machine",
            budget_usd=left,
        )
        if left is not None and left <= start_usd(folder, self._plan.start_seconds.get(kind)):
            self.summary.budget_reached = True
            return
        work = self._home.work_folder(name)
        if self._adopt(work, folder):
            return
        self._watcher.pool_started(kind, model, len(jobs))
        started = time.monotonic()
        try:
            work.mkdir(parents=True, exist_ok=True)
            self._await_orphaned_job(work)
            self._check_room(folder)
            (work / RESULT_FILE).unlink(missing_ok=True)
            write_model(work / JOB_FILE, folder)
            started = time.monotonic()
            code = self._runner.run(work, self._home.root, self._watcher.progress)
        except BudgetSpentError:
            self._add_cost(work, folder, time.monotonic() - started)
            self.summary.budget_reached = True
            self._watcher.pool_ended(
                Outcome.BUDGET, "killed at the budget, as it did not stop before; what was in "
                "flight is lost, everything finished is kept"
            )  # fmt: skip
            return
        except (RunnerFailure, BusyError, OSError) as error:
            failure = self._explained(error)
            # Unless the job has entered anything, it was refused before it began.
            self._add_cost(work, folder, time.monotonic() - started, surely_ran=False)
            self._fail(kind, model, failure, tail(work))
            return
        self._add_cost(work, folder, time.monotonic() - started)
        self._settle(work, folder, code)

    @staticmethod
    def _await_orphaned_job(work: Path) -> None:
        """Wait for a job that outlived its runner, and is writing its last entries.

        No other process can be at work in the folder, since the caller holds the home.
        """
        ledger = work / LEDGER_FILE
        if ledger.exists():
            LogWriter(ledger, patience_seconds=ORPHANED_SECONDS).close()

    @staticmethod
    def _explained(error: RunnerFailure | BusyError | OSError) -> Failure:
        """What stopped a folder before or beside its job; raises what is no failure but a bug."""
        if isinstance(error, RunnerFailure):
            return error.failure
        if isinstance(error, BusyError):
            return Failure(FailureKind.JOB, str(error))
        if is_disk_full(error):
            return Failure(FailureKind.DISK_FULL, f"no room left: {error}")
        raise error

    def _check_room(self, folder: JobFolder) -> None:
        """Refuse to start what cannot be finished: a job on a full disk is paid for and lost."""
        needed = MINIMUM_FREE_BYTES
        if isinstance(folder.inputs, MergeInputs):
            base = self._home.root / folder.inputs.base.folder
            needed += sum(path.stat().st_size for path in base.rglob("*") if path.is_file())
        free = shutil.disk_usage(self._home.root).free
        if free < needed:
            raise RunnerFailure(
                FailureKind.DISK_FULL,
                f"found {free / 2**20:.0f} MiB free for {self._home.root}, and {folder.kind} needs "
                f"{needed / 2**20:.0f} MiB",
            )

    def _adopt(self, work: Path, folder: JobFolder) -> bool:
        """Finish a folder whose job was done when this program died before it could say so."""
        path = work / RESULT_FILE
        if not path.exists():
            return False
        result = read_record(path, JobResult)
        if result.outcome is not Outcome.DONE or result.done != tuple(j.id for j in folder.jobs):
            return False
        self._watcher.pool_started(folder.kind, folder.jobs[0].model, len(folder.jobs))
        self._settle(work, folder, 0)
        return True

    def _add_cost(
        self, work: Path, folder: JobFolder, wall_seconds: float, *, surely_ran: bool = True
    ) -> None:
        """Add an attempt to the sum, with the end of one that did not live to enter it itself."""
        entries = bill_unrecorded(folder, work / LEDGER_FILE, wall_seconds, surely_ran=surely_ran)
        costs = [entry.cost_usd for entry in entries]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs) or self.summary.spent_usd is None:
            self.summary.spent_usd = None
        else:
            self.summary.spent_usd += sum(known)

    def _settle(self, work: Path, folder: JobFolder, code: int) -> None:
        """Finish the folder, or say why it is not finished."""
        kind, model = folder.kind, folder.jobs[0].model
        path = work / RESULT_FILE
        if code != 0 or not path.exists():
            failure = failure_of_exit(code, str(work / OUTPUT_FILE))
            self._fail(kind, model, failure, tail(work))
            return
        result = read_record(path, JobResult)
        self._results |= dict.fromkeys(result.done, result)
        self.summary.done += len(result.done)
        if result.outcome is Outcome.FAILED:
            why = result.failure or "no reason given."
            self._fail(kind, model, Failure(result.failure_kind or FailureKind.JOB, why))
            return
        if result.outcome is Outcome.BUDGET:
            self.summary.budget_reached = True
            self._watcher.pool_ended(Outcome.BUDGET, "stopped at the budget")
            return
        done = self._home.done_folder(folder.name)
        work.rename(done)
        fsync_folder(done.parent)
        self._watcher.pool_ended(Outcome.DONE, "; ".join(result.outputs.get("incidents", ())))

    def _fail(self, kind: JobKind, model: str, failure: Failure, last_words: str = "") -> None:
        self.summary.failures.append(FailedJob(kind, model, failure))
        note = f"{failure.sentence}\n{last_words}" if last_words else failure.sentence
        self._watcher.pool_ended(Outcome.FAILED, note)
