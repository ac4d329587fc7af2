"""The page of costs: where our money went, and what others say that theirs bought."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Page
from tina_bench.catalog.schema import CostClaim, Price
from tina_bench.metering.bill import BillLine
from tina_bench.store.records import JobKind

EVALUATION = (JobKind.EVALUATE, JobKind.GRADE)
"""Jobs that a paper would count as evaluation."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A published cost beside ours."""

    name: str
    """Catalog name."""
    cost: CostClaim
    """As printed."""
    train: BillLine | None
    """What our trainings of its model took; `None` where there was none."""
    evaluate: BillLine | None
    """What our evaluations of its model took, grading included."""


@dataclass(frozen=True, slots=True)
class PriceLine:
    """A price of the catalog."""

    name: str
    """Catalog name."""
    price: Price
    """With provider, date and source."""
    used: bool
    """Whether something on this bill was priced with it."""


def _added(lines: list[BillLine]) -> BillLine | None:
    """One line of several: unknown where one of them is, a lower bound where one of them is."""
    if not lines:
        return None
    first = lines[0]

    def known(name: str) -> float | None:
        parts = [getattr(line, name) for line in lines]
        return None if None in parts else math.fsum(parts)

    return BillLine(
        phase=first.phase,
        interrupted=any(line.interrupted for line in lines),
        wall_seconds=math.fsum(line.wall_seconds for line in lines),
        gpu_seconds=known("gpu_seconds"),
        energy_joules=known("energy_joules"),
        cost_usd=known("cost_usd"),
        gpu_seconds_known=math.fsum(line.gpu_seconds_known for line in lines),
        energy_joules_known=math.fsum(line.energy_joules_known for line in lines),
        cost_usd_known=math.fsum(line.cost_usd_known for line in lines),
    )


def _phases(evidence: SiteContext) -> list[BillLine]:
    """The whole bill by phase, in the order in which phases first appear."""
    found: dict[str, list[BillLine]] = {}
    for line in evidence.bill.by_phase:
        found.setdefault(line.phase, []).append(line)
    return [added for lines in found.values() if (added := _added(lines))]


def _printed(evidence: SiteContext) -> tuple[Printed, ...]:
    attempts: dict[str, list[BillLine]] = {}
    for attempt in evidence.bill.attempts:
        attempts.setdefault(attempt.total.model, []).append(attempt.total)

    def ours(model: str, *wanted: JobKind) -> BillLine | None:
        return _added([line for line in attempts.get(model, ()) if line.kind in wanted])

    return tuple(
        Printed(
            name=name,
            cost=cost,
            train=ours(cost.model, JobKind.TRAIN) if cost.model else None,
            evaluate=ours(cost.model, *EVALUATION) if cost.model else None,
        )
        for name, cost in evidence.catalog.costs.items()
    )


def pages(evidence: SiteContext) -> Iterator[Page]:
    """One page, whatever the ledger holds."""
    used = {attempt.first.price_name for attempt in evidence.bill.attempts}
    yield Page(
        "cost.html",
        "cost.html",
        {
            "phases": _phases(evidence),
            "printed": _printed(evidence),
            "price_lines": tuple(
                PriceLine(name, price, name in used)
                for name, price in evidence.catalog.prices.items()
            ),
        },
    )
