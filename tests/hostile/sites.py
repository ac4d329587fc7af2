"""Two sites of one shape: with hostile transcripts, and with harmless ones of the same length."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tests.hostile.payloads import hostile
from tests.support.program import ROOT

BOARD = ROOT / "tests" / "board"
TASKS = ("aime24", "amc23", "math500")
PROBLEMS_BY_SEED = 2 * (30 + 40 + 20)
"""Answers that a seed more brings: two models on the three tasks."""
EXTRACTED_CHARACTERS = 300


@dataclass(frozen=True)
class Sites:
    """The two sites."""

    hostile: Path
    benign: Path
    texts: list[str]
    """The hostile transcripts, in the order in which the home was made."""


@contextlib.contextmanager
def _writing(hostile_too: bool, given: list[str]) -> Iterator[None]:
    """Have the fabricated home hold these texts, each once, and extracted answers like them."""
    import board_home

    whole = board_home._grade
    texts = iter(given)

    def text_of(index: int, seed: int) -> str:
        text = next(texts)
        return text if hostile_too else "x" * len(text)

    def grade(sample: board_home.Sample, rng: object, ease: float) -> object:
        made = whole(sample, rng, ease)
        said = hostile(1_000_000 + 100 * sample.index + sample.seed)[:EXTRACTED_CHARACTERS]
        gold = hostile(2_000_000 + sample.index)[:EXTRACTED_CHARACTERS]
        if not hostile_too:
            said, gold = "x" * len(said), "x" * len(gold)
        return made.model_copy(
            update={"extracted": None if made.extracted is None else said, "gold": gold}
        )

    with (
        mock.patch.object(board_home, "text_of", text_of),
        mock.patch.object(board_home, "_grade", grade),
    ):
        yield


def build_both(root: Path, seeds: int) -> Sites:
    """Build the two from fabricated homes of so many seeds."""
    if str(BOARD) not in sys.path:
        sys.path.insert(0, str(BOARD))
    from board_catalog import catalog
    from board_home import fabricate

    from tina_bench.board.site.build import SiteOptions, build_site
    from tina_bench.board.transcripts import ALL_TEXTS
    from tina_bench.stats.report import build_report

    texts = [hostile(number) for number in range(PROBLEMS_BY_SEED * seeds)]
    for name in ("hostile", "benign"):
        with _writing(name == "hostile", texts):
            home = fabricate(root / f"{name}-home", TASKS, tuple(range(seeds)))
        known = catalog()
        build_site(
            home=home, catalog=known, report=build_report(known, home.results()),
            out=root / name, options=SiteOptions(texts_a_task=ALL_TEXTS),
        )  # fmt: skip
    return Sites(root / "hostile", root / "benign", texts)
