"""The planner: pure and fast. Same inputs, same plan; one more seed only adds jobs."""

from dataclasses import replace

from tina_bench.catalog.schema import Catalog, Profile, Stack
from tina_bench.errors import UsageError
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.advice import sentences
from tina_bench.planning.drafts import Drafter
from tina_bench.planning.estimate import Estimator
from tina_bench.planning.gpus import choose_price, resolve_gpu, this_machine
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.probe import needs_probe, probe_seconds
from tina_bench.planning.published import published_costs
from tina_bench.planning.totals import total
from tina_bench.planning.types import Machine, Plan, PlannedJob, Request, Snapshot
from tina_bench.store.home import Home
from tina_bench.store.records import JobKind


def resolve_profile(catalog: Catalog, request: Request) -> Profile:
    """The profile with the request's choices in it; raises `UsageError` for an unknown name.

    A name that is given twice counts once. A model that stands on another (an adapter) needs only
    its own name: its base is fetched, but evaluated only if it is requested too.
    """
    profile = catalog.profiles.get(request.profile)
    if profile is None:
        raise UsageError(
            f"there is no profile {request.profile!r}; the catalog has "
            f"{', '.join(sorted(catalog.profiles))}."
        )
    for key, known in (("models", catalog.models), ("tasks", catalog.tasks)):
        for name in getattr(request, key) or ():
            if name not in known:
                raise UsageError(
                    f"there is no entry {name!r} in '{key}'; "
                    f"`tina-bench catalog list {key}` shows what there is."
                )
    changes = {
        key: tuple(dict.fromkeys(value))
        for key in ("models", "tasks", "seeds")
        if (value := getattr(request, key)) is not None
    }
    return profile.model_copy(update=changes)


def _machine_gaps(stack_name: str, stack: Stack, machine: Machine) -> list[str]:
    """Why this machine cannot run the stack, one sentence each; none when it can."""
    gaps = list(machine.lacks)
    if stack.device == "cuda" and not machine.has_gpu:
        gaps.append(f"stack {stack_name} computes on an NVIDIA GPU, and this machine has none.")
    differing = stack.package_gap(machine.packages)
    if differing is not None:
        gaps.append(f"stack {stack_name} {differing}")
    return gaps


def make_plan(
    request: Request, catalog: Catalog, lock: Lock, snapshot: Snapshot, machine: Machine
) -> Plan:
    """Every job that the request still needs, in order, with reason and estimate; what is missing.

    Pure: reads nothing, writes nothing, no clock, no randomness. Jobs that are blocked here are
    estimated all the same. Raises `UsageError` for names that the catalog does not have.
    100 000 jobs take about a second (see BENCHMARKS.md).
    """
    profile = resolve_profile(catalog, request)
    drafter = Drafter(catalog, lock, profile, retrain=request.retrain, cells=request.cells)
    drafts = list(drafter.drafts())
    open_drafts = [draft for draft in drafts if draft.job.id not in snapshot.done]

    gaps = _machine_gaps(profile.stack, drafter.stack, machine)
    gap = gaps[0] if gaps else None
    blocked: dict[str, str] = {}
    for draft in open_drafts:
        job = draft.job
        upstream = next((blocked[need] for need in job.needs if need in blocked), None)
        needs_engine = job.kind is not JobKind.FETCH
        why = drafter.missing.get(job.id) or upstream or (gap if needs_engine else None)
        if why is not None:
            blocked[job.id] = why
    missing = tuple(dict.fromkeys([*gaps, *drafter.missing.values()])) if blocked else ()

    stack = drafter.stack
    gpu = resolve_gpu(catalog, stack, request, machine)
    gpu_count = request.gpu_count if stack.device == "cuda" else 1
    price = choose_price(catalog, stack, gpu, request)
    estimator = Estimator(catalog, profile, snapshot, price, gpu, gpu_count, machine.probe_seconds)
    estimates = estimator.estimates([draft.job for draft in open_drafts])
    jobs = tuple(
        PlannedJob(draft.job, draft.reason, estimate)
        for draft, estimate in zip(open_drafts, estimates, strict=True)
    )
    return Plan(
        request=request,
        jobs=jobs,
        already_done=len(drafts) - len(open_drafts),
        missing=missing,
        blocked=blocked,
        total=total(jobs),
        price=price,
        gpu=gpu,
        gpu_count=gpu_count,
        calibrations={name: catalog.calibrations[name] for name in estimator.used},
        published=published_costs(catalog, profile.models),
        advice=tuple(sentences(catalog, profile, jobs, price, gpu, gpu_count)),
        start_seconds=estimator.start_seconds,
    )


def build_plan(
    request: Request, catalog: Catalog, lock: Lock, home: Home, machine: Machine | None = None
) -> Plan:
    """The plan for a request in this home, on this machine unless another is given."""
    name = resolve_profile(catalog, request).stack
    stack = catalog.stacks[name]
    machine = machine or this_machine(stack.packages)
    snapshot = take_snapshot(home, resolve_gpu(catalog, stack, request, machine))
    if stack.probe_seconds is not None and needs_probe(snapshot, name):
        machine = replace(machine, probe_seconds=probe_seconds())
    return make_plan(request, catalog, lock, snapshot, machine)
