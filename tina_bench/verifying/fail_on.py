"""What makes `verify` fail, and with which exit code; what of the audits is a finding."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from tina_bench.errors import (
    BlockedError,
    DamagedLogError,
    IntegrityError,
    TinaBenchError,
    UsageError,
)
from tina_bench.stats.audits.report import Audits
from tina_bench.stats.types import Verdict
from tina_bench.verifying.types import AuditFailure, Verification

EXIT_NOT_REPRODUCED = 1
"""A claim is contradicted, and that counts as a failure."""
EXIT_OTHER = 3
"""No such claim, but something else that counts as a failure."""


class FailOn(StrEnum):
    """What may count as a failure."""

    NOT_REPRODUCED = "not-reproduced"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not-comparable"
    NOT_MEASURED = "not-measured"
    AUDIT = "audit"
    STALE = "stale"
    FLIP = "flip"
    OTHERS_DIFFER = "others-differ"
    NOTHING = "nothing"


DEFAULT = frozenset({FailOn.NOT_REPRODUCED})
STRICT = frozenset({FailOn.NOT_REPRODUCED, FailOn.INCONCLUSIVE})
BY_VERDICT = {
    Verdict.NOT_REPRODUCED: FailOn.NOT_REPRODUCED,
    Verdict.INCONCLUSIVE: FailOn.INCONCLUSIVE,
    Verdict.NOT_COMPARABLE: FailOn.NOT_COMPARABLE,
    Verdict.NOT_MEASURED: FailOn.NOT_MEASURED,
}


def parse_fail_on(given: Iterable[str] | None, *, strict: bool = False) -> frozenset[FailOn]:
    """The words of `--fail-on`, several times or with commas, and `--strict` on top of them.

    Raises `UsageError` for another word, and for `nothing` beside something.
    """
    words = [word.strip() for text in given or () for word in text.split(",")]
    chosen = set()
    for word in words:
        try:
            chosen.add(FailOn(word))
        except ValueError:
            raise UsageError(
                f"--fail-on: found {word!r}, expected any of {', '.join(FailOn)}."
            ) from None
    if strict:
        chosen |= STRICT
    if FailOn.NOTHING in chosen:
        if len(chosen) > 1:
            raise UsageError("--fail-on: found 'nothing' beside something else; say one of both.")
        return frozenset()
    return frozenset(chosen) or DEFAULT


def spelled(fail_on: frozenset[FailOn]) -> tuple[str, ...]:
    """As the command line spells it, in the order of its help."""
    return tuple(str(word) for word in FailOn if word in fail_on) or (str(FailOn.NOTHING),)


def findings_of(audits: Audits) -> tuple[AuditFailure, ...]:
    """Printed values that no number of runs gives, in the order of the audits.

    Optimism of a best of many, disagreement between measurers and the like are estimates with an
    uncertainty, and shown as such; a value that arithmetic excludes is an error in print.
    """
    return tuple(
        AuditFailure(name=f"lattice: {audit.claim}", sentence=audit.sentence)
        for audit in audits.lattice
        if not audit.possible
    )


def error_of(made: Verification, root: Path) -> TinaBenchError | None:
    """Why there are no verdicts to rely on; `None` where there are, also when a claim fails.

    Names the first record under `root` that is not what it says, and how many more there are.
    """
    if made.problems:
        first = next(check for _, check in made.problems if check.exit_code == made.exit_code)
        more = len(made.problems) - 1
        rest = f" ({more} more like it in the output)" if more else ""
        damaged = first.exit_code == DamagedLogError.exit_code
        leaf = DamagedLogError if damaged else IntegrityError
        return leaf(f"{root}/{first.detail.rstrip('.')}{rest}.")
    if made.exit_code == BlockedError.exit_code:
        return BlockedError(
            f"none of {len(made.claims)} claims has a result in {root}; name your claims "
            "with --catalog, or say --fail-on nothing where records alone are to be checked."
        )
    return None
