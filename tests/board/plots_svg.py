"""A drawing as a reader of its SVG sees it: marks, lines and words with their places."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"
_STEP = re.compile(r"([MLHVmlhv])([-\d. ]+)")
Place = tuple[float, float]


def places(outline: str) -> list[list[Place]]:
    """The places of a path without curves, by stroke."""
    strokes: list[list[Place]] = []
    x = y = 0.0
    rest = _STEP.sub("", outline)
    assert rest == "", f"left over: {rest}"
    for command, numbers in _STEP.findall(outline):
        found = [float(number) for number in numbers.split()]
        base = (x, y) if command.islower() else (0.0, 0.0)
        kind = command.upper()
        x = x if kind == "V" else base[0] + found[0]
        y = y if kind == "H" else base[1] + found[-1]
        if kind == "M":
            strokes.append([])
        strokes[-1].append((x, y))
    return strokes


@dataclass
class Drawing:
    """What stands in a picture."""

    root: ET.Element

    @classmethod
    def of(cls, svg: str) -> "Drawing":
        return cls(ET.fromstring(svg))

    def _groups(self, what: str) -> list[ET.Element]:
        return [e for e in self.root.iter() if e.get("data-is") == what]

    def kinds(self) -> set[str]:
        return {e.get("data-is", "") for e in self.root.iter()} - {""}

    def marks(self, what: str) -> list[Place]:
        """Where the marks of a kind stand."""
        return [
            (float(use.get("x", "")), float(use.get("y", "")))
            for group in self._groups(what)
            for use in group.iter(f"{SVG}use")
        ]

    def shape(self, what: str) -> str:
        """The outline of the marks of a kind."""
        (group,) = self._groups(what)
        (path,) = (e for defs in group.iter(f"{SVG}defs") for e in defs.iter(f"{SVG}path"))
        return path.get("d", "")

    def strokes(self, what: str) -> list[list[Place]]:
        """The lines of a kind."""
        return [
            stroke
            for group in self._groups(what)
            for path in group.iter(f"{SVG}path")
            for stroke in places(path.get("d", ""))
        ]

    def words(self) -> list[str]:
        """Every text."""
        return ["".join(text.itertext()) for text in self.root.iter(f"{SVG}text")]


def scale(values: Sequence[float], coordinates: Sequence[float], rounding: float = 0.06) -> float:
    """Points a unit of the one straight axis on which all these values stand at these coordinates.

    Fails where there is no such axis: then the picture does not show the values.
    """
    slope, start = np.polyfit(values, coordinates, 1)
    off = np.abs(np.array(coordinates) - (start + slope * np.array(values))).max()
    # Both ends of the fit are rounded to a tenth of a point, too.
    assert off <= 2 * rounding, f"{off} points off the axis"
    return float(slope)
