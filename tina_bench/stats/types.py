"""What statistics hand on: estimates, comparisons, verdicts; every interval has its question."""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Common behaviour: frozen, no unknown keys, field docstrings become descriptions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class Question(StrEnum):
    """Which of two questions an interval answers."""

    SAME_PROBLEMS = "these problems, sampled afresh"
    SIMILAR_PROBLEMS = "problems like these"


class Validity(StrEnum):
    """How far the nominal coverage of an interval can be taken at its word (docs/statistics.md)."""

    NOMINAL = "nominal"
    """Simulated coverage lies within 1.5 points of the nominal one."""
    CONSERVATIVE = "conservative"
    """Covers at least as often as it says, and may be much wider than it need be."""
    ROUGH = "rough"
    """Too little data for the method: coverage may miss by several points either way."""


class Interval(Shape):
    """A two-sided interval in percent or points."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""
    level: float
    """Nominal coverage, as 0.95."""
    question: Question
    """What it is an interval for."""
    method: str
    """How it was made, with its source."""
    validity: Validity = Validity.NOMINAL
    """Whether `level` can be taken at its word."""
    validity_reason: str = ""
    """Why not, where it cannot."""


class Rate(Shape):
    """A share of samples."""

    count: int
    """Samples it is true of."""
    total: int
    """All samples."""
    interval: Interval | None = None
    """Percent; where the rate of endless fresh runs over the same problems lies."""

    @property
    def percent(self) -> float:
        """The share, in percent."""
        return 100 * self.count / self.total


class TaskEstimate(Shape):
    """Score of one model on one task."""

    model: str
    """Model."""
    task: str
    """Task."""
    n: int
    """Problems."""
    k: int
    """Runs."""
    n_correct: int
    """Correct answers over all problems and runs."""
    avg_percent: float
    """avg@k: mean over runs of the share of correct answers, percent."""
    same_problems: Interval
    """Percent; where the score of endless fresh runs over the same problems lies."""
    similar_problems: Interval
    """Percent; where the score over endless problems drawn like these lies."""
    run_percents: tuple[float, ...]
    """Score of each run, in the order of the record's seeds, percent."""
    sd_over_runs_points: float | None
    """Sample SD of the run scores: a dispersion, not a standard error; `None` for one run."""
    pass_at_k_percent: dict[int, float]
    """Unbiased pass@k' for every k' up to k (Chen et al. 2021, arXiv 2107.03374, section 2.1)."""
    majority_percent: dict[int, float] | None = None
    """maj@k' for k' up to k as far as it is computed; `None` where the record does not tell which
    answers agree."""
    truncated: Rate
    """Answers cut at the generation limit."""
    unanswered: Rate
    """Answers in which the grader found nothing to grade."""
    undecided: Rate
    """Answers that the grader gave no decision on; counted as not correct."""
    mean_tokens_out: float
    """Mean answer length, tokens."""


class AverageEstimate(Shape):
    """Mean score of one model over tasks, each with the same weight, as papers print it."""

    model: str
    """Model."""
    tasks: tuple[str, ...]
    """Tasks averaged; each has weight 1 over their number, whatever its size."""
    avg_percent: float
    """Mean of the tasks' avg@k, percent."""
    same_problems: Interval
    """Percent; where endless fresh runs over the same problems would put it."""
    similar_problems: Interval
    """Percent; where endless problems like these would put it."""


class TotalsEstimate(Shape):
    """The estimate of a score of which only totals are known: a third party's, for example.

    Per-problem answers are not known, so there is no pass@k, no maj@k and no spread of problems;
    both intervals are upper bounds of width.
    """

    n: int
    """Problems."""
    k: int
    """Runs."""
    avg_percent: float
    """avg@k, percent."""
    same_problems: Interval
    """Percent; where endless fresh runs over the same problems would put it."""
    similar_problems: Interval
    """Percent; where endless problems like these would put it."""


class Comparison(Shape):
    """Model A against model B on the same problems of one or several tasks."""

    model_a: str
    """First model."""
    model_b: str
    """Second model."""
    tasks: tuple[str, ...]
    """Tasks that were pooled, each problem with equal weight."""
    n: int
    """Problems."""
    difference_points: float
    """Mean over problems of A's share correct minus B's, points."""
    interval: Interval
    """Points."""
    p_value: float
    """Two-sided, paired by problem."""
    method: str
    """How it was tested."""


class Verdict(StrEnum):
    """What the evidence says of a claim."""

    REPRODUCED = "REPRODUCED"
    NOT_REPRODUCED = "NOT_REPRODUCED"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_COMPARABLE = "NOT_COMPARABLE"
    NOT_MEASURED = "NOT_MEASURED"


AVERAGE = "average"
"""Stands for a task's name where a claim is a mean over several."""


class Judgement(Shape):
    """A claim and its verdict."""

    claim: str
    """Catalog name of the claim."""
    model: str
    """Model."""
    task: str
    """Task; `average` where the claim is a mean over several."""
    tasks: tuple[str, ...] = ()
    """With an average: its tasks, each of the same weight."""
    claimed_percent: float
    """As printed."""
    decimals: int
    """Digits printed."""
    runs: int | None
    """k₀ behind the claim; `None` if unknown."""
    who: str
    """Who says so."""
    source: str
    """Where."""
    verdict: Verdict
    """What the evidence says; `NOT_MEASURED` where there is no result yet."""
    reason: str
    """One or two sentences for people, numbers included."""
    would_decide: str | None = None
    """What would settle an open case."""
    differences: tuple[str, ...] = ()
    """Protocol differences, with NOT_COMPARABLE."""
    caveats: tuple[str, ...] = ()
    """Lesser differences from the published protocol, which the verdict does not weigh."""
    measured_percent: float | None = None
    """Our avg@k."""
    difference_points: float | None = None
    """Ours minus claimed."""
    interval: Interval | None = None
    """Of the difference, points."""
    p_value: float | None = None
    """That a fresh measurement like the claim's would lie this far from ours or farther."""
    p_method: str | None = None
    """How that was found, with its source."""
    adjusted_p: float | None = None
    """The same after Holm's correction over `family`: the claim is contradicted below 0.05."""
    family: str | None = None
    """The claims that were judged together, and their number."""
    margin_points: float | None = None
    """Equivalence margin used."""
    direction: Literal["lower", "higher", "equal"] | None = None
    """Where ours lies, seen from the claim."""
    further_seeds: int | None = None
    """With INCONCLUSIVE: about how many more seeds of ours decide it with 80 % power; `None` where
    no number does."""


class Report(Shape):
    """Everything that the records at hand support."""

    estimates: tuple[TaskEstimate, ...]
    """One per model and task."""
    averages: tuple[AverageEstimate, ...] = ()
    """One per model with results on several tasks: over all that it has."""
    comparisons: tuple[Comparison, ...]
    """Adapters against their bases: a task each, then all tasks pooled."""
    judgements: tuple[Judgement, ...]
    """One per claim, in the order of the catalog."""
