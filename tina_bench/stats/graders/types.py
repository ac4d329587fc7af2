"""What grading the same answers by several graders hands on."""

from enum import StrEnum

from pydantic import Field

from tina_bench.stats.types import Shape


class Ruling(StrEnum):
    """What a grader says of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNDECIDED = "undecided"
    """It ran out of time or failed; told apart from wrong, and counted as not correct."""


class GraderScore(Shape):
    """The score that one grader gives to the answers."""

    grader: str
    """Name."""
    versions: dict[str, str] = Field(default_factory=dict)
    """Of the packages that decide its grades."""
    answers: int
    """Answers that it was asked about."""
    right: int
    """Answers that it calls right."""
    undecided: int
    """Answers that it came to no decision on."""
    unread: int
    """Decided answers in which it found nothing to grade."""
    percent: float | None
    """avg@k by this grader; `None` where it was not asked about every answer."""
    shift_points: float | None
    """That minus the recorded score."""
    exceeds_margin: bool | None
    """The shift is at least the task's equivalence margin: a verdict may hang on the grader."""


class GraderPair(Shape):
    """Two graders on the answers that both were asked about."""

    first: str
    """Grader."""
    second: str
    """Grader."""
    answers: int
    """Answers in common."""
    agreement_percent: float
    """Answers on which they say the same, undecided ones included."""
    kappa: float | None
    """Cohen's kappa over right, wrong and undecided (Cohen 1960, Educ. Psychol. Meas. 20:37);
    `None` where both say one and the same of all answers, and it is not defined. Near-constant
    rulings make it small however well graders agree (Feinstein & Cicchetti 1990, J. Clin.
    Epidemiol. 43:543)."""
    right_by_first_only: int
    """Right by the first, and not by the second."""
    right_by_second_only: int
    """Right by the second, and not by the first."""
    other_differences: int
    """Wrong by one, undecided by the other: no score changes."""
    p_value: float
    """Two-sided: that graders which flip either way equally often differ this lopsidedly."""
    p_method: str
    """How that was found: by answers where each problem has one, else by problems, as answers to
    one problem tend to fall to the same side."""
    lowest_percent: float
    """Score over these answers if each that the two differ on, or both left undecided, is wrong."""
    highest_percent: float
    """Score if each of those is right."""


class Flip(Shape):
    """An answer that graders do not agree on, with what it takes to judge oneself."""

    problem: str
    """Problem id."""
    index: int
    """Row of the dataset."""
    seed: int
    """The run's seed."""
    key: str
    """The sample's key."""
    rulings: dict[str, Ruling]
    """The ruling of each grader."""
    read: dict[str, str | None]
    """What each grader read out of the answer."""
    gold: str | None = None
    """The right answer, as graders were given it."""
    question: str | None = None
    """What was asked."""
    answer_end: str | None = None
    """The end of the answer, where it says what it comes to."""
    answer_characters: int | None = None
    """Length of the whole answer."""


class CellAudit(Shape):
    """One model on one task."""

    model: str
    """Model."""
    task: str
    """Task."""
    n: int
    """Problems."""
    k: int
    """Runs."""
    margin_points: float | None
    """The task's equivalence margin; `None` where the catalog does not have the task."""
    scores: tuple[GraderScore, ...]
    """By grader; the recorded grades first."""
    pairs: tuple[GraderPair, ...]
    """Every two graders that were asked about common answers."""
    disputed: int
    """Answers that not all graders say the same of, or that none decided."""
    lowest_percent: float
    """Score if every disputed answer is wrong."""
    highest_percent: float
    """Score if every disputed answer is right."""
    flips: tuple[Flip, ...]
    """Answers that graders differ on, by dataset row and seed."""

    @property
    def width_points(self) -> float:
        """How far apart the two bounds lie: what the choice of grader can move the score by."""
        return self.highest_percent - self.lowest_percent

    @property
    def exceeds_margin(self) -> bool:
        """Whether any grader moves the score by the task's margin or more."""
        return any(score.exceeds_margin for score in self.scores)


class LeftOut(Shape):
    """A model × task that was not regraded."""

    model: str
    """Model."""
    task: str
    """Task."""
    reason: str
    """Why."""


class GraderAudit(Shape):
    """The result of grading the same answers once more."""

    cells: tuple[CellAudit, ...]
    """By model and task."""
    left_out: tuple[LeftOut, ...] = ()
    """What could not be regraded."""
    graded_now: int = 0
    """Grades that this call made; the others had been made before."""
