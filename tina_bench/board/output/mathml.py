r"""LaTeX in problems and answers as MathML, made when the site is built: no script, no font.

`maths` takes running text in which formulas stand between `$`, `$$`, `\(` or `\[` and their
partners; `answer` takes a text that is one formula, as a right answer is, or none.

Guarantees: the markup holds escaped text, `<code>` and the elements and attributes named below, and
nothing else, whatever the text. A formula that cannot be shown as it is meant (a command that is
not known, a link, a style, a colour, a hidden character, nesting or length beyond the bounds, a
space that would cover its neighbours) stands as its source, in `<code>`. Nothing is raised, and
time grows with the length of the text alone.

Traded away: latex2mathml knows no macros, so a formula with its own ones stays source.
"""

import functools
import html
import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

from tina_bench.formatting.escape import transcript, visible

MOST_CHARACTERS = 2_000
"""Of a formula; the longest of the catalog's tasks have some hundred."""
MOST_FORMULAS = 400
"""Of a text; those after them stay source."""
MOST_DEPTH = 40
"""Of braces and elements in each other."""
MOST_ELEMENTS = 3_000
"""Of a formula."""

ELEMENTS = frozenset(
    {
        "math", "mrow", "mi", "mo", "mn", "ms", "mtext", "mspace",
        "mfrac", "msqrt", "mroot", "mstyle", "menclose", "msub", "msup", "msubsup",
        "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr",
        "mtd",
    }
)  # fmt: skip
"""MathML Core's elements, without those that act, hide, overlap or hold other markup; `menclose`,
which browsers without it show as its content."""
_PARTS = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
"""Elements that mean something with so many parts only."""
_LENGTH = re.compile(
    r"-?0?\.\d{1,4}em|[0-9](\.\d{1,4})?(em|ex)|0|([0-9]|[1-4][0-9])(\.\d+)?(pt|px)"
)
"""Up to ten characters wide; back by less than one, as LaTeX's `\\!` goes."""
_FLAG = re.compile("true|false")
_WORDS = re.compile("[a-z][a-z -]{0,60}")
_ATTRIBUTES = {
    **dict.fromkeys(("width", "height", "depth", "lspace", "rspace", "voffset"), _LENGTH),
    **dict.fromkeys(("linethickness", "minsize", "maxsize"), _LENGTH),
    **dict.fromkeys(("stretchy", "fence", "separator", "accent", "accentunder"), _FLAG),
    **dict.fromkeys(("movablelimits", "largeop", "symmetric", "displaystyle"), _FLAG),
    **dict.fromkeys(("mathvariant", "form", "notation", "columnalign"), _WORDS),
    **dict.fromkeys(("columnlines", "rowlines"), _WORDS),
    "scriptlevel": re.compile("[+-]?[0-3]"),
    "display": re.compile("inline|block"),
    "linebreak": re.compile("newline"),
}
"""Attributes, and the values they may have; a formula with others stays source."""
_CLOSERS = {"$$": "$$", "\\[": "\\]", "\\(": "\\)", "$": "$"}
_OPENER = re.compile(r"\\\\|\\\$|\$\$|\$|\\\[|\\\(")
_IS_LATEX = re.compile(r"\\[a-zA-Z{}%$#&,;!]|[\^_]")


class _UnshownError(Exception):
    """The formula cannot be shown as it is meant."""


def _text(text: str | None) -> str:
    """Escaped text of an element; the library writes characters beyond ASCII as references."""
    found = html.unescape(text or "")
    if visible(found) != found or "\\" in found or "&#" in found:
        raise _UnshownError
    return str(escape(found))


def _attribute(name: str, value: str) -> str:
    allowed = _ATTRIBUTES.get(name)
    if allowed is None or not allowed.fullmatch(value):
        raise _UnshownError
    return f' {name}="{value}"'


def _written(element: Element, left: Iterator[int], depth: int) -> Iterator[str]:
    """The element as markup, rebuilt from what is allowed."""
    tag = element.tag
    if len(element) != _PARTS.get(tag, len(element)):
        raise _UnshownError
    if tag not in ELEMENTS or depth > MOST_DEPTH or next(left, None) is None:
        raise _UnshownError
    attributes = sorted((k, v) for k, v in element.attrib.items() if k != "xmlns")
    yield f"<{tag}" + "".join(_attribute(*pair) for pair in attributes) + ">"
    yield _text(element.text)
    for inner in element:
        yield from _written(inner, left, depth + 1)
        if (inner.tail or "").strip():
            raise _UnshownError
    yield f"</{tag}>"


@functools.lru_cache(maxsize=20_000)
def formula(source: str, *, block: bool = False) -> Markup | None:
    """MathML of one formula without its delimiters; `None` where it cannot be shown in full."""
    if not source.strip() or len(source) > MOST_CHARACTERS or visible(source) != source:
        return None
    try:
        tree = convert_to_element(source, display="block" if block else "inline")
        written = "".join(_written(tree, iter(range(MOST_ELEMENTS)), 0))
    except Exception:  # noqa: BLE001 - whatever foreign text makes of a parser: the source is shown
        return None
    return Markup(written)  # noqa: S704 - built above from allowed names and escaped text


def _source(text: str) -> Markup:
    return Markup("<code>{}</code>").format(transcript(text))


def _end(text: str, opener: str, start: int) -> int:
    """Where the formula that begins at `start` ends, without its closer; -1 if it does not.

    A single `$` is held to pandoc's rule, so that `$5 and $10` stays text.
    """
    closer = _CLOSERS[opener]
    limit = start + MOST_CHARACTERS + len(closer)
    if opener != "$":
        return text.find(closer, start, limit)
    if text[start : start + 1].isspace():
        return -1
    end = text.find("$", start, limit)
    while end > start and text[end - 1] == "\\":
        end = text.find("$", end + 1, limit)
    inside = text[start:end]
    if end <= start or text[end - 1].isspace() or "\n\n" in inside:
        return -1
    return -1 if text[end + 1 : end + 2].isdigit() else end


def maths(text: str) -> Markup:
    """Running text as markup, its formulas as MathML."""
    parts: list[Markup] = []
    done = position = formulas = 0
    while match := _OPENER.search(text, position):
        opener, position = match[0], match.end()
        if opener not in _CLOSERS:
            continue
        end = _end(text, opener, position)
        if end < 0:
            continue
        formulas += 1
        after = end + len(_CLOSERS[opener])
        made = None
        if formulas <= MOST_FORMULAS:
            made = formula(text[position:end], block=opener in ("$$", "\\["))
        parts.append(escape(visible(text[done : match.start()])))
        parts.append(_source(text[match.start() : after]) if made is None else made)
        done = position = after
    parts.append(escape(visible(text[done:])))
    return Markup("").join(parts)


def answer(text: str) -> Markup:
    """A right or extracted answer: MathML where it is LaTeX that can be shown, else `<code>`."""
    inner = text.strip()
    for opener, closer in _CLOSERS.items():
        if (
            len(inner) > len(opener + closer)
            and inner.startswith(opener)
            and inner.endswith(closer)
        ):
            inner = inner[len(opener) : -len(closer)]
            break
    made = formula(inner) if _IS_LATEX.search(inner) else None
    return _source(text) if made is None else made
