"""What every format is written from: one measurement of one model on one task.

Own records and imported results become the same shape, so that no format has to know which of the
two it writes; `third_party` says it where the format can. Answers are read when they are asked for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tina_bench.catalog.schema import Model, Source, Task
from tina_bench.errors import BlockedError
from tina_bench.exporting.options import Relationship
from tina_bench.store.records import RETRAINED

OWN_DEVELOPER = "tina-bench"
"""Stands for the developer of a model that is embedded in this package or trained by its user."""


@dataclass(frozen=True, slots=True)
class ExportedAnswer:
    """One answer to one problem; `None` is unknown."""

    problem: str
    """Problem id, as in our own records."""
    index: int
    """Row of the dataset where that is known, else of the file."""
    seed: int | None
    """The run's seed; for imports seed, epoch or repeat as their file counts them."""
    correct: bool
    """The decision; false where there is none."""
    undecided: bool | None = None
    """The grader came to no decision."""
    answered: bool | None = None
    """The grader found an answer."""
    truncated: bool | None = None
    """It was cut at the limit."""
    tokens_in: int | None = None
    """Prompt tokens."""
    tokens_out: int | None = None
    """Generated tokens."""
    question: str | None = None
    """What was asked, before the chat template."""
    choices: tuple[str, ...] = ()
    """Answers to choose from."""
    gold: str | None = None
    """The right answer, as the grader was given it."""
    extracted: str | None = None
    """What the grader read out of the text."""
    text: str | None = None
    """The answer, without the prompt."""
    finished_at: str | None = None
    """When it was finished, ISO 8601 with its time zone."""


@dataclass(frozen=True, slots=True)
class ExportedTotal:
    """Right answers of so many, where the single answers are not known."""

    correct: int
    """Right answers."""
    trials: int
    """Graded answers."""
    problem: str | None = None
    """Of this problem alone."""
    index: int | None = None
    """Its row."""
    seed: int | None = None
    """Of this run alone."""


@dataclass(frozen=True)
class ExportedProtocol:
    """How answers were made; `None` is unknown."""

    temperature: float | None = None
    """Sampling temperature; 0 is greedy."""
    top_p: float | None = None
    """Nucleus sampling."""
    top_k: int | None = None
    """Most likely tokens to draw from; -1 is all."""
    max_tokens: int | None = None
    """Generation limit, tokens."""
    prompt: str | None = None
    """Name or hash of the prompt or chat template."""
    grader: str | None = None
    """What graded."""


@dataclass(frozen=True)
class Bounds:
    """An interval of the score, shares of 1."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""
    level: float
    """Nominal coverage, as 0.95."""
    method: str
    """Which question it answers, and how it was made."""


@dataclass(frozen=True)
class ExportedMeasurement:
    """One model on one task, by one measurer."""

    id: str
    """Hash of its content, 16 hex digits: the same for the same measurement, whenever exported."""
    third_party: bool
    """Imported: others measured it."""
    model: str
    """Name in the catalog, else as printed."""
    task: str
    """Name in the catalog, else as printed."""
    known_model: Model | None
    """The catalog's entry."""
    known_task: Task | None
    """The catalog's entry."""
    score: float
    """Share of 1 for everything that counts answers."""
    n: int | None
    """Problems."""
    runs: int | None
    """Graded answers per problem."""
    correct: int | None
    """Right answers, all runs together."""
    trials: int | None
    """Graded answers, all problems together."""
    protocol: ExportedProtocol
    """How the answers were made."""
    harness: str
    """What measured."""
    harness_version: str | None
    """Its version or commit."""
    who: str | None
    """Who measured, where that is known."""
    source: str | None
    """Where it was published, where that is known."""
    relationship: Relationship
    """How who measured stands to the makers of the model."""
    name: str
    """What tells it from others of its model and task: a profile, or an import's id."""
    retrieved_at: int
    """When its record was made here, seconds since 1970."""
    revision: str | None = None
    """Commit of the weights."""
    engine: tuple[str, str] | None = None
    """Inference engine and its version."""
    started_at: str | None = None
    """First answer; for imports the stamp as printed."""
    finished_at: str | None = None
    """Last grade."""
    bounds: Bounds | None = None
    """95 % interval for these problems, sampled afresh."""
    other_bounds: Bounds | None = None
    """95 % interval for problems like these."""
    answers: Callable[[], Iterator[ExportedAnswer]] | None = None
    """Reads every single answer; `None` where only totals are known."""
    no_texts: str | None = None
    """Why there are no texts of problems and answers, where there are none."""
    totals: tuple[ExportedTotal, ...] = ()
    """Without answers: what is counted."""
    decimals: int | None = None
    """Digits after the point of a printed percentage that no count stands behind."""
    sd_points: float | None = None
    """Standard deviation of one run, as printed, points."""
    retrained: bool = False
    """Measured with weights that were trained here, not with those that were published."""
    deviations: tuple[str, ...] = ()
    """In what it was not made as it was asked for."""
    details: dict[str, str] = field(default_factory=dict)
    """Dollars, joules, hardware, verdicts, hashes: by name, as words."""

    def check(self) -> None:
        """Read every answer once, for formats that write none.

        Raises `IntegrityError` for a score that its logs do not carry.
        """
        for _ in self.answers() if self.answers is not None else ():
            pass

    @property
    def label(self) -> str:
        """For sentences."""
        return f"{self.model} on {self.task} ({self.name})"

    @property
    def model_id(self) -> str:
        """The hub's name of the weights where they have one, with the folder that they lie in."""
        known = self.known_model
        if self.retrained:
            return f"{self.model}{RETRAINED}"
        if known is None or known.repo is None:
            return self.model
        return f"{known.repo}/{known.subfolder}" if known.subfolder else known.repo

    @property
    def developer(self) -> str | None:
        """Where the name of the model does not say it."""
        known, made_here = self.known_model, (Source.EMBEDDED, Source.RECIPE)
        own = self.retrained or (known is not None and known.source in made_here)
        return OWN_DEVELOPER if own else None


class NotExported:
    """What a format could not hold, gathered into one sentence a reason."""

    NAMED = 3
    """Measurements that a sentence names; the others are counted."""

    def __init__(self) -> None:
        self._by_reason: dict[str, list[str]] = {}

    def add(self, reason: str, what: str) -> None:
        """`what` is left out; the reason goes on after a colon."""
        self._by_reason.setdefault(reason, []).append(what)

    def sentences(self) -> tuple[str, ...]:
        """One a reason, in the order in which they came up."""
        return tuple(
            f"{_named(what, self.NAMED)}: {reason}." for reason, what in self._by_reason.items()
        )


@dataclass
class WrittenExport:
    """What a format's writer has written."""

    own: int = 0
    """Own results."""
    imported: int = 0
    """Results of others."""
    answers: int = 0
    """Single answers."""

    def add(self, one: ExportedMeasurement, answers: int) -> None:
        """Count a measurement and its answers."""
        self.own += not one.third_party
        self.imported += one.third_party
        self.answers += answers

    def refuse_nothing(self, left_out: NotExported) -> None:
        """Raise `BlockedError` where all was left out: an empty file would look like an answer."""
        if self.own + self.imported == 0:
            raise BlockedError(
                f"nothing could be exported in this format; {' '.join(left_out.sentences())}"
            )


def _named(what: list[str], most: int) -> str:
    more = len(what) - most
    return ", ".join(what[:most]) + (f" and {more} more" if more > 0 else "")
