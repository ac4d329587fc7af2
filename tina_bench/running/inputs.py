"""From a planned pool to its job folder's inputs: what earlier jobs brought back, and the lock."""

from collections.abc import Mapping

from tina_bench.catalog.schema import Catalog, Profile
from tina_bench.errors import IntegrityError
from tina_bench.lock.lockfile import Lock, LockedFiles, locked
from tina_bench.store.contract import (
    Dataset,
    EvaluateInputs,
    EvaluateOutputs,
    FetchInputs,
    GradeInputs,
    JobInputs,
    JobResult,
    MergeInputs,
    Protocol,
    TrainInputs,
    TrainOutputs,
    Weights,
)
from tina_bench.store.records import Job, JobKind


def _dataset(name: str, entry: LockedFiles) -> Dataset:
    return Dataset(name=name, sha256={path: file.sha256 for path, file in entry.files.items()})


class Inputs:
    """Builds the inputs of every job folder of one request."""

    def __init__(self, catalog: Catalog, lock: Lock, profile: Profile, profile_name: str) -> None:
        self._catalog = catalog
        self._lock = lock
        self._profile = profile
        self._profile_name = profile_name

    def build(self, jobs: tuple[Job, ...], results: Mapping[str, JobResult]) -> JobInputs:
        """Inputs of the jobs of one pool; `results` holds every finished job by id."""
        kind, model = jobs[0].kind, jobs[0].model
        needs = [results[need] for need in jobs[0].needs]
        stack = self._catalog.stacks[self._profile.stack]
        if kind is JobKind.FETCH:
            entry = locked(self._lock.models, model, "model")
            return FetchInputs(
                sizes={name: file.bytes for name, file in entry.files.items()},
                sha256={name: file.sha256 for name, file in entry.files.items()},
            )
        if kind is JobKind.TRAIN:
            recipe_name = self._catalog.models[model].recipe
            assert recipe_name is not None
            recipe = self._catalog.recipes[recipe_name]
            data = locked(self._lock.datasets, recipe.dataset, "dataset")
            return TrainInputs(
                recipe_name=recipe_name,
                recipe=recipe,
                base=Weights.model_validate(needs[0].outputs),
                dataset=_dataset(recipe.dataset, data),
                stack=stack,
            )
        if kind is JobKind.MERGE:
            base, trained = needs
            return MergeInputs(
                base=Weights.model_validate(base.outputs),
                adapter=TrainOutputs.model_validate(trained.outputs).adapter,
                stack=stack,
            )
        protocol = self._protocol(model, sorted({str(job.task) for job in jobs}))
        if kind is JobKind.EVALUATE:
            return EvaluateInputs(
                weights=Weights.model_validate(needs[0].outputs), protocol=protocol
            )
        identities = {
            EvaluateOutputs.model_validate(results[need].outputs).identity
            for job in jobs
            for need in job.needs
        }
        if len(identities) > 1:
            raise IntegrityError(
                f"model {model}: its runs were sampled by different engines or on different "
                f"machines ({', '.join(sorted(identities))}), and one result is one measurement; "
                "start afresh in another home."
            )
        return GradeInputs(identity=identities.pop(), protocol=protocol)

    def _protocol(self, model: str, tasks: list[str]) -> Protocol:
        profile, catalog = self._profile, self._catalog
        limit = catalog.models[model].max_model_tokens or profile.max_model_tokens
        return Protocol(
            profile=self._profile_name,
            sampling=profile.sampling,
            max_model_tokens=min(limit, profile.max_model_tokens),
            remove_reasoning_tags=profile.remove_reasoning_tags,
            stack_name=profile.stack,
            stack=catalog.stacks[profile.stack],
            tasks={name: catalog.tasks[name] for name in tasks},
            datasets={
                name: _dataset(
                    catalog.tasks[name].dataset,
                    locked(self._lock.datasets, catalog.tasks[name].dataset, "dataset"),
                )
                for name in tasks
            },
        )
