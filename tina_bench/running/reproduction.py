"""One request carried out, from its plan to its results: once, or in rounds until it is decided.

Guarantees: a plan comes before anything is written, so that what cannot run here leaves no trace;
the home is held while jobs run; the budget is one for all rounds; whatever is finished is kept and
named in the outcome, also when something failed. Nothing is printed: that is a watcher's to do.
Traded away: an outcome holds every round's plan, which is large for a large request.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import (
    BlockedError,
    BudgetReachedError,
    JobFailedError,
    StillOpenError,
    TinaBenchError,
    UsageError,
)
from tina_bench.formatting.numbers import usd_text
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.gpus import chosen_engines
from tina_bench.planning.plan import build_plan, resolve_profile
from tina_bench.planning.types import Plan, Request
from tina_bench.running import until_decided
from tina_bench.running.execute import BilledPrice, Execution, Summary, Watcher
from tina_bench.running.failures import ENDS_PLAN
from tina_bench.running.progress import Progress
from tina_bench.running.select_runner import (
    Choice,
    ContainerLimits,
    RunnerName,
    choose_for,
    open_runner,
)
from tina_bench.running.until_decided import CellLook, CellStatus, ModelTask, Rule
from tina_bench.store.home import Home
from tina_bench.store.records import JobKind, Outcome, UntilDecided


class ReproductionWatcher(Watcher, Protocol):
    """Sees a request being carried out."""

    def ruled(self, rule: Rule, cells: int) -> None:
        """The rule of sampling until decided is fixed, for so many pairs of model and task."""
        ...

    def planned(self, plan: Plan, round_number: int) -> None:
        """A plan is made; the first round has number 1."""
        ...

    def started(self, plan: Plan) -> None:
        """Its jobs begin."""
        ...

    def ended(self) -> None:
        """Its jobs have ended, whatever became of them."""
        ...

    def looked(self, cells: list[CellLook], round_number: int) -> None:
        """What the answers of a round say of the claims."""
        ...

    def noticed(self, sentence: str) -> None:
        """Something that a user wants to know and need not act on."""
        ...


class Unwatched:
    """A watcher for programs that look at the outcome alone."""

    def ruled(self, rule: Rule, cells: int) -> None:
        """Nothing."""

    def planned(self, plan: Plan, round_number: int) -> None:
        """Nothing."""

    def started(self, plan: Plan) -> None:
        """Nothing."""

    def ended(self) -> None:
        """Nothing."""

    def looked(self, cells: list[CellLook], round_number: int) -> None:
        """Nothing."""

    def noticed(self, sentence: str) -> None:
        """Nothing."""

    def pool_started(self, kind: JobKind, model: str, jobs: int) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def pool_ended(self, outcome: Outcome, note: str) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Round:
    """A batch of runs, and the look that followed it."""

    plan: Plan
    summary: Summary
    cells: list[CellLook] = field(default_factory=list)


@dataclass(frozen=True)
class ReproductionOutcome:
    """How it ended; `error` says what keeps it from being all that was asked for."""

    plan: Plan
    """The first one."""
    budget_usd: float | None
    rounds: list[Round] = field(default_factory=list)
    """None where nothing was to be done, or nothing could be."""
    rule: Rule | None = None
    """With sampling until decided."""

    @property
    def cells(self) -> list[CellLook]:
        """What the last look saw."""
        return self.rounds[-1].cells if self.rounds else []

    @property
    def summary(self) -> Summary:
        """Sums over all rounds; dollars are unknown as soon as one of them is."""
        spent = [made.summary.spent_usd for made in self.rounds]
        known = [usd for usd in spent if usd is not None]
        return Summary(
            done=sum(made.summary.done for made in self.rounds),
            failures=[failed for made in self.rounds for failed in made.summary.failures],
            budget_reached=any(made.summary.budget_reached for made in self.rounds),
            spent_usd=sum(known) if len(known) == len(spent) else None,
        )

    @property
    def is_hopeless(self) -> bool:
        """Whether there is work and none of it can run here."""
        return bool(self.plan.jobs) and len(self.plan.blocked) >= len(self.plan.jobs)

    @property
    def still_open(self) -> list[str]:
        """Claims that more seeds could decide, and these have not."""
        undecided = (CellStatus.OPEN, CellStatus.AT_MAXIMUM, CellStatus.STUCK)
        return [
            looked.name
            for cell in self.cells
            if cell.status in undecided
            for looked in cell.claims
            if looked.is_open
        ]

    @property
    def error(self) -> TinaBenchError | None:
        """What is missing of the request, the gravest first; `None` when it is all done."""
        if self.is_hopeless and not self.rounds:
            return BlockedError(
                f"nothing of this plan can run here: {len(self.plan.missing)} things are missing; "
                "`tina-bench plan` lists them, and `tina-bench doctor` says what to do."
            )
        summary, still_open = self.summary, self.still_open
        blocked = {job for made in self.rounds for job in made.plan.blocked}
        if summary.failures:
            return JobFailedError("; ".join(map(str, summary.failures)))
        if summary.budget_reached:
            return BudgetReachedError(
                f"stopped before --budget {usd_text(self.budget_usd)} was exceeded; run the same "
                "command with a larger budget to go on from here."
            )
        if blocked:
            return BlockedError(
                f"{len(blocked)} jobs could not run here; `tina-bench plan` says why."
            )
        if still_open and self.rule is not None:
            return StillOpenError(
                f"{len(still_open)} claims are still open after {self.rule.max_seeds} seeds: "
                f"{', '.join(still_open)}; the same command with a larger --max-seeds goes on "
                "from here."
            )
        return None


@dataclass(frozen=True)
class Reproduction:
    """What stays the same while requests are carried out, one after the other."""

    home: Home
    catalog: Catalog
    lock: Lock
    choice: Choice
    """The runner, and what the machine offers with it."""
    watcher: ReproductionWatcher
    price_name: str | None = None
    """What the price is called in the ledger; the catalog's name if `None`."""
    budget_usd: float | None = None
    """Dollars that all of it may cost."""
    limits: ContainerLimits = field(default_factory=ContainerLimits)
    engines: int = 1
    gpus: tuple[int, ...] | None = None
    """Indices of the GPUs that jobs may use; `None` for all that are visible."""
    command_line: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raise `UsageError` for a budget that is no number."""
        if self.budget_usd is not None and not math.isfinite(self.budget_usd):
            raise UsageError(f"--budget: found {self.budget_usd}, expected dollars, as in '2.50'.")

    def plan(self, request: Request) -> Plan:
        """What a request still needs; raises `UsageError` for a budget that cannot be held."""
        made = build_plan(request, self.catalog, self.lock, self.home, self.choice.machine)
        if self.budget_usd is not None and made.price.usd_per_hour is None:
            raise UsageError(f"--budget needs to know what an hour costs: {made.price.rule}.")
        return made

    def run(self, request: Request) -> ReproductionOutcome:
        """Do what a request still needs.

        Raises `UsageError` and `BusyError` before anything is written; what fails afterwards is in
        the outcome.
        """
        made = self.plan(request)
        self.watcher.planned(made, 1)
        outcome = ReproductionOutcome(made, self.budget_usd)
        if not made.jobs or outcome.is_hopeless:
            return outcome
        with self.home.held():
            # A result that was once looked at stays one, whoever adds runs to it.
            looked_at = until_decided.carried_on(self.catalog, request, self.home)
            outcome.rounds.append(Round(made, self._execute(made, self.budget_usd, looked_at)))
        return outcome

    def run_until_decided(self, request: Request, rule: Rule) -> ReproductionOutcome:
        """Sample, look, and sample on where a claim is open; raises as `run` does."""
        known = (self.catalog, request, self.home)
        targets = until_decided.first_targets(*known, rule)
        self.watcher.ruled(rule, len(targets))
        made = self.plan(until_decided.with_targets(request, targets))
        self.watcher.planned(made, 1)
        outcome = ReproductionOutcome(made, self.budget_usd, rule=rule)
        if outcome.is_hopeless:
            return outcome
        wanted: Mapping[ModelTask, int] = targets
        with self.home.held():
            while wanted:
                number = len(outcome.rounds) + 1
                if number > 1:
                    made = self.plan(until_decided.with_targets(request, wanted))
                    self.watcher.planned(made, number)
                declared = until_decided.declarations(*known, rule.family, wanted)
                summary = self._execute(made, self._left(outcome), declared)
                until_decided.declare(*known, rule.family)
                cells = until_decided.look(*known, rule, targets)
                outcome.rounds.append(Round(made, summary, cells))
                self.watcher.looked(cells, number)
                wanted = {} if _is_over(outcome) else until_decided.next_targets(cells, rule)
                targets |= wanted
        return outcome

    def _left(self, outcome: ReproductionOutcome) -> float | None:
        """Dollars left; none once the cost of a step is unknown: a cap must hold."""
        spent = outcome.summary.spent_usd
        if self.budget_usd is None:
            return None
        return 0.0 if spent is None else self.budget_usd - spent

    def _execute(
        self,
        plan: Plan,
        budget_usd: float | None,
        looked_at: Mapping[ModelTask, UntilDecided],
    ) -> Summary:
        """Carry a plan out; this process holds the home."""
        execution = Execution(
            self.home,
            self.catalog,
            self.lock,
            plan,
            open_runner(self.choice, self.home, self.limits, self.watcher.noticed),
            self.watcher,
            price=BilledPrice(
                self.price_name or plan.price.name, plan.price.usd_per_hour, plan.price.billed_per
            ),
            engines=self.engines,
            gpus=self.gpus,
            budget_usd=budget_usd,
            command_line=self.command_line,
            until_decided=looked_at,
        )
        with self._watched(plan):
            return execution.run()

    @contextmanager
    def _watched(self, plan: Plan) -> Iterator[None]:
        self.watcher.started(plan)
        try:
            yield
        finally:
            self.watcher.ended()


def open_reproduction(
    request: Request,
    catalog: Catalog,
    lock: Lock,
    home: Home,
    watcher: Callable[[Choice], ReproductionWatcher],
    *,
    runner: RunnerName = RunnerName.AUTO,
    engines: int | None = None,
    gpus: str | None = None,
    **given: Any,
) -> tuple[Reproduction, Request]:
    """Choose runner and engines for a request; nothing is written.

    `engines` and `gpus` are as `planning.gpus.chosen_engines` takes them, `given` further fields of
    `Reproduction`. Returns the request with the GPUs that are held. Raises `UsageError` for what
    does not fit together.
    """
    choice = choose_for(request, catalog, runner)
    stack = catalog.stacks[resolve_profile(catalog, request).stack]
    number, indices, held = chosen_engines(stack, choice.machine, engines, gpus)
    made = Reproduction(
        home, catalog, lock, choice, watcher(choice), engines=number, gpus=indices, **given
    )
    return made, replace(request, gpu_count=held)


def _is_over(outcome: ReproductionOutcome) -> bool:
    """Whether another round would be of no use, or against the budget."""
    summary = outcome.summary
    hopeless = bool(summary.failures) and summary.failures[-1].failure.kind in ENDS_PLAN
    return summary.budget_reached or hopeless
