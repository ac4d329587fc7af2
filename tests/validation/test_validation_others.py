"""What pooling other teams is worth: on teams made up, and on published scores left out one by one.

Made up: teams of 1, 5, 16 or 64 runs, shifts between teams of SD 0, 2 or 5 points, totals of right
answers, and the task's ratio misjudged by 15 % either way. Real: every team of every model and task
that three or more measured is predicted from the others.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pytest
from grid import share_interval

from tests.catalog.facts import CATALOG
from tina_bench.stats.evidence.chance import Chance, chance_of
from tina_bench.stats.evidence.estimates import (
    another_protocol,
    by_cell,
    pool_pieces,
    score_estimate,
)
from tina_bench.stats.evidence.measurement_types import Measurement, group_of
from tina_bench.stats.evidence.measurements import collect_measurements
from tina_bench.stats.evidence.others import OthersCase, p_value, word
from tina_bench.stats.evidence.pieces import by_team, chance_variance, common_percent, scale_of
from tina_bench.stats.evidence.standings import ranked
from tina_bench.stats.evidence.types import Others
from tina_bench.stats.methods.holm import holm

RUNS = (1, 5, 16, 64)
FAMILY = 48
TASKS = {
    "aime": (30, 30.0, 0.31, 5.0),
    "small": (30, 30.0, 0.65, 5.0),
    "math": (500, 85.0, 0.44, 2.0),
}
"""Problems, score, share of the bound (AIME24's is 0.31, GPQA's 0.70), margin."""


@dataclass(frozen=True)
class World:
    """One score, and teams that measure it."""

    task: str
    tau: float
    rng: np.random.Generator

    def measured(self, name, runs, shift=None):
        """One team's printed score: its shift, chance, whole answers, two digits."""
        n, score, ratio, _ = TASKS[self.task]
        shift = self.rng.normal(0, self.tau) if shift is None else shift
        chance = self.rng.normal(0, sqrt(ratio * score * (100 - score) / n / runs))
        answers = round((score + shift + chance) / 100 * n * runs)
        percent = 100 * min(max(answers, 0), n * runs) / (n * runs)
        return Measurement(
            name=name, origin="claim", model="m", task="t", percent=round(percent, 2), decimals=2,
            n=n, runs=runs, who=name, source=name,
        )  # fmt: skip

    def others(self, teams):
        """What so many other teams print, and the chance as it is known: 15 % off."""
        _, _, ratio, _ = TASKS[self.task]
        known = Chance(ratios={"t": ratio * (1 + 0.15 * self.rng.choice([-1, 1]))}, spreads={})
        found = [self.measured(f"w{i}", int(self.rng.choice(RUNS))) for i in range(teams)]
        return found, known

    def case(self, found, known, percent, runs, best_of=None):
        """A claim of so many runs held against them."""
        own = self.measured("c", runs, 0.0).model_copy(update={"percent": percent})
        return OthersCase(
            name="c", percent=percent, decimals=2, margin=TASKS[self.task][3], best_of=best_of,
            variance=chance_variance(own, common_percent(found), known)[0],
            scale=scale_of(TASKS[self.task][0]), about="these weights", measured=False,
            pieces=by_team(found, known), left_out=(),
        )  # fmt: skip


def said(case):
    """The word where the claim is the only one, and its p-value, 1 where teams disagree."""
    pool = case.pool
    p = p_value(case, pool)
    found = word(case, pool, p)
    return found, 1.0 if found in (Others.DISAGREE, Others.AGREE) else p


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("tau", [0.0, 2.0, 5.0])
def test_words_of_others_are_seldom_wrong(task, tau, full, findings):
    draws, rows = (2500 if full else 150), []
    n, score, _, margin = TASKS[task]
    for teams in (2, 3, 5):
        world = World(
            task, tau, np.random.default_rng([12, 8, list(TASKS).index(task), int(tau), teams])
        )
        counts = dict.fromkeys(
            ("differ_1", "differ_10", "margin", "agree", "off", "picked", "corrected"), 0
        )
        p_values = []
        for _ in range(draws):
            found, known = world.others(teams)
            for runs, key in ((1, "differ_1"), (10, "differ_10")):
                true = world.measured("c", runs)
                told, p = said(world.case(found, known, true.percent, runs))
                counts[key] += told is Others.DIFFER
                if runs == 1:
                    p_values.append(p)
            shift = world.rng.normal(0, tau)
            picks = [world.measured("c", 1, shift).percent for _ in range(8)]
            for key, best_of in (("picked", None), ("corrected", 8)):
                told, _ = said(world.case(found, known, max(picks), 1, best_of))
                counts[key] += told is Others.DIFFER
            side = float(world.rng.choice([-1, 1]))
            drawn = world.measured("c", 10).percent
            for key, claimed, right in (
                ("margin", score + side * margin, Others.AGREE),
                ("agree", score, Others.AGREE),
                ("off", drawn + side * 2 * margin, Others.DIFFER),
            ):
                told, _ = said(world.case(found, known, round(claimed, 2), 10))
                counts[key] += told is right
        families = [world.rng.choice(p_values, FAMILY) for _ in range(400)]
        wrong = sum(min(holm(list(family))) < 0.05 for family in families)
        share = {key: hits / draws for key, hits in counts.items()}
        rows.append(
            {
                "task": task, "n": n, "between_points": tau, "other_teams": teams,
                "false_differ_1_run": share["differ_1"], "false_differ_10_runs": share["differ_10"],
                f"false_differ_family_of_{FAMILY}": wrong / len(families),
                "false_agree_at_the_margin": share["margin"],
                "rate_agree_when_true": share["agree"],
                "power_differ_two_margins_off": share["off"],
                "false_differ_best_of_8": share["picked"],
                "false_differ_best_of_8_corrected": share["corrected"],
            }
        )  # fmt: skip
        low = {key: share_interval(hits, draws)[0] for key, hits in counts.items()}
        # With a spread of 5 points two teams show too little of it: the review's own worst is 14 %.
        assert low["differ_1"] <= (0.14 if tau > 2 else 0.063)
        assert low["differ_10"] <= (0.14 if tau > 2 else 0.063)
        assert low["margin"] <= (0.071 if tau > 2 else 0.05)
        assert low["corrected"] <= (0.14 if tau > 2 else 0.05)
    findings(f"others-words-{task}-{int(tau)}", rows)


