"""What other teams' measurements say of a claim, in one of five words, beside our own verdict.

One piece a team (`tina_bench.stats.evidence.pieces`), not the claimant's and not ours, none that
was picked out of several, none whose stated protocol differs from the stated one of the claim. By
the model of `tina_bench.stats.methods.team_pooling` the claim is one more team:

    p_up = chance that one more team's score, of as many runs, reaches the claim less half a unit of
    its last digit; p_down likewise; p = 2 min(p_up, p_down);

for a claim picked out of m, p_up becomes 1 - (1 - p_up)^m. Holm over all claims with two other
teams, a family of their own. The words, the first that holds:

    TOO_FEW_OTHERS     fewer than two other teams
    OTHERS_DISAGREE    P(tau > margin) > 1/2
    OTHERS_AGREE       P(theta beyond the claim +- (margin less rounding)) < 5 % at either end
    OTHERS_DIFFER      adjusted p < 5 %
    OTHERS_UNDECIDED   else

Where no other team measured the very weights, and others trained by the same recipe, the claim is
held against these trainings: each training has a spread of its own, as large as the prior's scale
where none is printed, and so has the claimant's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tina_bench.stats.evidence.estimates import LEVEL, pool_pieces, within_percent
from tina_bench.stats.evidence.sentences import others_sentence
from tina_bench.stats.evidence.types import NotPooled, Others, OthersSay, Piece
from tina_bench.stats.methods.holm import holm
from tina_bench.stats.methods.team_pooling import TeamPool

SIZE = 0.05
LEAST_TEAMS = 2


@dataclass(frozen=True)
class OthersCase:
    """A claim, the others' pieces, and how far chance moves the claim itself."""

    name: str
    percent: float
    decimals: int
    margin: float
    best_of: int | None
    variance: float
    """Of the claim's own runs, points squared."""
    scale: float
    """Of the prior of the SD between teams, points."""
    about: Literal["these weights", "the recipe"]
    measured: bool
    """Whether we have measured it ourselves."""
    pieces: tuple[Piece, ...]
    left_out: tuple[NotPooled, ...]

    @property
    def pool(self) -> TeamPool:
        """The others' posterior."""
        return pool_pieces(self.pieces, self.scale)


def p_value(case: OthersCase, pool: TeamPool) -> float:
    """Return the chance that one more team prints something as far off as the claim."""
    half = 0.5 * 10.0**-case.decimals
    up = pool.further_above(case.percent - half, case.variance)
    down = 1 - pool.further_above(case.percent + half, case.variance)
    if case.best_of:
        up = 1 - (1 - up) ** case.best_of
    return min(1.0, 2 * min(up, down))


def word(case: OthersCase, pool: TeamPool, adjusted: float) -> Others:
    """Return the word for at least two other teams."""
    if pool.tau_above(case.margin) > 0.5:
        return Others.DISAGREE
    inner = case.margin - 0.5 * 10.0**-case.decimals
    above, below = pool.above(case.percent + inner), 1 - pool.above(case.percent - inner)
    if max(above, below) < SIZE:
        return Others.AGREE
    return Others.DIFFER if adjusted < SIZE else Others.UNDECIDED


def judge_cases(cases: Sequence[OthersCase]) -> tuple[OthersSay, ...]:
    """Return what others say of each case, all of them one family."""
    pools = {index: case.pool for index, case in enumerate(cases) if case.pieces}
    family = {i: p_value(cases[i], p) for i, p in pools.items() if _enough(cases[i])}
    adjusted = dict(zip(family, holm(list(family.values())), strict=True)) if family else {}
    made = []
    for index, case in enumerate(cases):
        pool = pools.get(index)
        decided = pool is not None and index in family
        low, high = (None, None) if pool is None else pool.interval(LEVEL)
        one = OthersSay(
            claim=case.name,
            word=word(case, pool, adjusted[index]) if pool and decided else Others.TOO_FEW,
            about=case.about,
            sentence="",
            percent=None if pool is None else within_percent(pool.mean),
            low=None if low is None else within_percent(low),
            high=None if high is None else within_percent(high),
            teams=len(case.pieces),
            runs=sum(piece.runs for piece in case.pieces),
            p_value=family.get(index),
            adjusted_p=adjusted.get(index),
            family=len(family),
            disagree_chance=pool.tau_above(case.margin) if pool and decided else None,
            pieces=case.pieces,
            left_out=case.left_out,
        )
        claimed = f"{case.percent:.{case.decimals}f}"
        sentence = others_sentence(one, claimed, case.margin, measured=case.measured)
        made.append(one.model_copy(update={"sentence": sentence}))
    return tuple(made)


def _enough(case: OthersCase) -> bool:
    return len(case.pieces) >= LEAST_TEAMS
