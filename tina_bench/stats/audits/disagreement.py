"""Do those who measured the same model on the same task agree?

Measurements of one model on one task differ by chance: k0 runs put a standard error on each, from
its own published SD where there is one, else from the task's (`tina_bench.stats.evidence.chance`).
Whether they differ by more is Cochran's Q; whether one of them lies apart is its distance from the
pool of the others: the deleted residual of Viechtbauer & Cheung (2010, Res. Synth. Methods 1:112)
with no variance between measurers, for the question is what chance can do.
Both families, of cells and of measurers, are corrected by Holm (1979, Scand. J. Stat. 6:65).

More than chance need not be a mistake: hardware, length limit, temperature, prompt and the
picking of the best checkpoint all do it. The test says that the numbers are not interchangeable.

Validity: the standard errors are for runs with fresh seeds on the same problems. Where the task has
no published SD the binomial bound stands, and the test is conservative. Elsewhere the scale is that
of other models on the task, and p-values allow for how differently models scatter (F and t with 64
degrees of freedom). Simulated for one common score (`tests/validation/test_validation_audits.py`):
3 to 5 % are rejected at 5 %, for single runs of 30 problems, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from tina_bench.formatting.numbers import p_text
from tina_bench.stats.evidence.chance import (
    PRIOR_DEGREES_OF_FREEDOM,
    Basis,
    Chance,
    binomial_bound,
)
from tina_bench.stats.evidence.measurement_types import Evidence, Measurement
from tina_bench.stats.methods.distributions import t_tail
from tina_bench.stats.methods.holm import holm
from tina_bench.stats.methods.pooling import Pooled, pool
from tina_bench.stats.types import Shape

LEVEL = 0.95


class Measurer(Shape):
    """One measurement, seen from the others."""

    name: str
    """The measurement."""
    who: str
    """Who measured."""
    source: str
    """Where it is printed."""
    percent: float
    """The score, percent."""
    runs: int | None
    """Runs behind it; `None`: not stated, taken as one."""
    se_points: float
    """Standard error, points."""
    basis: Basis
    """What that rests on."""
    from_others_points: float
    """Its distance from the precision-weighted mean of all others, points."""
    p_value: float
    """Chance of lying that far off or farther, where it measures what the others measure."""
    adjusted_p: float
    """The same after Holm's correction over all measurers of the family."""
    best_of: int | None
    """Checkpoints that it was picked out of by such scores, where known."""
    told_again_in: tuple[str, ...]
    """Where else the same runs were found; counted once."""


class Disagreement(Shape):
    """All independent measurements of one model on one task."""

    model: str
    """Model."""
    task: str
    """Task."""
    n: int
    """Problems."""
    measurers: tuple[Measurer, ...]
    """Highest score first."""
    q: float
    """Cochran's Q."""
    p_value: float
    """Chance of a Q as large if all measure one score."""
    adjusted_p: float
    """The same after Holm's correction over all cells with two measurements and more."""
    p_value_bound: float
    """The same with the binomial bound for every measurement: too large for certain, so that what
    is small here is small whatever the spread of a run."""
    family: int
    """Cells corrected for."""
    measurer_family: int
    """Measurers corrected for."""
    i_squared_percent: float
    """Share of the scatter that chance does not explain, percent."""
    tau_points: float
    """SD between measurers beyond chance, points."""
    pooled_percent: float
    """Random-effects mean."""
    pooled_low: float
    """Lower end of its 95 % interval, percent."""
    pooled_high: float
    """Upper end."""
    sentence: str
    """The finding, for people."""


@dataclass(frozen=True)
class WeightedMeasurements:
    """Measurements of one cell with their variances, points squared."""

    pieces: tuple[Measurement, ...]
    variances: tuple[float, ...]
    bases: tuple[Basis, ...]

    @property
    def scale_freedom(self) -> float:
        """How well the scale of the variances is known: the task's ratio is of other models."""
        known = {Basis.BOUND, Basis.ANSWERS}
        return inf if known.issuperset(self.bases) else PRIOR_DEGREES_OF_FREEDOM

    def pool(self, without: int | None = None) -> Pooled:
        """Pool all of them, or all but one."""
        chosen = [i for i in range(len(self.pieces)) if i != without]
        return pool(
            [self.pieces[i].percent for i in chosen],
            [self.variances[i] for i in chosen],
            self.scale_freedom,
        )


