"""What evidence hands on: estimates of scores, and what others say of claims."""

from enum import StrEnum
from typing import Literal

from tina_bench.stats.types import Shape

RestsOn = Literal["measurements", "another protocol", "picked scores", "second hand", "trainings"]
RestsOnAverage = Literal["whole averages", "estimates of the tasks", "printed averages"]
"""What an estimate is made of."""


class Others(StrEnum):
    """What other teams' measurements say of a claim; never a verdict of ours."""

    AGREE = "OTHERS_AGREE"
    """Their score is the claim's, within the margin."""
    DIFFER = "OTHERS_DIFFER"
    """The claim is no plausible outcome of one more team."""
    DISAGREE = "OTHERS_DISAGREE"
    """They differ among themselves by more than the margin."""
    UNDECIDED = "OTHERS_UNDECIDED"
    """None of these can be said."""
    TOO_FEW = "TOO_FEW_OTHERS"
    """Fewer than two other teams measured it."""


class PieceMeasurement(Shape):
    """One measurement in a team's piece."""

    name: str
    """Claim, file or record."""
    percent: float
    """As measured, percent; of a picked score what is left without half the luck of the pick."""
    runs: int | None
    """Runs behind it; `None`: not stated, and taken as one."""
    se_points: float
    """Standard error by the chance of its runs, points."""
    basis: str
    """What that rests on."""
    protocol_stated: bool
    """Whether its source says how answers were drawn and how long they could be."""


class Piece(Shape):
    """All that one team measured of a score: its measurements weighted by precision."""

    team: str
    """Who measured."""
    percent: float
    """Score, percent."""
    se_points: float
    """Standard error, points."""
    runs: int
    """Runs; a number that is not stated counts as one."""
    parts: tuple[PieceMeasurement, ...]
    """Its measurements."""


class NotPooled(Shape):
    """A measurement that is listed and not pooled."""

    name: str
    """Claim, file or record."""
    who: str
    """Who measured."""
    percent: float
    """As printed or measured, percent."""
    reason: str
    """Why it is not pooled."""


class ScoreEstimate(Shape):
    """The best estimate of a score from all public evidence."""

    percent: float
    """Posterior mean, percent."""
    low: float
    """Lower end of its 95 % interval, percent."""
    high: float
    """Upper end."""
    next_low: float
    """Lower end of the 95 % interval of the endless runs of one more team, percent."""
    next_high: float
    """Upper end."""
    between_teams_points: float
    """SD between teams, posterior median, points."""
    teams: int
    """Teams."""
    runs: int
    """Runs; a number that is not stated counts as one."""


class CellEstimate(Shape):
    """The best estimate of one model on one task."""

    model: str
    """Model."""
    task: str
    """Task."""
    estimate: ScoreEstimate
    """The estimate."""
    rests_on: RestsOn
    """All but measurements, only where there is nothing better: answers that were greedy or cut off
    early, picked scores with half the luck of the pick taken off, numbers seen at second hand or
    without their runs, and means over trainings of the recipe."""
    pieces: tuple[Piece, ...]
    """What was pooled, by team."""
    left_out: tuple[NotPooled, ...]
    """What was not, by name."""
    sentence: str
    """The estimate, for people."""


class EvidenceAverage(Shape):
    """The best estimate of a model's average over tasks of equal weight."""

    model: str
    """Model."""
    tasks: tuple[str, ...]
    """Tasks averaged."""
    estimate: ScoreEstimate
    """The estimate."""
    rests_on: RestsOnAverage
    """Teams that measured every task, or the tasks' estimates, their doubts added up as if they
    had one cause, whichever leaves less doubt; without a score of some task, the averages as
    printed."""
    pieces: tuple[Piece, ...]
    """Teams that measured every task; none where it rests on the estimates of the tasks."""
    sentence: str
    """The estimate, for people."""


class OthersSay(Shape):
    """What other teams say of one claim."""

    claim: str
    """Catalog name of the claim or average."""
    word: Others
    """In one word."""
    about: Literal["these weights", "the recipe"]
    """The recipe: held against trainings of others, with the spread between trainings."""
    sentence: str
    """For people."""
    percent: float | None
    """Where they put the score, percent; `None` without any."""
    low: float | None
    """Lower end of its 95 % interval."""
    high: float | None
    """Upper end."""
    teams: int
    """Other teams."""
    runs: int
    """Their runs."""
    p_value: float | None
    """Chance of a claim as far off, from one more team; `None` with fewer than two teams."""
    adjusted_p: float | None
    """The same after Holm's correction over all claims with two other teams."""
    family: int
    """Claims corrected for."""
    disagree_chance: float | None
    """Posterior chance that teams differ by an SD of more than the margin."""
    pieces: tuple[Piece, ...]
    """By team."""
    left_out: tuple[NotPooled, ...]
    """What was not pooled, and why."""


class Standing(Shape):
    """The ranks that one model may have."""

    model: str
    """Model."""
    estimate: ScoreEstimate
    """The best estimate of its score."""
    best: int
    """Least rank, 1 being the best model's: 1 + those that are better beyond doubt."""
    worst: int
    """Greatest rank: the number of models less those that are worse beyond doubt."""
    better: tuple[str, ...]
    """Models that are better beyond doubt, by name."""
    worse: tuple[str, ...]
    """Models that are worse beyond doubt, by name."""


class Standings(Shape):
    """All models by their estimated score over some tasks."""

    tasks: tuple[str, ...]
    """Tasks, each with the same weight."""
    level: float
    """Chance that all bands are right at once, as far as the model of teams is."""
    rows: tuple[Standing, ...]
    """By estimate, the highest first."""
    left_out: dict[str, str]
    """Models without an estimate of every task, and of which."""


class EstimatedGain(Shape):
    """By how much an adapter is better than its base, by public evidence."""

    model: str
    """Adapter."""
    reference: str
    """Its base."""
    tasks: tuple[str, ...]
    """Tasks, each with the same weight."""
    points: float
    """Gain, points."""
    low: float
    """Lower end of its 95 % interval, points."""
    high: float
    """Upper end."""
    p_value: float
    """Twice the posterior chance of the other sign."""
    adjusted_p: float
    """The same after Holm's correction over all gains of the table."""
    family: int
    """Gains corrected for."""
    sentence: str
    """The gain, for people."""


class PublicEvidence(Shape):
    """All of it: an estimate for every score, and what others say of every claim."""

    schema_version: Literal[1] = 1
    cells: tuple[CellEstimate, ...]
    """By model and task."""
    averages: tuple[EvidenceAverage, ...]
    """By model and tasks."""
    others: tuple[OthersSay, ...]
    """By claim, in the catalog's order, averages last."""
