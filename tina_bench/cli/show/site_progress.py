"""The progress bar of a build and of a check."""

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tina_bench.cli.show.tables import LINE_SECONDS, console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress(doing: str) -> "Iterator[Callable[[int, int], None]]":
    """A bar of what is written on a terminal; in a pipe a line now and then."""
    from rich.progress import Progress

    screen = console(stderr=True)
    seen = screen.is_terminal
    said = time.monotonic()

    def line(done: int, total: int) -> None:
        nonlocal said
        if time.monotonic() - said >= LINE_SECONDS:
            said = time.monotonic()
            screen.print(f"  {doing}: {done}/{total}", markup=False)

    if not seen:
        yield line
        return
    # No refreshing by itself: that takes a thread, beside which a build does not fork.
    with Progress(console=screen, transient=True, auto_refresh=False) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, refresh=True)
