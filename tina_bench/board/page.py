"""What a module of pages hands to the build."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tina_bench.board.plot import Plot
from tina_bench.board.table import Table


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML page, not yet rendered.

    Nothing that changes with every build (dates, digests, numbers of records) may stand on a page
    that does not speak of it: a change to one record rewrites the pages that show it, no others.
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
    made_of: Any = None
    """A JSON value that names everything the page is made from. With one, the page is kept, and
    neither its context is made nor its template rendered until that changes."""
