"""How the estimates of a plan are shown: bands by model, beside what others paid."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tina_bench.cli.show.tables import table
from tina_bench.formatting.numbers import (
    dollars_as_given,
    estimated,
    estimated_dollars,
    seconds_text,
)

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.catalog.schema import CostClaim
    from tina_bench.planning.totals import ModelPart
    from tina_bench.planning.types import Amounts, Plan, Total

Take = Callable[["Amounts"], float | None]
"""One quantity out of amounts."""


def band_text(
    sum_: "Total", take: Take, text: Callable[[float], str], unit: str = "", sign: str = ""
) -> str:
    """`central (low–high)`, with `≥` where a part of the sum is unknown; `unknown` for all."""
    known = [take(end) or 0.0 for end in (sum_.known_low, sum_.known_central, sum_.known_high)]
    least = ""
    if take(sum_.central) is None:
        if not known[2]:
            return "unknown"
        least = "≥ "
    low, central, high = map(text, known)
    width = "" if low == high else f" ({low}–{high})"
    return f"{least}{sign}{central}{unit}{width}"


def time_text(sum_: "Total") -> str:
    """Wall clock with its band; hours as soon as there are any."""
    central = sum_.known_central.seconds or 0.0
    if central >= 3600:
        return band_text(sum_, lambda a: None if a.seconds is None else a.seconds / 3600,
                         estimated, " h")  # fmt: skip
    return band_text(sum_, lambda a: a.seconds, seconds_text)


def usd_band(sum_: "Total") -> str:
    """Dollars with their band."""
    return band_text(sum_, lambda a: a.cost_usd, estimated_dollars, sign="$")


def _a_run(part: "ModelPart") -> str:
    """What one run of every task costs: the evaluation over its seeds."""
    sum_, n = part.evaluation, part.seeds
    if sum_ is None or not n or sum_.central.cost_usd is None:
        return ""
    return band_text(sum_, lambda a: (a.cost_usd or 0.0) / n, estimated_dollars, sign="$")


def _usd(value: float | None) -> str:
    return "" if value is None else dollars_as_given(value)


def _published(claims: list["CostClaim"]) -> str:
    """The sum, and in brackets training and evaluation."""
    return "; ".join(
        f"{_usd(claim.total_usd)} ({claim.train_usd:g} + {claim.eval_usd:g})"
        if claim.train_usd is not None and claim.eval_usd is not None
        else _usd(claim.total_usd)
        for claim in claims
    )


def _cost_row(plan: "Plan", part: "ModelPart") -> list[str]:
    claims = [
        claim
        for claim in plan.published.values()
        if claim.model == part.model and claim.kind == "row"
    ]
    assert part.total is not None
    return [
        part.model or "(data)",
        str(sum(part.steps.values())),
        str(part.steps.get("evaluate", "")),  # type: ignore[call-overload]
        band_text(part.total, lambda a: a.gpu_hours, estimated),
        time_text(part.total),
        usd_band(part.total),
        _a_run(part),
        _published(claims),
    ]


def print_costs(plan: "Plan", out: "Console") -> None:
    """Print bands by model and in total, their sources, and what others paid."""
    from tina_bench.planning.totals import by_model

    columns = ["model", "steps", "runs", "GPU-hours", "time", "cost", "one run", "published"]
    rows = [_cost_row(plan, part) for part in by_model(plan.jobs)]
    sum_ = plan.total
    runs = sum(planned.job.kind == "evaluate" for planned in plan.jobs)
    hours = band_text(sum_, lambda a: a.gpu_hours, estimated)
    rows.append(
        ["total", str(len(plan.jobs)), str(runs), hours, time_text(sum_), usd_band(sum_), "", ""]
    )
    # Empty columns are left out: GPU-hours without a GPU, published costs where there are none.
    empty = {"", "0.00"}
    kept = [i for i in range(len(columns)) if {row[i] for row in rows} - empty]
    right = tuple(columns[i] for i in kept if columns[i] not in ("model", "published"))
    made = table(*(columns[i] for i in kept), right=right)
    made.columns[0].no_wrap = True
    for row in rows:
        made.add_row(*(row[i] for i in kept), end_section=row is rows[-2])
    out.print(made)
    _print_total(plan, out)
    _print_published(plan, out)


def _print_total(plan: "Plan", out: "Console") -> None:
    sum_, price = plan.total, plan.price
    on = "" if plan.gpu is None else f" on {plan.gpu_count} × {plan.gpu}"
    basis = ", ".join(sum_.bases) or sum_.basis
    lines = [f"Estimate{on}: {time_text(sum_)}, {usd_band(sum_)} (figures from: {basis})."]
    if sum_.unknown:
        lines.append(f"≥: at least. Not known, and not in it: {', '.join(sum_.unknown)}.")
    per = "a GPU-hour" if price.billed_per == "gpu" else "an hour of the machine"
    usd = "unknown"
    if price.usd_per_hour is not None:
        usd = f"{dollars_as_given(price.usd_per_hour)} {per}"
    lines.append(f"Price: {price.name}, {usd} ({price.seen}; {price.rule}).")
    for name, entry in plan.calibrations.items():
        lines.append(f"Calibration {name}: {entry.title}; {entry.hardware}. {entry.source}.")
        lines.extend(text for text in (entry.argument, entry.note) if text)
    lines.extend(f"Note: {sentence}" for sentence in plan.advice)
    for line in lines:
        out.print(line, markup=False)


def _print_published(plan: "Plan", out: "Console") -> None:
    if not plan.published:
        return
    made = table("published costs", "training", "evaluation", "total", "who", "confidence",
                 right=("training", "evaluation", "total"))  # fmt: skip
    for claim in plan.published.values():
        made.add_row(
            claim.title,
            _usd(claim.train_usd),
            _usd(claim.eval_usd),
            _usd(claim.total_usd),
            claim.who,
            str(claim.confidence),
        )
    out.print(made)


def costs_json(plan: "Plan") -> dict[str, Any]:
    """Everything that `print_costs` shows, and the calibrations whole."""
    from dataclasses import asdict

    from tina_bench.planning.totals import by_model

    return {
        "total": {**asdict(plan.total), "basis": plan.total.basis},
        "by_model": [
            {
                **asdict(part),
                "published": [
                    name for name, claim in plan.published.items() if claim.model == part.model
                ],
            }
            for part in by_model(plan.jobs)
        ],
        "gpu": plan.gpu,
        "gpu_count": plan.gpu_count,
        "price": asdict(plan.price),
        "calibrations": {
            name: entry.model_dump(mode="json") for name, entry in plan.calibrations.items()
        },
        "published": {
            name: claim.model_dump(mode="json") for name, claim in plan.published.items()
        },
        "advice": list(plan.advice),
    }
