"""Text of others, made safe to print.

Guarantees: the result holds no control character but tab and newline, no character that
reorders or hides its neighbours, no lone surrogate and no noncharacter, so it can be encoded as
UTF-8 and looks like what it is. Each such character becomes `⟨U+202E⟩`. `visible` gives plain text,
for attributes, titles and plots; `transcript` gives markup in which every replacement is an element
of its own, so that a text that merely spells `⟨U+202E⟩` differs from one that held the
character: the original can be recovered from the page exactly.

Traded away: joiners and direction marks that Arabic, Hebrew, Indic and emoji text needs are spelled
out, too: a transcript is evidence, not prose.
"""

import re
import unicodedata

from markupsafe import Markup, escape

# Fixed ranges instead of `unicodedata.category`: the pages must not change with Python's Unicode
# tables. Controls; soft hyphen and Arabic letter mark; Mongolian vowel separator; zero widths,
# line separators and bidi controls; invisible operators; surrogates; noncharacters; byte order
# mark; annotation marks; shorthand and musical format controls; tag characters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)


def _spelled(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"


def _marked(match: re.Match[str]) -> str:
    name = unicodedata.name(match[0], "control character").lower()
    return f'<span class="control" title="{name}">{_spelled(match)}</span>'


def visible(text: str) -> str:
    """Plain text in which hidden characters are spelled out."""
    if text.isascii() and text.isprintable():  # as most are, and this check is ten times as fast
        return text
    return _HIDDEN.sub(_spelled, text)


def transcript(text: str) -> Markup:
    """Escaped markup in which hidden characters are elements of class `control`."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return escape(text)
    return Markup(_HIDDEN.sub(_marked, str(escape(text))))  # noqa: S704 - escaped right here


def clean(text: str) -> str:
    """The text as Unicode that can be written: half a letter is spelled out."""
    return text.encode(errors="backslashreplace").decode()


def printable(text: str) -> str:
    """The text for a terminal: on one line, and without control characters."""
    return "".join(
        letter if letter.isprintable() else ascii(letter)[1:-1] for letter in clean(text)
    )
