"""The words of plots: labels that fit, and text alternatives that are short enough to listen to."""

import unicodedata
from collections.abc import Sequence

from tina_bench.formatting.escape import visible

LABEL_EMS = 26.0
"""A longer label is cut, so that a good third of the width is left to draw in."""
MOST_CHARACTERS = 400
"""A text alternative has no more: a table is not for listening. The data have every row."""


def ems(text: str) -> float:
    """About how wide a text is, in font sizes; rather too wide, as the font is not known here."""
    return sum(map(_em, text))


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if character in "mwMW@%—":
        return 0.95
    if character in " .,:;'|!()[]-iljtfrI·":
        return 0.4
    return 0.7 if character.isupper() else 0.64


def shortened(label: str, width_ems: float = LABEL_EMS) -> str:
    """A label that stays inside the picture; the data have it whole."""
    shown = " ".join(visible(label).split())
    if ems(shown) <= width_ems:
        return shown
    while ems(shown) > width_ems - 1:
        shown = shown[:-1]
    return f"{shown.rstrip()}…"


def text_of(*sentences: str) -> str:
    """A text alternative: as many sentences as fit, and where the rest is."""
    text = ""
    for sentence in sentences:
        if text and len(text) + len(sentence) > MOST_CHARACTERS:
            break
        text += f"{sentence} "
    return f"{visible(text)}All values: data as CSV."


def list_of(names: Sequence[str], most: int = 8) -> str:
    """Names in a sentence; `and 4 more` where there are too many."""
    shown = [shortened(name) for name in names[:most]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
