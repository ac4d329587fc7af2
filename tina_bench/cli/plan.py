"""`tina-bench plan`: what would run, why, and what it would cost."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from tina_bench.cli.common import (
    AllOption,
    CatalogOption,
    HomeOption,
    JsonOption,
    ModelsOption,
    PriceOption,
    ProfileOption,
    SeedsOption,
    TasksOption,
    console,
    make_request,
    open_home,
    print_json,
    seconds_text,
    table,
    this_machine,
    usd_text,
)

if TYPE_CHECKING:
    from tina_bench.catalog.schema import Catalog
    from tina_bench.lock.lockfile import Lock
    from tina_bench.planning.shapes import Plan, Request
    from tina_bench.store.home import Home


def build_plan(request: "Request", catalog: "Catalog", lock: "Lock", home: "Home") -> "Plan":
    """The plan for a request on this machine and in this home."""
    from tina_bench.planning.plan import make_plan, resolve_profile
    from tina_bench.planning.snapshot import take_snapshot

    stack = catalog.stacks[resolve_profile(catalog, request).stack]
    return make_plan(
        request, catalog, lock, take_snapshot(home), this_machine(list(stack.packages))
    )


def print_plan(plan: "Plan") -> None:
    """Print the plan, one line a pool, then the total and what is missing."""
    from tina_bench.planning.estimate import total

    out = console()
    if not plan.jobs:
        out.print(f"Nothing to do: all {plan.already_done} jobs of this request are done.")
        return
    rows = table(
        "step", "model", "jobs", "time", "GPU-hours", "cost", "figures from", "why",
        right=("jobs", "time", "GPU-hours", "cost"),
    )  # fmt: skip
    pools: dict[str, list[Any]] = {}
    for planned in plan.jobs:
        pools.setdefault(planned.job.pool, []).append(planned)
    for pool in pools.values():
        job, sum_ = pool[0].job, total([planned.estimate for planned in pool])
        more = f" (and {len(pool) - 1} more)" if len(pool) > 1 else ""
        blocked = "blocked: " if job.id in plan.blocked else ""
        hours = "unknown" if sum_.gpu_hours is None else f"{sum_.gpu_hours:.2f}"
        rows.add_row(
            job.kind, job.model, str(len(pool)), seconds_text(sum_.seconds), hours,
            usd_text(sum_.cost_usd), sum_.basis, f"{blocked}{pool[0].reason}{more}",
        )  # fmt: skip
    out.print(rows)
    kinds = Counter(planned.job.kind for planned in plan.jobs)
    runs = kinds.get("evaluate", 0)  # type: ignore[call-overload]
    out.print(
        f"{len(plan.jobs)} jobs to do ({runs} runs to sample), {plan.already_done} already done. "
        f"Estimate: {seconds_text(plan.total.seconds)}, {usd_text(plan.total.cost_usd)} "
        f"(figures from: {plan.total.basis})."
    )
    if plan.missing:
        out.print(f"\n{len(plan.blocked)} of them cannot run here. Missing:")
        for sentence in plan.missing:
            out.print(f"  • {sentence}", markup=False)


def plan_json(plan: "Plan") -> dict[str, Any]:
    """The plan as JSON."""
    from dataclasses import asdict

    return {
        "request": asdict(plan.request),
        "already_done": plan.already_done,
        "total": asdict(plan.total),
        "missing": list(plan.missing),
        "jobs": [
            {
                **planned.job.model_dump(mode="json"),
                "reason": planned.reason,
                "estimate": asdict(planned.estimate),
                "blocked": plan.blocked.get(planned.job.id),
            }
            for planned in plan.jobs
        ],
    }


def plan(
    profile: ProfileOption = "paper",
    everything: AllOption = False,
    model: ModelsOption = None,
    task: TasksOption = None,
    seeds: SeedsOption = None,
    price: PriceOption = None,
    catalog: CatalogOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `reproduce` would do, why, and what it would cost. Runs nothing."""
    from tina_bench.catalog.load import load_catalog
    from tina_bench.lock.lockfile import read_lock

    request = make_request(
        profile, everything=everything, models=model, tasks=task, seeds=seeds, price=price
    )
    made = build_plan(request, load_catalog(catalog or ()), read_lock(), open_home(home))
    if as_json:
        print_json(plan_json(made))
    else:
        print_plan(made)
