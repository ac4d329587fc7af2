"""Seconds of one engine or process for a piece of work, and where each figure comes from.

What was measured in this home wins; then calibrations of the GPU that is requested, first one that
records it, then one that may stand for it; then the figures of the catalog's stack; without any of
them the figure is unknown and says so.

Bands. A calibration's low and high are the ends of what its source saw. A figure of the stack that
was scaled by the speed probe may be off by `PROBE_FACTOR`. A figure that comes without a range
(measured here, or of the stack as it stands) is its own low and high.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tina_bench.catalog.calibration import Band, Calibration
from tina_bench.catalog.schema import Catalog, Profile, Source
from tina_bench.catalog.training import as_trained_for
from tina_bench.planning.types import Snapshot, Speed
from tina_bench.store.records import Job, JobKind

FETCH_SECONDS = 1.0
"""Hashing local files is of no weight beside an engine start; a round figure."""
MERGE_SECONDS = 6.0
"""Dominated by importing torch; measured on the embedded model, where the stack does not say."""
PROBE_FACTOR = 1.5
"""How far a figure that was scaled by the speed probe may be off, up and down: what the smoke
profile was seen to need on quiet and on busy machines, see BENCHMARKS.md."""
AT_THIS_SPEED = "catalog, at this machine's speed"


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds of one engine, or of one process."""

    low: float
    central: float
    high: float
    basis: str
    whole: bool = False
    """Engine start and grading are in it."""

    def times(self, factor: float) -> "Figure":
        """The same work so many times."""
        low, central, high = self.low * factor, self.central * factor, self.high * factor
        return Figure(low, central, high, self.basis, self.whole)

    def plus(self, other: "Figure") -> "Figure":
        """One after the other; ends add to ends."""
        return Figure(
            self.low + other.low,
            self.central + other.central,
            self.high + other.high,
            self.basis,
            self.whole,
        )


def point(seconds: float, basis: str) -> Figure:
    """A figure without a range."""
    return Figure(seconds, seconds, seconds, basis)


