"""From a planned pool to its job folder's inputs: what earlier jobs brought back, and the lock."""

from collections.abc import Mapping
from typing import Literal

from tina_bench.catalog.schema import Catalog, Model, Profile, PublishedText, Source
from tina_bench.catalog.training import as_trained_for
from tina_bench.errors import IntegrityError
from tina_bench.lock.lockfile import Lock, LockedFiles, locked
from tina_bench.lock.published_texts import fetch_published_text, read_published_text
from tina_bench.store.job_folder import (
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
from tina_bench.store.records import RETRAINED, Job, JobKind, UntilDecided


def _fetch(what: Literal["model", "dataset"], entry: LockedFiles) -> FetchInputs:
    return FetchInputs(
        what=what,
        repo=entry.repo,
        revision=entry.revision,
        subfolder=entry.subfolder,
        sizes={name: file.bytes for name, file in entry.files.items()},
        sha256={name: file.sha256 for name, file in entry.files.items()},
    )


def _text(published: PublishedText | None) -> str | None:
    """The text itself, brought into the cache if it is not there: a job has no network."""
    if published is None:
        return None
    fetch_published_text(published)
    return read_published_text(published)


def _adapter(made: JobResult) -> Weights:
    """The adapter that was trained here, or fetched."""
    if made.kind is JobKind.TRAIN:
        return TrainOutputs.model_validate(made.outputs).adapter
    return Weights.model_validate(made.outputs)


def is_retrained(model: Model, *, retrain: bool) -> bool:
    """Whether a model's adapter is trained here although one was published."""
    return retrain and model.recipe is not None and model.source is not Source.RECIPE


class Inputs:
    """Builds the inputs of every job folder of one request."""

    def __init__(
        self,
        catalog: Catalog,
        lock: Lock,
        profile: Profile,
        profile_name: str,
        *,
        retrain: bool = False,
        until_decided: Mapping[tuple[str, str], UntilDecided] | None = None,
    ) -> None:
        self._catalog = catalog
        self._lock = lock
        self._profile = profile
        self._profile_name = profile_name
        self._retrain = retrain
        self._until_decided = until_decided or {}

    def build(self, jobs: tuple[Job, ...], results: Mapping[str, JobResult]) -> JobInputs:
        """Inputs of the jobs of one pool; `results` holds every finished job by id."""
        kind, model = jobs[0].kind, jobs[0].model
        needs = [results[need] for need in jobs[0].needs]
        stack = self._catalog.stacks[self._profile.stack]
        if kind is JobKind.FETCH:
            dataset = jobs[0].dataset
            if dataset is not None:
                return _fetch("dataset", locked(self._lock.datasets, dataset, "dataset"))
            return _fetch("model", locked(self._lock.models, model, "model"))
        if kind is JobKind.TRAIN:
            entry = self._catalog.models[model]
            recipe_name = entry.recipe
            assert recipe_name is not None
            recipe = as_trained_for(entry, self._catalog.recipes[recipe_name])
            return TrainInputs(
                recipe_name=recipe_name,
                recipe=recipe,
                base=Weights.model_validate(needs[0].outputs),
                dataset=self._dataset(recipe.dataset, needs[1:]),
                stack=stack,
                system_prompt=_text(recipe.system_prompt_from) or recipe.system_prompt,
                chat_template=_text(recipe.chat_template_from),
            )
        if kind is JobKind.MERGE:
            base, trained = needs
            return MergeInputs(
                base=Weights.model_validate(base.outputs),
                adapter=_adapter(trained),
                stack=stack,
            )
        data = {str(job.task): [results[need] for need in job.needs[1:]] for job in jobs}
        if kind is JobKind.EVALUATE:
            weights = Weights.model_validate(needs[0].outputs)
            deviations = (*self._retrained(model), *weights.deviations)
            return EvaluateInputs(weights=weights, protocol=self._protocol(model, data, deviations))
        sampled = [EvaluateOutputs.model_validate(results[job.needs[0]].outputs) for job in jobs]
        protocol = self._protocol(model, data, tuple(d for run in sampled for d in run.deviations))
        identities = {run.identity for run in sampled}
        if len(identities) > 1:
            raise IntegrityError(
                f"model {model}: its runs were sampled by different engines or on different "
                f"machines ({', '.join(sorted(identities))}), and one result is one measurement; "
                "start afresh in another home."
            )
        looked_at = {
            task: self._until_decided[model, task]
            for task in protocol.tasks
            if (model, task) in self._until_decided
        }
        return GradeInputs(identity=identities.pop(), protocol=protocol, until_decided=looked_at)

    def _dataset(self, name: str, fetched: list[JobResult]) -> Dataset:
        entry = locked(self._lock.datasets, name, "dataset")
        return Dataset(
            name=name,
            folder=Weights.model_validate(fetched[0].outputs).folder if fetched else None,
            sha256={path: file.sha256 for path, file in entry.files.items()},
        )

    def _retrained(self, model: str) -> tuple[str, ...]:
        """What a result of a model whose published adapter was not used must say."""
        entry = self._catalog.models[model]
        if not is_retrained(entry, retrain=self._retrain):
            return ()
        return (f"adapter trained here by recipe {entry.recipe}; not the published adapter",)

    def _protocol(
        self, model: str, data: Mapping[str, list[JobResult]], deviations: tuple[str, ...]
    ) -> Protocol:
        profile, catalog = self._profile, self._catalog
        limit = catalog.models[model].max_model_tokens or profile.max_model_tokens
        # Kept apart: neither result may be written over the other, or stand for it.
        apart = RETRAINED if self._retrained(model) else ""
        return Protocol(
            profile=self._profile_name + apart,
            sampling=profile.sampling,
            max_model_tokens=min(limit, profile.max_model_tokens),
            answers_fill_context=profile.answers_fill_context,
            remove_reasoning_tags=profile.remove_reasoning_tags,
            stack_name=profile.stack,
            stack=catalog.stacks[profile.stack],
            tasks={name: catalog.tasks[name] for name in sorted(data)},
            datasets={
                name: self._dataset(catalog.tasks[name].dataset, data[name])
                for name in sorted(data)
            },
            deviations=tuple(dict.fromkeys(deviations)),
        )
