"""Carrying plans out and showing how it goes: what `reproduce` and `train` have in common."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tina_bench.cli.options.common import open_home, open_lock, parse_price
from tina_bench.cli.options.engines import chosen_engines
from tina_bench.cli.options.runner import RunnerWord, Sizes, choose_runner, open_runner
from tina_bench.cli.plan import build_plan
from tina_bench.cli.show.progress import ConsoleWatcher, TimeLeft
from tina_bench.cli.show.tables import console, print_json
from tina_bench.formatting.numbers import usd_text

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from tina_bench.catalog.schema import Catalog
    from tina_bench.lock.lockfile import Lock
    from tina_bench.planning.types import Plan, Request
    from tina_bench.running.choose import Choice
    from tina_bench.running.execute import Summary
    from tina_bench.running.until_decided import ModelTask
    from tina_bench.store.home import Home
    from tina_bench.store.records import UntilDecided

EXIT_INTERRUPTED = 130
"""What shells give for a program that Ctrl-C ended."""


@dataclass(frozen=True)
class Carrier:
    """What stays the same while requests are carried out, one after the other."""

    request: "Request"
    loaded: "Catalog"
    store: "Home"
    lock: "Lock"
    choice: "Choice"
    price: tuple[str, float] | None
    budget: float | None
    as_json: bool
    sizes: Sizes
    show_log: bool
    n_engines: int
    gpus: tuple[int, ...] | None

    def plan(self, request: "Request") -> "Plan":
        """What a request still needs; raises `UsageError` for a budget that cannot be held."""
        from tina_bench.errors import UsageError

        made = build_plan(request, self.loaded, self.lock, self.store, self.choice.machine)
        if self.budget is not None and made.price.usd_per_hour is None:
            raise UsageError(f"--budget needs to know what an hour costs: {made.price.rule}.")
        return made

    def price_name(self, made: "Plan") -> str:
        """What the price is called in the ledger."""
        return self.price[0] if self.price else made.price.name

    def runner_json(self) -> dict[str, Any]:
        """The runner and what it lacks, for `--json`."""
        return {
            "runner": self.choice.as_json(),
            "failures": [
                {"kind": str(failure.kind), "sentence": failure.sentence}
                for failure in self.choice.failures
            ],
        }

    def execute(
        self,
        made: "Plan",
        bar: "Bar",
        *,
        budget: float | None,
        until_decided: "Mapping[ModelTask, UntilDecided]",
    ) -> "Summary":
        """Carry a plan out; the caller holds the home. Ctrl-C ends the program with its code."""
        from tina_bench.running.execute import BilledPrice, Execution

        execution = Execution(
            self.store,
            self.loaded,
            self.lock,
            made,
            open_runner(self.choice, self.store, self.sizes),
            ConsoleWatcher(bar, TimeLeft(made), show_log=self.show_log),
            price=BilledPrice(
                self.price_name(made), made.price.usd_per_hour, made.price.billed_per
            ),
            engines=self.n_engines,
            gpus=self.gpus,
            budget_usd=budget,
            command_line=("tina-bench", *sys.argv[1:]),
            until_decided=until_decided,
        )
        try:
            return execution.run()
        except KeyboardInterrupt:
            typer.echo("interrupted: what is finished is kept; run it again to go on.", err=True)
            raise typer.Exit(EXIT_INTERRUPTED) from None


def prepare(
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
) -> Carrier:
    """Check the options and choose the runner; nothing is written."""
    from tina_bench.planning.plan import resolve_profile

    _check_budget(budget)
    store, lock = open_home(home), open_lock(lock_file, loaded)
    choice = choose_runner(request, loaded, runner)
    stack = loaded.stacks[resolve_profile(loaded, request).stack]
    n_engines, gpus, held = chosen_engines(stack, choice.machine, *engines)
    return Carrier(
        request=replace(request, gpu_count=held),
        loaded=loaded,
        store=store,
        lock=lock,
        choice=choice,
        price=parse_price(price),
        budget=budget,
        as_json=as_json,
        sizes=sizes or Sizes(),
        show_log=show_log,
        n_engines=n_engines,
        gpus=gpus,
    )


def print_done(carrier: Carrier, made: "Plan", done: int, spent_usd: float | None) -> None:
    """Say how much was done, what it cost, and where it is."""
    console().print(
        f"{done} jobs done, {usd_text(spent_usd)} spent (price {carrier.price_name(made)}). "
        f"Everything is in {carrier.store.root}.",
        markup=False,
    )


def refuse_hopeless(made: "Plan", result: dict[str, Any] | None) -> None:
    """Raise `BlockedError` where nothing of a plan can run here; prints `result`, if one is."""
    from tina_bench.errors import BlockedError

    if not made.jobs or len(made.blocked) < len(made.jobs):
        return
    if result is not None:
        print_json(result)
    raise BlockedError(
        f"nothing of this plan can run here: {len(made.missing)} things are missing; "
        "`tina-bench plan` lists them, and `tina-bench doctor` says what to do."
    )


def _check_budget(budget: float | None) -> None:
    from tina_bench.errors import UsageError

    if budget is not None and not math.isfinite(budget):
        raise UsageError(f"--budget: found {budget}, expected dollars, as in '2.50'.")


def raise_unfinished(
    summary: "Summary", blocked: "Mapping[str, str]", budget: float | None
) -> None:
    """Raise what keeps this command from ending with exit code 0, if anything does."""
    from tina_bench.errors import BlockedError, BudgetReachedError, JobFailedError

    if summary.failures:
        raise JobFailedError("; ".join(map(str, summary.failures)))
    if summary.budget_reached:
        raise BudgetReachedError(
            f"stopped before --budget {usd_text(budget)} was exceeded; run the same command with "
            "a larger budget to go on from here."
        )
    if blocked:
        raise BlockedError(f"{len(blocked)} jobs could not run here; `tina-bench plan` says why.")
