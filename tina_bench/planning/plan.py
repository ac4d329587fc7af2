"""The planner: pure and fast. Same inputs, same plan; one more seed only adds jobs.

A job's id is the hash of everything that decides its result, so that a changed recipe, dataset,
prompt, package version or sampling parameter makes new jobs and an unchanged one never repeats.
"""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from tina_bench.catalog.schema import Catalog, Model, Profile, Source, Stack, Task
from tina_bench.catalog.training import as_trained_for
from tina_bench.errors import UsageError
from tina_bench.files.hashing import digest
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.advice import sentences
from tina_bench.planning.estimate import Estimator
from tina_bench.planning.gpus import choose_price, resolve_gpu, this_machine
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.probe import needs_probe, probe_seconds
from tina_bench.planning.published import published_costs
from tina_bench.planning.totals import total
from tina_bench.planning.types import CellSeeds, Machine, Plan, PlannedJob, Request, Snapshot
from tina_bench.store.home import Home
from tina_bench.store.job_folder import GRADER_PACKAGES
from tina_bench.store.records import Job, JobKind

ID_DIGITS = 16
ASKED = {"dataset", "subset", "split", "n_problems", "prompt", "prompt_seed", "max_new_tokens"}
"""What of a task decides the prompts and how long answers may get."""
RECIPE_WORDS = {"title", "reference", "note", "deviations", "variant", "twin", "unused_settings"}
"""What of a recipe decides nothing about the adapter that it makes."""


def _id(*parts: object) -> str:
    """Short hash of plain strings and numbers; the parts' own digests keep it unambiguous."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True)
class _Draft:
    """A job before it is known whether it is done."""

    job: Job
    reason: str


Drafts = Generator[_Draft, None, str]
"""Drafts, and in the end the id of the job that makes the weights."""


def resolve_profile(catalog: Catalog, request: Request) -> Profile:
    """The profile with the request's choices in it; raises `UsageError` for an unknown name.

    What is asked for twice counts once. A model that stands on another (an adapter) needs only its
    own name: what it stands on is fetched, but evaluated only if it is asked for too.
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


