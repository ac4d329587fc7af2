"""Records in, verdicts out: what `tina-bench verify` judges, before any file is written.

Deterministic: the same records, catalog, lock and baseline give the same `Verification`, byte for
byte as JSON, whatever the order of files, the machine, the time or the number of runs before.
"""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import BlockedError, UsageError
from tina_bench.files.hashing import digest
from tina_bench.lock.lockfile import Lock
from tina_bench.stats.audits.report import Audits, build_audits
from tina_bench.stats.claims.labels import INTEGRITY
from tina_bench.stats.evidence.report import build_evidence
from tina_bench.stats.evidence.types import CellEstimate, Others, PublicEvidence
from tina_bench.stats.graders.audit import GraderAudit
from tina_bench.stats.report import build_report
from tina_bench.stats.types import Judgement, Verdict
from tina_bench.store.home import Home
from tina_bench.store.log_identity import evidence_sha256
from tina_bench.store.records import ResultRecord
from tina_bench.verifying.baseline import Baseline, check_acceptance, entry_for, stale_entries
from tina_bench.verifying.cost_to_decide import Pricer
from tina_bench.verifying.fail_on import (
    BY_VERDICT,
    DEFAULT,
    EXIT_NOT_REPRODUCED,
    EXIT_OTHER,
    FailOn,
    findings_of,
    spelled,
)
from tina_bench.verifying.others import Known, counted, known_of
from tina_bench.verifying.record_checks import CheckedRecord, check_folder
from tina_bench.verifying.types import Acceptance, ClaimResult, Verification


@dataclass(frozen=True)
class CasesToAccept:
    """Claims whose cases, as they stand now, become entries of the baseline."""

    claims: tuple[str, ...]
    """Catalog names."""
    reason: str
    """Why they are accepted."""
    by: str | None = None
    """Who accepts them."""


@dataclass(frozen=True)
class VerifyOptions:
    """What to verify, and what fails."""

    profile: str | None = None
    """Only records of this profile; needed where a folder holds several."""
    models: tuple[str, ...] = ()
    """Only claims about these models; all if empty."""
    fail_on: frozenset[FailOn] = DEFAULT
    """What counts against the exit code."""
    baseline: Baseline = field(default_factory=Baseline)
    """Cases that are accepted already; those of a baseline file take their place."""
    accept: CasesToAccept | None = None
    """Further ones."""
    without_samples: bool = False
    """Sample logs may be missing, and every output says so."""
    regrade: bool = False
    """Grade every stored answer again by its task's own metric; needs the samples."""
    audits: bool = True
    """Audit the published numbers, too: a second or two."""
    others: bool = True
    """Estimate every score from all public evidence, and say what other teams say of every claim:
    half a second."""
    need_results: bool = False
    """A home with neither results nor imports is no success, whatever others measured."""
    others_suffice: bool = False
    """What others measured is enough to verify by, where nothing was measured or imported here."""
    price_usd_per_hour: float | None = None
    """Instead of the stack's own, for what further seeds would cost; US dollars."""


@dataclass(frozen=True)
class JudgedRecords:
    """What the records support before anything is accepted or made to fail."""

    checked: tuple[CheckedRecord, ...]
    judgements: tuple[Judgement, ...]
    """Of every claim of the catalog: the verdicts' corrections are over all of them."""
    audits: Audits | None
    """`None` where they were not asked for."""
    evidence: PublicEvidence | None
    """`None` where it was not asked for."""
    known: Known | None
    """The same by claim."""
    imported: int
    pricer: Pricer

    @property
    def sound(self) -> list[ResultRecord]:
        """Records that are what they say."""
        return [c.record for c in self.checked if c.record is not None and not c.check.problems]

    def behind(self, judgement: Judgement) -> list[CheckedRecord]:
        """What a claim is judged by: one record, or for an average one per task."""
        tasks = judgement.tasks or (judgement.task,)
        return [
            checked
            for checked in self.checked
            if checked.check.model == judgement.model and checked.check.task in tasks
        ]


def judge(home: Home, catalog: Catalog, lock: Lock, ask: VerifyOptions) -> JudgedRecords:
    """Check the records and judge every claim by those that are what they say.

    Raises `BlockedError` where a folder holds neither results nor imports, `UsageError` for a model
    that neither catalog nor records have and for records that do not fit together,
    `IntegrityError` for a broken import.
    """
    checked = check_folder(
        home, catalog, lock, profile=ask.profile, without_samples=ask.without_samples
    )
    imported = home.imported()
    if not checked and not imported and not ask.others_suffice:
        raise BlockedError(
            f"none of {len(catalog.claims)} claims has a result in {home.root}, and nothing is "
            "imported there; run `tina-bench reproduce` or `tina-bench import` first, or name "
            "another folder with --home."
        )
    for name in ask.models:
        if name not in catalog.models and all(c.check.model != name for c in checked):
            raise UsageError(f"--model: there is no model {name!r} in the catalog or the records.")
    sound = [c.record for c in checked if c.record is not None and not c.check.problems]
    evidence = build_evidence(catalog, imported, sound) if ask.others else None
    return JudgedRecords(
        checked=tuple(checked),
        judgements=build_report(catalog, sound).judgements,
        audits=build_audits(catalog, imported, sound) if ask.audits else None,
        evidence=evidence,
        known=None if evidence is None else known_of(evidence, catalog),
        imported=len({result.id for result in imported}),
        pricer=Pricer(home, catalog, sound, ask.price_usd_per_hour),
    )