class Figures:
    """The figures of one plan."""

    def __init__(
        self,
        catalog: Catalog,
        profile: Profile,
        snapshot: Snapshot,
        gpu: str | None,
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
        entries = list(catalog.calibrations.items()) if self._stack.device == "cuda" else []
        self._calibrations = [
            *((name, entry) for name, entry in entries if gpu is not None and entry.gpu == gpu),
            *((name, entry) for name, entry in entries if gpu in entry.stands_for),
        ]
        self._scaled = self._scale([*self._calibrations, *entries])
        self.used: dict[str, None] = {}
        """Names of calibrations that figures were taken from."""

    def start(self, kind: JobKind) -> Figure | None:
        """What a job of a kind takes before its first piece of work; `None` where unknown."""
        stack = self._stack
        measured = self._snapshot.start_seconds.get((self._profile.stack, kind))
        if measured is not None:
            return point(measured, "ledger")
        train = stack.train_start_seconds
        seconds = {
            JobKind.FETCH: None,
            JobKind.TRAIN: stack.load_seconds if train is None else train,
            JobKind.MERGE: stack.merge_seconds,
            JobKind.EVALUATE: stack.load_seconds,
            JobKind.GRADE: stack.grade_start_seconds,
        }[kind]
        return None if seconds is None else self._of_stack(seconds)

    def load(self, model: str) -> Figure | None:
        """What an engine takes to load a model; `None` where unknown."""
        measured = self._speed(model).load_seconds
        return self.start(JobKind.EVALUATE) if measured is None else point(measured, "")

    @property
    def longest_answer(self) -> Band | None:
        """Seconds of the longest single answer; `None` where no calibration of this GPU says."""
        return next((c.answer_seconds for _, c in self._calibrations if c.answer_seconds), None)

    def step(self, job: Job) -> Figure | None:
        """A fetch, a training or a merge."""
        if job.kind is JobKind.TRAIN:
            return self._training(job)
        model = self._catalog.models.get(job.model)
        while model is not None and model.base is not None and job.kind is JobKind.MERGE:
            model = self._catalog.models[model.base]
        if model is None or model.source is not Source.EMBEDDED:
            # A download takes what the network takes, and weights of that size were never merged.
            return None
        if job.kind is JobKind.FETCH:
            return point(FETCH_SECONDS, "fixed")
        return self.start(JobKind.MERGE) or point(MERGE_SECONDS, "fixed")

    def _training(self, job: Job) -> Figure | None:
        model = self._catalog.models[job.model]
        name = model.recipe
        assert name is not None
        recipe = as_trained_for(model, self._catalog.recipes[name])
        if recipe.steps is None:
            return None
        load = self.start(JobKind.TRAIN) or point(0.0, "")
        measured = self._speed(job.model).train_seconds_per_step
        if measured is not None:
            return point(measured, "ledger").times(recipe.steps).plus(load)
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

    def generating(self, model: str, task_name: str) -> Figure | None:
        """The answers of one run on one engine."""
        task = self._catalog.tasks[task_name]
        measured_tokens = self._snapshot.mean_tokens_out.get((model, task_name))
        measured_speed = self._speed(model).output_tokens_per_second
        if measured_tokens is not None and measured_speed is not None:
            return point(task.n_problems * measured_tokens / measured_speed, "ledger")
        calibrated = self._calibrated(task_name)
        if calibrated is not None:
            return calibrated
        tokens = measured_tokens or task.expected_output_tokens
        speed = measured_speed or self._stack.output_tokens_per_second
        if tokens is None or speed is None:
            return None
        seconds = task.n_problems * tokens / speed
        if measured_speed is not None:
            return point(seconds, "mixed")
        figure = self._of_stack(seconds)
        return figure if measured_tokens is None else replace(figure, basis="mixed")

    def grading(self, model: str, task_name: str) -> Figure | None:
        """The grading of one run; nothing where the figure of its answers has it in it."""
        run = self.generating(model, task_name)
        if run is not None and run.whole:
            return Figure(0.0, 0.0, 0.0, run.basis, whole=True)
        task = self._catalog.tasks[task_name]
        measured = self._speed(model).grade_seconds_per_sample
        if measured is not None:
            return point(task.n_problems * measured, "ledger")
        per_sample = self._stack.grade_seconds_per_sample
        return None if per_sample is None else self._of_stack(task.n_problems * per_sample)

    def _speed(self, model: str) -> Speed:
        return self._snapshot.speeds.get((self._profile.stack, model), Speed())

    def _of_stack(self, seconds: float) -> Figure:
        """A figure of the catalog's stack, at the speed of this machine where that was probed."""
        if self._slowdown is None:
            return point(seconds, "catalog")
        central = seconds * self._slowdown
        return Figure(central / PROBE_FACTOR, central, central * PROBE_FACTOR, AT_THIS_SPEED)

    def _from(self, name: str, entry: Calibration, band: Band) -> Figure:
        self.used[name] = None
        basis = f"calibration {name} ({entry.hardware})"
        return Figure(band.low, band.central, band.high, basis, whole=True)

    def _scale(
        self, entries: Sequence[tuple[str, Calibration]]
    ) -> tuple[str, Calibration, float] | None:
        """A calibration and how much slower than it this home's own runs were on this GPU.

        The ratio is of sums, over every model and task that was measured on both sides. It carries
        one run that was measured on a new GPU over to the tasks that were not.
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

    def _calibrated(self, task: str) -> Figure | None:
        if self._scaled is not None:
            name, entry, factor = self._scaled
            band = entry.run_gpu_seconds.get(task)
            if band is not None:
                figure = self._from(name, entry, band).times(factor)
                basis = f"calibration {name}, scaled to runs measured here"
                return Figure(figure.low, figure.central, figure.high, basis, whole=True)
        for name, entry in self._calibrations:
            band = entry.run_gpu_seconds.get(task)
            if band is not None:
                return self._from(name, entry, band)
        return None
