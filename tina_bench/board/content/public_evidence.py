"""What public evidence says, as pages look it up: by model and task, by claim, by measurement."""

from collections.abc import Sequence
from dataclasses import dataclass

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.evidence.measurement_types import Measurement
from tina_bench.stats.evidence.measurements import collect_measurements, measurement_of
from tina_bench.stats.evidence.types import (
    CellEstimate,
    EvidenceAverage,
    OthersSay,
    PublicEvidence,
)
from tina_bench.stats.types import AVERAGE, Judgement
from tina_bench.store.imported_results import ImportedResult
from tina_bench.store.records import ResultRecord

Known = CellEstimate | EvidenceAverage


@dataclass(frozen=True)
class PublicScores:
    """Estimates, words of others and measurements, by what they are about."""

    cells: dict[tuple[str, str], CellEstimate]
    """By weights and task."""
    averages: dict[tuple[str, tuple[str, ...]], EvidenceAverage]
    """By weights and tasks, ascending."""
    others: dict[str, OthersSay]
    """By claim."""
    measurements: dict[str, Measurement]
    """By name: everything that is pooled or listed, except what tells the same runs again."""
    told_again: frozenset[str]
    """Names of what tells runs again that are counted under another name."""
    weights: dict[str, str]
    """By model: the name that its very weights were published under."""

    def cell(self, model: str, task: str) -> CellEstimate | None:
        """The estimate of a model on a task; of a checkpoint, that of the published weights."""
        key = (self.weights.get(model, model), task)
        return self.cells.get(key) or self.cells.get((model, task))

    def average(self, model: str, tasks: Sequence[str]) -> EvidenceAverage | None:
        """The estimate of a model's average over these tasks."""
        key = tuple(sorted(tasks))
        found = self.averages.get((self.weights.get(model, model), key))
        return found or self.averages.get((model, key))

    def about(self, found: Judgement) -> Known | None:
        """The estimate of what a claim is about; `None` where its tasks are not stated."""
        if found.task != AVERAGE:
            return self.cell(found.model, found.task)
        return self.average(found.model, found.tasks) if found.tasks else None


def public_scores(
    catalog: Catalog,
    evidence: PublicEvidence,
    imported: Sequence[ImportedResult],
    records: Sequence[ResultRecord],
) -> PublicScores:
    """Evidence as pages look it up."""
    collected = collect_measurements(catalog, imported, records)
    named = {one.name: one for one in (*collected.measurements, *collected.not_pooled)}
    # Means over trainings of a recipe are no measurement of one model, and pages show them too.
    for name, claim in catalog.claims.items():
        if claim.trainings is not None and name not in named:
            named[name] = measurement_of(catalog, name, claim)
    return PublicScores(
        cells={(cell.model, cell.task): cell for cell in evidence.cells},
        averages={(one.model, tuple(sorted(one.tasks))): one for one in evidence.averages},
        others={one.claim: one for one in evidence.others},
        measurements=named,
        told_again=frozenset(one.name for one in collected.set_aside if one.counted_as is not None),
        weights={n: m.published_as for n, m in catalog.models.items() if m.published_as},
    )