def verify(
    judged: JudgedRecords, ask: VerifyOptions, regraded: GraderAudit | None = None
) -> Verification:
    """Weigh what was judged against the baseline, and say what fails."""
    chosen = [j for j in judged.judgements if not ask.models or j.model in ask.models]
    claims = tuple(_result(judged, judgement, ask) for judgement in chosen)
    broken = {claim.claim: claim.integrity for claim in claims if claim.integrity is not None}
    stale = stale_entries(ask.baseline, judged.judgements, broken)
    audits = judged.audits
    if audits is not None and ask.models:
        audits = audits.about(ask.models)
    findings = () if audits is None else findings_of(audits)
    counts = Counter(INTEGRITY if c.integrity is not None else str(c.verdict) for c in claims)
    named = {str(verdict): counts[verdict] for verdict in Verdict}
    if broken:
        named[INTEGRITY] = counts[INTEGRITY]
    records = tuple(checked.check for checked in judged.checked)
    made = Verification(
        exit_code=0,
        fail_on=spelled(ask.fail_on),
        counts=named,
        accepted=sum(claim.accepted is not None for claim in claims),
        claims=claims,
        records=records,
        imported=judged.imported,
        stale=stale,
        findings=findings,
        audits=audits,
        others_counts=counted(claims),
        estimates=_estimates(judged, ask),
        regraded=regraded,
    )
    return made.model_copy(update={"exit_code": _exit_code(made, ask)})


def _estimates(judged: JudgedRecords, ask: VerifyOptions) -> tuple[CellEstimate, ...]:
    cells = () if judged.evidence is None else judged.evidence.cells
    return tuple(cell for cell in cells if not ask.models or cell.model in ask.models)


def _exit_code(made: Verification, ask: VerifyOptions) -> int:
    """Changed bytes first, then nothing verified, then a contradicted claim, then the rest."""
    fail_on = ask.fail_on
    if made.problems:
        return min(check.exit_code for _, check in made.problems)
    told = any(claim.verdict is not Verdict.NOT_MEASURED for claim in made.claims)
    nothing = not made.records and ask.others_suffice
    if fail_on and not told and not made.imported and not nothing:
        return BlockedError.exit_code
    failing = {claim.verdict for claim in made.claims if claim.fails}
    if Verdict.NOT_REPRODUCED in failing:
        return EXIT_NOT_REPRODUCED
    audit = FailOn.AUDIT in fail_on and made.findings
    stale = FailOn.STALE in fail_on and made.stale
    flips = FailOn.FLIP in fail_on and made.regraded and any(c.flips for c in made.regraded.cells)
    others = any(claim.others_fail for claim in made.claims)
    return EXIT_OTHER if failing or audit or stale or flips or others else 0


def _result(judged: JudgedRecords, judgement: Judgement, ask: VerifyOptions) -> ClaimResult:
    behind = judged.behind(judgement)
    values = {name: getattr(judgement, name) for name in Judgement.model_fields}
    files = tuple(checked.check.file for checked in behind)
    if judged.known is not None:
        others = judged.known.others.get(judgement.claim)
        differ = others is not None and others.word is Others.DIFFER
        values |= {
            "estimate": judged.known.estimate_of(judgement),
            "others": others,
            "others_fail": differ and FailOn.OTHERS_DIFFER in ask.fail_on,
        }
    broken = [checked.check for checked in behind if checked.check.problems]
    if broken:
        why = broken[0].problems[0].detail
        return ClaimResult(**values, fails=False, integrity=why, records=files)
    records = [checked.record for checked in behind if checked.record is not None]
    evidence = _evidence(judgement, records)
    accepted: Acceptance | None = None
    void: str | None = None
    entry = ask.baseline.accepted.get(judgement.claim)
    if entry is not None and judgement.verdict is not Verdict.REPRODUCED:
        accepted, void = check_acceptance(entry, judgement, evidence)
    asked = BY_VERDICT.get(judgement.verdict)
    return ClaimResult(
        **values,
        fails=accepted is None and asked in ask.fail_on,
        accepted=accepted,
        acceptance_void=void,
        evidence_sha256=evidence,
        records=files,
        further=judged.pricer.price(judgement),
    )


def _evidence(judgement: Judgement, records: Sequence[ResultRecord]) -> str | None:
    """One hash for all answers that a verdict rests on; `None` where it rests on none."""
    if judgement.verdict is Verdict.NOT_MEASURED or not records:
        return None
    hashes = sorted(evidence_sha256(record) for record in records)
    return hashes[0] if len(hashes) == 1 else digest(hashes)


def accept_cases(
    judged: JudgedRecords,
    baseline: Baseline,
    names: Sequence[str],
    *,
    reason: str,
    by: str | None,
    date: datetime.date,
) -> Baseline:
    """The baseline with these claims' cases as they stand now.

    Raises `UsageError` for a claim that does not exist, that is REPRODUCED, or whose record is not
    what it says.
    """
    accepted = dict(baseline.accepted)
    for name in names:
        found = [judgement for judgement in judged.judgements if judgement.claim == name]
        if len(found) != 1:
            there = "there is no such claim" if not found else "a claim and an average share it"
            raise UsageError(
                f"--accept: found the name {name!r}, and {there} in the catalog; "
                "`tina-bench catalog list claims averages` has the names."
            )
        behind = judged.behind(found[0])
        for problem in (problem for checked in behind for problem in checked.check.problems):
            raise UsageError(
                f"--accept {name}: its record is not what it says, and that cannot be accepted: "
                f"{problem.detail}"
            )
        records = [checked.record for checked in behind if checked.record is not None]
        evidence = _evidence(found[0], records)
        accepted[name] = entry_for(found[0], evidence, reason=reason, date=date, by=by)
    return Baseline(accepted=accepted)
