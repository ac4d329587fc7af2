"""How sampling until decided is printed: the rule, each interim result, what is left."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tina_bench.cli.show.estimates import time_text, usd_band
from tina_bench.cli.show.tables import console, table

if TYPE_CHECKING:
    from tina_bench.planning.types import Plan
    from tina_bench.running.until_decided import CellLook, LookedAt, Rule


def rule_text(rule: "Rule", cells: int) -> str:
    """The rule, declared before the first look."""
    return (
        f"Until decided: {rule.first_seeds} seeds for each of {cells} cells, then half as many "
        f"again where a claim is open, {rule.max_seeds} at most. Claims in the family: "
        f"{rule.family}, declared before the first look."
    )


def print_cells(cells: "Sequence[CellLook]", title: str) -> None:
    """One line per claim that seeds can decide: ours with its bounds, the claim, its state."""
    from tina_bench.running.until_decided import CellStatus

    rows = table("model", "task", "seeds", "ours", "90 % bounds", "claim", "is", title=title,
                 right=("seeds", "ours", "90 % bounds", "claim"))  # fmt: skip
    for cell in cells:
        decided = [looked for looked in cell.claims if looked.decision is not None]
        if not decided or cell.status is CellStatus.STUCK:
            rows.add_row(cell.model, cell.task, str(cell.runs), "", "", "", str(cell.status))
            continue
        for looked in decided:
            assert looked.decision is not None
            made, claim = looked.decision, looked.claim
            rows.add_row(
                cell.model,
                cell.task,
                str(cell.runs),
                f"{made.measured_percent:.2f} %",
                f"{made.low_percent:.2f}–{made.high_percent:.2f}",
                f"{claim.value_percent:.{claim.decimals}f} ± {made.margin_points:g}",
                _state(looked, cell),
            )
    console().print(rows)


def _state(looked: "LookedAt", cell: "CellLook") -> str:
    assert looked.decision is not None
    if looked.decision.verdict is None:
        from tina_bench.running.until_decided import CellStatus

        return str(cell.status) if cell.status is CellStatus.AT_MAXIMUM else "open"
    return f"{looked.decision.verdict}, after {looked.decision.decided_after}"


def print_left(cells: "Sequence[CellLook]") -> None:
    """Print what no number of seeds decides, with the reason, and cells without any claim."""
    out = console()
    bare = [f"{cell.model} on {cell.task}" for cell in cells if cell.runs and not cell.claims]
    if bare:
        out.print(f"No claim, so the first batch only: {', '.join(bare)}.", markup=False)
    for cell in cells:
        for looked in cell.claims:
            if looked.decision is None:
                out.print(f"Not decided by seeds: {looked.name}, {looked.cannot}.", markup=False)


def cell_json(cell: "CellLook") -> dict[str, Any]:
    """A cell with its claims, for `--json`."""
    return {
        "model": cell.model,
        "task": cell.task,
        "seeds": cell.runs,
        "status": str(cell.status),
        "claims": [
            {
                "claim": looked.name,
                "claimed_percent": looked.claim.value_percent,
                "decision": looked.decision and looked.decision.model_dump(mode="json"),
                "cannot": looked.cannot or None,
            }
            for looked in cell.claims
        ],
    }


def bound_text(bound: "Plan", rule: "Rule") -> str:
    """What may follow the plan of a first batch."""
    return (
        "Until decided: this is the first batch, and how much follows is open. Only where a claim "
        f"is still open come more seeds, up to --max-seeds {rule.max_seeds}. If all claims stayed "
        f"open to the end: {time_text(bound.total)}, {usd_band(bound.total)}."
    )
