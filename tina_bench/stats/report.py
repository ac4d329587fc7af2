"""Everything that the records at hand support, in the order of the catalog."""

from collections.abc import Iterable, Sequence
from functools import partial

from tina_bench.catalog.schema import AverageClaim, Catalog, Claim
from tina_bench.stats.cache import NO_CACHE, RecordCache
from tina_bench.stats.claims.verdicts import AverageCase, Case, judge_family
from tina_bench.stats.comparisons.two_models import compare
from tina_bench.stats.outcome_matrix import by_cell
from tina_bench.stats.scores.estimates import estimate, estimate_average
from tina_bench.stats.types import Comparison, Report, TaskEstimate
from tina_bench.store.records import ResultRecord


def build_report(
    catalog: Catalog, records: Sequence[ResultRecord], cache: RecordCache = NO_CACHE
) -> Report:
    """Return the report of the records, which does not depend on their order.

    Estimates come by model, then task, each in catalog order; what the catalog does not know comes
    after, by name. Averages are over all of a model's tasks. Comparisons set each adapter against
    its base on every common task, then on all of them pooled where there are several. All claims
    of the catalog, those about averages last, are one family.

    Raises `UsageError` for two records of one model and task, for malformed records, and where an
    adapter and its base were given different problems.
    """
    cells = by_cell(records)
    models = _order(catalog.models, (model for model, _ in cells))
    tasks = _order(catalog.tasks, (task for _, task in cells))
    ordered = {
        (model, task): cells[model, task]
        for model in models
        for task in tasks
        if (model, task) in cells
    }
    cases: list[Case | AverageCase] = [
        Case(name, claim, catalog.tasks[claim.task], cells.get((claim.model, claim.task)))
        for name, claim in catalog.claims.items()
    ]
    cases += [
        AverageCase(name, claim, _cells(catalog, name, claim, cells))
        for name, claim in catalog.averages.items()
    ]
    estimates = {
        cell: cache.of_records("estimate", [record], None, TaskEstimate, partial(estimate, record))
        for cell, record in ordered.items()
    }
    by_model = [
        [made for (model, _), made in estimates.items() if model == name] for name in models
    ]
    return Report(
        estimates=tuple(estimates.values()),
        averages=tuple(estimate_average(made) for made in by_model if len(made) > 1),
        comparisons=tuple(_comparisons(catalog, ordered, tasks, cache)),
        judgements=judge_family(cases, cache),
    )


def _order(known: Iterable[str], found: Iterable[str]) -> list[str]:
    names = list(known)
    return names + sorted(set(found) - set(names))


def _comparisons(
    catalog: Catalog,
    cells: dict[tuple[str, str], ResultRecord],
    tasks: list[str],
    cache: RecordCache,
) -> Iterable[Comparison]:
    for name, model in catalog.models.items():
        if model.base is None:
            continue
        pairs = [
            (cells[name, task], cells[model.base, task])
            for task in tasks
            if (name, task) in cells and (model.base, task) in cells
        ]
        groups = [[pair] for pair in pairs] + ([pairs] if len(pairs) > 1 else [])
        for group in groups:
            ours, theirs = [adapter for adapter, _ in group], [base for _, base in group]
            yield cache.of_records(
                "comparison", [*ours, *theirs], None, Comparison, partial(compare, ours, theirs)
            )


def _cells(
    catalog: Catalog,
    name: str,
    average: AverageClaim,
    cells: dict[tuple[str, str], ResultRecord],
) -> tuple[Case, ...]:
    """One case per task of an average, with the protocol of the cell that was printed beside it.

    That is the claim of the same model, task, measurer and source; where none was printed, nothing
    is known of the protocol, and nothing compared but what makes a result no measurement at all.
    """
    found = {
        claim.task: (cell, claim)
        for cell, claim in catalog.claims.items()
        if (claim.model, claim.who, claim.source) == (average.model, average.who, average.source)
    }
    made = []
    for task in average.tasks or ():
        cell, claim = found.get(
            task,
            (
                name,
                Claim(
                    model=average.model,
                    task=task,
                    value_percent=average.value_percent,
                    decimals=average.decimals,
                    who=average.who,
                    source=average.source,
                    confidence=average.confidence,
                ),
            ),
        )
        made.append(Case(cell, claim, catalog.tasks[task], cells.get((average.model, task))))
    return tuple(made)
