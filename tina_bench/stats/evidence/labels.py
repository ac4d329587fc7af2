"""Word, sign and colour of each word of others, apart from those of our own verdicts."""

from collections.abc import Mapping
from types import MappingProxyType

from tina_bench.stats.claims.labels import Label
from tina_bench.stats.evidence.types import Others

OTHERS_LABELS: Mapping[Others, Label] = MappingProxyType(
    {
        Others.AGREE: Label("others agree", "agree", "=", "🟩", "green", "#1a7036"),
        Others.DIFFER: Label("others differ", "differ", "≉", "🟥", "red", "#b3261e"),
        Others.DISAGREE: Label(
            "others disagree", "disagree among themselves", "≶", "🟪", "magenta", "#5b4fa3"
        ),
        Others.UNDECIDED: Label("others undecided", "undecided", "~", "🟨", "yellow", "#8a5a01"),
        Others.TOO_FEW: Label("too few others", "too few teams", "–", "⬜", "dim", "#59616c"),
    }
)
"""In the order in which they are counted."""
