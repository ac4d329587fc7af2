"""What of the audits is a finding: something that a maintainer may want CI to fail on."""

from tina_bench.stats.audits.report import Audits
from tina_bench.verifying.shapes import Finding


def findings_of(audits: Audits) -> tuple[Finding, ...]:
    """Printed values that no number of runs gives, in the order of the audits.

    Optimism of a best of many, disagreement between measurers and the like are estimates with an
    uncertainty, and shown as such; a value that arithmetic excludes is an error in print.
    """
    return tuple(
        Finding(name=f"lattice: {audit.claim}", sentence=audit.sentence)
        for audit in audits.lattice
        if not audit.possible
    )
