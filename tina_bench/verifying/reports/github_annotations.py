"""GitHub's workflow commands: findings beside the line of the file that they are about.

Guarantees: a value cannot end its command or begin another, whatever it contains. GitHub shows ten
errors and ten warnings of a step at most, so the gravest come first and the rest is counted.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tina_bench.formatting.escape import printable
from tina_bench.stats.types import Verdict
from tina_bench.verifying.reports.claim_locations import Place
from tina_bench.verifying.reports.text import deciding
from tina_bench.verifying.types import ClaimResult, Verification

SHOWN = 10
Level = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class Annotation:
    """One finding."""

    level: Level
    title: str
    message: str
    place: Place | None = None


def escape_data(text: str) -> str:
    """A message: percent signs and line ends spelled as GitHub's runner reads them."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """A property's value: colons and commas too, which end one."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def command(found: Annotation) -> str:
    """One workflow command, without line end."""
    properties = {}
    if found.place is not None:
        properties["file"] = found.place.file
        properties["line"] = str(found.place.line)
    properties["title"] = printable(found.title)
    joined = ",".join(f"{key}={escape_property(value)}" for key, value in properties.items())
    return f"::{found.level} {joined}::{escape_data(printable(found.message))}"


def silenced(text: str) -> str:
    """Text that the runner prints as it is, even where a line of it looks like a command.

    The token that gives the runner its ears back is a hash of the text, which the text cannot
    contain.
    """
    token = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"::stop-commands::{token}\n{text.rstrip()}\n::{token}::\n"


def annotations(
    made: Verification, places: dict[str, Place], records: dict[str, Place]
) -> list[str]:
    """Every finding as a command; `places` by claim, `records` by the record's file."""
    found = [
        Annotation("error", f"{record.file}: {check.what}", check.detail, records.get(record.file))
        for record, check in made.problems
    ]
    for claim in made.claims:
        place = places.get(claim.claim) or next(
            (records[r] for r in claim.records if r in records), None
        )
        found += _of_claim(claim, place)
    for finding in made.findings:
        level: Level = "error" if "audit" in made.fail_on else "notice"
        claim_name = finding.name.partition(": ")[2]
        found.append(Annotation(level, finding.name, finding.sentence, places.get(claim_name)))
    for stale in made.stale:
        level = "error" if "stale" in made.fail_on else "warning"
        found.append(
            Annotation(
                level, f"baseline: {stale.claim}", f"The entry is not needed: {stale.reason}."
            )
        )
    return [command(annotation) for annotation in _at_most(found)]


def _of_claim(claim: ClaimResult, place: Place | None) -> Iterable[Annotation]:
    title = f"{claim.claim}: {claim.verdict}"
    if claim.others is not None and claim.others_fail:
        name = f"{claim.claim}: {claim.others.word}"
        yield Annotation("error", name, claim.others.sentence, place)
    if claim.integrity is not None:
        return
    if claim.accepted is not None:
        message = f"Accepted on {claim.accepted.date}: {claim.accepted.reason} {claim.reason}"
        yield Annotation("notice", f"{title}, accepted", message, place)
    elif claim.fails or claim.acceptance_void is not None:
        void = ""
        if claim.acceptance_void is not None:
            void = f"Acceptance void: {claim.acceptance_void}. "
        message = f"{void}{claim.reason}"
        yield Annotation("error" if claim.fails else "warning", title, message, place)
    elif claim.verdict in {Verdict.NOT_REPRODUCED, Verdict.INCONCLUSIVE, Verdict.NOT_COMPARABLE}:
        decides = f" {deciding(claim)}" if claim.would_decide else ""
        yield Annotation("warning", title, f"{claim.reason}{decides}", place)


def _at_most(found: list[Annotation]) -> list[Annotation]:
    kept: list[Annotation] = []
    levels: tuple[Level, ...] = ("error", "warning", "notice")
    for level in levels:
        of_level = [annotation for annotation in found if annotation.level == level]
        kept += of_level[:SHOWN]
        if len(of_level) > SHOWN:
            left = len(of_level) - SHOWN
            # In the place of the last: GitHub drops everything beyond, and this must not be it.
            kept[-1] = Annotation(
                level, "tina-bench verify", f"And {left + 1} more; the step's summary has them all."
            )
    return kept


def file_place(path: Path, line: int, workspace: Path) -> Place | None:
    """A place as GitHub wants it, relative to the workspace; `None` outside of it."""
    resolved, root = path.resolve(), workspace.resolve()
    if not resolved.is_relative_to(root):
        return None
    return Place(file=resolved.relative_to(root).as_posix(), line=line)
