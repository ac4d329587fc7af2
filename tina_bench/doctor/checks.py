"""All checks of a machine, in the order of the report.

Nothing here changes anything, and no lack is an error: whatever is missing, the rest works.
"""

from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.doctor.containers import container_checks
from tina_bench.doctor.machine import machine_checks
from tina_bench.doctor.types import DoctorCheck


def run_checks(home: Path, catalog: Catalog) -> list[DoctorCheck]:
    """The machine, then containers; takes a few seconds where network or engine do not answer."""
    return [*machine_checks(home), *container_checks(catalog)]
