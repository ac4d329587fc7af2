"""Whether the results of a board are comparable: what differs between them besides the model."""

from collections import defaultdict
from collections.abc import Iterable

from tina_bench.store.records import ResultRecord

MOST_NAMES = 3
"""Models that are named where a setting differs between models."""


def made_differently(records: Iterable[ResultRecord]) -> tuple[str, ...]:
    """Return every setting that was not the same for all results of each task, for people.

    Compared are the stack and all sampling parameters and limits. A comparison of models that were
    sampled differently is one of models and of sampling; it is made all the same, and says so.
    """
    settings: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    models: dict[str, set[str]] = defaultdict(set)
    for record in records:
        models[record.task].add(record.model)
        made = {"stack": record.provenance.stack, **record.provenance.sampling}
        for key, value in made.items():
            settings[record.task, key][str(value)].add(record.model)
    found = []
    for (task, key), values in sorted(settings.items()):
        unsaid = models[task] - set().union(*values.values())
        if unsaid:
            values["not recorded"] |= unsaid
        if len(values) > 1:
            parts = [f"{value} for {_names(who)}" for value, who in sorted(values.items())]
            found.append(f"{task}: {key} {'; '.join(parts)}")
    return tuple(found)


def _names(models: set[str]) -> str:
    if len(models) > MOST_NAMES:
        return f"{len(models)} models"
    return ", ".join(sorted(models))
