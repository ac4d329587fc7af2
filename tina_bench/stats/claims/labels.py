"""Word, sign and colour of each verdict, wherever one is shown: terminal, pages, plots, files."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tina_bench.stats.types import Verdict


@dataclass(frozen=True, slots=True)
class Label:
    """How a verdict, or the lack of one, is shown."""

    word: str
    """In running text, as in `not reproduced`."""
    counted: str
    """After a number, as in `1 open`."""
    sign: str
    """One character beside the word, so that the colour says nothing alone."""
    emoji: str
    """The same in Markdown, where text has no colour."""
    terminal: str
    """Colour in a terminal, as rich names it."""
    hexadecimal: str
    """Colour on a light ground; text in it has a contrast of 4.5 to 1 or more. The style sheet of
    the pages has the same colour under the role's name, and another for dark grounds."""
    shape: str = ""
    """Shape of its mark in plots, as a legend names it."""
    marker: str = ""
    """The same shape, as matplotlib names it."""

    @property
    def role(self) -> str:
        """Name of its class and its colour in pages and plots, as in `not-reproduced`."""
        return self.word.replace(" ", "-")


LABELS: Mapping[Verdict, Label] = MappingProxyType(
    {
        Verdict.REPRODUCED: Label(
            "reproduced", "reproduced", "●", "🟢", "green", "#1a7036", "circle", "o"
        ),
        Verdict.NOT_REPRODUCED: Label(
            "not reproduced", "not reproduced", "✗", "🔴", "red", "#b3261e", "square", "s"
        ),
        Verdict.INCONCLUSIVE: Label(
            "inconclusive", "open", "◐", "🟡", "yellow", "#8a5a01", "triangle", "^"
        ),
        Verdict.NOT_COMPARABLE: Label(
            "not comparable", "not comparable", "≠", "🔵", "blue", "#5b4fa3", "diamond", "D"
        ),
        Verdict.NOT_MEASURED: Label(
            "not measured", "not measured yet", "·", "⚪", "dim", "#59616c", "hollow circle", "o"
        ),
    }
)
"""In the order in which verdicts are counted."""

INTEGRITY = "INTEGRITY"
"""In the place of a verdict where a record of the claim is not what it says."""
INTEGRITY_LABEL = Label("not judged", "not judged", "!", "⛔", "red", "#b3261e")


def counted(verdicts: Iterable[Verdict]) -> str:
    """As in `2 reproduced, 1 open`; empty without any."""
    found = Counter(verdicts)
    return ", ".join(
        f"{found[verdict]} {label.counted}" for verdict, label in LABELS.items() if verdict in found
    )
