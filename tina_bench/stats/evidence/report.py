"""An estimate for every score and what others say of every claim, in one document."""

from collections.abc import Sequence

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.evidence.averages import estimate_averages
from tina_bench.stats.evidence.chance import chance_of
from tina_bench.stats.evidence.estimates import estimate_cells
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.stats.evidence.other_teams import cases_of
from tina_bench.stats.evidence.others import judge_cases
from tina_bench.stats.evidence.types import PublicEvidence
from tina_bench.store.imported_results import ImportedResult
from tina_bench.store.records import ResultRecord


def build_evidence(
    catalog: Catalog,
    imported: Sequence[ImportedResult] = (),
    records: Sequence[ResultRecord] = (),
) -> PublicEvidence:
    """Return all that claims, imported files and our own records say together.

    Deterministic, and the same for any order of imports and records.
    """
    chance = chance_of(catalog)
    evidence = collect_measurements(catalog, imported, records)
    cells = estimate_cells(catalog, evidence, chance)
    measured = frozenset((record.model, record.task) for record in records)
    return PublicEvidence(
        cells=tuple(cells.values()),
        averages=tuple(estimate_averages(catalog, cells, chance).values()),
        others=judge_cases(cases_of(catalog, evidence, chance, measured)),
    )
