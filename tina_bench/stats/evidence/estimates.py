"""The best estimate of every score from all public evidence, one piece a team.

By `tina_bench.stats.methods.team_pooling`, the claimant's own pieces included. A score that was
picked out of m checkpoints is left out where others exist. Where it is all there is, up to the
whole luck of a pick among equals may have come with it (`tina_bench.stats.audits.selection`), and
how much is not known: half of that is taken off, and the variance of anything between none and all
added. What was seen at second hand, or without its runs, enters only where there is nothing else.
So do answers that were greedy or cut off earlier than the task allows, where the source says so:
they measure something else. What else differs between protocols, or is not stated, is what the SD
between teams is about.
"""

from collections.abc import Iterable, Sequence
from math import sqrt

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.evidence.chance import Chance
from tina_bench.stats.evidence.measurement_types import (
    Evidence,
    Measurement,
    SetAside,
)
from tina_bench.stats.evidence.measurements import measurement_of
from tina_bench.stats.evidence.pieces import by_team, scale_of
from tina_bench.stats.evidence.sentences import cell_sentence
from tina_bench.stats.evidence.types import (
    CellEstimate,
    NotPooled,
    Piece,
    RestsOn,
    ScoreEstimate,
)
from tina_bench.stats.methods.best_of_many import expected_maximum
from tina_bench.stats.methods.team_pooling import TeamPool, pool_teams

LEVEL = 0.95
Cell = tuple[str, str]
PICKED = "picked out of {m} checkpoints by such scores, and unpicked ones exist"
SECOND_HAND = "seen at second hand or without its runs and settings ({confidence})"


def estimate_cells(
    catalog: Catalog, evidence: Evidence, chance: Chance
) -> dict[Cell, CellEstimate]:
    """Return the estimate of every model and task that has any measurement, by model and task."""
    pooled = by_cell(evidence.measurements)
    others = by_cell(evidence.not_pooled)
    again: dict[Cell, list[NotPooled]] = {}
    for aside in evidence.set_aside:
        claim = catalog.claims.get(aside.name)
        if claim is not None and aside.counted_as is not None:
            cell = (catalog.models[claim.model].published_as or claim.model, claim.task)
            again.setdefault(cell, []).append(_told_again(aside, claim.who, claim.value_percent))
    luck = pick_luck(catalog, chance)
    recipes = _of_recipes(catalog)
    made = {}
    for cell in sorted(pooled.keys() | others.keys() | recipes.keys()):
        found, quoted, left = pooled.get(cell, []), others.get(cell, []), again.get(cell, [])
        spread: dict[str, float] = {}
        rests_on: RestsOn = "measurements"
        if found:
            usable, rests_on, further = _chosen(found, catalog)
            left = [*left, *further, *map(second_hand, quoted)]
        elif quoted:
            usable, rests_on = quoted, "second hand"
        else:
            usable, spread = recipes[cell]
            rests_on = "trainings"
        corrections = {
            piece.name: luck[name]
            for piece in usable
            for name in (piece.name, *piece.told_again_in)
            if name in luck
        }
        pieces = by_team(usable, chance, corrections=corrections, spread_between=spread)
        pool = pool_pieces(pieces, scale_of(usable[0].n))
        estimate = CellEstimate(
            model=cell[0],
            task=cell[1],
            estimate=score_estimate(pool, pieces),
            rests_on=rests_on,
            pieces=pieces,
            left_out=tuple(sorted(left, key=lambda one: (one.name, one.reason))),
            sentence="",
        )
        made[cell] = estimate.model_copy(update={"sentence": cell_sentence(estimate)})
    return made


def _chosen(
    found: list[Measurement], catalog: Catalog
) -> tuple[list[Measurement], RestsOn, list[NotPooled]]:
    """The best kind of measurement that there is, what kind that is, and the others with a reason.

    Picked scores are the worst, for their luck is certain and what is off by it is not.
    """
    unpicked = [piece for piece in found if piece.best_of is None]
    if not unpicked:
        return found, "picked scores", []
    left = [picked(piece) for piece in found if piece.best_of is not None]
    usable = [piece for piece in unpicked if not another_protocol(piece, catalog)]
    if not usable:
        return unpicked, "another protocol", left
    left += [
        left_out(piece, why) for piece in unpicked if (why := another_protocol(piece, catalog))
    ]
    return usable, "measurements", left


