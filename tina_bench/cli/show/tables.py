"""Tables, consoles and JSON as every verb prints them."""

from typing import TYPE_CHECKING, Any

import typer

from tina_bench.formatting.json_text import json_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def console(*, stderr: bool = False) -> "Console":
    """A console that keeps to the terminal's width; in a pipe, tables have 120 columns.

    There a sentence is one line, however long: a path in it can be searched for, and copied.
    """
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if made.is_terminal:
        return made
    return Console(stderr=stderr, highlight=False, width=120, soft_wrap=True)


def table(*columns: str, title: str | None = None, right: tuple[str, ...] = ()) -> "Table":
    """An empty table in the house style."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return made


def print_json(value: Any) -> None:
    """Print JSON to standard output, indented, one document."""
    typer.echo(json_text(value))


LINE_SECONDS = 30.0
"""In a pipe, where no bar moves, a line says at least so often how far the work is."""
