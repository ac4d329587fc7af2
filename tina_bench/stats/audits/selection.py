"""The best of many: how much of a picked checkpoint's score is the luck of the pick?

One run per checkpoint scatters by chance, and the checkpoint that came out on top is published with
its luck. Two answers are given.

**From the log of all m checkpoints** (`FamilyOptimism`). Model: score y_j = theta_j + chance with
variance s^2, theta_j normal around a common mean with variance A between checkpoints. A is
estimated by random effects (Paule & Mandel 1982, J. Res. NBS 87:377), and the
published score is drawn towards the mean by the estimated share of chance:

    B = s^2 / (s^2 + A),      optimism = B (y - mean),      expected score = y - optimism,

empirical Bayes after Efron & Morris (1973, J. Am. Stat. Assoc. 68:117). Its interval is after
Morris (1983, J. Am. Stat. Assoc. 78:47), which allows for mean and A being estimated:

    variance = s^2 (1 - (m-1)/m B') + 2/(m-1) B^2 (y - mean)^2,      B' = (m-3)/(m-1) B

An estimate by shrinkage is not biased by the pick (Efron 2011, J. Am. Stat. Assoc. 106:1602),
whatever rule was followed, as long as it looked at nothing but these scores; so no rule has to be
assumed. It is assumed that checkpoints are exchangeable: no trend over training steps. Simulated
(`tests/validation/test_validation_audits.py`): the mean optimism of the best is missed by less than
0.3 s, 0.2 s too low where checkpoints are alike, at most 0.3 s too high where they differ; nominal
95 % intervals cover 94 % and more, 99 % where checkpoints are alike. Morris's own B' was not taken
for the estimate: with five checkpoints that are alike it misses two thirds of s.

**Without the log** (`PickBound`). Were all m checkpoints equal, their highest score would exceed
their mean by E[max]: exactly, for n yes-or-no problems, sum_c (1 - F(c)^m) over the binomial F.
Problems of unequal difficulty scatter less than the binomial (Hoeffding 1956, Ann. Math. Stat.
27:713; smaller in convex order, and E[max] is increasing in it), and where checkpoints do differ,
the best is picked partly for being good: so this is the most that luck can have added on average.
The rule matters here: picked by this score alone, or by an average over tasks.
"""

from collections.abc import Sequence
from math import sqrt

from tina_bench.catalog.schema import Catalog
from tina_bench.stats.audits.selection_types import FamilyOptimism, PickBound, Shrunk
from tina_bench.stats.evidence.chance import Chance
from tina_bench.stats.evidence.measurement_types import Evidence, group_of
from tina_bench.stats.methods.best_of_many import binomial_excess, expected_maximum
from tina_bench.stats.methods.distributions import normal_quantile
from tina_bench.stats.methods.pooling import pool

LEVEL = 0.95
LEAST_CHECKPOINTS = 4
"""Below this nothing guards against checkpoints that are alike by chance."""
MEAN = "mean of tasks"


def shrink(scores: Sequence[float], variance: float, published: float) -> Shrunk:
    """Return what is left of one of at least 4 scores, each with the same chance variance.

    Points and points squared.
    """
    m = len(scores)
    assert m >= LEAST_CHECKPOINTS
    pooled = pool(scores, [variance] * m)
    mean, between = pooled.plain_mean, pooled.tau_squared
    share = variance / (variance + between)
    guarded = (m - 3) / (m - 1) * share
    apart = published - mean
    spread = variance * (1 - (m - 1) / m * guarded) + 2 / (m - 1) * share**2 * apart**2
    half = normal_quantile((1 + LEVEL) / 2) * sqrt(spread)
    return Shrunk(
        printed_percent=published,
        mean_percent=mean,
        chance_sd_points=sqrt(variance),
        between_sd_points=sqrt(between),
        shrinkage=share,
        optimism_points=share * apart,
        optimism_low=share * apart - half,
        optimism_high=share * apart + half,
    )


def _runs(chance: Chance, model: str, task: str, percent: float, n: int) -> tuple[float, float]:
    """Variance of one run and its binomial bound, points squared."""
    share = percent / 100
    bound = 1e4 * share * (1 - share) / n
    return chance.of_run(model, task, percent, n).variance, bound


def audit_families(
    catalog: Catalog, evidence: Evidence, chance: Chance
) -> tuple[FamilyOptimism, ...]:
    """Return, for every published checkpoint of a logged training, each task and their mean.

    A checkpoint's score is that of the people who published it; single runs only.
    """
    trainings: dict[str, list[str]] = {}
    for name, model in sorted(catalog.models.items()):
        if model.training is not None:
            trainings.setdefault(model.training, []).append(name)
    made = []
    for training, members in sorted(trainings.items()):
        for picked in members:
            published = catalog.models[picked].published_as
            if published is not None:
                scores = _scores(catalog, evidence, members)
                made += _family(catalog, chance, training, picked, published, scores)
    return tuple(made)


