"""A table that fits its terminal and breaks no word.

rich takes the width that is missing from the widest columns, whatever they hold, and breaks a word
that no longer fits: a name ends up on two lines and can be neither searched for nor copied. Here a
column is never narrower than its longest word, and a figure stays beside its unit, as long as that
can be; where it cannot, columns move together first, and then the longest words end in an ellipsis
(`--json` has them whole).

On a console that does not wrap lines, as in a pipe, nothing is narrowed: a row is one line, without
spaces at its end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Column, Table

WIDE, CLOSE = (0, 1), (0, 0)
"""Padding of a cell, above and beside it."""
ENDLESS = 1_000_000
RULE = "─"
"""Under the headers, as the box of `tables.table` has it."""


class FittedTable(Table):
    """A table whose columns get their widths from the words in them."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Set the widths for this console, then render as any table."""
        self.padding = WIDE
        for column in self.columns:
            column.width = None
        endless = options.update_width(ENDLESS)
        if console.soft_wrap:
            lines = super().__rich_console__(console, endless)
            yield from _trimmed(cast("Iterable[Segment]", lines), options.max_width)
            return
        self._fit(console, endless, options.max_width)
        yield from super().__rich_console__(console, options)

    def _fit(self, console: Console, endless: ConsoleOptions, room: int) -> None:
        words = [_need(column, console, endless, figures=False) for column in self.columns]
        figures = [_need(column, console, endless, figures=True) for column in self.columns]
        lines = [need.maximum for need in words]
        self._set(lines)
        between = Measurement.get(console, endless, self).maximum - sum(lines)
        if sum(lines) + between <= room:
            return
        least = sum(need.minimum for need in figures)
        if least + between > room:
            self.padding = CLOSE
            between = Measurement.get(console, endless, self).maximum - sum(lines)
        needs = figures if least + between <= room else words
        self._set(column_widths(needs, room - between))

    def _set(self, widths: Sequence[int]) -> None:
        for column, width in zip(self.columns, widths, strict=True):
            column.width = width


def _trimmed(segments: Iterable[Segment], rule_width: int) -> Iterator[Segment]:
    """Lines without spaces at their ends, and rules no longer than `rule_width`."""
    for line in Segment.split_lines(segments):
        text = "".join(segment.text for segment in line).rstrip()
        is_rule = set(text) <= {RULE, " "}
        width = min(cell_len(text), rule_width) if is_rule else cell_len(text)
        yield from Segment.adjust_line_length(line, width)
        yield Segment.line()


def _need(
    column: Column, console: Console, endless: ConsoleOptions, *, figures: bool
) -> Measurement:
    """Widths of a column's longest word and of its longest line.

    With `figures` a cell that stands to the right, a figure with its unit, counts as one word.
    """
    header = Measurement.get(console, endless, column.header)
    cells = [Measurement.get(console, endless, cell) for cell in column.cells]
    word = max([header.minimum, *(cell.minimum for cell in cells)])
    line = max([header.maximum, *(cell.maximum for cell in cells)])
    if figures and column.justify == "right":
        word = max([header.minimum, *(cell.maximum for cell in cells)])
    return Measurement(max(1, line if column.no_wrap else word), max(1, line))


def column_widths(needs: Sequence[Measurement], room: int) -> list[int]:
    """Widths that sum up to `room` at most, as long as each column can have one character.

    No column is narrower than its longest word, unless the words do not fit; then the widest ones
    are cut to one common width.
    """
    most = [need.maximum for need in needs]
    if sum(need.minimum for need in needs) <= room:
        return _filled(most, room, lambda cap: [max(n.minimum, min(n.maximum, cap)) for n in needs])
    words = [need.minimum for need in needs]
    return _filled(words, room, lambda cap: [min(word, cap) for word in words])


def _filled(most: Sequence[int], room: int, capped: Callable[[int], list[int]]) -> list[int]:
    """Widths under the largest cap that fits; what is left goes to the first that want more."""
    cap = max(most, default=0)
    while cap > 1 and sum(capped(cap)) > room:
        cap -= 1
    widths = capped(cap)
    for place, width in enumerate(widths):
        if width < most[place] and sum(widths) < room:
            widths[place] += 1
    return widths
