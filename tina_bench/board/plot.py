"""What a drawing is to a page."""

from dataclasses import dataclass

from markupsafe import Markup

from tina_bench.board.table import Table


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
