"""How far chance moves one run of a model on a task, by published spreads.

Write p_i for the chance that a fresh answer to problem i is right and P for their mean. One run
scatters with variance (1/n) mean p_i (1 - p_i), which is at most P (1 - P) / n (Jensen). How much
less it is depends on the problems more than on the model: over the 30 and more models whose SD over
seeds is published, SD^2 / (P (1 - P) / n) scatters about one ratio per task hardly more than
chi-square lets estimates of one number scatter (AIME24 0.31, MATH-500 0.44, Minerva 0.25).
That ratio, times the bound at a score, is what is taken for models without a published SD; a
published SD, which three to ten seeds estimate badly, is drawn towards it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from tina_bench.catalog.schema import Catalog

PRIOR_DEGREES_OF_FREEDOM = 64.0
"""What the task's ratio weighs against a published SD of k - 1 degrees of freedom, in the moderated
variance (d0 s0^2 + d s^2) / (d0 + d) of Smyth (2004, Stat. Appl. Genet. Mol. Biol. 3:3). The middle
half of the published ratios scatters as with d0 of 64 or more on every task with 29 models and
more (`tests/stats/audits/test_audit_resolution.py`)."""
LEAST_SPREADS = 5
"""Published SDs that a task needs before its ratio is used."""
SCORES_USED = (10.0, 90.0)
"""Scores whose SDs make the ratio, percent: near 0 and 100 a printed digit is most of an SD."""
PSEUDO_ANSWERS = 2
"""Solved and failed answers added to a score before P (1 - P) is taken (Agresti & Coull 1998):
a score of 0 or 100 % proves no certainty."""


class Basis(StrEnum):
    """What the variance of a run rests on."""

    PUBLISHED = "published SD of this model, moderated"
    TASK = "published SDs of other models on this task"
    ANSWERS = "answers by problem"
    BOUND = "binomial bound"


def binomial_bound(percent: float, n: int) -> float:
    """Return the most that one run of n problems can scatter, points squared: P (1 - P) / n.

    P with the pseudo-answers, so that it is never zero.
    """
    share = (percent / 100 * n + PSEUDO_ANSWERS) / (n + 2 * PSEUDO_ANSWERS)
    return 1e4 * share * (1 - share) / n


@dataclass(frozen=True)
class RunVariance:
    """Variance of the score of one run."""

    variance: float
    """Points squared."""
    degrees_of_freedom: float
    """How well it is known, as those of a chi-square; infinite for the bound."""
    basis: Basis
    """What it rests on."""


@dataclass(frozen=True)
class Chance:
    """What all published spreads together say; made by `chance_of`."""

    ratios: Mapping[str, float]
    """By task: variance of a run over its binomial bound."""
    spreads: Mapping[tuple[str, str], tuple[tuple[float, float, int], ...]]
    """By model and task: score, SD and runs of each measurement that prints an SD."""

    def of_run(self, model: str, task: str, percent: float, n: int) -> RunVariance:
        """Return the variance of one run of a model at a score, by all that is published."""
        found = self.spreads.get((model, task), ())
        freedom = sum(runs - 1 for _, _, runs in found)
        ratio = self.ratios.get(task)
        if not found or ratio is None:
            return self.moderated(task, percent, n)
        pooled = sum((runs - 1) * sd**2 for _, sd, runs in found) / freedom
        return self.moderated(task, percent, n, sd=pooled**0.5, freedom=freedom)

    def moderated(
        self, task: str, percent: float, n: int, *, sd: float | None = None, freedom: float = 0.0
    ) -> RunVariance:
        """Return the variance of one run at a score, given its own SD where there is one.

        `sd` in points, with `freedom` degrees of freedom. Without a ratio of the task the bound
        stands, whatever the SD: a handful of seeds alone can print an SD of nearly zero.
        """
        bound = binomial_bound(percent, n)
        ratio = self.ratios.get(task)
        if ratio is None:
            return RunVariance(bound, np.inf, Basis.BOUND)
        typical = ratio * bound
        if sd is None:
            return RunVariance(typical, PRIOR_DEGREES_OF_FREEDOM, Basis.TASK)
        total = PRIOR_DEGREES_OF_FREEDOM + freedom
        mixed = (PRIOR_DEGREES_OF_FREEDOM * typical + freedom * sd**2) / total
        return RunVariance(mixed, total, Basis.PUBLISHED)


def chance_of(catalog: Catalog) -> Chance:
    """Return what the catalog's published spreads say.

    The ratio of a task is the median over measurements of SD^2 over the bound, each divided by the
    median of chi-square over its degrees of freedom, so that few seeds do not pull it down. A
    median, since a few models scatter far more than sampling can, by some other cause.
    """
    spreads: dict[tuple[str, str], list[tuple[float, float, int]]] = {}
    relative: dict[str, list[float]] = {}
    for _, claim in sorted(catalog.claims.items()):
        if claim.spread_points is None or claim.runs is None or claim.runs < 2:
            continue
        if claim.trainings is not None:
            continue
        cell = spreads.setdefault((claim.model, claim.task), [])
        cell.append((claim.value_percent, claim.spread_points, claim.runs))
        if SCORES_USED[0] <= claim.value_percent <= SCORES_USED[1]:
            freedom = claim.runs - 1
            bound = binomial_bound(claim.value_percent, catalog.tasks[claim.task].n_problems)
            middle = float(special.chdtri(freedom, 0.5)) / freedom
            relative.setdefault(claim.task, []).append(claim.spread_points**2 / bound / middle)
    return Chance(
        ratios={
            task: float(np.median(found))
            for task, found in sorted(relative.items())
            if len(found) >= LEAST_SPREADS
        },
        spreads={cell: tuple(sorted(found)) for cell, found in sorted(spreads.items())},
    )
