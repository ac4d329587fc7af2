"""matplotlib's SVG made fit to stand inside a page.

matplotlib writes a standalone document: inline styles, which the pages' content security policy
forbids; fixed colours, which cannot follow a dark scheme; ids, which collide between two figures of
one page. Here styles become presentation attributes, palette colours become the style sheet's
custom properties (with the light colour to fall back on), unused ids go, and used ones get the
figure's name. Text stays text, in the page's own font: it can be searched, copied and read aloud.
"""

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from markupsafe import Markup

from tina_bench.board.visible import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PALETTE = {
    "ink": "#1b1f24",
    "muted": "#59616b",
    "rule": "#d9dde3",
    "measured": "#0b5cad",
    "published": "#a8510f",
    "reproduced": "#1a7036",
    "not-reproduced": "#b3261e",
    "inconclusive": "#8a5a01",
    "not-comparable": "#5b4fa3",
    "series-a": "#0b5cae",
    "series-b": "#a85110",
    "series-c": "#1a7037",
}
"""Custom property to light colour; no two alike, so that a colour names its property."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_PROPERTY_OF = {colour: name for name, colour in PALETTE.items()}
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


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


def _strip(element: ET.Element) -> None:
    """Drop what only a standalone document needs."""
    for child in list(element):
        if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
            element.remove(child)
        else:
            _strip(child)
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if "d" in element.attrib:
        element.set("d", " ".join(element.attrib["d"].split()))
    if _XLINK_HREF in element.attrib:
        element.set("href", element.attrib.pop(_XLINK_HREF))
    _styles_to_attributes(element)
    element.tail = None
    if element.tag != f"{{{_SVG}}}text":
        element.text = None


def _rename_ids(root: ET.Element, prefix: str) -> None:
    used = {
        found for e in root.iter() for v in e.attrib.values() for found in _REFERENCE.findall(v)
    }
    used |= {e.attrib["href"].removeprefix("#") for e in root.iter() if "href" in e.attrib}
    names = {old: f"{prefix}-{number}" for number, old in enumerate(sorted(used))}
    for element in root.iter():
        identity = element.attrib.pop("id", None)
        if identity in names:
            element.set("id", names[identity])
        for key, value in element.attrib.items():
            if key == "href":
                element.set(key, "#" + names[value.removeprefix("#")])
            else:
                element.set(key, _REFERENCE.sub(lambda m: f"url(#{names[m[1]]})", value))


def inline(figure: "Figure", *, name: str, label: str) -> Markup:
    """The figure as an `<svg role="img">` element.

    The same figure gives the same bytes. `label` is what somebody hears who cannot see it.
    """
    from matplotlib import rc_context

    buffer = io.BytesIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "tina-bench"}):
        metadata = {"Date": None, "Creator": None}
        figure.savefig(buffer, format="svg", metadata=metadata, transparent=True)
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 - matplotlib wrote it a moment ago
    _strip(root)
    _rename_ids(root, name)
    width, height = root.attrib["viewBox"].split()[2:]
    root.attrib.update({"width": width, "height": height, "role": "img"})
    root.attrib.update({"aria-label": visible(label), "class": "plot"})
    # What the dropped style sheet said of every element; both are inherited.
    root.attrib.update({"stroke-linejoin": "round", "stroke-linecap": "butt"})
    ET.register_namespace("", _SVG)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - serialised from a tree
