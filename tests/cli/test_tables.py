"""Tables break no word, whatever the width of the terminal, and are whole in a pipe."""

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from tests.support.program import ROOT, call
from tina_bench.cli.show.fitted_table import FittedTable
from tina_bench.cli.show.tables import safe, table

NARROW, BROAD = 60, 200
WIDTHS = st.integers(min_value=NARROW, max_value=BROAD)
WORDS = st.text(
    st.characters(codec="ascii", categories=("L", "N", "P"), exclude_characters="[]\\"),
    min_size=1, max_size=30,
)  # fmt: skip
CELLS = st.lists(WORDS, max_size=6).map(" ".join)
RULE = "─"
RECORDS = ROOT / "leaderboard" / "records"
VERBS = (
    ("catalog", "list", "models"), ("catalog", "list", "costs"), ("audit",),
    ("results", "list", "--home", str(RECORDS)),
    ("verify", "--home", str(RECORDS), "--without-samples", "--fail-on", "nothing", "--all"),
)  # fmt: skip


@st.composite
def grids(draw: st.DrawFn) -> list[list[str]]:
    """Rows of equal length; the first is the heading."""
    columns = draw(st.integers(min_value=1, max_value=9))
    row = st.lists(CELLS, min_size=columns, max_size=columns)
    heading = st.lists(WORDS, min_size=columns, max_size=columns, unique=True)
    return [draw(heading), *draw(st.lists(row, min_size=1, max_size=5))]


def made(grid: Sequence[Sequence[str]]) -> FittedTable:
    rows = table(*map(safe, grid[0]))
    for row in grid[1:]:
        rows.add_row(*map(safe, row))
    return rows


def printed(rows: FittedTable, *, width: int, pipe: bool = False) -> str:
    out = io.StringIO()
    page = Console(
        file=out, width=width, force_terminal=not pipe, soft_wrap=pipe, color_system=None,
        highlight=False, emoji=False,
    )  # fmt: skip
    page.print(rows)
    return out.getvalue()


def words(text: str) -> list[str]:
    return [word for word in text.split() if word.strip(RULE)]


@given(grid=grids(), width=WIDTHS)
def test_no_word_is_split_over_two_lines(grid: list[list[str]], width: int) -> None:
    known = {word for row in grid for cell in row for word in cell.split()}
    for word in words(printed(made(grid), width=width)):
        if word not in known:
            assert word.endswith("…")
            assert any(whole.startswith(word[:-1]) for whole in known)


@given(grid=grids(), width=WIDTHS)
def test_no_word_is_cut_as_long_as_all_of_them_fit(grid: list[list[str]], width: int) -> None:
    needed = [
        max((len(word) for row in grid for word in row[column].split()), default=0)
        for column in range(len(grid[0]))
    ]
    borders = len(needed) + 1
    if sum(needed) + borders <= width:
        found = words(printed(made(grid), width=width))
        assert sorted(found) == sorted(
            word for row in grid for cell in row for word in cell.split()
        )


@given(grid=grids(), width=WIDTHS)
def test_no_line_is_wider_than_the_terminal(grid: list[list[str]], width: int) -> None:
    assert max(map(len, printed(made(grid), width=width).splitlines())) <= width


@given(grid=grids(), width=WIDTHS)
def test_in_a_pipe_a_row_is_one_line(grid: list[list[str]], width: int) -> None:
    lines = map(words, printed(made(grid), width=width, pipe=True).splitlines())
    expected = ([word for cell in row for word in cell.split()] for row in grid)
    assert list(filter(None, lines)) == list(filter(None, expected))


def test_in_a_pipe_no_line_ends_in_spaces_and_no_rule_is_longer_than_a_page() -> None:
    rows = made([["model", "what for"], ["open-rs3", "a sentence of several words " * 30]])
    lines = printed(rows, width=120, pipe=True).splitlines()
    assert lines == [line.rstrip() for line in lines]
    assert max(len(line) for line in lines if RULE in line) == 120
    assert max(map(len, lines)) > 800


def test_a_table_can_be_printed_on_a_narrow_terminal_and_then_on_a_wide_one() -> None:
    rows = made([["model", "what for"], ["open-rs3", "a sentence of several words " * 3]])
    narrow, wide = printed(rows, width=30), printed(rows, width=150)
    assert len(narrow.splitlines()) > len(wide.splitlines())
    assert printed(rows, width=30) == narrow


def test_a_column_that_may_not_wrap_does_not() -> None:
    rows = made([["name", "what for"], ["two words", "a sentence of several words " * 3]])
    rows.columns[0].no_wrap = True
    assert "two words" in printed(rows, width=30)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(verb[:3]))
def test_the_tables_of_real_verbs_split_no_word(
    verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = call(*verb)
    assert whole.code == 0, whole.err
    known = set(words(whole.out))
    monkeypatch.setenv("FORCE_COLOR", "1")
    for width in (NARROW, 80, 100, 120, 150, BROAD):
        monkeypatch.setenv("COLUMNS", str(width))
        shown = Text.from_ansi(call(*verb).out).plain
        split = [word for word in words(shown) if word not in known and not word.endswith("…")]
        assert split == [], f"{width} columns"


def test_a_figure_stays_beside_its_unit_where_other_columns_can_give_way() -> None:
    rows = table("model", "what for", "score", right=("score",))
    rows.add_row("open-rs3", "a sentence of several words " * 3, "50.12 %")
    assert "50.12 %" in printed(rows, width=40)
    assert "50.12 %" not in printed(rows, width=22), "words of other columns come first"
