"""`tina-bench reproduce`: plan, show the plan, carry it out."""

import math
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.common import (
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
    console,
    make_request,
    open_home,
    open_lock,
    parse_price,
    print_json,
    usd_text,
)
from tina_bench.cli.engines import EnginesOption, GpusOption, chosen_engines
from tina_bench.cli.plan import build_plan, plan_json, print_plan
from tina_bench.cli.runners import (
    MemoryOption,
    RunnerOption,
    RunnerWord,
    ShmOption,
    Sizes,
    choose_runner,
    open_runner,
)

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.shapes import Plan, Request
    from tina_bench.running.execute import Summary
    from tina_bench.running.watch import Progress
    from tina_bench.store.records import JobKind, Outcome


BudgetOption = Annotated[
    float | None,
    typer.Option(
        "--budget",
        metavar="USD",
        min=0,
        help="Stop at a sample boundary before this many dollars are spent by this command; "
        "everything finished is kept. Exit code 21.",
    ),
]
LogOption = Annotated[
    bool, typer.Option("--show-log", help="Print what the jobs print, as they print it.")
]
EXIT_INTERRUPTED = 130
"""What shells give for a program that Ctrl-C ended."""


class ConsoleWatcher:
    """Shows one progress bar a job folder on a terminal, and plain lines in a pipe."""

    def __init__(self, bar: "Bar", *, show_log: bool = False) -> None:
        self._bar = bar
        self._show_log = show_log
        self._task: TaskID | None = None
        self._label = ""

    def pool_started(self, kind: "JobKind", model: str, jobs: int) -> None:
        """Announce a folder."""
        of_runs = f" ({jobs} runs)" if kind in {"evaluate", "grade"} else ""
        self._label = f"{kind} {model}{of_runs}"
        self._task = self._bar.add_task(self._label, total=None, phase="starting", unit="")
        if not self._bar.console.is_terminal:
            self._bar.console.print(f"{self._label} …", markup=False)

    def progress(self, progress: "Progress") -> None:
        """Move the bar."""
        assert self._task is not None
        if self._show_log and progress.printed:
            self._bar.console.print(progress.printed, markup=False)
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total or None,
            phase=progress.phase,
            unit=progress.unit,
        )

    def pool_ended(self, outcome: "Outcome", note: str) -> None:
        """Replace the bar by a line that stays."""
        assert self._task is not None
        elapsed = self._bar.tasks[self._bar.task_ids.index(self._task)].elapsed or 0.0
        self._bar.remove_task(self._task)
        sign = {"done": "✓", "budget": "■"}.get(outcome, "✗")
        tail = f": {note}" if note else ""
        self._bar.console.print(f"{sign} {self._label}, {elapsed:.1f} s{tail}", markup=False)


def _bar() -> "Bar":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]} [{task.fields[phase]}]", markup=False),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=True,
    )


def reproduce(
    profile: ProfileOption = "paper",
    everything: AllOption = False,
    model: ModelsOption = None,
    task: TasksOption = None,
    seeds: SeedsOption = None,
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
    of it is done; 20 a job failed; 21 budget reached; 22 something is missing here; 130 Ctrl-C.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.planning.scaled import at_scale

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
    carry_out(
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
    from tina_bench.errors import BlockedError, UsageError
    from tina_bench.planning.plan import resolve_profile

    _check_budget(budget)
    store, lock = open_home(home), open_lock(lock_file, loaded)
    choice = choose_runner(request, loaded, runner)
    stack = loaded.stacks[resolve_profile(loaded, request).stack]
    n_engines, gpus, held = chosen_engines(stack, choice.machine, *engines)
    request = replace(request, gpu_count=held)
    made = build_plan(request, loaded, lock, store, choice.machine)
    if budget is not None and made.price.usd_per_hour is None:
        raise UsageError(f"--budget needs to know what an hour costs: {made.price.rule}.")
    if not as_json:
        print_plan(made)
    if not made.jobs:
        if as_json:
            print_json({"plan": plan_json(made), "done": 0, "failures": []})
        return
    if not as_json:
        console().print(choice.sentence, markup=False)

    from tina_bench.running.execute import Execution, Price

    result: dict[str, Any] = {
        "plan": plan_json(made),
        "runner": choice.as_json(),
        "done": 0,
        "failures": [
            {"kind": str(failure.kind), "sentence": failure.sentence} for failure in choice.failures
        ],
    }
    if len(made.blocked) == len(made.jobs):
        if as_json:
            print_json(result)
        raise BlockedError(
            f"nothing of this plan can run here: {len(made.missing)} things are missing; "
            "`tina-bench plan` lists them, and `tina-bench doctor` says what to do."
        )
    given = parse_price(price)
    name = given[0] if given else made.price.name
    with store.held(), _bar() as bar:
        execution = Execution(
            store,
            loaded,
            lock,
            made,
            open_runner(choice, store, sizes or Sizes()),
            ConsoleWatcher(bar, show_log=show_log),
            price=Price(name, made.price.usd_per_hour, made.price.billed_per),
            engines=n_engines,
            gpus=gpus,
            budget_usd=budget,
            command_line=("tina-bench", *sys.argv[1:]),
        )
        try:
            summary = execution.run()
        except KeyboardInterrupt:
            typer.echo("interrupted: what is finished is kept; run it again to go on.", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from None
    if as_json:
        print_json({
            **result,
            "done": summary.done,
            "failures": [*result["failures"], *(failed.as_json() for failed in summary.failures)],
            "budget_reached": summary.budget_reached,
            "spent_usd": summary.spent_usd,
        })  # fmt: skip
    else:
        console().print(
            f"{summary.done} jobs done, {usd_text(summary.spent_usd)} spent (price {name}). "
            f"Everything is in {store.root}.",
            markup=False,
        )
    _judge(summary, made, budget)


def _check_budget(budget: float | None) -> None:
    from tina_bench.errors import UsageError

    if budget is not None and not math.isfinite(budget):
        raise UsageError(f"--budget: found {budget}, expected dollars, as in '2.50'.")


def _judge(summary: "Summary", made: "Plan", budget: float | None) -> None:
    """Raise what keeps this command from ending with exit code 0, if anything does."""
    from tina_bench.errors import BlockedError, BudgetReachedError, JobFailedError

    if summary.failures:
        raise JobFailedError("; ".join(map(str, summary.failures)))
    if summary.budget_reached:
        raise BudgetReachedError(
            f"stopped before --budget {usd_text(budget)} was exceeded; run the same command with "
            "a larger budget to go on from here."
        )
    if made.blocked:
        raise BlockedError(
            f"{len(made.blocked)} jobs could not run here; `tina-bench plan` says why."
        )
