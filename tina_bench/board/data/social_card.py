"""What a link to the front page unfolds to: texts, and `og.png`, 1200 × 630 (Open Graph, ogp.me).

Guarantees: the same counts and digest give the same bytes under the same versions of Pillow and of
its libraries, with no font of the machine: the fonts are those that come with matplotlib. Verdicts
are shown by shape, colour and word, as on the pages.
"""

import functools
import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.board.content.context import SiteContext
from tina_bench.board.pages.front import known_sentence
from tina_bench.catalog.fields import Source
from tina_bench.formatting.numbers import date, plural
from tina_bench.stats.claims.labels import LABELS
from tina_bench.stats.types import Judgement, Verdict

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

PICTURE_FILE = "og.png"
SIZE = (1200, 630)
_FINE = 2
"""Drawn so many times larger and scaled down, because Pillow does not smooth edges of shapes."""
_GROUND, _INK, _MUTED, _RULE = "#fdfdfc", "#1b1f24", "#59616b", "#d9dde3"
_SHOWN = tuple(verdict for verdict in Verdict if verdict is not Verdict.NOT_MEASURED)
_LEFT = 72
_SMALLEST = 10


@functools.cache
def _font(size: int, *, bold: bool = False) -> "FreeTypeFont":
    import matplotlib
    from PIL import ImageFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    # The basic layout: the other one would be there on some machines only.
    return ImageFont.truetype(folder / name, size * _FINE, layout_engine=ImageFont.Layout.BASIC)


def _write(
    draw: "ImageDraw", x: int, y: int, text: str, size: int, *, bold: bool = False, ink: str = _INK
) -> None:
    room = (SIZE[0] - _LEFT - x) * _FINE
    while _font(size, bold=bold).getlength(text) > room and size > _SMALLEST:
        size -= 1
    draw.text((x * _FINE, y * _FINE), text, font=_font(size, bold=bold), fill=ink)


def _mark(draw: "ImageDraw", verdict: Verdict, x: int, y: int, side: int) -> None:
    """The verdict's shape as in the pages' sprite: circle, square, triangle, diamond."""
    colour, line = LABELS[verdict].hexadecimal, max(3, side // 9) * _FINE
    unit = side * _FINE / 16

    def points(*pairs: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * _FINE + a * unit, y * _FINE + b * unit) for a, b in pairs]

    def sign(*pairs: tuple[float, float]) -> None:
        draw.line(points(*pairs), fill=_GROUND, width=line, joint="curve")

    if verdict is Verdict.REPRODUCED:
        draw.ellipse([points((0.8, 0.8))[0], points((15.2, 15.2))[0]], fill=colour)
        sign((4.6, 8.3), (7, 10.7), (11.5, 5.7))
    elif verdict is Verdict.NOT_REPRODUCED:
        draw.rectangle([points((1.4, 1.4))[0], points((14.6, 14.6))[0]], fill=colour)
        sign((5, 5), (11, 11))
        sign((11, 5), (5, 11))
    elif verdict is Verdict.INCONCLUSIVE:
        draw.polygon(points((8, 0.8), (15.6, 14.6), (0.4, 14.6)), fill=colour)
        sign((8, 6), (8, 9.8))
        sign((8, 11.4), (8, 12.8))
    else:
        draw.polygon(points((8, 0), (16, 8), (8, 16), (0, 8)), fill=colour)
        sign((5, 6.6), (11, 6.6))
        sign((5, 9.4), (11, 9.4))
        sign((9.6, 4.6), (6.4, 11.4))


def _lines(evidence: SiteContext) -> tuple[str, str]:
    """What was measured, and what to cite, in a line each."""
    if evidence.newest is None:
        return "No result has been recorded yet.", "tina-bench"
    answers = sum(record.n * record.k for record in evidence.records.values())
    models = len({model for model, _ in evidence.records})
    measured = (
        f"{plural(answers, 'answer')} of {plural(models, 'model')} on "
        f"{plural(len(evidence.tasks), 'task')}"
    )
    return measured, f"content {evidence.digest} · results until {date(evidence.newest)}"


def _only_embedded(evidence: SiteContext, judged: Iterable[Judgement]) -> bool:
    """Whether all of it is about the models that come with this program to show that it works."""
    tasks = {task for found in judged for task in (found.tasks or (found.task,))}
    known = [evidence.catalog.tasks.get(task) for task in tasks]
    return bool(known) and all(
        entry is not None and entry.source is Source.EMBEDDED for entry in known
    )


def _tested(evidence: SiteContext, judged: list[Judgement]) -> str:
    published = plural(len(evidence.report.judgements), "published score")
    if not judged:
        return f"{published}, none tested yet."
    whose = ", all about its own small models" * _only_embedded(evidence, judged)
    return f"{len(judged)} of {published} tested{whose}."


def _drawn(counts: Counter[Verdict], tested: str, measured: str, cited: str) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIZE[0] * _FINE, SIZE[1] * _FINE), _GROUND)
    draw = ImageDraw.Draw(image)
    _write(draw, _LEFT, 56, "tina-bench", 30, bold=True, ink=_MUTED)
    _write(draw, _LEFT, 106, "Which published scores hold?", 54, bold=True)
    _write(draw, _LEFT, 190, tested, 32)
    for place, verdict in enumerate(_SHOWN):
        label = LABELS[verdict]
        x, y = _LEFT + (place % 2) * 540, 268 + (place // 2) * 112
        _mark(draw, verdict, x, y, 72)
        _write(draw, x + 96, y - 6, str(counts[verdict]), 44, bold=True, ink=label.hexadecimal)
        _write(draw, x + 96, y + 46, label.counted, 26)
    line = [_LEFT * _FINE, 508 * _FINE, (SIZE[0] - _LEFT) * _FINE, 508 * _FINE]
    draw.line(line, fill=_RULE, width=2 * _FINE)
    _write(draw, _LEFT, 526, measured, 24)
    _write(draw, _LEFT, 566, cited, 22, ink=_MUTED)
    data = io.BytesIO()
    small = image.resize(SIZE, Image.Resampling.LANCZOS)
    # A picture of few colours: a palette makes it a quarter as large.
    small.quantize(64, dither=Image.Dither.NONE).save(data, "PNG", optimize=True)
    return data.getvalue()


def picture(evidence: SiteContext) -> bytes:
    """The picture, as PNG."""
    judged = [f for f in evidence.report.judgements if f.verdict is not Verdict.NOT_MEASURED]
    counts: Counter[Verdict] = Counter(found.verdict for found in judged)
    tested, (measured, cited) = _tested(evidence, judged), _lines(evidence)
    key = [{verdict.value: counts[verdict] for verdict in _SHOWN}, tested, measured, cited]
    return evidence.cache.get("og", key, lambda: _drawn(counts, tested, measured, cited))


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


def preview(evidence: SiteContext, base_url: str | None) -> Preview:
    """The preview of a site that will lie at `base_url`, which ends in a slash."""
    return Preview(
        title="tina-bench: which published scores hold?",
        description=known_sentence(evidence),
        url=base_url,
        image=base_url and f"{base_url}{PICTURE_FILE}",
    )
