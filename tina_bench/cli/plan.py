"""`tina-bench plan`: what would run, why, and what it would cost."""

from typing import Annotated

import typer

from tina_bench.cli.options.common import (
    AllOption,
    CatalogOption,
    HomeOption,
    JsonOption,
    LockOption,
    ModelsOption,
    PriceOption,
    ProfileOption,
    RetrainOption,
    ScaleOption,
    SeedsOption,
    TasksOption,
    make_request,
)
from tina_bench.cli.options.runner import RunnerOption, RunnerWord
from tina_bench.cli.options.until_decided import (
    FirstSeedsOption,
    MaxSeedsOption,
    UntilOption,
    seed_limits,
)
from tina_bench.cli.show.plan import show_plan


def plan(
    profile: ProfileOption = "paper",
    everything: AllOption = False,
    model: ModelsOption = None,
    task: TasksOption = None,
    seeds: SeedsOption = None,
    until_decided: UntilOption = False,
    first_seeds: FirstSeedsOption = None,
    max_seeds: MaxSeedsOption = None,
    price: PriceOption = None,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    retrain: RetrainOption = False,
    scale: ScaleOption = None,
    gpu: Annotated[
        str | None,
        typer.Option(
            "--gpu",
            metavar="NAME",
            help="Estimate for this GPU, as in `l40s`: its price, and the calibrations that stand "
            "for it. If not given: this machine's, else the one that the stack is priced for.",
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            "--count",
            min=1,
            max=64,
            help="GPUs, each with an engine of its own: they share the time, not the GPU-hours.",
        ),
    ] = 1,
    runner: RunnerOption = RunnerWord.AUTO,
    lock: LockOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `reproduce` would do, why, and what it would cost. Runs nothing, needs no GPU.

    An estimate is a band, `central (low–high)`, and says what it stands on: what was measured in
    this home, else a calibration of the catalog, else the stack's figures. Bands are what the
    source saw, from lowest to highest; a sum adds ends to ends, as its parts err the same way. `≥`
    marks a sum that something unknown is part of. Jobs that cannot run here are estimated too.
    With --until-decided it is the first batch, and a bound for all that may follow.
    """
    from tina_bench import api

    limits = seed_limits(until_decided=until_decided, first_seeds=first_seeds, max_seeds=max_seeds)
    request = make_request(
        profile,
        everything=everything,
        models=model,
        tasks=task,
        seeds=seeds,
        price=price,
        retrain=retrain,
        scale=scale,
        gpu=gpu,
        gpu_count=count,
    )
    made = api.plan(
        request,
        runner=runner,
        until_decided=limits,
        home=home,
        catalog=catalog or (),
        lock=lock,
    )
    show_plan(made, as_json=as_json)
