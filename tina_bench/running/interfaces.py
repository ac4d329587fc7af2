"""What carrying out a plan needs of others: what runs a job folder, and what sees it running."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tina_bench.running.progress import Progress
from tina_bench.store.records import JobKind, Outcome


class Runner(Protocol):
    """Anything that can run a job folder."""

    name: str

    def image(self, kind: JobKind) -> str | None:
        """Id of the container image that a kind of job runs in; `None` for none."""
        ...

    def run(self, folder: Path, home: Path, on_progress: Callable[[Progress], None]) -> int:
        """Run it to its end; returns an exit code, 0 when `result.json` says the rest.

        Negative for a signal. Raises `RunnerFailure` when it knows better than a code can say.
        """
        ...


class Watcher(Protocol):
    """Sees job folders being carried out, as the command line does."""

    def pool_started(self, kind: JobKind, model: str, jobs: int) -> None:
        """A job folder starts."""
        ...

    def progress(self, progress: Progress) -> None:
        """The running folder says how far it is."""
        ...

    def pool_ended(self, outcome: Outcome, note: str) -> None:
        """It ended."""
        ...