def another_protocol(piece: Measurement, catalog: Catalog) -> str:
    """Return why a measurement is not of its task's protocol; empty where nothing says so.

    A limit within a tenth of the task's is the same one, less the prompt.
    """
    if piece.protocol.temperature == 0:
        return "greedy: one answer, which no temperature drew"
    task, model = catalog.tasks.get(piece.task), catalog.models.get(piece.model)
    limit = piece.protocol.max_new_tokens
    if task is None or limit is None:
        return ""
    allowed = task.max_new_tokens
    if model is not None and model.max_model_tokens is not None:
        allowed = min(allowed, model.max_model_tokens)
    if limit < 0.9 * allowed:
        return f"answers cut off at {limit} tokens, of the {allowed} that they may have"
    return ""


def _of_recipes(catalog: Catalog) -> dict[Cell, tuple[list[Measurement], dict[str, float]]]:
    """Claims that are means over trainings, by model and task, with the variance between these."""
    made: dict[Cell, tuple[list[Measurement], dict[str, float]]] = {}
    for name, claim in catalog.claims.items():
        if claim.trainings is not None and claim.training_sd_points is not None:
            found, spread = made.setdefault((claim.model, claim.task), ([], {}))
            found.append(measurement_of(catalog, name, claim))
            spread[claim.model] = claim.training_sd_points**2 / claim.trainings
    return made


def by_cell(pieces: Iterable[Measurement]) -> dict[Cell, list[Measurement]]:
    """Return measurements by model and task."""
    cells: dict[Cell, list[Measurement]] = {}
    for piece in pieces:
        cells.setdefault((piece.model, piece.task), []).append(piece)
    return cells


def pool_pieces(pieces: Sequence[Piece], scale: float) -> TeamPool:
    """Return the posterior of what the pieces have in common."""
    return pool_teams(
        [piece.percent for piece in pieces], [piece.se_points**2 for piece in pieces], scale
    )


def score_estimate(pool: TeamPool, pieces: Sequence[Piece]) -> ScoreEstimate:
    """Return the estimate with its intervals, none of which leaves 0 to 100 percent."""
    low, high = map(within_percent, pool.interval(LEVEL))
    next_low, next_high = map(within_percent, pool.predictive(LEVEL, 0.0))
    return ScoreEstimate(
        percent=within_percent(pool.mean),
        low=low,
        high=high,
        next_low=next_low,
        next_high=next_high,
        between_teams_points=pool.tau_median,
        teams=len(pieces),
        runs=sum(piece.runs for piece in pieces),
    )


def within_percent(value: float) -> float:
    """Return the nearest score that there can be."""
    return min(100.0, max(0.0, value))


def pick_luck(catalog: Catalog, chance: Chance) -> dict[str, tuple[float, float]]:
    """Return, by claim that was picked out of m, half the luck of the pick and its variance.

    Picked by the average over the tasks of its row, a score has E[max of m] v / sqrt(sum v) points
    of luck where all m are equal, v the variance of its run, and none where they differ much.
    """
    rows: dict[tuple[str, str, int], dict[str, tuple[float, str]]] = {}
    for name, claim in sorted(catalog.claims.items()):
        if claim.best_of is not None:
            n = catalog.tasks[claim.task].n_problems
            one = chance.of_run(claim.model, claim.task, claim.value_percent, n).variance
            row = rows.setdefault((claim.model, claim.who, claim.best_of), {})
            row[claim.task] = one / (claim.runs or 1), name
    made = {}
    for (_, _, m), row in rows.items():
        together = sqrt(sum(variance for variance, _ in row.values()))
        for variance, name in row.values():
            most = expected_maximum(m) * variance / together
            made[name] = most / 2, most**2 / 12
    return made


def second_hand(piece: Measurement) -> NotPooled:
    """Return why a number that was not seen at its source is not pooled."""
    return left_out(piece, SECOND_HAND.format(confidence=piece.confidence))


def picked(piece: Measurement) -> NotPooled:
    """Return why a picked score is not pooled."""
    return left_out(piece, PICKED.format(m=piece.best_of))


def left_out(piece: Measurement, reason: str) -> NotPooled:
    """Return a measurement that is listed and not pooled."""
    return NotPooled(name=piece.name, who=piece.who, percent=piece.percent, reason=reason)


def _told_again(aside: SetAside, who: str, percent: float) -> NotPooled:
    reason = f"counted with {aside.counted_as}: {aside.reason}"
    return NotPooled(name=aside.name, who=who, percent=percent, reason=reason)
