"""matplotlib's SVG made fit to stand inside a page.

matplotlib writes a standalone document: inline styles, which the pages' content security policy
forbids; fixed colours, which cannot follow a dark scheme; ids, which collide between two figures
of one page; six decimals. Here styles become presentation attributes, palette colours become the
style sheet's custom properties (with the light colour to fall back on), unused ids go, and used
ones get the figure's name; coordinates are rounded to a tenth of a point. Text stays text, in the
page's own font: it can be searched, copied and read aloud.
"""

import io
import re
import warnings
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from markupsafe import Markup

from tina_bench.formatting.escape import visible
from tina_bench.stats.claims.labels import LABELS

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

PALETTE = {
    "ink": "#1b1f24",
    "muted": "#59616b",
    "rule": "#d9dde3",
    "measured": "#0b5cad",
    "published": "#a8510f",
    **{label.role: label.hexadecimal for label in LABELS.values()},
    "ground": "#fdfdfc",
    "series-a": "#0b5cae",
    "series-b": "#a85110",
    "series-c": "#1a7037",
}
"""Custom property to light colour; no two are equal, so that a colour names its property."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_G, _DEFS, _TEXT, _PATH = (f"{{{_SVG}}}{tag}" for tag in ("g", "defs", "text", "path"))
_PROPERTY_OF = {colour: name for name, colour in PALETTE.items()}
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_LEVEL = re.compile(r"M(\S+) (\S+)L(\S+) \2(?=M|$)")
_PLUMB = re.compile(r"M(\S+) (\S+)L\1 (\S+)(?=M|$)")
_COORDINATES = frozenset({"d", "x", "y", "transform", "width", "height"})
_PLACE, _SHAPE_OF_MARK = 1, 2
"""Decimals of a place in the picture, and of the outline of a mark."""
MARK = "data-is"
"""Attribute that says what the marks of a group stand for."""


def named(artist: "Artist", what: str) -> "Artist":
    """Name in the picture what an artist stands for: for tests, and for screen readers."""
    artist.set_gid(f"is:{what}")
    return artist


def themed(value: str) -> str:
    """A palette colour as `var(--name, #colour)`; anything else as it is."""

    def property_of(match: re.Match[str]) -> str:
        name = _PROPERTY_OF.get(match[0])
        return f"var(--{name}, {match[0]})" if name else match[0]

    return _COLOUR.sub(property_of, value)


def _styles_to_attributes(element: ET.Element) -> None:
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name and name != "font-family":
            element.set(name, themed(value))


def _shorter(value: str, decimals: int) -> str:
    def rounded(match: re.Match[str]) -> str:
        text = f"{float(match[0]):.{decimals}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text

    return _NUMBER.sub(rounded, value)


def _outline(value: str, decimals: int) -> str:
    """A path's commands without spaces, and level and upright lines with one coordinate."""
    text = re.sub(r"\s*([MLCQz])\s*", r"\1", " ".join(_shorter(value, decimals).split()))
    return _PLUMB.sub(r"M\1 \2V\3", _LEVEL.sub(r"M\1 \2H\3", text))


def _is_invisible(element: ET.Element) -> bool:
    drawn = element.get("stroke", "none") != "none" or element.get("fill") != "none"
    return element.tag == _PATH and not drawn


def _strip(element: ET.Element, decimals: int = _PLACE) -> None:
    """Drop what only a standalone document needs, and what is not visible."""
    _styles_to_attributes(element)
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if _XLINK_HREF in element.attrib:
        element.set("href", element.attrib.pop(_XLINK_HREF))
    for name in sorted(_COORDINATES & element.attrib.keys()):
        shorten = _outline if name == "d" else _shorter
        element.set(name, shorten(element.attrib[name], decimals))
    element.tail = None
    if element.tag != _TEXT:
        element.text = None
    for child in list(element):
        if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
            element.remove(child)
            continue
        _strip(child, _SHAPE_OF_MARK if element.tag == _DEFS else decimals)
        if _is_invisible(child) or (child.tag in {_G, _DEFS} and len(child) == 0):
            element.remove(child)


def _rename_ids(root: ET.Element, prefix: str) -> None:
    used = {
        found for e in root.iter() for v in e.attrib.values() for found in _REFERENCE.findall(v)
    }
    used |= {e.attrib["href"].removeprefix("#") for e in root.iter() if "href" in e.attrib}
    order = [i for e in root.iter() if (i := e.attrib.get("id")) in used]
    names = {old: f"{prefix}-{number}" for number, old in enumerate(order)}
    for element in root.iter():
        identity = element.attrib.pop("id", "")
        if identity in names:
            element.set("id", names[identity])
        elif identity.startswith("is:"):
            element.set(MARK, identity.removeprefix("is:"))
        for key, value in element.attrib.items():
            if key == "href":
                element.set(key, "#" + names[value.removeprefix("#")])
            else:
                element.set(key, _REFERENCE.sub(lambda m: f"url(#{names[m[1]]})", value))


def inline(figure: "Figure", *, name: str, label: str) -> Markup:
    """The figure as an `<svg role="img">` element.

    The same figure gives the same bytes. `label` is the text alternative.
    """
    from matplotlib import rc_context

    buffer = io.BytesIO()
    settings: dict[Any, str] = {"svg.fonttype": "none", "svg.hashsalt": "tina-bench"}
    with rc_context(settings), warnings.catch_warnings():
        # The browser's fonts draw the text, so it does not matter that matplotlib's lack a glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", metadata=metadata, transparent=True)
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 - matplotlib wrote it a moment ago
    _strip(root)
    _rename_ids(root, name)
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib.update({"viewBox": _shorter(root.attrib["viewBox"], _PLACE)})
    root.attrib.update({"width": _shorter(width, _PLACE), "height": _shorter(height, _PLACE)})
    root.attrib.update({"role": "img", "aria-label": visible(label), "class": "plot"})
    # What the dropped style sheet set for every element; both are inherited.
    root.attrib.update({"stroke-linejoin": "round", "stroke-linecap": "butt"})
    ET.register_namespace("", _SVG)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - serialised from a tree
