"""`tina-bench reproduce`: plan, show the plan, carry it out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tina_bench.cli.carrying import Carrier, prepare, print_done, raise_unfinished, refuse_hopeless
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
from tina_bench.cli.options.runner import MemoryOption, RunnerOption, RunnerWord, ShmOption, Sizes
from tina_bench.cli.options.until_decided import (
    FirstSeedsOption,
    MaxSeedsOption,
    UntilOption,
    check_options,
)
from tina_bench.cli.show.plan import plan_json, print_plan
from tina_bench.cli.show.progress import open_bar
from tina_bench.cli.show.tables import console, print_json
from tina_bench.cli.until import sample_until_decided

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.types import Request


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
    carrier = prepare(
        request,
        loaded,
        home,
        price=price,
        budget=budget,
        as_json=as_json,
        lock_file=lock,
        runner=runner,
        sizes=Sizes.parse(memory, shm_size),
        show_log=show_log,
        engines=(engines, gpus),
    )
    if limits is None:
        _carry_out(carrier)
    else:
        sample_until_decided(carrier, *limits)


def carry_out(
    request: "Request",
    loaded: "Catalog",
    home: Path | None,
    *,
    price: str | None,
    budget: float | None,
    as_json: bool,
    runner: RunnerWord = RunnerWord.AUTO,
    sizes: Sizes | None = None,
    show_log: bool = False,
    engines: tuple[int | None, str | None] = (None, None),
    lock_file: Path | None = None,
) -> None:
    """Plan a request, show the plan, do what is left of it, and say how it ended.

    Raises a `TinaBenchError` when not all of it is done; everything that is, is kept.
    """
    _carry_out(
        prepare(
            request,
            loaded,
            home,
            price=price,
            budget=budget,
            as_json=as_json,
            runner=runner,
            sizes=sizes,
            show_log=show_log,
            engines=engines,
            lock_file=lock_file,
        )
    )


def _carry_out(carrier: Carrier) -> None:
    made, as_json = carrier.plan(carrier.request), carrier.as_json
    if not as_json:
        print_plan(made)
    if not made.jobs:
        if as_json:
            print_json({"plan": plan_json(made), "done": 0, "failures": []})
        return
    if not as_json:
        console().print(carrier.choice.sentence, markup=False)
    result: dict[str, Any] = {"plan": plan_json(made), "done": 0, **carrier.runner_json()}
    refuse_hopeless(made, result if as_json else None)

    from tina_bench.running.until_decided import carried_on

    with carrier.store.held(), open_bar() as bar:
        # A result that was once looked at stays one, whoever adds runs to it.
        looked_at = carried_on(carrier.loaded, carrier.request, carrier.store)
        summary = carrier.execute(made, bar, budget=carrier.budget, until_decided=looked_at)
    if as_json:
        print_json({
            **result,
            "done": summary.done,
            "failures": [*result["failures"], *(failed.as_json() for failed in summary.failures)],
            "budget_reached": summary.budget_reached,
            "spent_usd": summary.spent_usd,
        })  # fmt: skip
    else:
        print_done(carrier, made, summary.done, summary.spent_usd)
    raise_unfinished(summary, made.blocked, carrier.budget)
