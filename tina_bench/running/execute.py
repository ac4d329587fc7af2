"""Carry out a plan: one job folder a pool, in order, keeping everything whatever happens.

A pool whose inputs failed is skipped and said so; the rest goes on. A folder that is finished is
never touched again; one that is not is taken up where it was left, under a new attempt id.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Protocol

from tina_bench.catalog.schema import Catalog
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.plan import resolve_profile
from tina_bench.planning.shapes import Plan
from tina_bench.running.inputs import Inputs
from tina_bench.running.local import Progress, tail
from tina_bench.store.atomic import fsync_folder, write_model
from tina_bench.store.contract import (
    JOB_FILE,
    LEDGER_FILE,
    OUTPUT_FILE,
    RESULT_FILE,
    JobFolder,
    JobResult,
)
from tina_bench.store.home import Home, read_record, read_records
from tina_bench.store.records import Job, JobKind, LedgerEntry, Outcome

POOL_DIGITS = 8


class Runner(Protocol):
    """Anything that can run a job folder."""

    name: str

    def run(self, folder: Path, home: Path, on_progress: Callable[[Progress], None]) -> int:
        """Run it to its end; returns an exit code, 0 when `result.json` says the rest."""
        ...


class Watcher(Protocol):
    """Whoever wants to see how it goes: the command line."""

    def pool_started(self, kind: JobKind, model: str, jobs: int) -> None:
        """A job folder starts."""
        ...

    def progress(self, progress: Progress) -> None:
        """The running folder says how far it is."""
        ...

    def pool_ended(self, outcome: Outcome, note: str) -> None:
        """It ended."""
        ...


@dataclass(frozen=True)
class Price:
    """What a machine costs in this invocation."""

    name: str
    price_usd_per_hour: float
    billed_per: str


@dataclass
class Summary:
    """How an execution ended."""

    done: int = 0
    failures: list[str] = field(default_factory=list)
    budget_reached: bool = False
    spent_usd: float | None = 0.0
    """Dollars of this execution; `None` when any part is unknown."""


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
        price: Price,
        budget_usd: float | None = None,
        command_line: tuple[str, ...] = (),
    ) -> None:
        profile = resolve_profile(catalog, plan.request)
        self._home = home
        self._plan = plan
        self._runner = runner
        self._watcher = watcher
        self._price = price
        self._budget = budget_usd
        self._command_line = command_line
        self._stack_name = profile.stack
        self._inputs = Inputs(catalog, lock, profile, plan.request.profile)
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
            if self.summary.budget_reached:
                break
        return self.summary

    def _left(self) -> float | None:
        """Dollars left; nothing is left once the cost of a step is unknown: a cap must hold."""
        if self._budget is None:
            return None
        spent = self.summary.spent_usd
        return 0.0 if spent is None else self._budget - spent

    def _one(self, name: str, jobs: tuple[Job, ...]) -> None:
        kind, model = jobs[0].kind, jobs[0].model
        left = self._left()
        if left is not None and left <= 0:
            self.summary.budget_reached = True
            return
        folder = JobFolder(
            kind=kind,
            name=name,
            attempt=uuid.uuid4().hex,
            jobs=jobs,
            inputs=self._inputs.build(jobs, self._results),
            stack=self._stack_name,
            command_line=self._command_line,
            price_name=self._price.name,
            price_usd_per_hour=self._price.price_usd_per_hour,
            billed_per="gpu" if self._price.billed_per == "gpu" else "machine",
            budget_usd=left,
        )
        work = self._home.work_folder(name)
        if self._adopt(work, folder):
            return
        work.mkdir(parents=True, exist_ok=True)
        (work / RESULT_FILE).unlink(missing_ok=True)
        write_model(work / JOB_FILE, folder)
        self._watcher.pool_started(kind, model, len(jobs))
        code = self._runner.run(work, self._home.root, self._watcher.progress)
        self._add_cost(work, folder.attempt)
        self._settle(work, folder, code)

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

    def _add_cost(self, work: Path, attempt: str) -> None:
        costs = [
            entry.cost_usd
            for entry in read_records(work / LEDGER_FILE, LedgerEntry)
            if entry.attempt == attempt
        ]
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
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._fail(
                kind, model, f"its process ended with {how}; log: {work / OUTPUT_FILE}", work
            )
            return
        result = read_record(path, JobResult)
        self._results |= dict.fromkeys(result.done, result)
        self.summary.done += len(result.done)
        if result.outcome is Outcome.FAILED:
            self._fail(kind, model, result.failure or "no reason given", work)
            return
        if result.outcome is Outcome.BUDGET:
            self.summary.budget_reached = True
            self._watcher.pool_ended(Outcome.BUDGET, "stopped at the budget")
            return
        done = self._home.done_folder(folder.name)
        work.rename(done)
        fsync_folder(done.parent)
        self._watcher.pool_ended(Outcome.DONE, "")

    def _fail(self, kind: JobKind, model: str, why: str, work: Path) -> None:
        self.summary.failures.append(f"{kind} {model}: {why}")
        last = tail(work) if why.startswith("its process") else ""
        self._watcher.pool_ended(Outcome.FAILED, f"{why}\n{last}" if last else why)
