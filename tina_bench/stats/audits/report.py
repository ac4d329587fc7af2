"""All audits of a catalog in one document."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Literal

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.audits.averages import AverageAudit, Follows, audit_averages
from tina_bench.stats.audits.disagreement import LEVEL, Disagreement, audit_disagreement
from tina_bench.stats.audits.gain_types import Gain
from tina_bench.stats.audits.gains import audit_gains
from tina_bench.stats.audits.lattice import (
    LatticeAudit,
    TableLattice,
    audit_lattices,
    audit_tables,
)
from tina_bench.stats.audits.own_logs import LogSays, OwnLog, audit_own_logs
from tina_bench.stats.audits.resolution import (
    Resolution,
    TaskResolution,
    resolutions,
    task_resolutions,
)
from tina_bench.stats.audits.selection import audit_families, audit_picks
from tina_bench.stats.audits.selection_types import FamilyOptimism, PickBound
from tina_bench.stats.cache import NO_CACHE, RecordCache
from tina_bench.stats.evidence.chance import chance_of
from tina_bench.stats.evidence.measurement_types import Measurement, SetAside
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.stats.types import Shape
from tina_bench.store.imported_results import ImportedResult
from tina_bench.store.records import ResultRecord


class Kind(StrEnum):
    """What is wrong with a published number."""

    IMPOSSIBLE = "impossible value"
    """No number of correct answers prints so with the runs that are stated."""
    AVERAGE = "average"
    """It does not follow from its cells or its runs."""
    OWN_LOG = "own log"
    """Its authors' own log says otherwise."""
    DISAGREEMENT = "disagreement"
    """Those who measured the same differ by more than chance."""


class AuditFinding(Shape):
    """One number that cannot stand as it is printed."""

    kind: Kind
    """What is wrong."""
    about: str
    """Catalog name of the claim or average; model and task for a disagreement."""
    model: str
    """Model."""
    sentence: str
    """The finding, for people."""


class Audits(Shape):
    """What published numbers say of themselves and of each other."""

    schema_version: Literal[1] = 1
    findings: tuple[AuditFinding, ...]
    """What cannot stand as it is printed, by kind and name."""
    own_logs: tuple[OwnLog, ...]
    """Published scores against their authors' own logs and against the others."""
    resolutions: tuple[Resolution, ...]
    """What a single run can resolve, by claim of one run."""
    task_resolutions: tuple[TaskResolution, ...]
    """The same by task."""
    selection: tuple[FamilyOptimism, ...]
    """Published checkpoints among all logged checkpoints of their training."""
    picks: tuple[PickBound, ...]
    """Rows that say they are the best of m, with the others' scores unknown."""
    gains: tuple[Gain, ...]
    """Adapters over their bases and baselines: printed, and supported by all evidence."""
    lattice: tuple[LatticeAudit, ...]
    """Whether each printed score is possible, by claim."""
    tables: tuple[TableLattice, ...]
    """Whether single-run scores look like one run, by claimant."""
    averages: tuple[AverageAudit, ...]
    """Whether averages follow from their cells, and numbers from their runs."""
    disagreement: tuple[Disagreement, ...]
    """Models and tasks with several measurements, worst disagreement first."""
    chance_ratios: dict[str, float]
    """By task: variance of a run over its binomial bound, by published spreads."""
    set_aside: tuple[SetAside, ...]
    """What looks like evidence and is not counted as a piece of its own."""

    def about(self, models: Collection[str]) -> "Audits":
        """Return what is about these models, gains over them included; families stay as declared.

        Multiplicity is not corrected once more: looking at fewer rows does not make them surer.
        """
        return self.model_copy(
            update={
                "findings": tuple(f for f in self.findings if f.model in models),
                "own_logs": tuple(o for o in self.own_logs if o.model in models),
                "resolutions": tuple(r for r in self.resolutions if r.model in models),
                "selection": tuple(s for s in self.selection if s.published in models),
                "picks": tuple(p for p in self.picks if p.model in models),
                "gains": tuple(g for g in self.gains if g.model in models or g.reference in models),
                "lattice": tuple(a for a in self.lattice if a.model in models),
                "averages": tuple(a for a in self.averages if a.model in models),
                "disagreement": tuple(d for d in self.disagreement if d.model in models),
            }
        )


def build_audits(
    catalog: Catalog,
    imported: Sequence[ImportedResult] = (),
    records: Sequence[ResultRecord] = (),
    extra: Sequence[Measurement] = (),
    cache: RecordCache = NO_CACHE,
) -> Audits:
    """Return every audit; deterministic, and the same for any order of the inputs.

    `imported`: what others' result files say (`Home.imported()`); `records`: our own results, one a
    model and task; `extra`: further measurements that stand in neither; `cache`: of what
    was computed from the same evidence before.
    """
    chance = chance_of(catalog)
    evidence = collect_measurements(catalog, imported, records, extra)
    lattice = audit_lattices(catalog)
    picks = audit_picks(catalog, chance)
    single = resolutions(catalog, chance)
    own_logs = audit_own_logs(catalog, evidence, chance, imported)
    averages = audit_averages(catalog)
    disagreement = audit_disagreement(evidence, chance)
    return Audits(
        findings=_findings(own_logs, lattice, averages, disagreement),
        own_logs=own_logs,
        resolutions=single,
        task_resolutions=task_resolutions(catalog, single, chance),
        selection=audit_families(catalog, evidence, chance),
        picks=picks,
        gains=audit_gains(catalog, evidence, chance, picks, cache),
        lattice=lattice,
        tables=audit_tables(lattice),
        averages=averages,
        disagreement=disagreement,
        chance_ratios=dict(sorted(chance.ratios.items())),
        set_aside=evidence.set_aside,
    )


def _findings(
    own_logs: Sequence[OwnLog],
    lattice: Sequence[LatticeAudit],
    averages: Sequence[AverageAudit],
    disagreement: Sequence[Disagreement],
) -> tuple[AuditFinding, ...]:
    """What is wrong; a score whose runs are not stated is possible with some number of them."""
    found = [
        AuditFinding(kind=Kind.IMPOSSIBLE, about=a.claim, model=a.model, sentence=a.sentence)
        for a in lattice
        if not a.possible or a.impossible_runs
    ]
    found += [
        AuditFinding(kind=Kind.AVERAGE, about=a.name, model=a.model, sentence=a.sentence)
        for a in averages
        if a.follows is Follows.NO
    ]
    found += [
        AuditFinding(kind=Kind.OWN_LOG, about=o.claim, model=o.model, sentence=o.sentence)
        for o in own_logs
        if o.log is LogSays.DIFFERS
    ]
    found += [
        AuditFinding(
            kind=Kind.DISAGREEMENT,
            about=f"{d.model} on {d.task}",
            model=d.model,
            sentence=d.sentence,
        )
        for d in disagreement
        if d.adjusted_p < 1 - LEVEL
    ]
    order = list(Kind)
    return tuple(sorted(found, key=lambda f: (order.index(f.kind), f.about, f.sentence)))
