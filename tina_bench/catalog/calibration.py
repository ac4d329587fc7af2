"""What is known of the time that work takes on a GPU: the frozen shape of a calibration.

A calibration turns work (runs of a task, steps of a recipe) into GPU-seconds before anything has
run here. Each figure is a band with its source; a figure that no source supports is absent, and
what needs it stays unknown.
"""

from typing import Annotated

from pydantic import Field, model_validator

from tina_bench.catalog.fields import CatalogEntry, Confidence, Name


class Band(CatalogEntry):
    """A quantity of which a range was observed."""

    low: Annotated[float, Field(gt=0)]
    """Lower end."""
    central: Annotated[float, Field(gt=0)]
    """The figure to go by."""
    high: Annotated[float, Field(gt=0)]
    """Upper end."""
    observations: Annotated[int, Field(gt=0)] | None = None
    """Runs or rows behind it; absent for a figure that was derived from those of others."""
    confidence: Confidence
    """`read` in the source, or `derived` from what was."""
    method: str
    """What the three figures are, in one sentence: which rows or files, and what was done."""

    @model_validator(mode="after")
    def _is_in_order(self) -> "Band":
        if not self.low <= self.central <= self.high:
            raise ValueError("'low' ≤ 'central' ≤ 'high'")
        return self


class Calibration(CatalogEntry):
    """Times that were measured on one kind of GPU, for work that is not yet measured here."""

    title: str
    """What it is, in a few words."""
    hardware: str
    """What computed, as far as the source says; goes into every estimate's basis."""
    gpu: Name | None = None
    """Short name of the GPU, as `--gpu` takes it; `None` where the source does not record it."""
    stands_for: tuple[Name, ...] = ()
    """Short names of further GPUs that it is used for."""
    argument: str = ""
    """Why it may stand for those; required with them."""
    run_gpu_seconds: dict[Name, Band] = Field(default_factory=dict)
    """GPU-seconds of one run of a task, by task: engine start, all answers, grading."""
    answer_seconds: Band | None = None
    """Wall seconds of one answer that uses its whole limit: no number of engines makes a run, or a
    pool of runs, shorter than that."""
    step_gpu_seconds: dict[Name, Band] = Field(default_factory=dict)
    """GPU-seconds of one optimizer step, generation included, by recipe."""
    completion_gpu_seconds: Band | None = None
    """GPU-seconds of a step over its completions, for recipes that `step_gpu_seconds` lacks."""
    completion_tokens: Annotated[int, Field(gt=0)] | None = None
    """Longest completion that `completion_gpu_seconds` was seen with; required with it."""
    source: str
    """Where the figures were read."""
    note: str = ""
    """What a reader must know."""

    @model_validator(mode="after")
    def _says_enough(self) -> "Calibration":
        if bool(self.stands_for) != bool(self.argument):
            raise ValueError("'stands_for' and 'argument' go together")
        if (self.completion_gpu_seconds is None) != (self.completion_tokens is None):
            raise ValueError("'completion_gpu_seconds' and 'completion_tokens' go together")
        if not (self.run_gpu_seconds or self.step_gpu_seconds or self.completion_gpu_seconds):
            raise ValueError("at least one figure")
        return self
