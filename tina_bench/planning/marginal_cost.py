"""What further runs of a model on a task take: time, GPU-hours and dollars.

The figures are those of a plan (`tina_bench.planning.figures`): measured in this home, else a
calibration of this GPU, else the stack's figures, else unknown. What is not known is `None`.
"""

from collections.abc import Mapping

from tina_bench.catalog.schema import Catalog, Profile
from tina_bench.planning.estimate import UNKNOWN, Estimator
from tina_bench.planning.totals import ENDS, SILENT, add
from tina_bench.planning.types import Amounts, Estimate, Snapshot, UsedPrice
from tina_bench.store.records import Job, JobKind

NOTHING = Amounts(0.0, 0.0, 0.0)
Needs = Mapping[tuple[str, str], int]
"""Number of further runs by model and task."""


def price_of_runs(
    catalog: Catalog,
    profile: Profile,
    snapshot: Snapshot,
    price: UsedPrice,
    gpu: str | None,
    needs: Needs,
) -> dict[tuple[str, str], Estimate]:
    """What each of these cells takes by itself: its runs, their grading, and one engine start.

    On one engine. Weights are taken to be here, as they were for the runs so far; where a
    calibration has the engine start in its figure of a run, it counts for every run. Cells of one
    model that are run together share the start, so a sum over them is an upper bound:
    `price_together` has the sum itself. No runs take nothing. A model or task that the catalog does
    not have is unknown.
    """
    estimator = Estimator(catalog, profile, snapshot, price, gpu, 1)
    return {cell: _cells(estimator, catalog, {cell: runs}) for cell, runs in needs.items()}


def price_together(
    catalog: Catalog,
    profile: Profile,
    snapshot: Snapshot,
    price: UsedPrice,
    gpu: str | None,
    needs: Needs,
) -> Estimate:
    """What all of these cells take together: runs, grading, one engine start per model."""
    estimator = Estimator(catalog, profile, snapshot, price, gpu, 1)
    return _cells(estimator, catalog, dict(sorted(needs.items())))


def _cells(estimator: Estimator, catalog: Catalog, needs: Needs) -> Estimate:
    """The sum over cells; the first run of each model carries the start of its engine."""
    sums, bases = [NOTHING] * len(ENDS), set[str]()
    started: set[str] = set()
    for (model, task), runs in needs.items():
        if runs <= 0:
            continue
        if model not in catalog.models or task not in catalog.tasks:
            return Estimate(UNKNOWN, UNKNOWN, UNKNOWN, "unknown")
        # Two runs stand for all: the first has the engine start in it, the others are alike.
        jobs = [_job(JobKind.EVALUATE, model, task)] * 2 + [_job(JobKind.GRADE, model, task)]
        first, other, grading = estimator.estimates(jobs)
        starts = 0 if model in started else 1
        started.add(model)
        for part, times in ((first, starts), (other, runs - starts), (grading, runs)):
            if times:
                bases.add(part.basis)
                sums = [add(sum_, end(part), times) for sum_, end in zip(sums, ENDS, strict=True)]
    known = bases.difference(SILENT)
    basis = "unknown" if "unknown" in bases else known.pop() if len(known) == 1 else "mixed"
    low, central, high = sums
    return Estimate(low, central, high, basis if bases else "fixed")


def _job(kind: JobKind, model: str, task: str) -> Job:
    return Job(id=f"{kind}-{task}", kind=kind, model=model, task=task, seed=0, pool=f"{kind}")
