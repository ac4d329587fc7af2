"""What `verify` hands on, and the schema of its `--json`."""

import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from tina_bench.stats.audits.report import Audits
from tina_bench.stats.evidence.types import CellEstimate, OthersSay, ScoreEstimate
from tina_bench.stats.graders.audit import GraderAudit
from tina_bench.stats.types import Judgement, Shape, Verdict


class CheckState(StrEnum):
    """Whether what a record says was found to be so."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_CHECKED = "not checked"


class Check(Shape):
    """One question to one record."""

    what: str
    """What was looked at."""
    state: CheckState
    """`not checked` is reported with its reason, and is no failure by itself."""
    detail: str
    """What was found, or why it could not be checked; files relative to the records' folder."""
    exit_code: int = 0
    """With `differs`: 14 changed bytes or contradicting values, 15 a damaged log."""


class RecordCheck(Shape):
    """One result record, recomputed from its grades."""

    file: str
    """Relative to the records' folder."""
    model: str
    """From the file's path."""
    task: str
    """From the file's path."""
    profile: str
    """From the file's path."""
    n: int | None
    """Problems; `None` where the record cannot be read."""
    k: int | None
    """Runs; `None` where the record cannot be read."""
    recorded_percent: float | None
    """avg@k as the record has it; `None` where it has none."""
    recomputed_percent: float | None
    """avg@k from the grades; `None` where they could not be read."""
    checks: tuple[Check, ...]
    """In a fixed order."""

    @property
    def problems(self) -> tuple[Check, ...]:
        """What differs; no claim is judged by a record with any."""
        return tuple(check for check in self.checks if check.state is CheckState.DIFFERS)


class Acceptance(Shape):
    """Why a case that would fail does not."""

    reason: str
    """As its author wrote it."""
    date: datetime.date
    """When it was written."""
    by: str | None
    """Who wrote it, where the entry has a name."""
    evidence_changed: bool
    """The records have changed since, and with them neither verdict nor direction."""


class CostToDecide(Shape):
    """About what the further seeds of an open case take."""

    seeds: int
    """Further runs of the task, each with a seed of its own."""
    gpu_hours: float | None
    """GPUs held times wall time, hours; `None` when unknown."""
    gpu_hours_range: tuple[float, float] | None
    """The ends of what the figures' sources saw; `None` when unknown."""
    usd: float | None
    """US dollars; `None` when unknown."""
    usd_range: tuple[float, float] | None
    """The ends of what the figures' sources saw; `None` when unknown."""
    basis: str
    """The device, and where speed and price come from."""


class ClaimResult(Judgement):
    """A judgement and what CI makes of it."""

    fails: bool
    """Counts against the exit code."""
    accepted: Acceptance | None = None
    """By the baseline file; then it does not fail."""
    acceptance_void: str | None = None
    """Why the baseline's acceptance does not hold any more."""
    integrity: str | None = None
    """Why nothing was judged: the record of its model and task contradicts its logs or itself."""
    evidence_sha256: str | None = None
    """Hash of the answers that the verdict rests on; `None` where nothing was measured."""
    records: tuple[str, ...] = ()
    """Files of the records that it was judged by, relative to their folder; an average has one per
    task."""
    further: CostToDecide | None = None
    """With INCONCLUSIVE: what deciding it takes; `None` where no number of seeds decides."""
    estimate: ScoreEstimate | None = None
    """The best estimate of the score from all public evidence, our own included; `None` where that
    was not asked for, and for an average whose tasks are not known."""
    others: OthersSay | None = None
    """What other teams say of the claim; no verdict, and in no count of verdicts. `None` where that
    was not asked for."""
    others_fail: bool = False
    """What others say counts against the exit code."""


class AuditFailure(Shape):
    """Something that an audit found wrong with a published number; fails with `--fail-on audit`."""

    name: str
    """Which audit, and what it is about."""
    sentence: str
    """What was found."""


class StaleEntry(Shape):
    """An entry of the baseline file that is not needed any more."""

    claim: str
    """Its claim."""
    reason: str
    """Why it is not needed."""


class Verification(Shape):
    """All of it: what `verify --json` prints."""

    schema_version: Literal[1] = 1
    exit_code: int
    """0 nothing fails; 1 a NOT_REPRODUCED fails; 3 only something else fails; 14-15 records
    contradict their logs or themselves; 22 no claim is about any of them."""
    fail_on: tuple[str, ...]
    """What is to fail, as `--fail-on` spells it."""
    counts: dict[str, int]
    """Claims by verdict, all verdicts named; claims whose record is broken are under INTEGRITY."""
    accepted: int
    """Claims that the baseline file keeps from failing."""
    claims: tuple[ClaimResult, ...]
    """In the order of the catalog."""
    records: tuple[RecordCheck, ...]
    """By file name."""
    imported: int
    """Result files of others that the audits could use."""
    stale: tuple[StaleEntry, ...]
    """Entries of the baseline that are not needed."""
    findings: tuple[AuditFailure, ...]
    """What the audits found wrong."""
    audits: Audits | None
    """Every audit in full; `None` where audits were not requested."""
    others_counts: dict[str, int] = Field(default_factory=dict)
    """Claims by the word of others, all words named; empty where that was not requested."""
    estimates: tuple[CellEstimate, ...] = ()
    """The best estimate of every model and task, with what it rests on; empty where that was not
    requested."""
    regraded: GraderAudit | None = None
    """What grading the stored answers again gave; `None` where that was not requested."""

    @property
    def problems(self) -> tuple[tuple[RecordCheck, Check], ...]:
        """Every check in which a record differs from its logs, the lock or itself."""
        return tuple((record, check) for record in self.records for check in record.problems)

    def of(self, verdict: Verdict) -> tuple[ClaimResult, ...]:
        """Claims with that verdict, broken records apart."""
        return tuple(c for c in self.claims if c.verdict is verdict and c.integrity is None)
