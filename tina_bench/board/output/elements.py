"""What a module of pages returns to the build: pages, their figures, and their tables.

A table: what a page shows rounded, a table holds in full.

Each table is written twice from the same rows, as CSV and as JSON. In CSV an unknown value is an
empty field and a list is joined by `;`; in JSON it is `null` and a list. Text that a model wrote is
in no table: a spreadsheet would run some of it.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

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
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(
            [";".join(map(str, v)) if isinstance(v, tuple | list) else v for v in row.values()]
            for row in self.rows
        )
        return text.getvalue().encode()

    def json(self) -> bytes:
        """A list of objects, one a line."""
        lines = (json.dumps(row, allow_nan=False) for row in self.rows)
        return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure for a page."""

    name: str
    """Id on its page."""
    svg: Markup
    """The picture, with its text alternative."""
    caption: str
    """What it shows and how to read it."""
    data: str
    """CSV it was drawn from, a path from the site's root."""
    table: Table | None = None
    """Rows of `data` where that file holds nothing else; the build writes it."""


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML page, not yet rendered.

    Nothing that changes with every build (dates, digests, numbers of records) may stand on a page
    that is not about it: a change to one record rewrites the pages that show it, no others.
    """

    path: str
    """From the site's root; stable, since others link to it."""
    template: str
    """Template file."""
    context: Mapping[str, Any] | Callable[[], Mapping[str, Any]]
    """Names the template uses, besides those that all templates have; or what makes them."""
    plots: tuple[Plot, ...] = ()
    """Figures on it, so that their tables are written."""
    tables: tuple[Table, ...] = field(default=())
    """Further tables that are written with it."""
    depends_on: Any = None
    """A JSON value that names everything the page depends on. With one, the page is cached: its
    context is not computed, nor its template rendered, until that changes."""
