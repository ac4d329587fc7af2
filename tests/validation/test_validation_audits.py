"""What the audits of published numbers are worth, on numbers whose truth is known.

Three questions: is the optimism of a picked checkpoint estimated without bias; does the test of
disagreement reject as often as it says where everybody measures the same; does the interval of a
supported gain hold the gain.
"""

from functools import cache
from math import sqrt

import numpy as np
import pytest
from grid import POPULATIONS, share_interval

from tests.stats.audits.audit_catalog import make_average, make_catalog, make_claim, make_model
from tina_bench.stats.audits.disagreement import with_variances
from tina_bench.stats.audits.gains import audit_gains
from tina_bench.stats.audits.selection import shrink
from tina_bench.stats.evidence.chance import Chance, chance_of
from tina_bench.stats.evidence.measurement_types import Measurement
from tina_bench.stats.evidence.measurements import collect_measurements

SHAPES = {population.name: population for population in POPULATIONS}
AIME, MATH = "hard, U-shaped (AIME)", "easy with a tail (MATH-500)"
SIZES = {"aime": 30, "amc": 40, "gpqa": 198, "math": 500}
SHAPE_OF = {"aime": AIME, "amc": "spread", "gpqa": "choices (GPQA)", "math": MATH}


def shifted(chances, by):
    """The same problems for a model that is better or worse by `by` on the logit scale."""
    inner = np.clip(chances, 1e-4, 1 - 1e-4)
    return 1 / (1 + np.exp(-(np.log(inner / (1 - inner)) + by)))


class World:
    """One task whose problems are as hard as they are, and models that find them so or otherwise.

    Every model has its own taste in problems (SD 0.7 on the logit scale) and strength (0.3).
    """

    def __init__(self, task, rng):
        self.task, self.n, self.rng = task, SIZES[task], rng
        self.problems = SHAPES[SHAPE_OF[task]].draw(rng, self.n)

    def model(self):
        taste = self.rng.normal(0, 0.7, self.n) + self.rng.normal(0, 0.3)
        return shifted(self.problems, taste)

    def score(self, chances, runs):
        """Mean and SD over runs, percent and points, printed to two digits and to one."""
        scores = 100 * self.rng.binomial(1, np.tile(chances, (runs, 1))).mean(axis=1)
        sd = float(scores.std(ddof=1)) if runs > 1 else None
        return round(float(scores.mean()), 2), None if sd is None else round(sd, 1)


@cache
def published(task, number):
    """A world, and what 30 models measured with ten seeds each say of its chance."""
    world = World(task, np.random.default_rng([4, 50, number, list(SIZES).index(task)]))
    claims = {}
    for index in range(30):
        value, sd = world.score(world.model(), 10)
        claims[f"m{index}"] = make_claim(
            value, task=task, model=f"m{index}", runs=10, spread_points=sd
        )
    return world, chance_of(make_catalog(claims, sizes=SIZES))


def true_sd(chances):
    return 100 * sqrt(float((chances * (1 - chances)).sum())) / len(chances)


@pytest.mark.parametrize("m", [5, 8, 17])
def test_the_luck_of_the_best_is_estimated_without_much_bias(m, full, findings):
    """Checkpoints of one model whose strengths differ by 0, 1 or 2 times the chance of a run."""
    draws, rows = (6000 if full else 400), []
    for task in ("aime", "math"):
        for ratio in (0.0, 1.0, 2.0):
            errors, truths, inside, chance_sd = [], [], 0, []
            rng = np.random.default_rng([4, 51, m, SIZES[task], int(10 * ratio)])
            for draw in range(draws):
                world, chance = published(task, draw % 8)
                world.rng = rng
                start = world.model()
                slope = 100 * float((start * (1 - start)).mean()) or 1.0
                steps = rng.normal(0, ratio * true_sd(start) / slope, m)
                members = [shifted(start, by) for by in steps]
                runs = [100 * rng.binomial(1, p).mean() for p in members]
                best = int(np.argmax(runs))
                middle = float(np.mean(runs))
                variance = chance.of_run("?", task, middle, world.n).variance
                found = shrink(runs, variance, runs[best])
                truth = runs[best] - 100 * float(members[best].mean())
                errors.append(found.optimism_points - truth)
                truths.append(truth)
                chance_sd.append(true_sd(start))
                inside += found.optimism_low <= truth <= found.optimism_high
            sd = float(np.mean(chance_sd))
            noise = 3.3 * float(np.std(errors)) / sqrt(draws)
            high = share_interval(inside, draws)[1]
            rows.append(
                {
                    "task": task, "checkpoints": m, "between_over_chance": ratio,
                    "true_optimism_points": float(np.mean(truths)),
                    "bias_points": float(np.mean(errors)),
                    "bias_over_chance": float(np.mean(errors)) / sd,
                    "coverage": inside / draws,
                }
            )  # fmt: skip
            assert abs(float(np.mean(errors))) <= 0.3 * sd + noise, rows[-1]
            assert high >= 0.935, rows[-1]
    findings(f"audit-optimism-{m}", rows)


DESIGNS = {
    "two single runs": (1, 1),
    "five single runs": (1, 1, 1, 1, 1),
    "as Open-RS3 (1, 1, 1, 1, 10 with SD)": (1, 1, 1, 1, 10),
    "as the base (64, 64, 16, 10 and 5 with SD, 1, 1)": (64, 64, 16, 10, 5, 1, 1),
    "3 seeds with SD, 16, 1": (3, 16, 1),
}
WITH_SD = (3, 5, 10)


