"""What is known of the luck of a pick: the shapes of `tina_bench.stats.audits.selection`."""

from tina_bench.stats.types import Shape


class Shrunk(Shape):
    """One published score, drawn towards the mean of all checkpoints."""

    printed_percent: float
    """The published checkpoint's score in the log."""
    mean_percent: float
    """Mean over all checkpoints of the training."""
    chance_sd_points: float
    """SD of one run by chance, assumed equal for all."""
    between_sd_points: float
    """SD between checkpoints beyond chance, estimated."""
    shrinkage: float
    """B: share of the distance from the mean that chance is taken to have made."""
    optimism_points: float
    """B times that distance: what a fresh run of the same checkpoint is expected to lose."""
    optimism_low: float
    """Lower end of the 95 % interval."""
    optimism_high: float
    """Upper end."""


class FamilyOptimism(Shape):
    """A published checkpoint among all logged checkpoints of its training, on one scale."""

    training: str
    """The training."""
    published: str
    """The model as which it was published."""
    checkpoint: str
    """Catalog name of the checkpoint."""
    scale: str
    """A task, or the mean of all logged tasks."""
    tasks: tuple[str, ...]
    """Tasks on that scale."""
    checkpoints: int
    """m: checkpoints that have all of them."""
    rank: int
    """Place of the published one, 1 for the highest; the better place where several are equal."""
    best: str
    """The highest checkpoint; the first by name where several are."""
    best_percent: float
    """Its score."""
    measured: Shrunk
    """With the SD of a run as published spreads put it."""
    bound: Shrunk
    """With the binomial bound for it: the most optimism that fits."""
    if_equal_points: float
    """E[max] of m equal checkpoints over their mean, with the SD as measured: the luck of a pick
    by this scale alone."""
    if_equal_bound_points: float
    """The same, at most: exact for yes-or-no problems, by the bound for a mean of tasks."""


class PickBound(Shape):
    """A score that is known to be the best of m, with the others' scores unknown."""

    model: str
    """Model."""
    who: str
    """Who published it."""
    tasks: tuple[str, ...]
    """Tasks whose claims say that they are of the picked one."""
    best_of: int
    """m, as the claims say."""
    average_points: float
    """Most expected luck in the average over these tasks, had the pick been by that average."""
    average_bound_points: float
    """The same with the binomial bound for the SD of a run."""
    by_task_points: dict[str, float]
    """Most expected luck in each task's score, had the pick been by that task alone."""
    by_task_bound_points: dict[str, float]
    """The same at most: exact for yes-or-no problems."""
