"""The page of costs."""

from collections.abc import Iterator

from tina_bench.board.evidence import Evidence
from tina_bench.board.page import Page


def pages(evidence: Evidence) -> Iterator[Page]:
    """One page, whatever the ledger holds."""
    del evidence
    yield Page("cost.html", "cost.html", {})