def measurements(world, chances, design):
    made = []
    for index, runs in enumerate(design):
        value, sd = world.score(chances, runs)
        spread = sd if runs in WITH_SD else None
        made.append(
            Measurement(
                name=f"c{index}", origin="claim", model="m", task=world.task, percent=value,
                decimals=2, n=world.n, runs=runs, spread_points=spread,
                spread_degrees_of_freedom=None if spread is None else runs - 1,
                who=f"w{index}", source=f"s{index}",
            )
        )  # fmt: skip
    return made


@pytest.mark.parametrize("task", ["aime", "amc", "math"])
def test_those_who_measure_the_same_are_found_to_disagree_as_seldom_as_said(task, full, findings):
    """Size of Cochran's Q at 5 %, with standard errors as the audit has them, and of the bound."""
    draws, rows = (6000 if full else 500), []
    for name, design in DESIGNS.items():
        rejected = bound_rejected = 0
        for draw in range(draws):
            world, chance = published(task, draw % 8)
            world.rng = np.random.default_rng([4, 52, draw, SIZES[task], len(name)])
            found = measurements(world, world.model(), design)
            rejected += with_variances(found, chance).pool().p_value < 0.05
            bound_rejected += with_variances(found, chance, bound=True).pool().p_value < 0.05
        rows.append(
            {
                "task": task, "measurements": name, "rate_rejected": rejected / draws,
                "rate_rejected_by_bound": bound_rejected / draws,
            }
        )  # fmt: skip
        low, _ = share_interval(rejected, draws)
        assert low <= 0.05, rows[-1]
        assert share_interval(bound_rejected, draws)[0] <= 0.05, rows[-1]
    findings(f"audit-disagreement-size-{task}", rows)


def test_a_real_disagreement_is_found(full, findings):
    """Power: a measurer whose protocol moves AIME by 10 points, in designs like the published."""
    draws, rows = (3000 if full else 300), []
    for name, design in DESIGNS.items():
        hit = 0
        for draw in range(draws):
            world, chance = published("aime", draw % 8)
            world.rng = np.random.default_rng([4, 53, draw, len(name)])
            chances = world.model()
            found = measurements(world, chances, design)
            first = found[0].model_copy(update={"percent": min(100.0, found[0].percent + 10)})
            hit += with_variances([first, *found[1:]], chance).pool().p_value < 0.05
        rows.append({"measurements": name, "power": hit / draws})
    findings("audit-disagreement-power", rows)
    assert rows[3]["power"] > 0.9


BASE_DESIGN = (64, 16, 10, 5, 1, 1)


def gain_case(rng, between, chances, number):
    """Four tasks: the base by six measurers, the adapter by one run; a true gain of its own."""
    claims, gain = {}, 0.0
    for task in SIZES:
        world, _ = published(task, number)
        world.rng = rng
        base = world.model()
        adapter = shifted(base, 0.3)
        gain += 100 * float(adapter.mean() - base.mean()) / len(SIZES)
        slope = 100 * float((base * (1 - base)).mean())
        labs = rng.normal(0, between / slope, len(BASE_DESIGN))
        for index, runs in enumerate(BASE_DESIGN):
            value, sd = world.score(shifted(base, labs[index]), runs)
            claims[f"b{index}-{task}"] = make_claim(
                value, task=task, model="b", runs=runs, who="tina" if index == 5 else f"w{index}",
                source=f"s{index}", spread_points=sd if runs in WITH_SD else None,
            )  # fmt: skip
        value, _ = world.score(shifted(adapter, labs[5]), 1)
        claims[f"a-{task}"] = make_claim(value, task=task, model="a", who="tina", source="s5")
    averages = {}
    for model, name in (("a", "a"), ("b", "b5")):
        mean = sum(claims[f"{name}-{task}"].value_percent for task in SIZES) / len(SIZES)
        averages[f"avg-{model}"] = make_average(
            round(mean, 2), model=model, tasks=tuple(SIZES), who="tina", source="s5"
        )
    models = {"a": make_model(kind="adapter", base="b"), "b": make_model(kind="base")}
    catalog = make_catalog(claims, averages, models, SIZES)
    (found,) = audit_gains(catalog, collect_measurements(catalog), chances, ())
    return found, gain


@pytest.mark.parametrize("between", [0.0, 2.0, 4.0])
def test_the_interval_of_a_supported_gain_holds_the_gain(between, full, findings):
    """Measurers differ by an SD of 0, 2 or 4 points on every task, the adapter's like the rest."""
    draws, errors, inside, widths, printed = (3000 if full else 120), [], 0, [], []
    for draw in range(draws):
        rng = np.random.default_rng([4, 54, draw, int(between)])
        ratios = {task: published(task, draw % 8)[1].ratios[task] for task in SIZES}
        found, gain = gain_case(rng, between, Chance(ratios=ratios, spreads={}), draw % 8)
        errors.append(found.supported_gain_points - gain)
        printed.append(found.printed_gain_points - gain)
        inside += found.supported_low <= gain <= found.supported_high
        widths.append(found.supported_high - found.supported_low)
    row = {
        "between_points": between,
        "bias_points": float(np.mean(errors)),
        "rmse_points": float(np.sqrt(np.mean(np.square(errors)))),
        "rmse_of_printed_gain_points": float(np.sqrt(np.mean(np.square(printed)))),
        "mean_width_points": float(np.mean(widths)),
        "coverage": inside / draws,
    }
    findings(f"audit-gain-{between:g}", [row])
    assert abs(row["bias_points"]) < 3.3 * float(np.std(errors)) / sqrt(draws) + 0.1, row
    assert share_interval(inside, draws)[1] >= 0.935, row
    assert row["rmse_points"] < row["rmse_of_printed_gain_points"], row
