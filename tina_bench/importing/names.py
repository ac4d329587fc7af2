"""Their names and ours: a match only where it is certain, and always with the reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tina_bench.catalog.schema import Catalog, Source


@dataclass(frozen=True)
class Match:
    """What a printed name stands for in the catalog, if anything, and why."""

    name: str | None
    reason: str


USER_SAID = "the user said so"
"""The reason of a match that --model or --map made."""


@dataclass(frozen=True)
class Attribution:
    """What the user says of the files, and the files cannot."""

    model: str | None = None
    """The catalog's model."""
    reported_by: str | None = None
    """Who measured."""
    source: str | None = None
    """Where it was published."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Catalog names of models and tasks by the names that files print."""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def match_model(catalog: Catalog, printed: str, revision: str | None) -> Match:
    """The catalog's model of that hub repository, name or alias; none where two could be meant.

    A folder's name is not taken for a model: it can be anything.
    """
    if printed in catalog.models:
        return Match(printed, "the file prints the catalog's name")
    same = {
        name: model
        for name, model in catalog.models.items()
        if printed in model.aliases
        or (model.repo is not None and model.repo.lower() == printed.lower())
    }
    if not same:
        return Match(None, "no catalog entry has this name, alias or hub repository")
    fitting = [
        name
        for name, model in same.items()
        if model.subfolder is None
        and (revision is None or model.revision is None or _same_commit(revision, model.revision))
    ]
    if len(fitting) == 1:
        alias = printed in same[fitting[0]].aliases
        how = "an alias of this entry" if alias else "this entry's hub repository"
        return Match(fitting[0], f"the file prints {how}")
    if not fitting:
        return Match(
            None, f"{', '.join(sorted(same))} has this repository, but another revision or folder"
        )
    return Match(None, f"the repository holds several entries: {', '.join(sorted(fitting))}")


def _same_commit(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)


def split_name(printed: str) -> tuple[str, int | None]:
    """LightEval's task name without suite, and its number of few-shot examples.

    `custom|aime24|0` (up to 0.10) and `aime24|0` (since 0.11) are both `aime24` with none.
    """
    parts = printed.split("|")
    shots = int(parts[-1]) if len(parts) > 1 and re.fullmatch(r"\d{1,4}", parts[-1]) else None
    names = parts if shots is None else parts[:-1]
    return (names[1] if len(names) > 1 else names[0]), shots


def match_task(
    catalog: Catalog, printed: str, config: dict[str, Any], *, shots: int | None = None
) -> Match:
    """The catalog's task with the file's dataset, subset and split.

    Where the file does not name a dataset, the task of that name, title or alias. Few-shot prompts
    are another task than the catalog's, whose prompts are zero-shot; `shots` counts where the name
    does not.
    """
    name, in_name = split_name(printed)
    if in_name or shots:
        shots = in_name or shots
        return Match(None, f"{shots} few-shot examples; the catalog's tasks have none")
    dataset = config.get("hf_repo")
    by_name = [
        ours
        for ours, task in catalog.tasks.items()
        if _plain(name) in {_plain(known) for known in (ours, task.title, *task.aliases)}
    ]
    if not isinstance(dataset, str) or not dataset:
        if len(by_name) == 1:
            return Match(by_name[0], "same name; the file does not tell the dataset")
        return Match(None, "no catalog task has this name, and the file does not tell the dataset")
    same = [
        ours
        for ours, task in catalog.tasks.items()
        if task.source is Source.HUB
        and task.dataset.lower() == dataset.lower()
        and (config.get("hf_subset", task.subset) or "default") == task.subset
        and config.get("evaluation_splits") in (None, [task.split])
        and config.get("hf_revision") in (None, task.revision)
    ]
    if len(same) > 1:
        same = [ours for ours in same if ours in by_name]
    if len(same) == 1:
        return Match(same[0], f"same dataset, {dataset}")
    embedded = [ours for ours in by_name if catalog.tasks[ours].source is Source.EMBEDDED]
    if len(embedded) == 1 and dataset.rstrip("/").rpartition("/")[2] == embedded[0]:
        return Match(embedded[0], "same name as this package's own task, and a dataset named so")
    return Match(None, f"no catalog task has this split of the dataset {shown_dataset(dataset)}")


def shown_dataset(dataset: str) -> str:
    """A dataset's name for a sentence."""
    return ascii(dataset)[1:-1][:120]
