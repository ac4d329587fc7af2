"""The progress bars of running jobs."""

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from tina_bench.cli.show.tables import LINE_SECONDS, console
from tina_bench.formatting.numbers import seconds_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from tina_bench.planning.types import Plan, PlannedJob
    from tina_bench.running.progress import Progress
    from tina_bench.store.records import JobKind, Outcome


PRIOR = 0.25
"""Weight of the estimates before any job has ended, as a share of their sum."""


class TimeLeft:
    """What is left of a plan's time, by its estimates and by the times of jobs that have ended.

    Measured times weigh more the more jobs have ended: one short job is weak evidence.
    """

    def __init__(self, plan: "Plan") -> None:
        from tina_bench.planning.totals import total

        pools: dict[tuple[str, str], list[PlannedJob]] = {}
        for planned in plan.jobs:
            if planned.job.id not in plan.blocked:
                pools.setdefault((planned.job.kind, planned.job.model), []).append(planned)
        self._expected = {key: total(jobs).central.seconds for key, jobs in pools.items()}
        self._ended: dict[tuple[str, str], float] = {}

    def ended(self, kind: "JobKind", model: str, seconds: float) -> None:
        """Record what a pool took."""
        self._ended[kind, model] = self._ended.get((kind, model), 0.0) + seconds

    @property
    def seconds(self) -> float | None:
        """Estimate for the other pools; `None` where a part of it is unknown."""
        left = [seconds for key, seconds in self._expected.items() if key not in self._ended]
        expected = sum(self._expected.get(key) or 0.0 for key in self._ended)
        taken = sum(self._ended.values())
        known = [seconds for seconds in left if seconds is not None]
        if len(known) < len(left):
            return None
        prior = PRIOR * sum(seconds or 0.0 for seconds in self._expected.values())
        return sum(known) * (taken + prior) / (expected + prior) if expected + prior else None


class ConsoleWatcher:
    """Shows one progress bar per job folder on a terminal, and plain lines in a pipe."""

    def __init__(self, *, show_log: bool = False) -> None:
        self._bar = open_bar()
        self._left: TimeLeft | None = None
        self._key: tuple[JobKind, str] | None = None
        self._started = self._printed_at = 0.0
        self._show_log = show_log
        self._task: TaskID | None = None
        self._label = ""

    def started(self, plan: "Plan") -> None:
        """Show the bars of a plan's jobs from here on."""
        self._left = TimeLeft(plan)
        self._bar.start()

    def ended(self) -> None:
        """Remove the bars."""
        self._bar.stop()

    def noticed(self, sentence: str) -> None:
        """Print it on the error stream."""
        typer.echo(sentence, err=True)

    def pool_started(self, kind: "JobKind", model: str, jobs: int) -> None:
        """Announce a folder."""
        of_runs = f" ({jobs} runs)" if kind in {"evaluate", "grade"} else ""
        self._label, self._key = f"{kind} {model}{of_runs}", (kind, model)
        self._started = self._printed_at = time.monotonic()
        self._task = self._bar.add_task(self._label, total=None, phase="starting", unit="")
        if not self._bar.console.is_terminal:
            self._bar.console.print(f"{self._label} …", markup=False)

    def progress(self, progress: "Progress") -> None:
        """Move the bar."""
        assert self._task is not None
        if self._show_log and progress.printed:
            self._bar.console.print(progress.printed, markup=False)
        self._bar.update(
            self._task,
            completed=progress.done,
            total=progress.total or None,
            phase=progress.phase,
            unit=progress.unit,
        )
        moment = time.monotonic()
        if not self._bar.console.is_terminal and moment - self._printed_at >= LINE_SECONDS:
            self._printed_at = moment
            of = f"{progress.done}/{progress.total} {progress.unit}, " if progress.total else ""
            self._bar.console.print(
                f"  {self._label}: {of}{progress.phase}, {seconds_text(moment - self._started)}",
                markup=False,
            )

    def pool_ended(self, outcome: "Outcome", note: str) -> None:
        """Replace the bar by a permanent line."""
        assert self._task is not None
        assert self._key is not None
        elapsed = time.monotonic() - self._started
        self._bar.remove_task(self._task)
        assert self._left is not None
        self._left.ended(*self._key, elapsed)
        left = self._left.seconds
        if left is not None and left >= 1 and outcome == "done":
            note = "; ".join(part for part in (note, f"about {seconds_text(left)} left") if part)
        sign = {"done": "✓", "budget": "■"}.get(outcome, "✗")
        tail = f": {note}" if note else ""
        self._bar.console.print(
            f"{sign} {self._label}, {seconds_text(elapsed)}{tail}", markup=False
        )


def open_bar() -> "Bar":
    """A progress bar per job folder, on the error stream, removed at the end."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]} [{task.fields[phase]}]", markup=False),
        TimeElapsedColumn(),
        console=console(stderr=True),
        transient=True,
    )


@contextmanager
def grading_bar(*, shown: bool = True) -> "Iterator[Callable[[int, int], None]]":
    """A bar of answers that are graded again, on a terminal's error stream; nothing of it stays."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = console(stderr=True)
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=screen, transient=True, disable=not (shown and screen.is_terminal),
    ) as bar:  # fmt: skip
        line = bar.add_task("grading again", total=None)
        yield lambda done, total: bar.update(line, completed=done, total=total)
