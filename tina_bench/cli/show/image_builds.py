"""Progress of an image build: its steps on the screen, every line in a log."""

import contextlib
import re
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tina_bench.cli.show.tables import console
from tina_bench.errors import UsageError

_STEP = re.compile(r"^step (\d+)/(\d+) ?: (.*)", re.IGNORECASE | re.DOTALL)
STEP_WIDTH = 100
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """A progress bar on a terminal, one line per step elsewhere, and a log file in both cases."""

    def __init__(self, name: str, log: Path) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._console = console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.fields[name]}"), BarColumn(bar_width=20), MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False), console=self._console, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=None, name=name)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            self._log = log.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{log}: cannot be written: {error.strerror}; name another home with --home."
            ) from None

    def __enter__(self) -> Self:
        """Start showing."""
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the bar and close the log."""
        with contextlib.closing(self._log):
            if self._console.is_terminal:
                self._bar.stop()

    def event(self, event: dict[str, Any]) -> None:
        """Show one message of the engine."""
        text = str(event.get("stream") or event.get("status") or "")
        if "id" in event and "status" in event:
            self._layer(event)
            return
        text = _COLOUR.sub("", text).strip()
        if not text:
            return
        self._log.write(text + "\n")
        self._log.flush()
        if found := _STEP.match(text):
            number, total = int(found[1]), int(found[2])
            first = " ".join(found[3].split())[:STEP_WIDTH]
            self._bar.update(self._task, completed=number, total=total, description=first[:60])
            if not self._console.is_terminal:
                self._console.print(f"step {number}/{total}: {first}", markup=False, emoji=False)
        else:
            last = text.splitlines()[-1]
            self._bar.update(self._task, description=last[:60])

    def _layer(self, event: dict[str, Any]) -> None:
        """Progress of one layer of the base, in percent where the engine reports bytes."""
        detail = event.get("progressDetail") or {}
        done, total = detail.get("current"), detail.get("total")
        share = f" {100 * done / total:.0f} %" if done and total else ""
        self._bar.update(self._task, description=f"{event['id']}: {event['status']}{share}"[:60])
        if event["status"] in {"Pull complete", "Already exists"}:
            self._log.write(f"{event['id']}: {event['status']}\n")
