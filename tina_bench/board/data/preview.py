"""What a link to the front page unfolds to, where it is shared (Open Graph, ogp.me)."""

from dataclasses import dataclass

from tina_bench.board.data.picture import PICTURE_FILE, SIZE
from tina_bench.board.evidence import Evidence
from tina_bench.board.pages.front import headline


@dataclass(frozen=True, slots=True)
class Preview:
    """Values of the front page's meta elements."""

    title: str
    """`og:title`."""
    description: str
    """`og:description`, `description`, and the picture's text alternative."""
    url: str | None
    """`og:url`; Open Graph wants absolute addresses, so it is left out where none is known."""
    image: str | None
    """`og:image`, likewise."""
    width: int = SIZE[0]
    """Of the picture, in pixels."""
    height: int = SIZE[1]
    """Of the picture, in pixels."""


def preview(evidence: Evidence, base_url: str | None) -> Preview:
    """The preview of a site that will lie at `base_url`, which ends in a slash."""
    return Preview(
        title="tina-bench: which published scores hold?",
        description=headline(evidence),
        url=base_url,
        image=base_url and f"{base_url}{PICTURE_FILE}",
    )
