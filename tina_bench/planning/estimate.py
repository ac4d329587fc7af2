"""Seconds, GPU-hours and dollars of a job before it runs, and where each figure comes from.

What was measured in this home wins; then calibrations of the GPU that is asked for, first one that
records it, then one that may stand for it; then the figures of the catalog's stack; without any of
them the figure is unknown and says so. An estimate is for money decisions, and no promise: answer
lengths differ between models.

Bands. A calibration's low and high are the ends of what its source saw. Sums add ends to ends: all
parts of a plan lean on the same few sources and the same GPU, so that an error goes the same way in
all of them. A figure of the stack that was scaled by the speed probe may be off by `PROBE_FACTOR`.
A figure that comes without a range (measured here, or of the stack as it stands) is its own low and
high.

Several GPUs. Each has an engine, and all engines pull from one queue: they share the time of the
runs, and not the GPU-hours. What cannot be shared takes as long as on one, and the other GPUs are
held, idle and paid: the start of the engine, a training, a merge, and the longest single answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tina_bench.catalog.calibration import Band, Calibration
from tina_bench.catalog.schema import Catalog, Profile, Source
from tina_bench.catalog.training import as_trained_for
from tina_bench.planning.types import Amounts, Estimate, Snapshot, Speed, UsedPrice
from tina_bench.store.records import Job, JobKind

FETCH_SECONDS = 1.0
"""Hashing local files is of no weight beside an engine start; a round figure."""
MERGE_SECONDS = 6.0
"""Dominated by importing torch; measured on the embedded model, where the stack does not say."""
PROBE_FACTOR = 1.5
"""How far a figure that was scaled by the speed probe may be off, up and down: what the smoke
profile was seen to need on quiet and on busy machines, see BENCHMARKS.md."""
AT_THIS_SPEED = "catalog, at this machine's speed"
UNKNOWN = Amounts(None, None, None)


@dataclass(frozen=True, slots=True)
class _Figure:
    """Seconds of one engine, or of one process."""

    low: float
    central: float
    high: float
    basis: str
    whole: bool = False
    """Engine start and grading are in it."""

    def times(self, factor: float) -> "_Figure":
        low, central, high = self.low * factor, self.central * factor, self.high * factor
        return _Figure(low, central, high, self.basis, self.whole)

    def plus(self, other: "_Figure") -> "_Figure":
        return _Figure(
            self.low + other.low,
            self.central + other.central,
            self.high + other.high,
            self.basis,
            self.whole,
        )


def _point(seconds: float, basis: str) -> _Figure:
    return _Figure(seconds, seconds, seconds, basis)


class Estimator:
    """Estimates the jobs of one plan."""

    def __init__(
        self,
        catalog: Catalog,
        profile: Profile,
        snapshot: Snapshot,
        price: UsedPrice,
        gpu: str | None,
        gpu_count: int,
        probe_seconds: float | None = None,
    ) -> None:
        self._catalog = catalog
        self._profile = profile
        self._stack = catalog.stacks[profile.stack]
        self._snapshot = snapshot
        self._slowdown = (
            None
            if probe_seconds is None or self._stack.probe_seconds is None
            else probe_seconds / self._stack.probe_seconds
        )
        self._price = price
        self._on_gpu = self._stack.device == "cuda"
        self._gpus = gpu_count if self._on_gpu else 1
        entries = list(catalog.calibrations.items()) if self._on_gpu else []
        self._calibrations = [
            *((name, entry) for name, entry in entries if gpu is not None and entry.gpu == gpu),
            *((name, entry) for name, entry in entries if gpu in entry.stands_for),
        ]
        self._scaled = self._scale([*self._calibrations, *entries])
        self.used: dict[str, None] = {}
        """Names of calibrations that figures were taken from."""
        self._figures: dict[tuple[JobKind, str, str], tuple[_Figure | None, Estimate]] = {}

    def estimates(self, jobs: Sequence[Job]) -> list[Estimate]:
        """One estimate a job, in order.

        The first run of a pool carries what the pool has once: the start of its engines or of its
        grader, and what its longest answer takes beyond the share of each engine.
        """
        runs: dict[str, dict[tuple[str, str], int]] = {}
        for job in jobs:
            if job.kind is JobKind.EVALUATE and job.task is not None:
                of_pool = runs.setdefault(job.pool, {})
                of_pool[job.model, job.task] = of_pool.get((job.model, job.task), 0) + 1
        found, started = [], set()
        for job in jobs:
            if job.task is None:
                found.append(self._priced(self._step(job), job.kind))
                continue
            figure, estimate = self._run(job.kind, job.model, job.task)
            if job.pool not in started:
                started.add(job.pool)
                if job.kind is JobKind.EVALUATE:
                    estimate = self._first(job, figure, runs[job.pool])
                elif figure is not None and not figure.whole:
                    start = self.start(JobKind.GRADE) or _point(0.0, "")
                    estimate = self._priced(figure.plus(start), job.kind)
            found.append(estimate)
        return found

    def _priced(self, figure: _Figure | None, kind: JobKind) -> Estimate:
        """Seconds of wall clock as an estimate: how long the GPUs are held, and what that costs."""
        holds = self._on_gpu and kind not in (JobKind.FETCH, JobKind.GRADE)
        idle = None if holds else 0.0  # no GPU computes in a download, however long it takes
        free = 0.0 if self._price.usd_per_hour == 0 else None
        if figure is None:
            amounts = Amounts(None, idle, free)
            return Estimate(amounts, amounts, amounts, "unknown")
        units = self._gpus if self._price.billed_per == "gpu" else 1

        def amount(seconds: float) -> Amounts:
            hours, usd = seconds / 3600, self._price.usd_per_hour
            # A rented GPU is paid while data is downloaded and answers are graded, too.
            cost = None if usd is None else hours * usd * units
            return Amounts(seconds, hours * self._gpus if holds else 0.0, cost)

        low, central, high = map(amount, (figure.low, figure.central, figure.high))
        return Estimate(low, central, high, figure.basis)

    def _run(self, kind: JobKind, model: str, task: str) -> tuple[_Figure | None, Estimate]:
        """What one run takes one engine, and the estimate where all engines share it."""
        key = (kind, model, task)
        if key not in self._figures:
            if kind is JobKind.EVALUATE:
                figure = self._generating(model, task)
                shared = None if figure is None else figure.times(1 / self._gpus)
            else:
                figure = shared = self._grading(model, task)
            self._figures[key] = figure, self._priced(shared, kind)
        return self._figures[key]

    def _first(
        self, job: Job, figure: _Figure | None, pool: dict[tuple[str, str], int]
    ) -> Estimate:
        if figure is None:
            return self._priced(None, job.kind)
        once = self._beyond_share(pool)
        of_pool = [self._run(JobKind.EVALUATE, *key)[0] for key in pool]
        if not all(other is None or other.whole for other in of_pool):
            measured = self._speed(job.model).load_seconds
            load = self.start(JobKind.EVALUATE) if measured is None else _point(measured, "")
            if load is None:
                return self._priced(None, job.kind)
            once = once.plus(load)
        return self._priced(figure.times(1 / self._gpus).plus(once), job.kind)

    def _beyond_share(self, pool: dict[tuple[str, str], int]) -> _Figure:
        """How much longer a pool takes than its share, because an answer is never divided."""
        answer = next((c.answer_seconds for _, c in self._calibrations if c.answer_seconds), None)
        figures = [(self._run(JobKind.EVALUATE, *key)[0], n) for key, n in pool.items()]
        known = [(figure, n) for figure, n in figures if figure is not None]
        if answer is None or self._gpus == 1 or not known:
            return _point(0.0, "")

        def beyond(longest: float, seconds: list[tuple[float, int]]) -> float:
            # A run that is shorter than the longest answer that was ever seen has none so long.
            indivisible = min(longest, max(one for one, _ in seconds))
            return max(0.0, indivisible - sum(one * n for one, n in seconds) / self._gpus)

        return _Figure(
            beyond(answer.low, [(figure.low, n) for figure, n in known]),
            beyond(answer.central, [(figure.central, n) for figure, n in known]),
            beyond(answer.high, [(figure.high, n) for figure, n in known]),
            "",
        )

    def _speed(self, model: str) -> Speed:
        speeds = self._snapshot.speeds
        return speeds.get((self._profile.stack, model), Speed())

    def _of_stack(self, seconds: float) -> _Figure:
        """A figure of the catalog's stack, at the speed of this machine where that was probed."""
        if self._slowdown is None:
            return _point(seconds, "catalog")
        central = seconds * self._slowdown
        return _Figure(central / PROBE_FACTOR, central, central * PROBE_FACTOR, AT_THIS_SPEED)

    def start(self, kind: JobKind) -> _Figure | None:
        """What a job of a kind takes before its first piece of work; `None` where unknown."""
        stack = self._stack
        measured = self._snapshot.start_seconds.get((self._profile.stack, kind))
        if measured is not None:
            return _point(measured, "ledger")
        train = stack.train_start_seconds
        seconds = {
            JobKind.FETCH: None,
            JobKind.TRAIN: stack.load_seconds if train is None else train,
            JobKind.MERGE: stack.merge_seconds,
            JobKind.EVALUATE: stack.load_seconds,
            JobKind.GRADE: stack.grade_start_seconds,
        }[kind]
        return None if seconds is None else self._of_stack(seconds)

    def _step(self, job: Job) -> _Figure | None:
        if job.kind is JobKind.TRAIN:
            return self._training(job)
        model = self._catalog.models.get(job.model)
        while model is not None and model.base is not None and job.kind is JobKind.MERGE:
            model = self._catalog.models[model.base]
        if model is None or model.source is not Source.EMBEDDED:
            # A download takes what the network takes, and weights of that size were never merged.
            return None
        if job.kind is JobKind.FETCH:
            return _point(FETCH_SECONDS, "fixed")
        return self.start(JobKind.MERGE) or _point(MERGE_SECONDS, "fixed")

    def _training(self, job: Job) -> _Figure | None:
        model = self._catalog.models[job.model]
        name = model.recipe
        assert name is not None
        recipe = as_trained_for(model, self._catalog.recipes[name])
        if recipe.steps is None:
            return None
        load = self.start(JobKind.TRAIN) or _point(0.0, "")
        measured = self._speed(job.model).train_seconds_per_step
        if measured is not None:
            return _point(measured, "ledger").times(recipe.steps).plus(load)
        for calibration, entry in self._calibrations:
            band = entry.step_gpu_seconds.get(name)
            if band is not None:
                return self._from(calibration, entry, band).times(recipe.steps)
        completions = recipe.prompts_per_step * recipe.grpo.num_generations
        for calibration, entry in self._calibrations:
            band, seen = entry.completion_gpu_seconds, entry.completion_tokens or 0
            if band is not None and recipe.grpo.max_completion_length <= seen:
                return self._from(calibration, entry, band).times(completions * recipe.steps)
        per_step = self._stack.train_seconds_per_step
        if per_step is None:
            return None
        return self._of_stack(per_step).times(recipe.steps).plus(load)

    def _from(self, name: str, entry: Calibration, band: Band) -> _Figure:
        self.used[name] = None
        basis = f"calibration {name} ({entry.hardware})"
        return _Figure(band.low, band.central, band.high, basis, whole=True)

    def _scale(
        self, entries: Sequence[tuple[str, Calibration]]
    ) -> tuple[str, Calibration, float] | None:
        """A calibration and how much slower than it this home's own runs were on this GPU.

        The ratio is of sums, over every model and task that was measured on both sides. It carries
        the one run that somebody measures on a new GPU over to the tasks that he did not.
        """
        for name, entry in entries:
            here = there = 0.0
            for (model, task), tokens in self._snapshot.mean_tokens_out.items():
                band, speed = entry.run_gpu_seconds.get(task), self._speed(model)
                if band is not None and speed.output_tokens_per_second is not None:
                    n = self._catalog.tasks[task].n_problems
                    here += n * tokens / speed.output_tokens_per_second
                    there += band.central
            if there:
                return name, entry, here / there
        return None

    def _generating(self, model: str, task_name: str) -> _Figure | None:
        task = self._catalog.tasks[task_name]
        measured_tokens = self._snapshot.mean_tokens_out.get((model, task_name))
        measured_speed = self._speed(model).output_tokens_per_second
        if measured_tokens is not None and measured_speed is not None:
            return _point(task.n_problems * measured_tokens / measured_speed, "ledger")
        calibrated = self._calibrated(task_name)
        if calibrated is not None:
            return calibrated
        tokens = measured_tokens or task.expected_output_tokens
        speed = measured_speed or self._stack.output_tokens_per_second
        if tokens is None or speed is None:
            return None
        seconds = task.n_problems * tokens / speed
        if measured_speed is not None:
            return _point(seconds, "mixed")
        figure = self._of_stack(seconds)
        return figure if measured_tokens is None else replace(figure, basis="mixed")

    def _calibrated(self, task: str) -> _Figure | None:
        if self._scaled is not None:
            name, entry, factor = self._scaled
            band = entry.run_gpu_seconds.get(task)
            if band is not None:
                figure = self._from(name, entry, band).times(factor)
                basis = f"calibration {name}, scaled to runs measured here"
                return _Figure(figure.low, figure.central, figure.high, basis, whole=True)
        for name, entry in self._calibrations:
            band = entry.run_gpu_seconds.get(task)
            if band is not None:
                return self._from(name, entry, band)
        return None

    def _grading(self, model: str, task_name: str) -> _Figure | None:
        run, _ = self._run(JobKind.EVALUATE, model, task_name)
        if run is not None and run.whole:
            return _Figure(0.0, 0.0, 0.0, run.basis, whole=True)
        task = self._catalog.tasks[task_name]
        measured = self._speed(model).grade_seconds_per_sample
        if measured is not None:
            return _point(task.n_problems * measured, "ledger")
        per_sample = self._stack.grade_seconds_per_sample
        return None if per_sample is None else self._of_stack(task.n_problems * per_sample)
