"""One request carried out, from its plan to its results: once, or in rounds until it is decided.

Guarantees: a plan comes before anything is written, so that what cannot run here leaves no trace;
the home is held while jobs run; the budget is one for all rounds; whatever is finished is kept and
named in the outcome, also when something failed. Nothing is printed: that is a watcher's to do.
Traded away: an outcome holds every round's plan, which is large for a large request.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import UsageError
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.gpus import chosen_engines
from tina_bench.planning.plan import build_plan, resolve_profile
from tina_bench.planning.types import Plan, Request
from tina_bench.running import until_decided
from tina_bench.running.execute import BilledPrice, Execution, Summary
from tina_bench.running.failures import ENDS_PLAN
from tina_bench.running.options import RunOptions
from tina_bench.running.outcome import ReproductionOutcome, Round
from tina_bench.running.select_runner import Choice, choose_for, open_runner
from tina_bench.running.until_decided import ModelTask, Rule
from tina_bench.running.watchers import ReproductionWatcher
from tina_bench.store.home import Home
from tina_bench.store.records import UntilDecided


@dataclass(frozen=True)
class Reproduction:
    """What stays the same while requests are carried out, one after the other."""

    home: Home
    catalog: Catalog
    lock: Lock
    choice: Choice
    """The runner, and what the machine offers with it."""
    watcher: ReproductionWatcher
    options: RunOptions = field(default_factory=RunOptions)
    engines: int = 1
    """Those of the options, or as many as there are GPUs."""
    gpus: tuple[int, ...] | None = None
    """Indices of the GPUs that jobs may use; `None` for all that are visible."""

    def plan(self, request: Request) -> Plan:
        """What a request still needs; raises `UsageError` for a budget that cannot be held."""
        made = build_plan(request, self.catalog, self.lock, self.home, self.choice.machine)
        if self.options.budget_usd is not None and made.price.usd_per_hour is None:
            raise UsageError(f"--budget needs to know what an hour costs: {made.price.rule}.")
        return made

    def run(self, request: Request) -> ReproductionOutcome:
        """Do what a request still needs.

        Raises `UsageError` and `BusyError` before anything is written; what fails afterwards is in
        the outcome.
        """
        made = self.plan(request)
        self.watcher.planned(made, 1)
        outcome = self._outcome(made)
        if not made.jobs or outcome.is_hopeless:
            return outcome
        with self.home.held():
            # A result that was once looked at stays one, also when runs are added by another rule.
            looked_at = until_decided.carried_on(self.catalog, request, self.home)
            summary = self._execute(made, self.options.budget_usd, looked_at)
            outcome.rounds.append(Round(made, summary))
        return outcome

    def run_until_decided(self, request: Request, rule: Rule) -> ReproductionOutcome:
        """Sample, look, and sample on where a claim is open; raises as `run` does."""
        known = (self.catalog, request, self.home)
        targets = until_decided.first_targets(*known, rule)
        self.watcher.ruled(rule, len(targets))
        made = self.plan(until_decided.with_targets(request, targets))
        self.watcher.planned(made, 1)
        outcome = self._outcome(made, rule)
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
                left = outcome.summary.left_usd(self.options.budget_usd)
                summary = self._execute(made, left, declared)
                until_decided.declare(*known, rule.family)
                cells = until_decided.look(*known, rule, targets)
                outcome.rounds.append(Round(made, summary, cells))
                self.watcher.looked(cells, number)
                wanted = {} if _is_over(outcome) else until_decided.next_targets(cells, rule)
                targets |= wanted
        return outcome

    def _outcome(self, made: Plan, rule: Rule | None = None) -> ReproductionOutcome:
        name = self.options.price_name or made.price.name
        return ReproductionOutcome(
            made, self.choice, self.home, name, self.options.budget_usd, rule=rule
        )

    def _execute(
        self,
        plan: Plan,
        budget_usd: float | None,
        looked_at: Mapping[ModelTask, UntilDecided],
    ) -> Summary:
        """Carry a plan out; this process holds the home."""
        options, price = self.options, plan.price
        execution = Execution(
            self.home,
            self.catalog,
            self.lock,
            plan,
            open_runner(self.choice, self.home, options.limits, self.watcher.noticed),
            self.watcher,
            price=BilledPrice(
                options.price_name or price.name, price.usd_per_hour, price.billed_per
            ),
            engines=self.engines,
            gpus=self.gpus,
            budget_usd=budget_usd,
            command_line=options.command_line,
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
    options: RunOptions,
    watcher: ReproductionWatcher,
) -> tuple[Reproduction, Request]:
    """Choose runner and engines for a request; nothing is written.

    Returns the request with the GPUs that are held. Raises `UsageError` for what does not fit
    together.
    """
    choice = choose_for(request, catalog, options.runner)
    watcher.chosen(choice)
    stack = catalog.stacks[resolve_profile(catalog, request).stack]
    engines, gpus, held = chosen_engines(stack, choice.machine, options.engines, options.gpus)
    made = Reproduction(home, catalog, lock, choice, watcher, options, engines, gpus)
    return made, replace(request, gpu_count=held)


def _is_over(outcome: ReproductionOutcome) -> bool:
    """Whether another round would be of no use, or against the budget."""
    summary = outcome.summary
    hopeless = bool(summary.failures) and summary.failures[-1].failure.kind in ENDS_PLAN
    return summary.budget_reached or hopeless
