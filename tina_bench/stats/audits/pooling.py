"""Several measurements of one quantity: are they of one mind, and what do they say together?

Cochran's Q (1954, Biometrics 10:101) against chi-square, or, where one scale of all variances is
itself estimated with nu degrees of freedom, Q / (k - 1) against F with k - 1 and nu; I^2 of Higgins
& Thompson (2002, Stat. Med. 21:1539); the variance between measurers by Paule & Mandel (1982, J.
Res. NBS 87:377); the pooled value with the interval of Hartung & Knapp (2001, Stat. Med. 20:3875)
and Sidik & Jonkman (2002, Stat. Med. 21:3153), never narrower than the plain random-effects one
(Roever, Knapp & Friede 2015, BMC Med. Res. Methodol. 15:99). Computed by statsmodels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from tina_bench.stats.quantiles import t_quantile


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


def pool(
    values: Sequence[float], variances: Sequence[float], scale_freedom: float = np.inf
) -> Pooled:
    """Return what measurements with variances above zero say together.

    `scale_freedom`: how well the common scale of the variances is known, as degrees of freedom.

    Validity: the variances are taken as known but for that. With two measurements Student's t has
    one degree of freedom, and the interval says next to nothing: the method's honest answer.
    """
    from statsmodels.stats.meta_analysis import combine_effects  # a second of import

    effects, known = np.asarray(values, dtype=float), np.asarray(variances, dtype=float)
    order = np.lexsort((known, effects))
    effects, known = effects[order], known[order]
    if len(effects) == 1:
        value, variance = float(effects[0]), float(known[0])
        return Pooled(1, 0.0, 1.0, 0.0, 0.0, value, variance, value, variance, np.inf)
    with np.errstate(divide="ignore"):  # statsmodels divides by Q, which is 0 for equal values
        made = combine_effects(effects, known, method_re="pm", use_t=True)
    freedom = len(effects) - 1
    q = max(0.0, float(made.q))
    return Pooled(
        count=len(effects),
        q=q,
        p_value=float(
            special.chdtrc(freedom, q)
            if np.isinf(scale_freedom)
            else special.fdtrc(freedom, scale_freedom, q / freedom)
        ),
        i_squared=max(0.0, 1 - freedom / q) if q > 0 else 0.0,
        tau_squared=max(0.0, float(made.tau2)),
        plain_mean=float(made.mean_effect_fe),
        plain_variance=float(made.sd_eff_w_fe) ** 2,
        mean=float(made.mean_effect_re),
        variance=max(float(made.var_hksj_re), float(made.sd_eff_w_re) ** 2),
        degrees_of_freedom=float(freedom),
    )
