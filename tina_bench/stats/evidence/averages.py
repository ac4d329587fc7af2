"""The best estimate of an average over tasks of equal weight.

From whole averages of teams, one piece each, so that a shift common to a team's tasks stays in it;
or from the tasks' estimates, which use every team, with their doubts added up as if they had one
cause; whichever leaves less doubt.
"""

from collections.abc import Sequence
from math import sqrt

from tina_bench.catalog.schema import AverageClaim, Catalog
from tina_bench.stats.evidence.chance import Chance
from tina_bench.stats.evidence.estimates import Cell, pool_pieces, score_estimate
from tina_bench.stats.evidence.measurement_types import group_of
from tina_bench.stats.evidence.pieces import AVERAGE_SCALE
from tina_bench.stats.evidence.sentences import average_sentence
from tina_bench.stats.evidence.types import (
    CellEstimate,
    EvidenceAverage,
    Piece,
    RestsOnAverage,
    ScoreEstimate,
)


def estimate_averages(
    catalog: Catalog, cells: dict[Cell, CellEstimate], chance: Chance
) -> dict[tuple[str, tuple[str, ...]], EvidenceAverage]:
    """Return the estimate of every average that was published with its tasks, by model and tasks.

    A team's average is one piece, so that a shift common to its tasks stays in it. Doubts of tasks
    that are added up as if they had one cause are the most that they can be. Where a task has no
    score at all, the printed averages are what there is.
    """
    printed: dict[tuple[str, tuple[str, ...]], list[AverageClaim]] = {}
    for average in catalog.averages.values():
        if average.tasks:
            key = (average.model, tuple(sorted(average.tasks)))
            printed.setdefault(key, []).append(average)
    made = {}
    for (model, tasks), averages in sorted(printed.items()):
        found = [cells[model, task] for task in tasks if (model, task) in cells]
        if len(found) == len(tasks):
            made[model, tasks] = average_of(model, tasks, found)
        else:
            pieces = tuple(_printed(catalog, average, chance) for average in averages)
            estimate = score_estimate(pool_pieces(pieces, AVERAGE_SCALE), pieces)
            made[model, tasks] = _told(model, tasks, estimate, "printed averages", pieces)
    return made


def _printed(catalog: Catalog, average: AverageClaim, chance: Chance) -> Piece:
    """An average as its source prints it, its cells unknown."""
    tasks = average.tasks or ()
    one = [
        chance.moderated(task, average.value_percent, catalog.tasks[task].n_problems).variance
        for task in tasks
    ]
    variance = sum(one) / len(one) ** 2 / (average.runs or 1) + 10.0 ** (-2 * average.decimals) / 12
    return Piece(
        team=group_of(average.who),
        percent=average.value_percent,
        se_points=sqrt(variance),
        runs=average.runs or 1,
        parts=(),
    )


def whole_averages(cells: Sequence[Sequence[Piece]]) -> tuple[Piece, ...]:
    """Return the average of every team that has a piece in every task, by team."""
    by_name = [{piece.team: piece for piece in pieces} for pieces in cells]
    teams = set.intersection(*(set(found) for found in by_name))
    made = []
    for team in sorted(teams):
        parts = [found[team] for found in by_name]
        variance = sum(part.se_points**2 for part in parts) / len(parts) ** 2
        made.append(
            Piece(
                team=team,
                percent=sum(part.percent for part in parts) / len(parts),
                se_points=sqrt(variance),
                runs=min(part.runs for part in parts),
                parts=tuple(one for part in parts for one in part.parts),
            )
        )
    return tuple(made)


def average_of(
    model: str, tasks: tuple[str, ...], cells: Sequence[CellEstimate]
) -> EvidenceAverage:
    """Return the estimate of an average whose tasks all have one, in the order of the tasks.

    From whole averages of teams, or from the tasks' estimates, whichever leaves less doubt: the
    latter use every team, and add up the doubts as if they had one cause.
    """
    pieces = whole_averages([cell.pieces for cell in cells])
    each = [cell.estimate for cell in cells]
    m = len(each)
    added = ScoreEstimate(
        percent=sum(one.percent for one in each) / m,
        low=sum(one.low for one in each) / m,
        high=sum(one.high for one in each) / m,
        next_low=sum(one.next_low for one in each) / m,
        next_high=sum(one.next_high for one in each) / m,
        between_teams_points=sum(one.between_teams_points for one in each) / m,
        teams=len({piece.team for cell in cells for piece in cell.pieces}),
        runs=min(one.runs for one in each),
    )
    if pieces:
        whole = score_estimate(pool_pieces(pieces, AVERAGE_SCALE), pieces)
        if whole.high - whole.low <= added.high - added.low:
            return _told(model, tasks, whole, "whole averages", pieces)
    return _told(model, tasks, added, "estimates of the tasks", ())


def _told(
    model: str,
    tasks: tuple[str, ...],
    estimate: ScoreEstimate,
    rests_on: RestsOnAverage,
    pieces: tuple[Piece, ...],
) -> EvidenceAverage:
    made = EvidenceAverage(
        model=model, tasks=tasks, estimate=estimate, rests_on=rests_on, pieces=pieces, sentence=""
    )
    return made.model_copy(update={"sentence": average_sentence(made)})