BOARDS = {"equal": [30.0] * 8, "close": [30.0, 30, 31, 31, 32, 33, 34, 36],
          "apart": [10.0, 18, 26, 34, 42, 50, 58, 66]}  # fmt: skip
"""Scores of 8 models on a task of 30 problems."""


@pytest.mark.parametrize("board", BOARDS)
def test_bands_of_ranks_and_intervals_of_gains_hold_the_truth(board, full, findings):
    """Each model by 1 to 4 of 6 teams, whose shifts of 3 points are half common to their models."""
    draws, truth = (1000 if full else 60), BOARDS[board]
    rng = np.random.default_rng([12, 9, list(BOARDS).index(board)])
    known = Chance(ratios={"t": 0.31}, spreads={})
    right, held, told = 0, [], []
    for _ in range(draws):
        world = World("aime", 0.0, rng)
        shifts = rng.normal(0, 3 / sqrt(2), 6)
        scores = {}
        for index, score in enumerate(truth):
            found = []
            for team in rng.choice(6, int(rng.integers(1, 5)), replace=False):
                shift = score - 30 + shifts[team] + rng.normal(0, 3 / sqrt(2))
                found.append(world.measured(f"w{team}", int(rng.choice(RUNS)), shift))
            pieces = by_team(found, known)
            pool = pool_pieces(pieces, scale_of(30))
            scores[f"m{index}"] = (score_estimate(pool, pieces), pool.theta)
        rows = ranked(("t",), scores, {}).rows
        by_model = {f"m{index}": score for index, score in enumerate(truth)}
        right += all(
            row.best <= 1 + sum(other > by_model[row.model] for other in truth)
            and row.worst >= sum(other >= by_model[row.model] for other in truth)
            for row in rows
        )
        told.append(sum(len(row.better) for row in rows))
        low, high = scores["m7"][1].minus(scores["m0"][1]).interval(0.95)
        held.append(low <= truth[7] - truth[0] <= high)
    findings(
        f"others-ranks-{board}",
        [
            {
                "board": board, "rate_all_bands_right": right / draws,
                "pairs_told_apart_of_28": float(np.mean(told)),
                "coverage_of_a_gain": float(np.mean(held)), "draws": draws,
            }
        ],
    )  # fmt: skip
    assert share_interval(right, draws)[1] >= 0.95
    assert share_interval(sum(held), draws)[1] >= 0.94


def test_a_team_left_out_lies_where_the_others_put_it(findings):
    chance = chance_of(CATALOG)
    cells = by_cell(
        one
        for one in collect_measurements(CATALOG).measurements
        if one.best_of is None and not another_protocol(one, CATALOG)
    )
    inside: dict[str, list[tuple[bool, bool]]] = {}
    for (_, task), found in sorted(cells.items()):
        teams = sorted({group_of(one.who) for one in found})
        for left in teams if len(teams) > 2 else ():
            rest = [one for one in found if group_of(one.who) != left]
            common = common_percent(rest)
            theirs = [one for one in found if group_of(one.who) == left]
            (piece,) = by_team(theirs, chance, common=common)
            pool = pool_pieces(by_team(rest, chance), scale_of(found[0].n))
            held = []
            for level in (0.95, 0.8):
                low, high = pool.predictive(level, piece.se_points**2)
                held.append(low <= piece.percent <= high)
            inside.setdefault(task, []).append((held[0], held[1]))
    inside["all"] = [hits for found in inside.values() for hits in found]
    rows = [
        {
            "task": task, "scores_left_out": len(hits),
            "coverage_of_95_percent_interval": float(np.mean([wide for wide, _ in hits])),
            "coverage_of_80_percent_interval": float(np.mean([narrow for _, narrow in hits])),
        }
        for task, hits in sorted(inside.items())
    ]  # fmt: skip
    findings("others-left-out", rows)
    (total,) = [row for row in rows if row["task"] == "all"]
    assert total["scores_left_out"] >= 98
    assert 0.92 <= total["coverage_of_95_percent_interval"] <= 0.97
    assert 0.76 <= total["coverage_of_80_percent_interval"] <= 0.85


def test_one_team_alone_would_be_too_few():
    """Why two are asked for: one team's shift cannot be told from the score."""
    world = World("small", 5.0, np.random.default_rng([12, 8, 1]))
    wrong = 0
    for _ in range(400):
        found, known = world.others(1)
        true = world.measured("c", 10)
        told, _ = said(world.case(found, known, true.percent, 10))
        wrong += told is Others.DIFFER
    assert wrong / 400 > 0.05
