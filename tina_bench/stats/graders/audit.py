"""Stored answers under several graders: how often they agree, and what that can move a score by.

Nothing here is a sample of anything: the answers are given, and every difference between two
graders is a difference about one of them. So shares and bounds have no interval; the test is only
of whether two graders disagree more often one way than the other.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from tina_bench.catalog.graders import RECORDED
from tina_bench.stats.graders.types import (
    CellAudit,
    Flip,
    GraderAudit,
    GraderPair,
    GraderScore,
    LeftOut,
    Ruling,
)
from tina_bench.stats.methods.best_sign_flip import mcnemar
from tina_bench.stats.methods.sign_flip import sign_flip_test

__all__ = [
    "CellAudit",
    "Flip",
    "GraderAudit",
    "GraderPair",
    "GraderScore",
    "LeftOut",
    "RuledAnswer",
    "Ruling",
    "audit_cell",
    "compare_graders",
]


@dataclass(frozen=True)
class RuledAnswer:
    """One answer, and the ruling of each grader that graded it."""

    problem: str
    """Problem id."""
    index: int
    """Row of the dataset."""
    seed: int
    """The run's seed."""
    key: str
    """The sample's key."""
    rulings: Mapping[str, Ruling]
    """By grader."""
    read: Mapping[str, str | None] = field(default_factory=dict)
    """What each grader read out of the answer; `None` where it found nothing."""


def audit_cell(
    model: str,
    task: str,
    answers: Sequence[RuledAnswer],
    *,
    n: int,
    k: int,
    margin_points: float | None = None,
    versions: Mapping[str, Mapping[str, str]] | None = None,
) -> CellAudit:
    """Compare all graders of one model on one task; the order of answers does not matter.

    `answers` are the record's n × k, each with a ruling by `RECORDED` at least.
    """
    ordered = sorted(answers, key=lambda one: (one.index, one.problem, one.seed))
    names = sorted({name for one in ordered for name in one.rulings}, key=_place)
    recorded = _right(ordered, RECORDED)
    open_answers = [one for one in ordered if _is_disputed(list(one.rulings.values()))]
    lowest, highest = _bounds([list(one.rulings.values()) for one in ordered])
    return CellAudit(
        model=model,
        task=task,
        n=n,
        k=k,
        margin_points=margin_points,
        scores=tuple(
            _score(ordered, name, recorded, margin_points, dict((versions or {}).get(name, {})))
            for name in names
        ),
        pairs=tuple(
            pair
            for first, second in combinations(names, 2)
            if (pair := compare_graders(ordered, first, second)) is not None
        ),
        disputed=len(open_answers),
        lowest_percent=lowest,
        highest_percent=highest,
        flips=tuple(
            Flip(
                problem=one.problem,
                index=one.index,
                seed=one.seed,
                key=one.key,
                rulings={name: one.rulings[name] for name in names if name in one.rulings},
                read={name: one.read.get(name) for name in names if name in one.rulings},
            )
            for one in open_answers
            if len(set(one.rulings.values())) > 1
        ),
    )


def compare_graders(answers: Sequence[RuledAnswer], first: str, second: str) -> GraderPair | None:
    """Compare two graders over their common answers; `None` where there are none."""
    both = [one for one in answers if first in one.rulings and second in one.rulings]
    if not both:
        return None
    kinds = list(Ruling)
    table = np.zeros((len(kinds), len(kinds)), dtype=np.int64)
    net: dict[str, int] = {}
    for one in both:
        mine, theirs = one.rulings[first], one.rulings[second]
        table[kinds.index(mine), kinds.index(theirs)] += 1
        change = (mine is Ruling.RIGHT) - (theirs is Ruling.RIGHT)
        net[one.problem] = net.get(one.problem, 0) + change
    lowest, highest = _bounds([[one.rulings[first], one.rulings[second]] for one in both])
    first_only = int(table[0, 1:].sum())
    second_only = int(table[1:, 0].sum())
    p_value, method = _direction(net, len(both))
    return GraderPair(
        first=first,
        second=second,
        answers=len(both),
        agreement_percent=100 * float(np.trace(table)) / len(both),
        kappa=_kappa(table),
        right_by_first_only=first_only,
        right_by_second_only=second_only,
        other_differences=int(table.sum() - np.trace(table)) - first_only - second_only,
        p_value=p_value,
        p_method=method,
        lowest_percent=lowest,
        highest_percent=highest,
    )


def _place(name: str) -> tuple[bool, str]:
    return name != RECORDED, name


def _right(answers: Sequence[RuledAnswer], name: str) -> int:
    return sum(one.rulings.get(name) is Ruling.RIGHT for one in answers)


def _is_disputed(rulings: Sequence[Ruling]) -> bool:
    return len(set(rulings)) > 1 or Ruling.UNDECIDED in rulings


def _bounds(rulings: Sequence[Sequence[Ruling]]) -> tuple[float, float]:
    """Score if each disputed answer is wrong, and if each is right, percent."""
    right = sum(set(one) == {Ruling.RIGHT} for one in rulings)
    disputed = sum(_is_disputed(one) for one in rulings)
    return 100 * right / len(rulings), 100 * (right + disputed) / len(rulings)


def _score(
    answers: Sequence[RuledAnswer],
    name: str,
    recorded: int,
    margin_points: float | None,
    versions: dict[str, str],
) -> GraderScore:
    asked = [one for one in answers if name in one.rulings]
    right = _right(asked, name)
    whole = len(asked) == len(answers)
    shift = 100 * (right - recorded) / len(answers) if whole else None
    decided = [one for one in asked if one.rulings[name] is not Ruling.UNDECIDED]
    return GraderScore(
        grader=name,
        versions=versions,
        answers=len(asked),
        right=right,
        undecided=len(asked) - len(decided),
        unread=sum(one.read.get(name) is None for one in decided),
        percent=100 * right / len(answers) if whole else None,
        shift_points=shift,
        exceeds_margin=(
            None if shift is None or margin_points is None else abs(shift) >= margin_points
        ),
    )


def _kappa(table: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> float | None:
    from statsmodels.stats.inter_rater import cohens_kappa

    used = table.sum(axis=0) + table.sum(axis=1) > 0
    if used.sum() < 2:  # chance alone agrees on everything: 0 / 0
        return None
    kappa = float(cohens_kappa(table[np.ix_(used, used)], return_results=False))
    return kappa if math.isfinite(kappa) else None


def _direction(net: Mapping[str, int], answers: int) -> tuple[float, str]:
    """Test whether two graders differ as often one way as the other: p-value and method.

    McNemar's exact test, or with several answers per problem its form clustered by problem: the
    sums of each problem's differences change sign as one in the exact sign-flip test.
    """
    differences = np.array([net[name] for name in sorted(net)], dtype=np.int64)
    if len(net) < answers:
        flipped = sign_flip_test(differences)
        return flipped.p_value, f"{flipped.method}, problems as clusters"
    flipped = mcnemar(differences)
    return flipped.p_value, flipped.method
