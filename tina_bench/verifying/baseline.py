"""Baseline files: known discrepancies that shall not fail CI for ever, each with a reason.

TOML, written by `verify --accept`, reviewed like a lock file. An entry states the case that its
author saw: verdict, direction, the value as printed. It holds for that case only. Once the verdict,
the direction or the printed value is another, the entry is void and the claim fails as before. New
answers that change neither leave it standing, and the outputs say that the evidence has changed.
"""

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field, ValidationError, field_validator

from tina_bench.catalog.fields import Name, Sha256
from tina_bench.errors import UsageError
from tina_bench.files.atomic import write_text
from tina_bench.files.strict import MalformedError, first_wrong, read_toml
from tina_bench.formatting.escape import printable
from tina_bench.stats.types import Judgement, Shape, Verdict
from tina_bench.verifying.types import Acceptance, StaleEntry

DEFAULT_NAME = "tina-bench-baseline.toml"
REASON_CHARACTERS = 2000
HEADER = (
    "# Known discrepancies that do not fail `tina-bench verify --baseline`, written by\n"
    "# `tina-bench verify --accept CLAIM --reason TEXT`; review it like a lock file.\n\n"
)
Direction = Literal["lower", "higher", "equal"]


class BaselineEntry(Shape):
    """One accepted case."""

    verdict: Verdict
    """That was seen."""
    direction: Direction | None = None
    """Where ours lay, seen from the claim; absent where nothing was measured."""
    claimed_percent: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,6})?$")]
    """As printed, digits included."""
    measured_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    """Ours then; absent where nothing was measured."""
    evidence_sha256: Sha256 | None = None
    """Hash of our answers then; absent where nothing was measured."""
    reason: Annotated[str, Field(min_length=1, max_length=REASON_CHARACTERS)]
    """Why it is accepted."""
    date: datetime.date
    """When."""
    by: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Who accepted it."""

    @field_validator("reason")
    @classmethod
    def _says_something(cls, reason: str) -> str:
        if not reason.strip():
            raise ValueError("a reason that says something")
        return reason

    @field_validator("verdict")
    @classmethod
    def _can_fail(cls, verdict: Verdict) -> Verdict:
        if verdict is Verdict.REPRODUCED:
            raise ValueError("a verdict that can fail; REPRODUCED needs no acceptance")
        return verdict


class Baseline(Shape):
    """The whole file."""

    schema_version: Literal[1] = 1
    accepted: dict[Name, BaselineEntry] = Field(default_factory=dict)
    """By catalog name of the claim."""


def direction_of(judgement: Judgement) -> Direction | None:
    """Where ours lies, seen from the claim; `None` where nothing was measured."""
    if judgement.direction is not None:
        return judgement.direction
    apart = judgement.difference_points
    if apart is None:
        return None
    return "equal" if abs(apart) < 1e-9 else "lower" if apart < 0 else "higher"


def printed(judgement: Judgement) -> str:
    """The claimed value with the digits that it was printed with."""
    return f"{judgement.claimed_percent:.{judgement.decimals}f}"


def entry_for(
    judgement: Judgement,
    evidence_sha256: str | None,
    *,
    reason: str,
    date: datetime.date,
    by: str | None = None,
) -> BaselineEntry:
    """The entry that accepts a case as it stands; raises `UsageError` where there is none to."""
    if judgement.verdict is Verdict.REPRODUCED:
        raise UsageError(
            f"--accept {judgement.claim}: the claim is REPRODUCED, so there is nothing to accept."
        )
    try:
        return BaselineEntry(
            verdict=judgement.verdict,
            direction=direction_of(judgement),
            claimed_percent=printed(judgement),
            measured_percent=judgement.measured_percent,
            evidence_sha256=evidence_sha256,
            reason=reason,
            date=date,
            by=by,
        )
    except ValidationError as error:
        wrong = printable(str(first_wrong(error)))
        raise UsageError(f"--accept {judgement.claim}: {wrong}.") from None


def baseline_text(baseline: Baseline) -> str:
    """A baseline as TOML, by claim name: the same entries give the same bytes."""
    accepted: dict[str, dict[str, Any]] = {}
    for name, entry in sorted(baseline.accepted.items()):
        values = entry.model_dump(mode="json", exclude_none=True)
        # TOML has dates, and a reviewer should not have to read them as text.
        accepted[name] = values | {"date": entry.date}
    return HEADER + tomli_w.dumps({"schema_version": 1, "accepted": accepted})


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline, whole or not at all; raises `UsageError` where that is impossible."""
    try:
        write_text(path, baseline_text(baseline))
    except OSError as error:
        raise UsageError(
            f"--baseline {path}: cannot be written: {error.strerror}; name another file."
        ) from None


def read_baseline(path: Path) -> Baseline:
    """Read a baseline; raises `UsageError` naming file, key, what was found and what expected."""
    try:
        return read_toml(path, "a baseline file", Baseline)
    except FileNotFoundError:
        raise UsageError(
            f"{path}: does not exist; `tina-bench verify --accept CLAIM --reason TEXT "
            f"--baseline {path}` makes it."
        ) from None
    except MalformedError as error:
        raise _refusal(path, error) from None


def _refusal(path: Path, wrong: MalformedError) -> UsageError:
    return UsageError(
        f"{path}: {printable(str(wrong))}; correct it, or remove the entry and accept the case "
        "again."
    )


def check_acceptance(
    entry: BaselineEntry, judgement: Judgement, evidence_sha256: str | None
) -> tuple[Acceptance | None, str | None]:
    """An acceptance, or why the entry does not hold for the claim as it stands now."""
    now = {
        "verdict": str(judgement.verdict),
        "direction": direction_of(judgement),
        "printed value": printed(judgement),
    }
    then = {
        "verdict": str(entry.verdict),
        "direction": entry.direction,
        "printed value": entry.claimed_percent,
    }
    changed = [
        f"the {what} was {then[what] or 'none'} and is {now[what] or 'none'}"
        for what in now
        if now[what] != then[what]
    ]
    if changed:
        return None, (
            f"accepted on {entry.date} for another case: {'; '.join(changed)}; "
            "accept it anew, or remove the entry"
        )
    return (
        Acceptance(
            reason=entry.reason,
            date=entry.date,
            by=entry.by,
            evidence_changed=entry.evidence_sha256 != evidence_sha256,
        ),
        None,
    )


def stale_entries(
    baseline: Baseline, judgements: Iterable[Judgement], broken: Mapping[str, str]
) -> tuple[StaleEntry, ...]:
    """Entries that keep nothing from failing: the claim is gone, or is reproduced by now.

    An entry that a claim has outgrown in another way is void and is told with the claim itself.
    `broken`: claims that could not be judged; nobody can tell whether they need their entry.
    """
    verdicts = {judgement.claim: judgement.verdict for judgement in judgements}
    found = []
    for name in sorted(baseline.accepted):
        if name in broken:
            continue
        verdict = verdicts.get(name)
        if verdict is None:
            found.append(StaleEntry(claim=name, reason="the catalog has no such claim"))
        elif verdict is Verdict.REPRODUCED:
            found.append(StaleEntry(claim=name, reason="the claim is REPRODUCED"))
    return tuple(found)