def with_variances(
    pieces: Sequence[Measurement], chance: Chance, *, bound: bool = False
) -> WeightedMeasurements:
    """Put a variance on every measurement of one cell, at the score that they have in common.

    At one's own score a run of 0 of 30 would weigh most of all, by the luck that made it so low.
    Rounding adds the variance of a uniform error. With `bound`, the binomial bound for all.
    """
    runs = [piece.runs or 1 for piece in pieces]
    common = sum(k * piece.percent for k, piece in zip(runs, pieces, strict=True)) / sum(runs)
    variances, bases = [], []
    for piece, k in zip(pieces, runs, strict=True):
        if bound:
            variance, basis = binomial_bound(common, piece.n), Basis.BOUND
        elif piece.origin == "own record" and piece.spread_points is not None:
            variance, basis = piece.spread_points**2, Basis.ANSWERS
        else:
            one = chance.moderated(
                piece.task, common, piece.n,
                sd=piece.spread_points, freedom=piece.spread_degrees_of_freedom or 0.0,
            )  # fmt: skip
            variance, basis = one.variance, one.basis
        rounding = 0.0 if piece.decimals is None else 10.0 ** (-2 * piece.decimals) / 12
        variances.append(variance / k + rounding)
        bases.append(basis)
    return WeightedMeasurements(tuple(pieces), tuple(variances), tuple(bases))


def distance(weighted: WeightedMeasurements, index: int) -> tuple[float, float]:
    """Return how far one measurement lies from the pool of the others, points, and its p-value.

    For measurements that differ by chance alone: its own variance and that of the others' mean,
    weighted by precision, add up; Student's t, normal where the variances are known.
    """
    others = weighted.pool(without=index)
    apart = weighted.pieces[index].percent - others.plain_mean
    variance = weighted.variances[index] + others.plain_variance
    return apart, 2 * t_tail(abs(apart) / sqrt(variance), weighted.scale_freedom)


def audit_disagreement(evidence: Evidence, chance: Chance) -> tuple[Disagreement, ...]:
    """Return every model and task with two measurements and more, worst disagreement first."""
    cells: dict[tuple[str, str], list[Measurement]] = {}
    for piece in evidence.measurements:
        cells.setdefault((piece.model, piece.task), []).append(piece)
    weighted = {
        cell: with_variances(pieces, chance)
        for cell, pieces in sorted(cells.items())
        if len(pieces) > 1
    }
    if not weighted:
        return ()
    pools = {cell: found.pool() for cell, found in weighted.items()}
    bounds = {
        cell: with_variances(found.pieces, chance, bound=True).pool()
        for cell, found in weighted.items()
    }
    corrected = holm([found.p_value for found in pools.values()])
    apart = [distance(found, i) for found in weighted.values() for i in range(len(found.pieces))]
    measurer_holm = iter(holm([p for _, p in apart]))
    distances = iter(apart)
    made = []
    for (cell, found), adjusted in zip(weighted.items(), corrected, strict=True):
        measurers = []
        for piece, variance, basis in zip(found.pieces, found.variances, found.bases, strict=True):
            points, p_value = next(distances)
            measurers.append(
                Measurer(
                    name=piece.name,
                    who=piece.who,
                    source=piece.source,
                    percent=piece.percent,
                    runs=piece.runs,
                    se_points=sqrt(variance),
                    basis=basis,
                    from_others_points=points,
                    p_value=p_value,
                    adjusted_p=next(measurer_holm),
                    best_of=piece.best_of,
                    told_again_in=piece.told_again_in,
                )
            )
        pooled = pools[cell]
        low, high = pooled.interval(LEVEL)
        one = Disagreement(
            model=cell[0],
            task=cell[1],
            n=found.pieces[0].n,
            measurers=tuple(sorted(measurers, key=lambda m: (-m.percent, m.name))),
            q=pooled.q,
            p_value=pooled.p_value,
            adjusted_p=adjusted,
            p_value_bound=bounds[cell].p_value,
            family=len(weighted),
            measurer_family=len(apart),
            i_squared_percent=100 * pooled.i_squared,
            tau_points=sqrt(pooled.tau_squared),
            pooled_percent=pooled.mean,
            pooled_low=max(0.0, low),
            pooled_high=min(100.0, high),
            sentence="",
        )
        made.append(one.model_copy(update={"sentence": _sentence(one)}))
    return tuple(sorted(made, key=lambda d: (d.p_value, d.model, d.task)))


def _sentence(found: Disagreement) -> str:
    scores = " / ".join(
        f"{m.percent:g}{'' if (m.runs or 1) == 1 else f' ({m.runs} runs)'}"
        if m.percent == round(m.percent, 2)
        else f"{m.percent:.2f}"
        for m in found.measurers
    )
    chance = (
        "chance alone can explain that" if found.adjusted_p >= 1 - LEVEL else "more than chance"
    )
    if found.p_value < 1 - LEVEL <= found.adjusted_p:
        chance = f"not more than chance once {found.family} such cells are looked at"
    return (
        f"{found.model} on {found.task}: {scores}; {chance} ({p_text(found.p_value)}, "
        f"{p_text(found.adjusted_p)} after Holm over {found.family} cells; I² "
        f"{found.i_squared_percent:.0f} %)."
    )
