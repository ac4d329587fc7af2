"""One table says how verdicts look; the style sheet, which cannot import it, says the same."""

import re
from pathlib import Path

from tina_bench.board.plots.svg import PALETTE
from tina_bench.stats.claims.labels import INTEGRITY_LABEL, LABELS, counted
from tina_bench.stats.types import Verdict

STYLE = Path(__file__).parents[3] / "leaderboard" / "assets" / "site.css"
BASE = STYLE.parents[1] / "templates" / "base.html"
SHOWN = (*LABELS.values(), INTEGRITY_LABEL)


def channels(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def test_every_verdict_has_a_label_in_the_order_of_the_verdicts() -> None:
    assert list(LABELS) == list(Verdict)


def test_no_two_verdicts_look_alike_without_colour() -> None:
    for attribute in ("word", "sign", "emoji"):
        assert len({getattr(label, attribute) for label in SHOWN}) == len(SHOWN)
    assert len({label.shape for label in LABELS.values()}) == len(LABELS)


def test_the_word_is_the_verdict_as_it_is_read() -> None:
    for verdict, label in LABELS.items():
        assert label.word == verdict.value.replace("_", " ").lower()
        assert label.role == verdict.value.replace("_", "-").lower()


def test_the_style_sheet_has_the_same_colours_on_a_light_ground() -> None:
    """To one step in a channel: plots tell the colours of their palette apart by their values."""
    light = STYLE.read_text(encoding="utf-8").partition("prefers-color-scheme")[0]
    for label in LABELS.values():
        found = re.search(rf"--{label.role}: (#[0-9a-f]{{6}});", light)
        assert found, label.role
        pairs = zip(channels(found[1]), channels(label.hexadecimal), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 1


def test_plots_and_pages_have_a_colour_and_a_mark_for_every_verdict() -> None:
    marks = BASE.read_text(encoding="utf-8")
    for label in LABELS.values():
        assert PALETTE[label.role] == label.hexadecimal
        assert f'id="mark-{label.role}"' in marks


def test_verdicts_are_counted_in_their_own_order_and_only_where_there_are_any() -> None:
    assert counted([]) == ""
    found = [Verdict.INCONCLUSIVE, Verdict.REPRODUCED, Verdict.REPRODUCED]
    assert counted(found) == "2 reproduced, 1 open"
