"""Training curves, read back from the logs that training leaves in its job folder.

A resumed training repeats the steps after its last checkpoint; the last line of a step wins, as it
is the one that the adapter came from.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tina_bench.files.append_log import read_log
from tina_bench.store.home import WORK_SUFFIX, Home
from tina_bench.store.job_folder import TRAINING_FILE

REWARD_PREFIX = "reward_"
_DISPERSIONS = frozenset({"reward_std"})


@dataclass(frozen=True, slots=True)
class Curve:
    """One training, step by step."""

    model: str
    """Model it trained."""
    folder: str
    """Job folder."""
    finished: bool
    """The job is done; otherwise this is as far as it came."""
    steps: tuple[dict[str, Any], ...]
    """One per step, ascending; a figure that was not logged is missing."""

    @property
    def rewards(self) -> tuple[str, ...]:
        """Names of the fields that hold the mean of one reward function, sorted."""
        names = {name for step in self.steps for name in step if name.startswith(REWARD_PREFIX)}
        return tuple(sorted(names - _DISPERSIONS))

    def series(self, name: str) -> tuple[list[int], list[float]]:
        """Steps at which a field was logged as a finite number, and its values."""
        points = [
            (int(step["step"]), float(step[name]))
            for step in self.steps
            if isinstance(step.get(name), int | float) and math.isfinite(step[name])
        ]
        return [step for step, _ in points], [value for _, value in points]


def read_curves(home: Home) -> Iterator[Curve]:
    """Every training that left at least one step, by folder name."""
    for path in sorted(home.jobs.glob(f"train-*/{TRAINING_FILE}")):
        name = path.parent.name
        folder = name.removesuffix(WORK_SUFFIX)
        by_step = {int(line["step"]): line for line in read_log(path) if "step" in line}
        if by_step:
            yield Curve(
                # `train-<model>-<hash>`: a prefix of the folder's name would also find the
                # trainings of every model whose name merely begins the same.
                model=folder.removeprefix("train-").rpartition("-")[0],
                folder=folder,
                finished=name == folder,
                steps=tuple(by_step[step] for step in sorted(by_step)),
            )


def thinned(steps: list[int], values: list[float], most: int) -> tuple[list[float], list[float]]:
    """At most so many points of a curve: means of neighbouring steps, as equal in number as can be.

    A mean hides single steps, but keeps level and trend, and does not jump with the choice of step
    as picking every n-th would.
    """
    count = len(steps)
    if count <= most:
        return [float(step) for step in steps], list(values)
    edges = [place * count // most for place in range(most + 1)]
    spans = list(pairwise(edges))
    return (
        [sum(steps[a:b]) / (b - a) for a, b in spans],
        [sum(values[a:b]) / (b - a) for a, b in spans],
    )
