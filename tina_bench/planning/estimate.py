"""Seconds, GPU-hours and dollars of a job before it runs.

The figures are those of `tina_bench.planning.figures`. An estimate is for money decisions, and no
promise: answer lengths differ between models. Sums add ends to ends: all parts of a plan lean on
the same few sources and the same GPU, so that an error goes the same way in all of them.

Several GPUs. Each has an engine, and all engines pull from one queue: they share the time of the
runs, and not the GPU-hours. What cannot be shared takes as long as on one, and the other GPUs are
held, idle and paid: the start of the engine, a training, a merge, and the longest single answer.
"""

from collections.abc import Sequence

from tina_bench.catalog.schema import Catalog, Profile
from tina_bench.planning.figures import Figure, Figures, point
from tina_bench.planning.types import Amounts, Estimate, Snapshot, UsedPrice
from tina_bench.store.records import Job, JobKind

UNKNOWN = Amounts(None, None, None)


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
        self._sources = Figures(catalog, profile, snapshot, gpu, probe_seconds)
        self._price = price
        self._on_gpu = catalog.stacks[profile.stack].device == "cuda"
        self._gpus = gpu_count if self._on_gpu else 1
        self._figures: dict[tuple[JobKind, str, str], tuple[Figure | None, Estimate]] = {}

    @property
    def used(self) -> tuple[str, ...]:
        """Names of calibrations that figures were taken from, so far."""
        return tuple(self._sources.used)

    @property
    def start_seconds(self) -> dict[JobKind, float]:
        """By kind, what a job takes before its first piece of work; absent where unknown."""
        starts = {kind: self._sources.start(kind) for kind in JobKind}
        return {kind: figure.central for kind, figure in starts.items() if figure is not None}

    def estimates(self, jobs: Sequence[Job]) -> list[Estimate]:
        """One estimate per job, in order.

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
                found.append(self._priced(self._sources.step(job), job.kind))
                continue
            figure, estimate = self._run(job.kind, job.model, job.task)
            if job.pool not in started:
                started.add(job.pool)
                if job.kind is JobKind.EVALUATE:
                    estimate = self._first(job, figure, runs[job.pool])
                elif figure is not None and not figure.whole:
                    start = self._sources.start(JobKind.GRADE) or point(0.0, "")
                    estimate = self._priced(figure.plus(start), job.kind)
            found.append(estimate)
        return found

    def _priced(self, figure: Figure | None, kind: JobKind) -> Estimate:
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

    def _run(self, kind: JobKind, model: str, task: str) -> tuple[Figure | None, Estimate]:
        """What one run takes one engine, and the estimate where all engines share it."""
        key = (kind, model, task)
        if key not in self._figures:
            if kind is JobKind.EVALUATE:
                figure = self._sources.generating(model, task)
                shared = None if figure is None else figure.times(1 / self._gpus)
            else:
                figure = shared = self._sources.grading(model, task)
            self._figures[key] = figure, self._priced(shared, kind)
        return self._figures[key]

    def _first(self, job: Job, figure: Figure | None, pool: dict[tuple[str, str], int]) -> Estimate:
        if figure is None:
            return self._priced(None, job.kind)
        once = self._beyond_share(pool)
        of_pool = [self._run(JobKind.EVALUATE, *key)[0] for key in pool]
        if not all(other is None or other.whole for other in of_pool):
            load = self._sources.load(job.model)
            if load is None:
                return self._priced(None, job.kind)
            once = once.plus(load)
        return self._priced(figure.times(1 / self._gpus).plus(once), job.kind)

    def _beyond_share(self, pool: dict[tuple[str, str], int]) -> Figure:
        """How much longer a pool takes than its share, because an answer is never divided."""
        answer = self._sources.longest_answer
        figures = [(self._run(JobKind.EVALUATE, *key)[0], n) for key, n in pool.items()]
        known = [(figure, n) for figure, n in figures if figure is not None]
        if answer is None or self._gpus == 1 or not known:
            return point(0.0, "")

        def beyond(longest: float, seconds: list[tuple[float, int]]) -> float:
            # A run that is shorter than the longest answer that was ever seen has none so long.
            indivisible = min(longest, max(one for one, _ in seconds))
            return max(0.0, indivisible - sum(one * n for one, n in seconds) / self._gpus)

        return Figure(
            beyond(answer.low, [(figure.low, n) for figure, n in known]),
            beyond(answer.central, [(figure.central, n) for figure, n in known]),
            beyond(answer.high, [(figure.high, n) for figure, n in known]),
            "",
        )
