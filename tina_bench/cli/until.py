"""`--until-decided`: how `reproduce` chooses the number of seeds by looking, and shows it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tina_bench.cli.carrying import Carrier, print_done, raise_unfinished, refuse_hopeless
from tina_bench.cli.show.estimates import time_text, usd_band
from tina_bench.cli.show.plan import plan_json, print_plan
from tina_bench.cli.show.progress import open_bar
from tina_bench.cli.show.tables import console, print_json
from tina_bench.cli.show.until_decided import cell_json, print_cells, print_left, rule_text

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.planning.types import Plan, Request
    from tina_bench.running.execute import Summary
    from tina_bench.running.until_decided import CellLook, ModelTask, Rule


def sample_until_decided(carrier: Carrier, first_seeds: int, max_seeds: int) -> None:
    """Sample, look, and sample on where a claim is open; say how it ended.

    Raises a `TinaBenchError` when a claim is left open or a job undone; everything done is kept.
    """
    from tina_bench.running import until_decided

    known = (carrier.loaded, carrier.request, carrier.store)
    rule = until_decided.make_rule(*known, first_seeds=first_seeds, max_seeds=max_seeds)
    rounds = _Rounds(carrier, rule, until_decided.first_targets(*known, rule))
    if not carrier.as_json:
        console().print(rule_text(rule, len(rounds.targets)), markup=False)
    # A plan comes before anything is written: what cannot run here leaves no trace.
    made = rounds.plan(rounds.targets)
    rounds.show_plan(made)
    with carrier.store.held():
        wanted: Mapping[ModelTask, int] = rounds.targets
        while wanted:
            if rounds.number:
                made = rounds.plan(wanted)
                rounds.show_plan(made)
            declared = until_decided.declarations(*known, rule.family, wanted)
            with open_bar() as bar:
                summary = carrier.execute(
                    made, bar, budget=rounds.budget_left, until_decided=declared
                )
            until_decided.declare(*known, rule.family)
            cells = until_decided.look(*known, rule, rounds.targets)
            rounds.add(made, summary, cells)
            wanted = {} if rounds.is_over else until_decided.next_targets(cells, rule)
            rounds.targets |= wanted
    rounds.end()


class _Rounds:
    """What happened so far: a round is a batch of runs and the look that follows it."""

    def __init__(self, carrier: Carrier, rule: "Rule", targets: "dict[ModelTask, int]") -> None:
        from tina_bench.running.execute import Summary

        self._carrier = carrier
        self._rule = rule
        self.targets = targets
        """Runs of each cell that were asked for so far."""
        self.number = 0
        self._total = Summary()
        self._blocked: dict[str, str] = {}
        self._made: Plan | None = None
        self._cells: list[CellLook] = []
        self._rounds: list[dict[str, Any]] = []

    def plan(self, targets: "Mapping[ModelTask, int]") -> "Plan":
        """The plan for so many runs of these cells."""
        from tina_bench.running.until_decided import with_targets

        return self._carrier.plan(with_targets(self._carrier.request, targets))

    def show_plan(self, made: "Plan") -> None:
        """The first plan whole, which is refused when hopeless; of a later one, what it adds."""
        as_json, number = self._carrier.as_json, self.number + 1
        out = console()
        if number == 1:
            if not as_json:
                print_plan(made)
                if made.jobs:
                    out.print(self._carrier.choice.sentence, markup=False)
            result = {"plan": plan_json(made), "done": 0, **self._carrier.runner_json()}
            refuse_hopeless(made, result if as_json else None)
        elif not as_json:
            runs = sum(planned.job.kind == "evaluate" for planned in made.jobs)
            out.print(
                f"\nRound {number}: {runs} more runs, {time_text(made.total)}, "
                f"{usd_band(made.total)}.",
                markup=False,
            )

    @property
    def budget_left(self) -> float | None:
        """Dollars left; none once the cost of a step is unknown: a cap must hold."""
        budget, spent = self._carrier.budget, self._total.spent_usd
        return None if budget is None else 0.0 if spent is None else budget - spent

    def add(self, made: "Plan", summary: "Summary", cells: "list[CellLook]") -> None:
        """Take a round in, and show what was seen."""
        total = self._total
        total.done += summary.done
        total.failures += summary.failures
        total.budget_reached |= summary.budget_reached
        spent = summary.spent_usd
        known = total.spent_usd is not None and spent is not None
        total.spent_usd = (total.spent_usd or 0.0) + (spent or 0.0) if known else None
        self.number += 1
        self._blocked |= made.blocked
        self._made = self._made or made
        self._cells = cells
        self._rounds.append({
            "plan": plan_json(made),
            "done": summary.done,
            "spent_usd": summary.spent_usd,
            "cells": [cell_json(cell) for cell in cells],
        })  # fmt: skip
        if not self._carrier.as_json:
            print_cells(cells, f"After round {self.number}")

    @property
    def is_over(self) -> bool:
        """Whether going on would be of no use, or against the budget."""
        from tina_bench.running.failures import ENDS_PLAN

        failures = self._total.failures
        hopeless = bool(failures) and failures[-1].failure.kind in ENDS_PLAN
        return self._total.budget_reached or hopeless

    def end(self) -> None:
        """Say how it ended; raises where not everything that could be decided is."""
        from dataclasses import asdict

        from tina_bench.errors import StillOpenError
        from tina_bench.running.until_decided import CellStatus

        total, carrier = self._total, self._carrier
        still_open = [
            looked.name
            for cell in self._cells
            if cell.status in (CellStatus.OPEN, CellStatus.AT_MAXIMUM, CellStatus.STUCK)
            for looked in cell.claims
            if looked.is_open
        ]
        if carrier.as_json:
            given = carrier.runner_json()
            print_json({
                "rule": asdict(self._rule),
                "rounds": self._rounds,
                "cells": [cell_json(cell) for cell in self._cells],
                "still_open": still_open,
                **given,
                "done": total.done,
                "failures": [*given["failures"], *(f.as_json() for f in total.failures)],
                "budget_reached": total.budget_reached,
                "spent_usd": total.spent_usd,
            })  # fmt: skip
        else:
            print_left(self._cells)
            if self._made is not None:
                print_done(carrier, self._made, total.done, total.spent_usd)
        raise_unfinished(total, self._blocked, carrier.budget)
        if still_open:
            raise StillOpenError(
                f"{len(still_open)} claims are still open after {self._rule.max_seeds} seeds: "
                f"{', '.join(still_open)}; the same command with a larger --max-seeds goes on "
                "from here."
            )


def at_most(request: "Request", catalog: "Catalog", rule: "Rule") -> dict["ModelTask", int]:
    """Runs by cell if every claim that seeds can decide stayed open to the end."""
    from tina_bench.planning.plan import resolve_profile

    profile = resolve_profile(catalog, request)
    claimed = {
        (claim.model, claim.task) for claim in catalog.claims.values() if claim.trainings is None
    }
    return {
        (model, task): rule.max_seeds if (model, task) in claimed else rule.first_seeds
        for model in profile.models
        for task in profile.tasks
    }
