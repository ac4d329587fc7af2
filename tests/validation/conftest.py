import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

Findings = Callable[[str, list[dict[str, object]]], None]


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether this is `make validate` and not the slice that CI runs."""
    return os.environ.get("TINA_BENCH_VALIDATE") == "full"


@pytest.fixture(scope="session")
def findings() -> Findings:
    """Keep a table for docs/statistics.md, in the folder that `make validate` names."""
    folder = os.environ.get("TINA_BENCH_FINDINGS")

    def keep(topic: str, rows: list[dict[str, object]]) -> None:
        assert rows, f"{topic}: nothing was simulated"
        if folder:
            path = Path(folder) / f"{topic}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(rows, indent=1) + "\n")

    return keep