class _Drafter:
    """Makes the jobs of one request, each once, in order."""

    def __init__(
        self,
        catalog: Catalog,
        lock: Lock,
        profile: Profile,
        *,
        retrain: bool = False,
        cells: tuple[CellSeeds, ...] | None = None,
    ) -> None:
        self.retrain = retrain
        self._cells = (
            None if cells is None else {(cell.model, cell.task): cell.seeds for cell in cells}
        )
        self.catalog = catalog
        self.lock = lock
        self.profile = profile
        self.stack: Stack = catalog.stacks[profile.stack]
        self.missing: dict[str, str] = {}
        """Job id to the sentence what it lacks."""
        self._seen: set[str] = set()
        identity = self.stack.model_dump(
            mode="json",
            include={"device", "packages", "dtype", "enforce_eager", "max_num_seqs"},
        )
        self._stack_digest = digest(identity)

    def drafts(self) -> Iterator[_Draft]:
        for name in self.profile.models:
            model = self.catalog.models[name]
            if not self.profile.tasks and self._is_trained(model):
                yield from self._training(name, model)  # an adapter is wanted, and nothing with it
                continue
            weights = yield from self._weights(name)
            yield from self._runs(name, weights)

    def _is_trained(self, model: Model) -> bool:
        return model.source is Source.RECIPE or (self.retrain and model.recipe is not None)

    def _once(self, job: Job, reason: str) -> Iterator[_Draft]:
        if job.id not in self._seen:
            self._seen.add(job.id)
            yield _Draft(job, reason)

    def _weights(self, name: str) -> Drafts:
        """Drafts of everything that makes a model's weights; returns the id of the last."""
        model = self.catalog.models[name]
        if self._is_trained(model):
            base_id, train_id = yield from self._training(name, model)
            return (yield from self._merged(name, base_id, train_id))
        fetched = yield from self._fetched(name, model)
        if model.base is None:
            return fetched
        base = yield from self._weights(model.base)
        return (yield from self._merged(name, base, fetched))

    def _merged(self, name: str, base_id: str, adapter_id: str) -> Drafts:
        merge_id = _id("merge", adapter_id, base_id)
        yield from self._once(
            Job(
                id=merge_id,
                kind=JobKind.MERGE,
                model=name,
                pool=merge_id,
                needs=(base_id, adapter_id),
            ),
            "record runs use merged weights",
        )
        return merge_id

    def _fetched(self, name: str, model: Model) -> Drafts:
        entry = self.lock.models.get(name)
        job_id = _id("fetch", name, entry.digest if entry else "unresolved")
        if model.source is Source.UNPUBLISHED:
            self.missing[job_id] = f"model {name}: its weights were never published."
        elif entry is None:
            self.missing[job_id] = (
                f"model {name}: checkpoints.lock has no resolved entry for {model.repo or name}, "
                f"so there are no bytes to trust; `tina-bench lock --update {name}` resolves it."
            )
        yield from self._once(
            Job(id=job_id, kind=JobKind.FETCH, model=name, pool=job_id),
            f"{name} has not been checked against the lock",
        )
        return job_id

    def _training(self, name: str, model: Model) -> Generator[_Draft, None, tuple[str, str]]:
        """Drafts of everything that makes an adapter; returns the ids of its base and of it."""
        assert model.recipe is not None
        recipe = as_trained_for(model, self.catalog.recipes[model.recipe])
        base_id = yield from self._weights(recipe.base)
        data = self.lock.datasets.get(recipe.dataset)
        data_ids = yield from self._dataset(recipe.dataset)
        train_id = _id(
            "train",
            digest(recipe.model_dump(mode="json", exclude=RECIPE_WORDS)),
            base_id,
            data.digest if data else "unresolved",
            self._stack_digest,
        )
        if data is None:
            self.missing[train_id] = (
                f"training data {recipe.dataset}: checkpoints.lock has no resolved entry for it; "
                f"`tina-bench lock --update {recipe.dataset}` resolves it."
            )
        yield from self._once(
            Job(
                id=train_id,
                kind=JobKind.TRAIN,
                model=name,
                pool=train_id,
                needs=(base_id, *data_ids),
            ),
            f"recipe {model.recipe} has not been trained on this base and stack",
        )
        return base_id, train_id

    def _dataset(self, name: str) -> Generator[_Draft, None, tuple[str, ...]]:
        """The fetch that a dataset of the hub needs; none for what this package carries."""
        entry = self.lock.datasets.get(name)
        if entry is None or entry.source == "embedded":
            return ()
        job_id = _id("fetch-dataset", name, entry.digest)
        yield from self._once(
            Job(
                id=job_id,
                kind=JobKind.FETCH,
                model=f"dataset--{name.replace('/', '--')}",
                dataset=name,
                pool=job_id,
            ),
            f"dataset {name} has not been checked against the lock",
        )
        return (job_id,)

    def _runs(self, name: str, weights_id: str) -> Iterator[_Draft]:
        """Every evaluate job of a model, then every grade job: one pool each."""
        profile, model = self.profile, self.catalog.models[name]
        context = min(profile.max_model_tokens, model.max_model_tokens or profile.max_model_tokens)
        sampling = profile.sampling.model_dump(mode="json")
        protocol = digest([sampling, context, profile.answers_fill_context, self._stack_digest])
        # The name decides where samples and results lie: two names of one recipe are two models.
        pool = _id("evaluate", name, weights_id, protocol)
        grader = digest(
            [profile.remove_reasoning_tags]
            + [self.stack.packages.get(package, "unpinned") for package in GRADER_PACKAGES]
        )
        grade_pool = _id("grade", pool, grader)
        graded: list[_Draft] = []
        data_ids: dict[str, tuple[str, ...]] = {}
        for task_name in profile.tasks:
            data_ids[task_name] = yield from self._dataset(self.catalog.tasks[task_name].dataset)
        for task_name in profile.tasks:
            task = self.catalog.tasks[task_name]
            prompts, gap = self._prompts(task_name, task)
            for seed in self._seeds(name, task_name):
                run_id = _id("evaluate", name, weights_id, protocol, prompts, task_name, seed)
                grade_id = _id("grade", run_id, grader, task.metric)
                if gap is not None:
                    self.missing[run_id] = gap
                yield _Draft(
                    Job(
                        id=run_id,
                        kind=JobKind.EVALUATE,
                        model=name,
                        task=task_name,
                        seed=seed,
                        pool=pool,
                        needs=(weights_id, *data_ids[task_name]),
                    ),
                    f"seed {seed} of {task_name} has not been sampled",
                )
                graded.append(
                    _Draft(
                        Job(
                            id=grade_id,
                            kind=JobKind.GRADE,
                            model=name,
                            task=task_name,
                            seed=seed,
                            pool=grade_pool,
                            needs=(run_id, *data_ids[task_name]),
                        ),
                        f"seed {seed} of {task_name} has not been graded by this grader",
                    )
                )
        yield from graded

    def _seeds(self, model: str, task: str) -> tuple[int, ...]:
        return self.profile.seeds if self._cells is None else self._cells.get((model, task), ())

    def _prompts(self, name: str, task: Task) -> tuple[str, str | None]:
        """Hash of all that decides a task's prompts, and the sentence what is missing for them."""
        data, gated = self.lock.datasets.get(task.dataset), task.access == "gated"
        gap = None
        if data is None:
            gate = " It is gated: accept its licence and set HF_TOKEN." if gated else ""
            gap = (
                f"task {name}: checkpoints.lock has no resolved entry for dataset "
                f"{task.dataset}; `tina-bench lock --update {task.dataset}` resolves it.{gate}"
            )
        prompts = digest(
            [
                task.model_dump(mode="json", include=ASKED),
                data.digest if data else "unresolved",
            ]
        )
        return prompts, gap


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
    drafter = _Drafter(catalog, lock, profile, retrain=request.retrain, cells=request.cells)
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
        start_seconds={
            kind: figure.central
            for kind in JobKind
            if (figure := estimator.start(kind)) is not None
        },
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