def _scores(
    catalog: Catalog, evidence: Evidence, members: list[str]
) -> dict[str, dict[str, float]]:
    """Single-run scores by checkpoint and task, of those who logged the training."""
    logged = {claim.who for claim in catalog.claims.values() if claim.model in members}
    groups = {group_of(who) for who in logged}
    found: dict[str, dict[str, float]] = {}
    for name in members:
        weights = catalog.models[name].published_as or name
        for piece in evidence.measurements:
            single = piece.runs in (None, 1) and group_of(piece.who) in groups
            own = piece.model == weights and _in_log(catalog, name, piece.told_again_in, piece.name)
            if single and own:
                found.setdefault(name, {})[piece.task] = piece.percent
    return found


def _in_log(catalog: Catalog, checkpoint: str, again: tuple[str, ...], name: str) -> bool:
    """Whether a piece of evidence is, or holds, a claim about the checkpoint by its own name."""
    names = [found for found in (name, *again) if found in catalog.claims]
    return any(catalog.claims[found].model == checkpoint for found in names)


def _family(
    catalog: Catalog,
    chance: Chance,
    training: str,
    picked: str,
    published: str,
    scores: dict[str, dict[str, float]],
) -> list[FamilyOptimism]:
    if picked not in scores:
        return []
    tasks = tuple(
        sorted(
            task
            for task in scores[picked]
            if sum(task in found for found in scores.values()) >= LEAST_CHECKPOINTS
        )
    )
    complete = {name: found for name, found in scores.items() if set(tasks) <= found.keys()}
    if not tasks or len(complete) < LEAST_CHECKPOINTS:
        return []
    made = []
    scales: list[tuple[str, tuple[str, ...]]] = [(task, (task,)) for task in tasks]
    if len(tasks) > 1:
        scales.append((MEAN, tasks))
    for scale, chosen in scales:
        values = {
            name: sum(found[task] for task in chosen) / len(chosen)
            for name, found in sorted(complete.items())
        }
        m = len(values)
        measured, bound = 0.0, 0.0
        for task in chosen:
            middle = sum(found[task] for found in complete.values()) / m
            n = catalog.tasks[task].n_problems
            one, most = _runs(chance, published, task, middle, n)
            measured += one / len(chosen) ** 2
            bound += most / len(chosen) ** 2
        best = max(values, key=lambda name: values[name])
        mean = sum(values.values()) / m
        if len(chosen) == 1:
            n = catalog.tasks[chosen[0]].n_problems
            excess = binomial_excess(n, round(mean / 100, 12), m)
        else:
            excess = expected_maximum(m) * sqrt(bound)
        listed = list(values.values())
        made.append(
            FamilyOptimism(
                training=training,
                published=published,
                checkpoint=picked,
                scale=scale,
                tasks=chosen,
                checkpoints=m,
                rank=1 + sum(value > values[picked] + 1e-9 for value in listed),
                best=best,
                best_percent=values[best],
                measured=shrink(listed, measured, values[picked]),
                bound=shrink(listed, bound, values[picked]),
                if_equal_points=expected_maximum(m) * sqrt(measured),
                if_equal_bound_points=excess,
            )
        )
    return made


def audit_picks(catalog: Catalog, chance: Chance) -> tuple[PickBound, ...]:
    """Return the most that luck can have added to every row that says it is the best of m."""
    rows: dict[tuple[str, str, int], dict[str, float]] = {}
    for _, claim in sorted(catalog.claims.items()):
        if claim.best_of is not None:
            row = rows.setdefault((claim.model, claim.who, claim.best_of), {})
            row[claim.task] = claim.value_percent
    made = []
    for (model, who, m), cells in sorted(rows.items()):
        one, most = {}, {}
        for task, percent in sorted(cells.items()):
            n = catalog.tasks[task].n_problems
            one[task], most[task] = _runs(chance, model, task, percent, n)
        factor = expected_maximum(m)
        made.append(
            PickBound(
                model=model,
                who=who,
                tasks=tuple(sorted(cells)),
                best_of=m,
                average_points=factor * sqrt(sum(one.values())) / len(cells),
                average_bound_points=factor * sqrt(sum(most.values())) / len(cells),
                by_task_points={task: factor * sqrt(v) for task, v in one.items()},
                by_task_bound_points={
                    task: binomial_excess(
                        catalog.tasks[task].n_problems, round(percent / 100, 12), m
                    )
                    for task, percent in sorted(cells.items())
                },
            )
        )
    return tuple(made)
