"""Several measurements of one quantity: are they of one mind, and what do they say together?

Cochran's Q (1954, Biometrics 10:101) against chi-square, or, where one scale of all variances is
itself estimated with nu degrees of freedom, Q / (k - 1) against F with k - 1 and nu; I^2 of Higgins
& Thompson (2002, Stat. Med. 21:1539); the variance between measurers by Paule & Mandel (1982, J.
Res. NBS 87:377); the pooled value with the interval of Hartung & Knapp (2001, Stat. Med. 20:3875)
and Sidik & Jonkman (2002, Stat. Med. 21:3153), never narrower than the plain random-effects one
(Roever, Knapp & Friede 2015, BMC Med. Res. Methodol. 15:99).

Written out although statsmodels has it, and held to it by a test: there one pool takes a
millisecond, of which an audit of the catalog needs two thousand, and the import a second; and its
variance between measurers stops five digits after the point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, inf, isinf

from scipy import special

from tina_bench.stats.methods.distributions import t_quantile

MOST_STEPS = 100
TOLERANCE = 1e-12
"""Of the weighted squares' expectation, by which they may miss it."""


@dataclass(frozen=True)
class Pooled:
    """What several measurements say together."""

    count: int
    """Measurements."""
    q: float
    """Cochran's Q: weighted squares around the weighted mean."""
    p_value: float
    """Chance of a Q as large where all measure the same; 1 for a single measurement."""
    i_squared: float
    """Share of the scatter that chance does not explain, 0 to 1."""
    tau_squared: float
    """Variance between measurers, beyond chance."""
    plain_mean: float
    """Mean weighted by precision alone, for measurements that differ by chance only."""
    plain_variance: float
    """Its variance."""
    mean: float
    """Random-effects mean."""
    variance: float
    """Its variance by Hartung, Knapp, Sidik and Jonkman, or the plain one where that is larger."""
    degrees_of_freedom: float
    """Of Student's t that goes with it; infinite for a single measurement, whose variance is its
    own."""

    def interval(self, level: float) -> tuple[float, float]:
        """Return the two-sided interval of the mean."""
        half = t_quantile((1 + level) / 2, self.degrees_of_freedom) * self.variance**0.5
        return self.mean - half, self.mean + half


def pool(values: Sequence[float], variances: Sequence[float], scale_freedom: float = inf) -> Pooled:
    """Return what measurements with variances above zero say together.

    `scale_freedom`: how well the common scale of the variances is known, as degrees of freedom.

    Validity: the variances are taken as known but for that. With two measurements Student's t has
    one degree of freedom, and the interval says next to nothing: the method's honest answer.
    """
    pairs = sorted(zip(values, variances, strict=True))  # so that no order changes a sum
    if len(pairs) == 1:
        value, variance = map(float, pairs[0])
        return Pooled(1, 0.0, 1.0, 0.0, 0.0, value, variance, value, variance, inf)
    freedom = len(pairs) - 1
    plain = _weighted(pairs, 0.0)
    tau_squared = _between(pairs)
    mixed = _weighted(pairs, tau_squared)
    return Pooled(
        count=len(pairs),
        q=plain.q,
        p_value=float(
            special.chdtrc(freedom, plain.q)
            if isinf(scale_freedom)
            else special.fdtrc(freedom, scale_freedom, plain.q / freedom)
        ),
        i_squared=max(0.0, 1 - freedom / plain.q) if plain.q > 0 else 0.0,
        tau_squared=tau_squared,
        plain_mean=plain.mean,
        plain_variance=plain.variance,
        mean=mixed.mean,
        variance=mixed.variance * max(1.0, mixed.q / freedom),
        degrees_of_freedom=float(freedom),
    )


@dataclass(frozen=True)
class _Weighted:
    """The mean weighted by precision."""

    mean: float
    variance: float
    q: float
    """The weighted squares around it."""
    slope: float
    """How fast they fall with the variance between measurers."""


def _weighted(pairs: Sequence[tuple[float, float]], tau_squared: float) -> _Weighted:
    weights = [1 / (variance + tau_squared) for _, variance in pairs]
    total = fsum(weights)
    mean = fsum(w * value for w, (value, _) in zip(weights, pairs, strict=True)) / total
    squares = [(value - mean) ** 2 for value, _ in pairs]
    q = fsum(w * square for w, square in zip(weights, squares, strict=True))
    slope = fsum(w * w * square for w, square in zip(weights, squares, strict=True))
    return _Weighted(mean, 1 / total, q, slope)


def _between(pairs: Sequence[tuple[float, float]]) -> float:
    """Paule and Mandel's variance: that which makes the weighted squares equal their expectation.

    Newton's steps from 0 (DerSimonian & Kacker 2007, Contemp. Clin. Trials 28:105, appendix): the
    squares fall and are convex in it, so that no step goes too far.
    """
    tau_squared, freedom = 0.0, len(pairs) - 1
    for _ in range(MOST_STEPS):
        found = _weighted(pairs, tau_squared)
        if found.q - freedom <= TOLERANCE * freedom:
            break
        tau_squared += (found.q - freedom) / found.slope
    return tau_squared
