"""What the reader of an estimate must know, or can do: one sentence each."""

from collections.abc import Iterator

from tina_bench.catalog.schema import Catalog, Profile
from tina_bench.planning.types import PlannedJob, UsedPrice
from tina_bench.store.records import JobKind


def sentences(
    catalog: Catalog,
    profile: Profile,
    jobs: tuple[PlannedJob, ...],
    price: UsedPrice,
    gpu: str | None,
    gpu_count: int,
) -> Iterator[str]:
    """In the order of their weight; none for a plan that is known and runs on a processor."""
    if catalog.stacks[profile.stack].device != "cuda":
        return
    unknown = [planned.job for planned in jobs if planned.estimate.central.seconds is None]
    run = next((job for job in unknown if job.kind is JobKind.EVALUATE), None)
    if run is not None:
        task = min(profile.tasks, key=lambda name: catalog.tasks[name].n_problems)
        yield (
            f"nothing is known of {'some of these runs' if gpu is None else f'these runs on {gpu}'}"
            f": run one task there with a small budget, as in `tina-bench reproduce --model "
            f"{run.model} --task {task} --seeds 1 --budget 2`, and plan again; what was measured "
            "in a home always wins."
        )
    trainings = dict.fromkeys(job.model for job in unknown if job.kind is JobKind.TRAIN)
    if trainings:
        yield (
            f"no figure covers the training of {', '.join(trainings)}: a recipe without a known "
            "number of steps, with longer completions than anybody's, or on another GPU."
        )
    trained = {planned.job.model for planned in jobs if planned.job.kind is JobKind.TRAIN}
    if any(catalog.models[name].checkpoint_step is not None for name in trained):
        yield (
            "trainings end at the checkpoint that the published row stands on; the published costs "
            "of single models are of whole trainings, and of more checkpoints evaluated."
        )
    if gpu_count > 1 and trained:
        yield (
            "a training uses one GPU; the others are held, idle and paid meanwhile, and are in the "
            "GPU-hours. Train with one GPU, evaluate with several."
        )
    if price.usd_per_hour != 0 and any(job.kind is JobKind.FETCH for job in unknown):
        yield (
            "no GPU computes while data is downloaded, but a rented one is paid meanwhile: run "
            "`tina-bench fetch` before the rent begins."
        )
