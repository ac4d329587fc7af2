"""What sees a request being carried out, from its plan to the end of its last job."""

from typing import Protocol

from tina_bench.planning.types import Plan
from tina_bench.running.interfaces import Watcher
from tina_bench.running.progress import Progress
from tina_bench.running.select_runner import Choice
from tina_bench.running.until_decided import CellLook, Rule
from tina_bench.store.records import JobKind, Outcome


class ReproductionWatcher(Watcher, Protocol):
    """Sees a request being carried out."""

    def chosen(self, choice: Choice) -> None:
        """The runner is chosen, before any plan."""
        ...

    def ruled(self, rule: Rule, cells: int) -> None:
        """The rule of sampling until decided is fixed, for so many pairs of model and task."""
        ...

    def planned(self, plan: Plan, round_number: int) -> None:
        """A plan is made; the first round has number 1."""
        ...

    def started(self, plan: Plan) -> None:
        """Its jobs begin."""
        ...

    def ended(self) -> None:
        """Its jobs have ended, whatever became of them."""
        ...

    def looked(self, cells: list[CellLook], round_number: int) -> None:
        """What the answers of a round say of the claims."""
        ...

    def noticed(self, sentence: str) -> None:
        """Something that a user wants to know and need not act on."""
        ...


class Unwatched:
    """A watcher for programs that look at the outcome alone."""

    def chosen(self, choice: Choice) -> None:
        """Nothing."""

    def ruled(self, rule: Rule, cells: int) -> None:
        """Nothing."""

    def planned(self, plan: Plan, round_number: int) -> None:
        """Nothing."""

    def started(self, plan: Plan) -> None:
        """Nothing."""

    def ended(self) -> None:
        """Nothing."""

    def looked(self, cells: list[CellLook], round_number: int) -> None:
        """Nothing."""

    def noticed(self, sentence: str) -> None:
        """Nothing."""

    def pool_started(self, kind: JobKind, model: str, jobs: int) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""

    def pool_ended(self, outcome: Outcome, note: str) -> None:
        """Nothing."""
