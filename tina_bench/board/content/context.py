"""Everything that pages show, collected once and checked: pages only choose and arrange."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tina_bench.board.content.bill import Bill, add_up_home
from tina_bench.board.content.outcome_grid import OutcomeGrid, sheets
from tina_bench.board.content.problem_texts import Problems
from tina_bench.board.content.public_evidence import PublicScores, public_scores
from tina_bench.board.content.training_curves import Curve, read_curves
from tina_bench.board.output.cache import Cache
from tina_bench.catalog.schema import Catalog, Model, Name
from tina_bench.errors import IntegrityError, UsageError
from tina_bench.files.hashing import digest, sha256_file
from tina_bench.stats.audits.report import Audits, build_audits
from tina_bench.stats.cache import RecordCache
from tina_bench.stats.comparisons.all_pairs import PairTable, compare_all
from tina_bench.stats.comparisons.ranks import RankTable, rank_bands
from tina_bench.stats.evidence.measurement_types import Measurement
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.stats.evidence.report import build_evidence
from tina_bench.stats.evidence.standings import build_standings
from tina_bench.stats.evidence.types import EstimatedGain, PublicEvidence, Standings
from tina_bench.stats.report import build_report
from tina_bench.stats.types import Comparison, Judgement, Report, TaskEstimate
from tina_bench.store.home import Home, cached_reader
from tina_bench.store.imported_results import ImportedResult
from tina_bench.store.records import ResultRecord

_NAME: TypeAdapter[str] = TypeAdapter(Name)
DIGEST_DIGITS = 12


@dataclass(frozen=True)
class SiteContext:
    """Records, report, bill and curves of one home, with the catalog they are read with."""

    home: Home
    """Where the logs are."""
    catalog: Catalog
    """Titles, claims, recipes, prices."""
    report: Report
    """Statistics of the records."""
    records: dict[tuple[str, str], ResultRecord]
    """By model and task."""
    bill: Bill
    """The ledger, added up."""
    curves: tuple[Curve, ...]
    """Trainings."""
    imported: tuple[ImportedResult, ...] = ()
    """Scores from others' result files, oldest first."""
    lock_digest: str | None = None
    """Names the bytes behind everything; `None` where no lock was given."""
    cache: Cache = field(default_factory=Cache)
    """Drawings and results of earlier builds."""

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Models that have a result, a cost or a training, in the order of the catalog."""
        seen = {model for model, _ in self.records} | set(self.bill.by_model)
        return _ordered(seen | {curve.model for curve in self.curves}, self.catalog.models)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Tasks that have a result, in the order of the catalog."""
        return _ordered({task for _, task in self.records}, self.catalog.tasks)

    @cached_property
    def all_models(self) -> tuple[str, ...]:
        """`models`, and those with a published score, in the order of the catalog."""
        claimed = {claim.model for claim in self.catalog.claims.values()}
        claimed |= {average.model for average in self.catalog.averages.values()}
        return _ordered({*self.models, *claimed}, self.catalog.models)

    @cached_property
    def all_tasks(self) -> tuple[str, ...]:
        """`tasks`, and those with a published score, in the order of the catalog."""
        claimed = {claim.task for claim in self.catalog.claims.values()}
        return _ordered({*self.tasks, *claimed}, self.catalog.tasks)

    @cached_property
    def catalog_digest(self) -> str:
        """Names the content of the catalog, whatever files it was read from."""
        return digest(self.catalog.model_dump(mode="json"))

    @cached_property
    def record_cache(self) -> RecordCache:
        """The cache of what statistics compute from these records."""
        return record_cache(self.home, self.records, self.cache)

    @cached_property
    def _imported_digest(self) -> str:
        return digest([result.model_dump(mode="json") for result in self.imported])

    @cached_property
    def audits(self) -> Audits:
        """What the published numbers say of themselves and of each other."""
        records = tuple(self.records.values())
        return self.record_cache.of_records(
            "audits", records, [self.catalog_digest, self._imported_digest], Audits,
            lambda: build_audits(self.catalog, self.imported, records, cache=self.record_cache),
        )  # fmt: skip

    @cached_property
    def public_evidence(self) -> PublicEvidence:
        """An estimate for every score, and what others say of every claim."""
        records = tuple(self.records.values())
        return self.record_cache.of_records(
            "public", records, [self.catalog_digest, self._imported_digest], PublicEvidence,
            lambda: build_evidence(self.catalog, self.imported, records),
        )  # fmt: skip

    @cached_property
    def public(self) -> PublicScores:
        """The same by model and task, claim and measurement."""
        records = tuple(self.records.values())
        return public_scores(self.catalog, self.public_evidence, self.imported, records)

    @cached_property
    def usual_tasks(self) -> tuple[str, ...]:
        """The tasks that most published averages are over."""
        sets = Counter(a.tasks for a in self.catalog.averages.values() if a.tasks)
        return max(sets, key=lambda tasks: (sets[tasks], tasks), default=())

    @cached_property
    def standings(self) -> tuple[Standings, tuple[EstimatedGain, ...]]:
        """Ranks and gains over the base by public evidence, over the usual tasks."""
        if not self.usual_tasks:
            return Standings(tasks=(), level=0.95, rows=(), left_out={}), ()
        return build_standings(self.catalog, self.public_evidence, self.usual_tasks)

    @cached_property
    def published_measurements(self) -> dict[str, tuple[Measurement, ...]]:
        """By model: everything that others measured, each piece once (claims, imported files)."""
        found: dict[str, list[Measurement]] = {}
        for piece in collect_measurements(self.catalog, self.imported).measurements:
            found.setdefault(piece.model, []).append(piece)
        return {model: tuple(pieces) for model, pieces in found.items()}

    @cached_property
    def pairs(self) -> tuple[PairTable, ...]:
        """Every measured model against every other: one table per task, then the average."""
        return compare_all(tuple(self.records.values()), cache=self.record_cache)

    @cached_property
    def ranks(self) -> dict[str, RankTable]:
        """By task, and under `average`: the ranks each model may have, all at once at 95 %."""
        return {table.scope: rank_bands(table) for table in self.pairs}

    @cached_property
    def problems(self) -> Problems:
        """By task and problem id: texts that the home has and that may be published."""
        return Problems(self.home, self.catalog.tasks, self.cache)

    @cached_property
    def sheets(self) -> dict[tuple[str, str], OutcomeGrid]:
        """By model and task: who solved what."""
        return sheets(self.records)

    @cached_property
    def estimates(self) -> dict[tuple[str, str], TaskEstimate]:
        """By model and task."""
        return {(found.model, found.task): found for found in self.report.estimates}

    @cached_property
    def digest(self) -> str:
        """Names the content of all result records: what to cite."""
        named = [[*key, self.record_sha256[key]] for key in sorted(self.records)]
        return digest(named)[:DIGEST_DIGITS]

    @property
    def record_sha256(self) -> Mapping[tuple[str, str], str]:
        """Hash of the file of each record."""
        return self.record_cache.sha256

    def estimates_on(self, task: str) -> list[TaskEstimate]:
        """Our scores on a task, models in the order of the catalog."""
        found = (self.estimates.get((model, task)) for model in self.models)
        return [estimate for estimate in found if estimate is not None]

    def record_file(self, model: str, task: str) -> Path:
        """Where a record stands."""
        return record_file(self.home, self.records[model, task])

    @property
    def newest(self) -> datetime.datetime | None:
        """When the newest result was finished; `None` without results."""
        return max((r.provenance.finished_at for r in self.records.values()), default=None)

    def model_title(self, name: str) -> str:
        """As people print it; the name itself for a model that the catalog lacks."""
        return self.catalog.models[name].title if name in self.catalog.models else name

    def task_title(self, name: str) -> str:
        """As people print it; the name itself for a task that the catalog lacks."""
        return self.catalog.tasks[name].title if name in self.catalog.tasks else name

    def model(self, name: str) -> Model | None:
        """Its catalog entry."""
        return self.catalog.models.get(name)

    def judgements(self, model: str, task: str | None = None) -> tuple[Judgement, ...]:
        """Claims about a model, on one task or all, in the order of the catalog."""
        return tuple(
            found
            for found in self.report.judgements
            if found.model == model and task in (None, found.task)
        )

    @cached_property
    def pooled(self) -> dict[str, Comparison]:
        """By adapter: its comparison with its base over as many tasks as there are."""
        widest: dict[str, Comparison] = {}
        for found in self.report.comparisons:
            before = widest.get(found.model_a)
            if before is None or len(found.tasks) > len(before.tasks):
                widest[found.model_a] = found
        return widest

    def gains_by_task(self, adapter: str) -> dict[str, Comparison]:
        """The adapter's comparisons on single tasks."""
        return {
            found.tasks[0]: found
            for found in self.report.comparisons
            if found.model_a == adapter and len(found.tasks) == 1
        }


