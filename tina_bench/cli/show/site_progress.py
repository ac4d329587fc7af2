"""The progress bar of a build and of a check."""

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import LINE_SECONDS, console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress(doing: str) -> "Iterator[Callable[[int, int], None]]":
    """A bar of what is written on a terminal; in a pipe a line per half minute."""
    from rich.progress import Progress

    screen = console(stderr=True)
    shown = screen.is_terminal
    printed_at = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal printed_at
        if time.monotonic() - printed_at >= LINE_SECONDS:
            printed_at = time.monotonic()
            screen.print(f"  {doing}: {done}/{total}", markup=False)

    if not shown:
        yield line
        return
    # No automatic refresh: that takes a thread, beside which a build does not fork.
    with Progress(console=screen, transient=True, auto_refresh=False) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, refresh=True)
