"""How a request that is carried out is shown: on a console as it goes, or as one JSON document."""

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from tina_bench.cli.show.estimates import time_text, usd_band
from tina_bench.cli.show.plan import plan_json, print_plan
from tina_bench.cli.show.progress import ConsoleWatcher
from tina_bench.cli.show.tables import console, print_json
from tina_bench.cli.show.until_decided import cell_json, print_cells, print_left, rule_text
from tina_bench.formatting.numbers import usd_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tina_bench.planning.types import Plan
    from tina_bench.running.outcome import ReproductionOutcome
    from tina_bench.running.select_runner import Choice
    from tina_bench.running.until_decided import CellLook, Rule


class ReproductionConsole(ConsoleWatcher):
    """Shows plans, bars and looks; with `as_json` only bars, as the document comes at the end."""

    def __init__(self, *, as_json: bool, show_log: bool) -> None:
        super().__init__(show_log=show_log)
        self._as_json = as_json
        self._runner = ""

    def chosen(self, choice: "Choice") -> None:
        """Keep it until there is a plan that it is of interest for."""
        self._runner = choice.sentence

    def ruled(self, rule: "Rule", cells: int) -> None:
        """Print the rule by which seeds are added."""
        if not self._as_json:
            console().print(rule_text(rule, cells), markup=False)

    def planned(self, plan: "Plan", round_number: int) -> None:
        """Print the first plan whole, and of a later one what it adds."""
        out = console()
        if self._as_json:
            return
        if round_number > 1:
            runs = sum(planned.job.kind == "evaluate" for planned in plan.jobs)
            out.print(
                f"\nRound {round_number}: {runs} more runs, {time_text(plan.total)}, "
                f"{usd_band(plan.total)}.",
                markup=False,
            )
            return
        print_plan(plan)
        if plan.jobs:
            out.print(self._runner, markup=False)

    def looked(self, cells: "list[CellLook]", round_number: int) -> None:
        """Print the claims after a round."""
        if not self._as_json:
            print_cells(cells, f"After round {round_number}")


@contextmanager
def resumable() -> "Iterator[None]":
    """End the program with its own code on Ctrl-C; the running job has written its entries then."""
    from tina_bench.errors import EXIT_INTERRUPTED

    try:
        yield
    except KeyboardInterrupt:
        typer.echo("interrupted: what is finished is kept; run it again to go on.", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def show_outcome(outcome: "ReproductionOutcome", *, as_json: bool) -> None:
    """Print how a request ended; raises what keeps it from being all done."""
    if as_json:
        print_json(outcome_json(outcome))
    elif outcome.rounds:
        if outcome.rule is not None:
            print_left(outcome.cells)
        summary = outcome.summary
        console().print(
            f"{summary.done} jobs done, {usd_text(summary.spent_usd)} spent (price "
            f"{outcome.price_name}). Everything is in {outcome.home.root}.",
            markup=False,
        )
    if outcome.error is not None:
        raise outcome.error


def outcome_json(outcome: "ReproductionOutcome") -> dict[str, Any]:
    """The document of `reproduce --json`."""
    from dataclasses import asdict

    choice = outcome.choice
    if not outcome.plan.jobs and outcome.rule is None:
        return {"plan": plan_json(outcome.plan), "done": 0, "failures": []}
    lacks = [{"kind": str(one.kind), "sentence": one.sentence} for one in choice.failures]
    if not outcome.rounds:
        return {
            "plan": plan_json(outcome.plan),
            "done": 0,
            "runner": choice.as_json(),
            "failures": lacks,
        }
    summary = outcome.summary
    ended = {
        "runner": choice.as_json(),
        "failures": [*lacks, *(failed.as_json() for failed in summary.failures)],
        "done": summary.done,
        "budget_reached": summary.budget_reached,
        "spent_usd": summary.spent_usd,
    }
    if outcome.rule is None:
        return {"plan": plan_json(outcome.plan), "done": summary.done, **ended}
    return {
        "rule": asdict(outcome.rule),
        "rounds": [
            {
                "plan": plan_json(made.plan),
                "done": made.summary.done,
                "spent_usd": made.summary.spent_usd,
                "cells": [cell_json(cell) for cell in made.cells],
            }
            for made in outcome.rounds
        ],
        "cells": [cell_json(cell) for cell in outcome.cells],
        "still_open": outcome.still_open,
        **ended,
    }
