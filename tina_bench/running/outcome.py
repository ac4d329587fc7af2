"""What planning a request and carrying it out give back."""

from dataclasses import dataclass, field

from tina_bench.errors import (
    BlockedError,
    BudgetReachedError,
    JobFailedError,
    StillOpenError,
    TinaBenchError,
)
from tina_bench.formatting.numbers import usd_text
from tina_bench.planning.types import Plan
from tina_bench.running.execute import Summary
from tina_bench.running.select_runner import Choice
from tina_bench.running.until_decided import CellLook, CellStatus, Rule
from tina_bench.store.home import Home


@dataclass(frozen=True)
class PlanOutcome:
    """What a request still needs, and where it would run."""

    plan: Plan
    """With sampling until decided: of the first batch."""
    choice: Choice
    """The runner, and why this one."""
    rule: Rule | None = None
    """With sampling until decided."""
    at_most: Plan | None = None
    """With sampling until decided: what it takes if every claim stays open to the end."""


@dataclass(frozen=True)
class Round:
    """A batch of runs, and the look that followed it."""

    plan: Plan
    summary: Summary
    cells: list[CellLook] = field(default_factory=list)


@dataclass(frozen=True)
class ReproductionOutcome:
    """How it ended; `error` says what keeps it from being all that was requested."""

    plan: Plan
    """The first one."""
    choice: Choice
    """The runner, and why this one."""
    home: Home
    """Where everything is."""
    price_name: str
    """What the price is called in the ledger."""
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
