"""Who leads by public evidence: ranks that each model may have, and gains over the base.

Both compare estimates as if they were independent. They are not where one team measured both
models with the same shift; then the difference is known better than is said here.

Ranks: a model's rank is 1 + the number of models whose score is higher. With D the ordered pairs of
which the posterior says so after Holm's correction over both directions of every pair, a band is
1 + the number of better ones to M less the number of worse ones (`stats.comparisons.ranks`).
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.evidence.averages import average_of
from tina_bench.stats.evidence.estimates import LEVEL, pool_pieces
from tina_bench.stats.evidence.pieces import AVERAGE_SCALE, scale_of
from tina_bench.stats.evidence.sentences import gain_sentence
from tina_bench.stats.evidence.types import (
    CellEstimate,
    EstimatedGain,
    EvidenceAverage,
    PublicEvidence,
    ScoreEstimate,
    Standing,
    Standings,
)
from tina_bench.stats.methods.distributions import normal_quantile
from tina_bench.stats.methods.holm import holm, holm_both_ways
from tina_bench.stats.methods.team_pooling import Mixture

SIZE = 0.05
Scores = dict[str, tuple[ScoreEstimate, Mixture]]
"""What is known of a score, by model."""


def build_standings(
    catalog: Catalog, evidence: PublicEvidence, tasks: Sequence[str]
) -> tuple[Standings, tuple[EstimatedGain, ...]]:
    """Return the ranks of all models over tasks of equal weight, and the gains of the adapters.

    Every model that has an estimate of each of the tasks; for one task, its estimates.
    """
    names = tuple(sorted(tasks))
    scores, left_out = _scores(catalog, evidence, names)
    return ranked(names, scores, left_out), _gains(catalog, names, scores)


def _scores(
    catalog: Catalog, evidence: PublicEvidence, tasks: tuple[str, ...]
) -> tuple[Scores, dict[str, str]]:
    by_model: dict[str, dict[str, CellEstimate]] = {}
    for cell in evidence.cells:
        by_model.setdefault(cell.model, {})[cell.task] = cell
    scores: Scores = {}
    left_out = {}
    for model, cells in sorted(by_model.items()):
        lacks = [task for task in tasks if task not in cells]
        if lacks:
            left_out[model] = f"no score on {', '.join(lacks)}"
        elif len(tasks) == 1:
            one = cells[tasks[0]]
            scale = scale_of(catalog.tasks[tasks[0]].n_problems)
            scores[model] = one.estimate, pool_pieces(one.pieces, scale).theta
        else:
            average = average_of(model, tasks, [cells[task] for task in tasks])
            scores[model] = average.estimate, _theta(average)
    return scores, left_out


def _theta(average: EvidenceAverage) -> Mixture:
    """What is known of an average; put together from its tasks, one normal as wide."""
    if average.pieces:
        return pool_pieces(average.pieces, AVERAGE_SCALE).theta
    found = average.estimate
    sd = (found.high - found.low) / 2 / normal_quantile((1 + LEVEL) / 2)
    return Mixture(np.ones(1), np.array([found.percent]), np.array([max(sd, 1e-3) ** 2]))


def ranked(tasks: tuple[str, ...], scores: Scores, left_out: dict[str, str]) -> Standings:
    """Return the ranks that each model may have, by what is known of the scores."""
    pairs = list(combinations(sorted(scores), 2))
    above = [scores[a][1].minus(scores[b][1]).above(0.0) for a, b in pairs]
    p_values = np.array([2 * min(share, 1 - share) for share in above])
    adjusted = holm_both_ways(p_values) if pairs else p_values
    better: dict[str, list[str]] = {model: [] for model in scores}
    worse: dict[str, list[str]] = {model: [] for model in scores}
    for (a, b), share, p in zip(pairs, above, adjusted, strict=True):
        if p < SIZE:
            winner, loser = (a, b) if share > 0.5 else (b, a)
            better[loser].append(winner)
            worse[winner].append(loser)
    return Standings(
        tasks=tasks,
        level=1 - SIZE,
        rows=tuple(
            Standing(
                model=model,
                estimate=found,
                best=1 + len(better[model]),
                worst=len(scores) - len(worse[model]),
                better=tuple(sorted(better[model])),
                worse=tuple(sorted(worse[model])),
            )
            for model, (found, _) in sorted(
                scores.items(), key=lambda item: (-item[1][0].percent, item[0])
            )
        ),
        left_out=left_out,
    )


def _gains(catalog: Catalog, tasks: tuple[str, ...], scores: Scores) -> tuple[EstimatedGain, ...]:
    pairs = list(_over_bases(catalog, scores))
    found = [scores[model][1].minus(scores[base][1]) for model, base in pairs]
    p_values = [2 * min(share, 1 - share) for share in (one.above(0.0) for one in found)]
    made = []
    for (model, base), one, p, adjusted in zip(pairs, found, p_values, holm(p_values), strict=True):
        low, high = one.interval(LEVEL)
        gain = EstimatedGain(
            model=model, reference=base, tasks=tasks, points=one.mean, low=low, high=high,
            p_value=p, adjusted_p=adjusted, family=len(pairs), sentence="",
        )  # fmt: skip
        made.append(gain.model_copy(update={"sentence": gain_sentence(gain)}))
    return tuple(made)


def _over_bases(catalog: Catalog, scores: Scores) -> Iterable[tuple[str, str]]:
    for model in sorted(scores):
        known = catalog.models.get(model)
        if known is not None and known.base in scores and known.base is not None:
            yield model, known.base
