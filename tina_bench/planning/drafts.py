"""Which jobs a request needs, in order, before it is known which of them are done.

A job's id is the hash of everything that decides its result, so that a changed recipe, dataset,
prompt, package version or sampling parameter makes new jobs and an unchanged one never repeats.
"""

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from tina_bench.catalog.schema import Catalog, Model, Profile, Source, Stack, Task
from tina_bench.catalog.training import as_trained_for
from tina_bench.files.hashing import digest
from tina_bench.lock.lockfile import Lock
from tina_bench.planning.types import CellSeeds
from tina_bench.store.job_folder import GRADER_PACKAGES
from tina_bench.store.records import Job, JobKind

ID_DIGITS = 16
PROMPT_KEYS = {
    "dataset",
    "subset",
    "split",
    "n_problems",
    "prompt",
    "prompt_seed",
    "max_new_tokens",
}
"""Keys of a task that decide the prompts and how long answers may get."""
UNUSED_RECIPE_KEYS = {
    "title",
    "reference",
    "note",
    "deviations",
    "variant",
    "twin",
    "unused_settings",
}
"""Keys of a recipe that decide nothing about the adapter that it makes."""


def _id(*parts: object) -> str:
    """Short hash of plain strings and numbers; the parts' own digests keep it unambiguous."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True)
class Draft:
    """A job before it is known whether it is done."""

    job: Job
    reason: str


Drafts = Generator[Draft, None, str]
"""Drafts, and in the end the id of the job that makes the weights."""


class Drafter:
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

    def drafts(self) -> Iterator[Draft]:
        """Every job of the request, each once, in an order in which each finds what it needs."""
        for name in self.profile.models:
            model = self.catalog.models[name]
            if not self.profile.tasks and self._is_trained(model):
                yield from self._training(name, model)  # an adapter is wanted, and nothing with it
                continue
            weights = yield from self._weights(name)
            yield from self._runs(name, weights)

    def _is_trained(self, model: Model) -> bool:
        return model.source is Source.RECIPE or (self.retrain and model.recipe is not None)

    def _once(self, job: Job, reason: str) -> Iterator[Draft]:
        if job.id not in self._seen:
            self._seen.add(job.id)
            yield Draft(job, reason)

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

    def _training(self, name: str, model: Model) -> Generator[Draft, None, tuple[str, str]]:
        """Drafts of everything that makes an adapter; returns the ids of its base and of it."""
        assert model.recipe is not None
        recipe = as_trained_for(model, self.catalog.recipes[model.recipe])
        base_id = yield from self._weights(recipe.base)
        data = self.lock.datasets.get(recipe.dataset)
        data_ids = yield from self._dataset(recipe.dataset)
        train_id = _id(
            "train",
            digest(recipe.model_dump(mode="json", exclude=UNUSED_RECIPE_KEYS)),
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

    def _dataset(self, name: str) -> Generator[Draft, None, tuple[str, ...]]:
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

    def _runs(self, name: str, weights_id: str) -> Iterator[Draft]:
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
        graded: list[Draft] = []
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
                yield Draft(
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
                    Draft(
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
                task.model_dump(mode="json", include=PROMPT_KEYS),
                data.digest if data else "unresolved",
            ]
        )
        return prompts, gap
