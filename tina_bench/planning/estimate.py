"""Seconds, GPU-hours and dollars of a job before it runs, and where each figure comes from.

Measured speeds from earlier ledgers win; the catalog's figures stand in; without either the figure
is unknown and says so. An estimate is for money decisions: it leaves out nothing that is billed,
but it is no promise (answer lengths differ between models).
"""

from collections.abc import Iterable

from tina_bench.catalog.schema import Catalog, Profile, Source
from tina_bench.planning.shapes import Estimate, Snapshot, Speed
from tina_bench.store.records import Job, JobKind

FETCH_SECONDS = 1.0
"""Hashing local files is of no weight beside an engine start; a round figure."""
MERGE_SECONDS = 6.0
"""Dominated by importing torch; measured on the embedded model, see BENCHMARKS.md."""


def total(estimates: Iterable[Estimate]) -> Estimate:
    """Sum; unknown as soon as one part is unknown."""
    parts = list(estimates)

    def add(values: list[float | None]) -> float | None:
        return None if any(value is None for value in values) else sum(map(float, values))  # type: ignore[arg-type]

    bases = {part.basis for part in parts if part.basis != "fixed"}
    return Estimate(
        seconds=add([part.seconds for part in parts]),
        gpu_hours=add([part.gpu_hours for part in parts]),
        cost_usd=add([part.cost_usd for part in parts]),
        basis=bases.pop() if len(bases) == 1 else "mixed" if bases else "fixed",
    )


class Estimator:
    """Estimates the jobs of a plan, in order: the first job of a pool carries the engine start."""

    def __init__(
        self,
        catalog: Catalog,
        profile: Profile,
        snapshot: Snapshot,
        price_usd_per_hour: float | None,
    ) -> None:
        self._catalog = catalog
        self._profile = profile
        self._stack = catalog.stacks[profile.stack]
        self._snapshot = snapshot
        price = catalog.prices[self._stack.price]
        self._price = price.price_usd_per_hour if price_usd_per_hour is None else price_usd_per_hour
        self._started: set[str] = set()
        self._runs: dict[tuple[JobKind, str, str], Estimate] = {}

    def estimate(self, job: Job) -> Estimate:
        """The estimate of one job; call in plan order."""
        if job.task is None:
            return self._priced(*self._step_seconds(job))
        key = (job.kind, job.model, job.task)
        if key not in self._runs:
            seconds = (
                self._generate_seconds if job.kind is JobKind.EVALUATE else self._grade_seconds
            )
            self._runs[key] = self._priced(*seconds(job.model, job.task))
        run = self._runs[key]
        if job.pool in self._started:
            return run
        self._started.add(job.pool)
        load = self._speed(job.model).load_seconds or self._stack.load_seconds
        known = load is not None and run.seconds is not None
        return self._priced(load + run.seconds if known else None, run.basis)  # type: ignore[operator]

    def _priced(self, seconds: float | None, basis: str) -> Estimate:
        if seconds is None:
            return Estimate(None, None, None, "unknown")
        # One GPU works on a job: an engine per GPU, no tensor parallelism (it changes scores).
        gpu_hours = seconds / 3600 if self._stack.device == "cuda" else 0.0
        return Estimate(seconds, gpu_hours, seconds / 3600 * self._price, basis)

    def _speed(self, model: str) -> Speed:
        speeds = self._snapshot.speeds
        return speeds.get((self._profile.stack, model), Speed())

    def _step_seconds(self, job: Job) -> tuple[float | None, str]:
        if job.kind is JobKind.FETCH:
            # A download takes what the network takes: nobody knows before.
            model = self._catalog.models.get(job.model)
            local = model is not None and model.source is Source.EMBEDDED
            return (FETCH_SECONDS, "fixed") if local else (None, "unknown")
        if job.kind is JobKind.MERGE:
            return MERGE_SECONDS, "fixed"
        return self._train_seconds(job)

    def _train_seconds(self, job: Job) -> tuple[float | None, str]:
        recipe = self._catalog.models[job.model].recipe
        assert recipe is not None
        steps = self._catalog.recipes[recipe].steps
        measured = self._speed(job.model).train_seconds_per_step
        per_step = measured or self._stack.train_seconds_per_step
        if per_step is None or steps is None:
            return None, "unknown"
        load = self._stack.load_seconds or 0.0
        return load + steps * per_step, "ledger" if measured else "catalog"

    def _generate_seconds(self, model: str, task_name: str) -> tuple[float | None, str]:
        task = self._catalog.tasks[task_name]
        measured_tokens = self._snapshot.mean_tokens_out.get((model, task_name))
        measured_speed = self._speed(model).output_tokens_per_second
        tokens = measured_tokens or task.expected_output_tokens
        speed = measured_speed or self._stack.output_tokens_per_second
        if tokens is None or speed is None:
            return None, "unknown"
        both = measured_tokens is not None and measured_speed is not None
        either = measured_tokens is not None or measured_speed is not None
        basis = "ledger" if both else "mixed" if either else "catalog"
        return task.n_problems * tokens / speed, basis

    def _grade_seconds(self, model: str, task_name: str) -> tuple[float | None, str]:
        task = self._catalog.tasks[task_name]
        measured = self._speed(model).grade_seconds_per_sample
        per_sample = measured or self._stack.grade_seconds_per_sample
        if per_sample is None:
            return None, "unknown"
        return task.n_problems * per_sample, "ledger" if measured else "catalog"
