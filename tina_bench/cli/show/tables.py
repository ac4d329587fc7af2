"""Tables, consoles and JSON as every verb prints them."""

from typing import TYPE_CHECKING, Any

import typer

from tina_bench.formatting.json_text import json_text

if TYPE_CHECKING:
    from rich.console import Console

    from tina_bench.cli.show.fitted_table import FittedTable

PIPE_COLUMNS = 120
"""Width of a pipe, for what has to have one: bars and rules."""
LINE_SECONDS = 30.0
"""In a pipe, where no bar moves, a line says at least so often how far the work is."""


def console(*, stderr: bool = False) -> "Console":
    """A console that keeps to the terminal's width; in a pipe, lines are as long as they are.

    There a sentence is one line and a row of a table another, however long: a path in it can be
    searched for, and copied.
    """
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, emoji=False)
    if made.is_terminal:
        return made
    return Console(stderr=stderr, highlight=False, emoji=False, width=PIPE_COLUMNS, soft_wrap=True)


def table(*columns: str, title: str | None = None, right: tuple[str, ...] = ()) -> "FittedTable":
    """An empty table in the house style; it breaks no word, however narrow the terminal."""
    from rich import box

    from tina_bench.cli.show.fitted_table import FittedTable

    made = FittedTable(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="ellipsis")
    return made


def safe(text: str) -> str:
    """Text of others for a cell: on one line, with nothing that is markup or steers a terminal."""
    from rich.markup import escape

    from tina_bench.formatting.escape import printable

    return escape(printable(text))


def say(out: "Console", text: str) -> None:
    """Print a sentence that may hold text of others."""
    from tina_bench.formatting.escape import printable

    out.print(printable(text), markup=False)


def print_json(value: Any) -> None:
    """Print JSON to standard output, indented, one document."""
    typer.echo(json_text(value))
