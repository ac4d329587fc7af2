"""`tina-bench reproduce`: plan, show the plan, carry it out."""

from functools import partial

from tina_bench.cli.options.common import (
    AllOption,
    BudgetOption,
    CatalogOption,
    HomeOption,
    JsonOption,
    LockOption,
    LogOption,
    ModelsOption,
    PriceOption,
    ProfileOption,
    RetrainOption,
    ScaleOption,
    SeedsOption,
    TasksOption,
    make_request,
)
from tina_bench.cli.options.engines import EnginesOption, GpusOption
from tina_bench.cli.options.runner import MemoryOption, RunnerOption, RunnerWord, ShmOption
from tina_bench.cli.options.running import RunOptions, open_reproduction
from tina_bench.cli.options.until_decided import (
    FirstSeedsOption,
    MaxSeedsOption,
    UntilOption,
    check_options,
)
from tina_bench.cli.show.reproduction import ReproductionConsole, show_outcome


def reproduce(
    profile: ProfileOption = "paper",
    everything: AllOption = False,
    model: ModelsOption = None,
    task: TasksOption = None,
    seeds: SeedsOption = None,
    until_decided: UntilOption = False,
    first_seeds: FirstSeedsOption = None,
    max_seeds: MaxSeedsOption = None,
    budget: BudgetOption = None,
    price: PriceOption = None,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    retrain: RetrainOption = False,
    scale: ScaleOption = None,
    runner: RunnerOption = RunnerWord.AUTO,
    memory: MemoryOption = None,
    shm_size: ShmOption = None,
    show_log: LogOption = False,
    engines: EnginesOption = None,
    gpus: GpusOption = None,
    lock: LockOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train, evaluate and grade what the request still needs; then `verify`, and look at the board.

    Safe to interrupt and to repeat: finished samples are never generated again. Exit codes: 0 all
    of it is done, and with --until-decided every claim that seeds can decide is decided; 20 a job
    failed; 21 budget reached; 22 something is missing here; 27 a claim is still open at
    --max-seeds; 130 Ctrl-C.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.planning.scaled import at_scale

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
    options = RunOptions(home, lock, price, budget, runner, memory, shm_size, engines, gpus)
    watcher = partial(ReproductionConsole, as_json=as_json, show_log=show_log)
    reproduction, request = open_reproduction(request, loaded, options, watcher)
    if limits is None:
        show_outcome(reproduction, lambda made: made.run(request), as_json=as_json)
        return
    from tina_bench.running.until_decided import make_rule

    first, most = limits
    rule = make_rule(loaded, request, reproduction.home, first_seeds=first, max_seeds=most)
    show_outcome(reproduction, lambda made: made.run_until_decided(request, rule), as_json=as_json)