def record_file(home: Home, record: ResultRecord) -> Path:
    """Where a home keeps a record."""
    return home.result_file(record.provenance.profile, record.model, record.task)


def record_cache(
    home: Home, records: Mapping[tuple[str, str], ResultRecord], cache: Cache
) -> RecordCache:
    """The cache of what statistics compute from a home's records."""
    sha256 = {key: sha256_file(record_file(home, record)) for key, record in records.items()}
    return RecordCache(cache if cache.folder else None, sha256)


def _ordered(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Names in the order of the catalog, then those that it lacks by name."""
    names = set(names)
    listed = [name for name in known if name in names]
    return (*listed, *sorted(names.difference(listed)))


def _check_names(evidence: SiteContext) -> None:
    """Names become paths, and records may come from anywhere: refuse what is no catalog name."""
    for name in (*evidence.models, *evidence.tasks):
        try:
            _NAME.validate_python(name)
        except ValidationError:
            raise IntegrityError(
                f"{evidence.home.root}: found {name!r} as the name of a model or task, expected "
                "letters, digits, '.', '_' and '-', not more than 80; correct the record."
            ) from None


def collect_context(
    home: Home,
    catalog: Catalog,
    report: Report | None = None,
    profile: str | None = None,
    *,
    measured: Sequence[ResultRecord] | None = None,
    lock_digest: str | None = None,
    cache: Cache | None = None,
) -> SiteContext:
    """Read the home, and make the report if none is given; `measured`: its measurements, if read.

    Raises `IntegrityError` for a record that cannot be trusted, `UsageError` when the report was
    not made from this home's records, or when the home holds several profiles' measurements of one
    thing and none was chosen.
    """
    cache = cache or Cache()
    found = home.measurements(profile, cached_reader(cache)) if measured is None else measured
    records = {(record.model, record.task): record for record in found}
    if report is None:
        report = build_report(catalog, found, record_cache(home, records, cache))
    evidence = SiteContext(
        home=home,
        catalog=catalog,
        report=report,
        records=records,
        bill=add_up_home(home, cache),
        curves=tuple(read_curves(home)),
        imported=tuple(home.imported()),
        lock_digest=lock_digest,
        cache=cache,
    )
    _check_names(evidence)
    if set(evidence.estimates) != set(records):
        raise UsageError(
            f"{home.root}: the report speaks of other results than the home holds; make it anew."
        )
    return evidence
