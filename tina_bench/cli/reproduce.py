"""`tina-bench reproduce`: plan, show the plan, carry it out."""

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
from tina_bench.cli.options.running import run_options
from tina_bench.cli.options.until_decided import (
    FirstSeedsOption,
    MaxSeedsOption,
    UntilOption,
    seed_limits,
)
from tina_bench.cli.show.reproduction import ReproductionConsole, resumable, show_outcome


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
    )
    options = run_options(
        price=price,
        budget=budget,
        runner=runner,
        memory=memory,
        shm_size=shm_size,
        engines=engines,
        gpus=gpus,
    )
    with resumable():
        outcome = api.reproduce(
            request,
            options,
            until_decided=limits,
            home=home,
            catalog=catalog or (),
            lock=lock,
            watcher=ReproductionConsole(as_json=as_json, show_log=show_log),
        )
    show_outcome(outcome, as_json=as_json)
