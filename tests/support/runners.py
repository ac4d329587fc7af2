"""Runners and watchers for executions: a scripted engine, and ears."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from tests.support.made import make_entry
from tina_bench.catalog.schema import Catalog
from tina_bench.files.append_log import LogWriter
from tina_bench.files.atomic import write_model
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.types import Plan
from tina_bench.running.execute import BilledPrice, Execution
from tina_bench.running.interfaces import Runner
from tina_bench.running.progress import Progress
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import EvaluateOutputs, JobFolder, JobResult, TrainOutputs, Weights
from tina_bench.store.records import JobKind, Outcome, now


class Ears:
    """A watcher of an execution that remembers."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, int]] = []
        self.ended: list[tuple[Outcome, str]] = []

    def pool_started(self, kind: JobKind, model: str, jobs: int) -> None:
        self.started.append((str(kind), model, jobs))

    def progress(self, progress: Progress) -> None:
        pass

    def pool_ended(self, outcome: Outcome, note: str) -> None:
        self.ended.append((outcome, note))


@dataclass
class Scripted:
    """A runner without an engine: every folder ends as the script says.

    `script` maps a kind, or (kind, model), to `done`, `failed`, `budget`, `crash` (the process dies
    of signal 9), or `power cut` (everything dies once the job is done, before its folder is).
    """

    name = "scripted"
    script: dict[Any, str] = field(default_factory=dict)
    cost_usd: float | None = 1.0
    identity: str = "identity"
    seen: list[JobFolder] = field(default_factory=list)

    def image(self, kind: JobKind) -> str | None:
        return None

    def run(self, folder: Path, home: Path, on_progress: Callable[[Progress], None]) -> int:
        job = read_record(folder / "job.json", JobFolder)
        self.seen.append(job)
        kind, model = job.kind, job.jobs[0].model
        how = self.script.get((kind, model), self.script.get(kind, "done"))
        with LogWriter(folder / "ledger.jsonl") as log:
            given = {"attempt": job.attempt, "kind": kind, "folder": job.name, "model": model}
            entries = [
                make_entry(event="start", cost_usd=0.0, **given),
                make_entry(cost_usd=self.cost_usd, wall_seconds=1.0, **given),
            ]
            log.append(entry.model_dump(mode="json") for entry in entries)
        if how == "crash":
            (folder / "log.txt").write_text("the last words\n", encoding="utf-8")
            return -9
        done = [planned.id for planned in job.jobs]
        outcome = {"failed": Outcome.FAILED, "budget": Outcome.BUDGET}.get(how, Outcome.DONE)
        if outcome is not Outcome.DONE:
            done = done[:-1]
        outputs = self._outputs(job)
        result = JobResult(
            kind=kind,
            name=job.name,
            attempt=job.attempt,
            outcome=outcome,
            done=tuple(done),
            outputs={} if outputs is None else outputs.model_dump(mode="json"),
            failure="it did not work out." if outcome is Outcome.FAILED else None,
            finished_at=now(),
        )
        write_model(folder / "result.json", result)
        if how == "power cut":
            raise KeyboardInterrupt
        return 0

    def _outputs(self, job: JobFolder) -> BaseModel | None:
        weights = Weights(folder=f"jobs/{job.name}/weights", sha256={"model": job.name})
        return {
            JobKind.FETCH: weights,
            JobKind.TRAIN: TrainOutputs(adapter=weights, steps=1, parameters_trained=1),
            JobKind.MERGE: weights,
            JobKind.EVALUATE: EvaluateOutputs(
                identity=self.identity, samples_generated=1, samples_found=0
            ),
            JobKind.GRADE: None,
        }[job.kind]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(str(folder.kind), folder.jobs[0].model) for folder in self.seen]


def make_execution(
    home: Home, catalog: Catalog, lock: Lock, plan: Plan, runner: Runner, **given: Any
) -> Execution:
    values = {
        "watcher": Ears(),
        "price": BilledPrice("test", 3600.0, "machine"),
        "command_line": ("tina-bench", "reproduce"),
        **given,
    }
    return Execution(home, catalog, lock, plan, runner, **values)
