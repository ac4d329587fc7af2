"""Which ranks a model may have on a board, all models at once."""

from tina_bench.stats.comparisons.all_pairs import PairTable, PairVerdict
from tina_bench.stats.comparisons.power import SIZE
from tina_bench.stats.types import Question, Shape


class RankBand(Shape):
    """The ranks that one model may have."""

    model: str
    """Model."""
    score_percent: float
    """Its score, percent."""
    best: int
    """Least rank, 1 being the best model's: 1 + those that are better beyond doubt."""
    worst: int
    """Greatest rank: the number of models less those that are worse beyond doubt."""
    better: tuple[str, ...]
    """Models that are better beyond doubt, by name."""
    worse: tuple[str, ...]
    """Models that are worse beyond doubt, by name."""


class RankTable(Shape):
    """Rank bands of all models on one task, or on the average over tasks."""

    scope: str
    """The task, or `average`."""
    tasks: tuple[str, ...]
    """Tasks behind it."""
    level: float
    """Chance, at least, that all bands contain their models' ranks."""
    question: Question
    """What the ranks are ranks in."""
    method: str
    """How they were made, with source."""
    bands: tuple[RankBand, ...]
    """By score, the best first; equal scores by name."""
    left_out: dict[str, str]
    """Models without a band, and why."""


def rank_bands(table: PairTable) -> RankTable:
    """Return bands that contain the true ranks of all models at once with a chance of 95 %.

    A model's true rank is 1 + the number of models whose mean over problems like these is greater;
    models with equal means may share it. With D the set of directed pairs (i better than j) that
    the table's tests found, whose family-wise error is at most 5 %,

        band of j = 1 + #{i : (i, j) in D}  to  M - #{i : (j, i) in D}.

    When no member of D is false, which is 95 % of the time, every band is right: so bands are
    simultaneous without further correction (Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ.
    Stud. 91:476, with stepwise tests of both directions; Mohamad, Goeman & van Zwet 2019). With
    ties any rank from 1 + the number of better ones to M less the number of worse ones is a true
    rank, and the band contains all of them.

    Those authors bootstrap Student statistics; here each test is the exact sign-flip test and the
    correction is Holm's. It needs no random numbers, and loses little: it does not use that the
    pairs' tests depend on each other. In simulated boards of 8 models, equal or close, with their
    own strengths and weaknesses, all bands were right at once in 96 % of cases and more: n of 30 to
    500, k of 1 to 10 (docs/statistics.md).

    Validity ends where that of the single tests does: kinds of problem rarer than one in n can be
    in none of them, and no test knows that some models are strong on those.
    """
    better: dict[str, list[str]] = {model: [] for model in table.models}
    worse: dict[str, list[str]] = {model: [] for model in table.models}
    for pair in table.comparisons:
        if pair.finding is PairVerdict.NOT_TOLD_APART:
            continue
        winner, loser = pair.model_a, pair.model_b
        if pair.finding is PairVerdict.B_BETTER:
            winner, loser = loser, winner
        better[loser].append(winner)
        worse[winner].append(loser)
    scores = table.scores_percent
    return RankTable(
        scope=table.scope,
        tasks=table.tasks,
        level=1 - SIZE,
        question=Question.SIMILAR_PROBLEMS,
        method=(
            "exact paired sign-flip tests, Holm over both directions of every pair "
            "(Mogstad, Romano, Shaikh & Wilhelm 2024)"
        ),
        bands=tuple(
            RankBand(
                model=model,
                score_percent=scores[model],
                best=1 + len(better[model]),
                worst=len(table.models) - len(worse[model]),
                better=tuple(sorted(better[model])),
                worse=tuple(sorted(worse[model])),
            )
            for model in sorted(table.models, key=lambda model: (-scores[model], model))
        ),
        left_out=table.left_out,
    )
