"""`tina-bench reproduce`: plan, show the plan, carry it out."""

import math
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tina_bench.cli.common import (
    AllOption,
    CatalogOption,
    HomeOption,
    JsonOption,
    ModelsOption,
    PriceOption,
    ProfileOption,
    SeedsOption,
    TasksOption,
    console,
    make_request,
    open_home,
    parse_price,
    print_json,
    usd_text,
)
from tina_bench.cli.plan import build_plan, plan_json, print_plan

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from tina_bench.running.local import Progress
    from tina_bench.store.records import JobKind, Outcome


EXIT_INTERRUPTED = 130
"""What shells give for a program that Ctrl-C ended."""


class ConsoleWatcher:
    """Shows one progress bar a job folder on a terminal, and plain lines in a pipe."""

    def __init__(self, bar: "Bar") -> None:
        self._bar = bar
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
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            metavar="USD",
            min=0,
            help="Stop at a sample boundary before this many dollars are spent by this command; "
            "everything finished is kept. Exit code 21.",
        ),
    ] = None,
    price: PriceOption = None,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train, evaluate and grade what the request still needs; then `verify`, and look at the board.

    Safe to interrupt and to repeat: finished samples are never generated again. Exit codes: 0 all
    of it is done; 20 a job failed; 21 budget reached; 22 something is missing here; 130 Ctrl-C.
    """
    from tina_bench.catalog.load import load_catalog
    from tina_bench.errors import BlockedError, BudgetReachedError, JobFailedError, UsageError
    from tina_bench.lock.lockfile import read_lock
    from tina_bench.planning.plan import resolve_profile

    if budget is not None and not math.isfinite(budget):
        raise UsageError(f"--budget: found {budget}, expected dollars, as in '2.50'.")
    request = make_request(
        profile, everything=everything, models=model, tasks=task, seeds=seeds, price=price
    )
    loaded, store = load_catalog(catalog or ()), open_home(home)
    lock = read_lock()
    made = build_plan(request, loaded, lock, store)
    if not as_json:
        print_plan(made)
    if not made.jobs:
        if as_json:
            print_json({"plan": plan_json(made), "done": 0, "failures": []})
        return

    from tina_bench.running.execute import Execution, Price
    from tina_bench.running.local import LocalRunner

    if len(made.blocked) == len(made.jobs):
        raise BlockedError(
            f"nothing of this plan can run here: {len(made.missing)} things are missing; "
            "`tina-bench plan` lists them, and `tina-bench doctor` says what to do."
        )
    stack = loaded.stacks[resolve_profile(loaded, request).stack]
    entry, given = loaded.prices[stack.price], parse_price(price)
    name, usd = given or (stack.price, entry.price_usd_per_hour)
    with store.held(), _bar() as bar:
        execution = Execution(
            store,
            loaded,
            lock,
            made,
            LocalRunner(),
            ConsoleWatcher(bar),
            price=Price(name, usd, entry.billed_per),
            budget_usd=budget,
            command_line=("tina-bench", *sys.argv[1:]),
        )
        try:
            summary = execution.run()
        except KeyboardInterrupt:
            typer.echo("interrupted: what is finished is kept; run it again to go on.", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from None
    result: dict[str, Any] = {
        "plan": plan_json(made),
        "done": summary.done,
        "failures": summary.failures,
        "budget_reached": summary.budget_reached,
        "spent_usd": summary.spent_usd,
    }
    if as_json:
        print_json(result)
    else:
        console().print(
            f"{summary.done} jobs done, {usd_text(summary.spent_usd)} spent (price {name}). "
            f"Everything is in {store.root}.",
            markup=False,
        )
    if summary.failures:
        raise JobFailedError("; ".join(summary.failures))
    if summary.budget_reached:
        raise BudgetReachedError(
            f"stopped before --budget {usd_text(budget)} was exceeded; run the same command with "
            "a larger budget to go on from here."
        )
    if made.blocked:
        raise BlockedError(
            f"{len(made.blocked)} jobs could not run here; `tina-bench plan` says why."
        )
