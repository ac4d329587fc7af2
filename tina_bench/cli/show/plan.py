"""How a plan is printed, and its document for `--json`."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from tina_bench.cli.show.estimates import costs_json, print_costs
from tina_bench.cli.show.tables import console, print_json, table
from tina_bench.cli.show.until_decided import bound_text
from tina_bench.formatting.numbers import seconds_text

if TYPE_CHECKING:
    from tina_bench.planning.types import Plan
    from tina_bench.running.outcome import PlanOutcome


def print_plan(plan: "Plan") -> None:
    """Print one line per pool of jobs, then costs with one line per model, then what is missing."""
    from tina_bench.planning.totals import total

    out = console()
    if not plan.jobs:
        out.print(f"Nothing to do: all {plan.already_done} jobs of this request are done.")
        return
    rows = table("step", "model", "jobs", "time", "why", right=("jobs", "time"))
    pools: dict[str, list[Any]] = {}
    for planned in plan.jobs:
        pools.setdefault(planned.job.pool, []).append(planned)
    for pool in pools.values():
        job, central = pool[0].job, total(pool).central
        more = f" (and {len(pool) - 1} more)" if len(pool) > 1 else ""
        blocked = "blocked: " if job.id in plan.blocked else ""
        rows.add_row(
            job.kind, job.model, str(len(pool)), seconds_text(central.seconds),
            f"{blocked}{pool[0].reason}{more}",
        )  # fmt: skip
    out.print(rows)
    kinds = Counter(planned.job.kind for planned in plan.jobs)
    runs = kinds.get("evaluate", 0)  # type: ignore[call-overload]
    out.print(
        f"{len(plan.jobs)} jobs to do ({runs} runs to sample), {plan.already_done} already done."
    )
    print_costs(plan, out)
    if plan.missing:
        out.print(f"\n{len(plan.blocked)} of them cannot run here. Missing:")
        for sentence in plan.missing:
            out.print(f"  • {sentence}", markup=False)


def plan_json(plan: "Plan") -> dict[str, Any]:
    """The plan as JSON."""
    from dataclasses import asdict

    # Runs of one task share one estimate: 100 000 jobs have a handful of them.
    estimates = {id(planned.estimate): planned.estimate for planned in plan.jobs}
    as_dict = {key: asdict(estimate) for key, estimate in estimates.items()}
    return {
        "request": asdict(plan.request),
        "already_done": plan.already_done,
        **costs_json(plan),
        "missing": list(plan.missing),
        "jobs": [
            {
                **planned.job.model_dump(mode="json"),
                "reason": planned.reason,
                "estimate": as_dict[id(planned.estimate)],
                "blocked": plan.blocked.get(planned.job.id),
            }
            for planned in plan.jobs
        ],
    }


def show_plan(made: "PlanOutcome", *, as_json: bool) -> None:
    """Print what was planned, and with which runner: as JSON, or as tables."""
    from dataclasses import asdict

    rule, bound = made.rule, made.at_most
    if as_json:
        limit = (
            {}
            if rule is None or bound is None
            else {"until_decided": {"rule": asdict(rule), "at_most": asdict(bound.total)}}
        )
        print_json({**plan_json(made.plan), "runner": made.choice.as_json(), **limit})
        return
    print_plan(made.plan)
    out = console()
    if rule is not None and bound is not None:
        out.print(bound_text(bound, rule), markup=False)
    out.print(made.choice.sentence, markup=False)
