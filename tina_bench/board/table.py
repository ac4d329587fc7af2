"""A table of the site: what a page shows rounded, a table holds in full.

Each table is written twice from the same rows, as CSV and as JSON. In CSV an unknown value is an
empty field and a list is joined by `;`; in JSON it is `null` and a list. Text that a model wrote is
in no table: a spreadsheet would run some of it.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Rows with the same columns."""

    name: str
    """Path below `data/`, without the ending."""
    about: str
    """One sentence for people."""
    columns: tuple[str, ...]
    """In order."""
    rows: tuple[Row, ...]
    """Values by column."""
    kind: str = ""
    """Name of the schema, where several tables share one; the name itself if not given."""

    def __post_init__(self) -> None:
        """A table is of its own kind unless it says otherwise."""
        if not self.kind:
            object.__setattr__(self, "kind", self.name)

    @classmethod
    def of(
        cls, name: str, about: str, rows: Iterable[Row], columns: Sequence[str], kind: str = ""
    ) -> "Table":
        """A table whose columns are the first row's keys; `columns` where there is no row."""
        found = tuple(rows)
        return cls(name, about, tuple(found[0]) if found else tuple(columns), found, kind)

    def csv(self) -> bytes:
        """UTF-8, one header line, floats in full."""
        flat = [
            [";".join(map(str, v)) if isinstance(v, tuple | list) else v for v in row.values()]
            for row in self.rows
        ]
        # dtype=object: a column of whole numbers with a gap in it must not turn into floats.
        frame = pd.DataFrame(flat, columns=list(self.columns), dtype=object)
        return frame.to_csv(index=False, lineterminator="\n").encode()

    def json(self) -> bytes:
        """A list of objects."""
        return (json.dumps(list(self.rows), indent=1, allow_nan=False) + "\n").encode()
