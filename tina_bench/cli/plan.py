"""`tina-bench plan`: what would run, why, and what it would cost."""

from typing import TYPE_CHECKING, Annotated

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
    open_home,
    open_lock,
)
from tina_bench.cli.options.runner import RunnerOption, RunnerWord
from tina_bench.cli.options.until_decided import (
    FirstSeedsOption,
    MaxSeedsOption,
    UntilOption,
    check_options,
)
from tina_bench.cli.show.plan import plan_json, print_plan
from tina_bench.cli.show.tables import console, print_json

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.lock.lockfile import Lock
    from tina_bench.planning.types import Request
    from tina_bench.running.select_runner import Choice
    from tina_bench.store.home import Home


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
    from dataclasses import replace

    from tina_bench.catalog.load import load_catalog
    from tina_bench.planning.plan import build_plan
    from tina_bench.planning.scaled import at_scale
    from tina_bench.running.select_runner import RunnerName, choose_for

    limits = check_options(
        until_decided=until_decided, seeds=seeds, first_seeds=first_seeds, max_seeds=max_seeds
    )
    request = make_request(
        profile,
        everything=everything,
        models=model,
        tasks=task,
        seeds=seeds,
        price=price,
        retrain=retrain,
        scale=scale,
    )
    request, loaded = at_scale(request, load_catalog(catalog or ()))
    request = replace(request, gpu=gpu, gpu_count=count)
    choice = choose_for(request, loaded, RunnerName(runner))
    store, locked = open_home(home), open_lock(lock, loaded)
    if limits is not None:
        _plan_until_decided(request, loaded, locked, store, choice, limits, as_json=as_json)
        return
    made = build_plan(request, loaded, locked, store, choice.machine)
    if as_json:
        print_json({**plan_json(made), "runner": choice.as_json()})
    else:
        print_plan(made)
        console().print(choice.sentence, markup=False)


def _plan_until_decided(
    request: "Request",
    loaded: "Catalog",
    locked: "Lock",
    store: "Home",
    choice: "Choice",
    limits: tuple[int, int],
    *,
    as_json: bool,
) -> None:
    """The first batch, and a bound for the rest: a plan looks at no answers."""
    from dataclasses import asdict

    from tina_bench.cli.show.until_decided import bound_text
    from tina_bench.planning.plan import build_plan
    from tina_bench.running import until_decided as until

    rule = until.make_rule(loaded, request, store, first_seeds=limits[0], max_seeds=limits[1])
    targets = until.first_targets(loaded, request, store, rule)
    made, bound = (
        build_plan(until.with_targets(request, runs), loaded, locked, store, choice.machine)
        for runs in (targets, until.at_most(request, loaded, rule))
    )
    if as_json:
        limit = {"rule": asdict(rule), "at_most": asdict(bound.total)}
        print_json({**plan_json(made), "runner": choice.as_json(), "until_decided": limit})
        return
    print_plan(made)
    console().print(bound_text(bound, rule), markup=False)
    console().print(choice.sentence, markup=False)
