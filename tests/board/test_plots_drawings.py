"""All other plots: what is drawn is what stands in the table behind it."""

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plots_home import catalog, evidence, record
from plots_svg import Drawing, scale

from tina_bench.board import plots
from tina_bench.board.content.bill import add_up
from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.model_rows import by_maker
from tina_bench.board.content.training_curves import Curve, thinned
from tina_bench.board.output.elements import Plot
from tina_bench.stats.evidence.measurement_types import OURS
from tina_bench.store.records import JobKind, LedgerEntry, Phase

TITLES = {"base": "Base", "near": "Near", "far": "Far", "lost": "Lost"}
TASKS = ("aime24", "amc23")
MEASURED = ("base", "near", "far")


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> SiteContext:
    return evidence(
        tmp_path_factory.mktemp("home"), catalog(TITLES, TASKS, 24), MEASURED, TASKS, k=8
    )


def drawn(plot: Plot | None) -> tuple[tuple[dict[str, Any], ...], Drawing]:
    assert plot is not None
    assert plot.table is not None
    assert plot.data == f"data/{plot.table.name}.csv"
    return plot.table.rows, Drawing.of(plot.svg)


def test_every_run_is_a_dot_at_its_score_and_every_mean_a_bar(some: SiteContext) -> None:
    rows, picture = drawn(plots.seeds(some, "aime24"))
    assert len(rows) == len(picture.marks("run")) == 3 * 8
    means = dict.fromkeys((row["model"], row["mean_percent"]) for row in rows)
    assert [percent for _, percent in means] == sorted((p for _, p in means), reverse=True)
    by_row: list[float] = []
    for model, _ in means:
        by_row += sorted(row["run_percent"] for row in rows if row["model"] == model)
    values = [*by_row, *(percent for _, percent in means)]
    places = [x for x, _ in picture.marks("run")] + [x for x, _ in picture.marks("mean")]
    assert scale(values, places) > 0
    assert len(set(picture.marks("run"))) == len(rows)  # equal scores stand on each other


def test_possible_scores_have_a_line_each_where_there_are_few(some: SiteContext) -> None:
    with_lines = plots.seeds(some, "aime24")
    assert with_lines is not None
    assert "3.3 points apart" in with_lines.caption
    rows, picture = drawn(with_lines)
    step = scale([r["mean_percent"] for r in rows[::8]], [x for x, _ in picture.marks("mean")])
    xs = [stroke[0][0] for stroke in picture.strokes("possible")]
    assert len(xs) > 5
    assert np.allclose(np.diff(xs), 100 / 30 * step, atol=0.15)
    for x, _ in picture.marks("run"):  # every run stands on one of them
        assert min(abs(x - line) for line in xs) <= 0.11


def test_lengths_count_every_answer_once_on_its_side_of_the_line(some: SiteContext) -> None:
    rows, picture = drawn(plots.lengths(some, "amc23"))
    for model in MEASURED:
        made = some.records[model, "amc23"]
        own = [row for row in rows if row["model"] == model]
        assert sum(row["n_right"] for row in own) == made.n_correct
        assert sum(row["n_right"] + row["n_wrong"] for row in own) == made.n * made.k
        for row in own:
            for right, name in ((True, "right"), (False, "wrong")):
                inside = sum(
                    row["from_tokens"] <= tokens < row["below_tokens"] and correct is right
                    for problem in made.problems
                    for tokens, correct in zip(problem.tokens_out, problem.correct, strict=True)
                )
                assert row[f"n_{name}"] == inside
    for name, sign in (("right", -1), ("wrong", 1)):
        strokes = picture.strokes(name)
        assert len(strokes) == len(MEASURED)
        for model, stroke in zip(MEASURED, strokes, strict=True):
            own = [row for row in rows if row["model"] == model]
            most = max(max(row["n_right"], row["n_wrong"]) for row in own)
            zero = stroke[0][1]
            heights = sorted({round(sign * (y - zero), 1) for _, y in stroke})
            assert heights[0] == 0
            assert heights[-1] == pytest.approx(
                max(row[f"n_{name}"] for row in own) / most * 0.44 * 0.52 * 72
                * (1 - 0.65 / (0.52 * 3 + 0.75)) * (0.52 * 3 + 0.75) / (0.52 * 3.2), abs=0.15,
            )  # fmt: skip


def test_medians_beside_the_lengths_are_those_of_the_answers(some: SiteContext) -> None:
    _, picture = drawn(plots.lengths(some, "amc23"))
    for model in MEASURED:
        made = some.records[model, "amc23"]
        found = {
            right: np.median(
                [t for p in made.problems for t, c in zip(p.tokens_out, p.correct, strict=True)
                 if c is right]
            )
            for right in (True, False)
        }  # fmt: skip
        assert f"{round(found[True]):,} right, {round(found[False]):,} wrong" in picture.words()


def test_truncation_shows_rates_and_intervals_of_the_estimates(some: SiteContext) -> None:
    rows, picture = drawn(plots.truncation(some, "amc23"))
    for row in rows:
        rate = some.estimates[row["model"], "amc23"].truncated
        assert (row["n_truncated"], row["n_answers"]) == (rate.count, rate.total)
        assert rate.interval is not None
        assert (row["interval_low"], row["interval_high"]) == (
            rate.interval.low,
            rate.interval.high,
        )
    assert [row["truncated_percent"] for row in rows] == sorted(
        (r["truncated_percent"] for r in rows), reverse=True
    )
    strokes = picture.strokes("interval")
    values = [r["truncated_percent"] for r in rows] + [
        v for r in rows for v in (r["interval_low"], r["interval_high"])
    ]
    places = [x for x, _ in picture.marks("rate")]
    places += [x for stroke in strokes for x, _ in (stroke[0], stroke[-1])]
    assert scale(values, places) > 0


def test_gains_are_the_report_s_comparisons(some: SiteContext) -> None:
    rows, picture = drawn(plots.gains(some))
    assert len(rows) == 2 * 3  # two measured adapters, pooled and on two tasks
    assert len(picture.marks("pooled")) == 2
    assert len(picture.marks("task")) == 4
    pooled = [row for row in rows if row["scope"] == "pooled"]
    assert [r["gain_points"] for r in pooled] == [
        some.pooled[r["model"]].difference_points for r in pooled
    ]
    values = [row["gain_points"] for row in pooled]
    values += [row["gain_points"] for row in rows if row["scope"] != "pooled"]
    places = [x for x, _ in (*picture.marks("pooled"), *picture.marks("task"))]
    (zero,) = picture.strokes("zero")
    assert scale([*values, 0.0], [*places, zero[0][0]]) > 0
    assert picture.shape("pooled") != picture.shape("task")


def test_audited_gains_show_printed_and_supported_side_by_side() -> None:
    from tina_bench.catalog.load import load_catalog
    from tina_bench.stats.report import build_report
    from tina_bench.store.home import Home

    known = load_catalog()
    bare = SiteContext(Home(Path("nowhere")), known, build_report(known, []), {}, add_up([]), ())
    rows, picture = drawn(plots.audit_gains(bare))
    found = [gain for gain in bare.audits.gains if gain.reference_is == "base"]
    assert [row["supported_gain_points"] for row in rows] == [
        gain.supported_gain_points for gain in found
    ]
    values = [row["printed_gain_points"] for row in rows]
    values += [row["supported_gain_points"] for row in rows]
    places = [x for x, _ in (*picture.marks("printed"), *picture.marks("supported"))]
    assert scale(values, places) > 0
    assert picture.shape("printed") != picture.shape("supported")
    one, _ = drawn(plots.audit_gains(bare, model="tina-open-rs2"))
    assert {row["model"] for row in one} == {"tina-open-rs2"}
    assert plots.audit_gains(bare, model="r1-distill-qwen-1.5b") is None


def test_pareto_draws_every_priced_point_and_names_the_others(some: SiteContext) -> None:
    plot = plots.pareto(some, task="aime24")
    rows, picture = drawn(plot)
    assert plot is not None
    priced = [row for row in rows if row["train_usd"]]
    assert {row["model"] for row in rows if row["train_usd"] is None} == {"base"}
    assert "nobody says what they cost: Base" in plot.caption
    for kind in ("published", "measured"):
        own = [row for row in priced if row["kind"] == kind]
        marks = picture.marks(kind)
        assert len(marks) == len(own)
        assert scale([np.log10(r["train_usd"]) for r in own], [x for x, _ in marks]) > 0
        assert scale([r["score_percent"] for r in own], [y for _, y in marks]) < 0
        front = {(r["train_usd"], r["score_percent"]) for r in own if r["is_on_front"]}
        points = {(r["train_usd"], r["score_percent"]) for r in own}
        assert front == {
            (usd, score)
            for usd, score in points
            if not any(u <= usd and s >= score and (u, s) != (usd, score) for u, s in points)
        }
    assert picture.shape("published") != picture.shape("measured")


def _spent(model: str, kind: JobKind, usd: float | None) -> list[LedgerEntry]:
    common: dict[str, Any] = {
        "attempt": f"{model}-{kind.value}", "kind": kind, "folder": f"{kind.value}-{model}-0",
        "model": model, "stack": "current", "phase": Phase.TRAIN, "wall_seconds": 0.0,
        "at": datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC), "cpu_seconds": 0.0,
        "peak_memory_bytes": 0, "device": "GPU", "gpu_count": 1, "gpu_seconds": 0.0,
        "gpu_utilisation": None, "energy_joules": None, "driver": None, "price_name": "x",
        "price_usd_per_hour": 1.0,
    }  # fmt: skip
    return [
        LedgerEntry(event="start", cost_usd=0.0, **common),
        LedgerEntry(event="spent", cost_usd=usd, **common),
        LedgerEntry(event="end", outcome="done", cost_usd=0.0, **common),
    ]


def test_what_was_trained_here_stands_at_our_own_dollars_of_training_alone(
    some: SiteContext,
) -> None:
    entries = [
        *_spent("near", JobKind.TRAIN, 5.5),
        *_spent("near", JobKind.EVALUATE, 100.0),
        *_spent("far", JobKind.TRAIN, None),
    ]
    with_bill = SiteContext(
        some.home, some.catalog, some.report, some.records, add_up(entries), ()
    )  # fmt: skip
    rows, _ = drawn(plots.pareto(with_bill, task="aime24"))
    ours = {row["model"]: row for row in rows if row["kind"] == "measured"}
    assert (ours["near"]["train_usd"], ours["near"]["cost_name"]) == (5.5, "ledger")
    # A training without a price is no cost of zero: what was published stands in its place.
    assert (ours["far"]["train_usd"], ours["far"]["cost_name"]) == (10.0, "cost-far")
    assert ours["base"]["train_usd"] is None


def test_with_less_than_two_models_of_known_cost_there_is_no_plot_of_costs(tmp_path: Path) -> None:
    known = catalog(TITLES, TASKS, 8, costs=False)
    assert plots.pareto(evidence(tmp_path / "none", known, MEASURED, TASKS)) is None
    alone = catalog({"base": "Base", "near": "Near"}, TASKS, 8)
    assert plots.pareto(evidence(tmp_path / "one", alone, ("base", "near"), TASKS)) is None


def test_a_forest_has_every_measurement_once_and_ours_among_them(some: SiteContext) -> None:
    rows, picture = drawn(plots.forest(some, "near"))
    assert sum(row["who"] == OURS for row in rows) == len(picture.marks("ours")) == 2
    assert len(rows) == 2 + len(some.published_measurements["near"])
    values, places = [], []
    for kind in ("others", "ours"):
        own = [row for row in rows if row["kind"] == kind]
        values += [row["score_percent"] for row in own]
        places += [x for x, _ in picture.marks(kind)]
        for row, stroke in zip(own, picture.strokes(f"{kind}-interval"), strict=True):
            values += [row["interval_low"], row["interval_high"]]
            places += [stroke[0][0], stroke[-1][0]]
            assert row["interval_low"] <= row["score_percent"] <= row["interval_high"]
    assert scale(values, places) > 0
    for task in TASKS:
        (cell,) = (d for d in some.audits.disagreement if (d.model, d.task) == ("near", task))
        own = [row for row in rows if row["task"] == task]
        assert {row["disagreement_adjusted_p"] for row in own} == {cell.adjusted_p}
        assert len(own) == len(cell.measurers)


def test_a_model_that_was_measured_once_a_task_has_no_forest(tmp_path: Path) -> None:
    known = catalog(TITLES, TASKS, 8)  # one claim a model and task
    few = evidence(tmp_path, known, ("base",), ("aime24",))
    assert plots.forest(few, "base") is not None
    assert plots.forest(few, "near") is None


def test_makers_are_told_by_the_name_of_their_model(some: SiteContext) -> None:
    assert by_maker(some, "near", "Near authors")
    assert not by_maker(some, "near", "Nearly everybody")
    assert not by_maker(some, "near", "Far authors")
    assert by_maker(some, "near", "near, report of 2026-05-10")


def _curve(steps: int, *, finished: bool = True) -> Curve:
    return Curve(
        model="near", folder="train-near-0", finished=finished,
        steps=tuple(
            {"step": n, "reward": n / steps, "reward_accuracy": 0.5, "reward_format": n % 2,
             "kl": None, "learning_rate": 1e-6}
            for n in range(1, steps + 1)
        ),
    )  # fmt: skip


def test_a_training_shows_what_was_logged_and_no_empty_panel() -> None:
    plot = plots.training(_curve(40), 1)
    assert plot is not None
    assert (plot.data, plot.table) == ("data/training.csv", None)
    assert plot.caption.startswith("train-near-0, 40 logged steps.")
    picture = Drawing.of(plot.svg)
    assert picture.kinds() == {"reward", "reward_accuracy", "reward_format", "learning_rate"}
    (stroke,) = picture.strokes("reward")
    assert scale([n / 40 for n in range(1, 41)], [y for _, y in stroke]) < 0
    assert "KL to the base" not in picture.words()
    label = picture.root.get("aria-label", "")
    assert "40 logged steps" in label
    assert "Reward goes from 0.025 to 1." in label
    unfinished = plots.training(_curve(3, finished=False), 2)
    assert unfinished is not None
    assert "not finished" in unfinished.caption


def test_two_series_of_a_panel_differ_in_dashes_and_not_in_colour_alone() -> None:
    plot = plots.training(_curve(40), 1)
    assert plot is not None
    picture = Drawing.of(plot.svg)
    dashes = {
        name: {e.get("stroke-dasharray") for g in picture._groups(name) for e in g.iter()}
        for name in ("reward_accuracy", "reward_format")
    }
    assert dashes["reward_accuracy"] != dashes["reward_format"]


@pytest.mark.parametrize("value", [0.0, 1e-6, -3e-12, 0.5, 2048.0, 1e9])
def test_a_curve_that_stays_where_it_is_is_drawn_level(value: float) -> None:
    steps = tuple({"step": n, "learning_rate": value} for n in range(1, 30))
    plot = plots.training(Curve("near", "train-x", True, steps), 1)
    assert plot is not None
    picture = Drawing.of(plot.svg)
    (stroke,) = picture.strokes("learning_rate")
    assert len({y for _, y in stroke}) == 1


def test_a_training_of_one_step_is_drawn() -> None:
    one = Curve("near", "train-x", finished=False, steps=({"step": 7, "reward": 0.25},))
    plot = plots.training(one, 1)
    assert plot is not None
    picture = Drawing.of(plot.svg)
    assert "1 logged step" in picture.root.get("aria-label", "")


def test_nothing_logged_is_no_plot() -> None:
    empty = Curve("near", "train-near-0", finished=True, steps=({"step": 1, "wall_seconds": 3.0},))
    assert plots.training(empty, 1) is None


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400),
    st.integers(min_value=1, max_value=150),
)
def test_thinning_keeps_the_mean_and_the_order_of_steps(values: list[float], most: int) -> None:
    steps = list(range(1, len(values) + 1))
    xs, ys = thinned(steps, values, most)
    assert len(xs) == len(ys) == min(len(values), most)
    assert xs == sorted(xs)
    edges = [place * len(values) // len(xs) for place in range(len(xs) + 1)]
    weights = np.diff(edges)
    assert np.average(ys, weights=weights) == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)


def test_tasks_and_models_without_results_have_no_plots(some: SiteContext) -> None:
    assert plots.seeds(some, "gpqa") is None
    assert plots.lengths(some, "gpqa") is None
    assert plots.truncation(some, "gpqa") is None
    assert plots.published_against_measured(some, model="unheard-of") is None


def test_a_model_without_a_wrong_answer_is_drawn_and_says_so(tmp_path: Path) -> None:
    made = record("base", "aime24", 30, 2, 0)
    problems = tuple(p.model_copy(update={"correct": (True, True)}) for p in made.problems)
    some = evidence(tmp_path, catalog(TITLES, TASKS, 8), ("base",), ("aime24",), k=2)
    right = made.model_copy(update={"problems": problems})
    found = SiteContext(
        some.home, some.catalog, some.report, {("base", "aime24"): right}, some.bill, ()
    )
    rows, picture = drawn(plots.lengths(found, "aime24"))
    assert sum(row["n_wrong"] for row in rows) == 0
    assert any(word.endswith(", none wrong") for word in picture.words())
    (wrong,) = picture.strokes("wrong")
    assert len({y for _, y in wrong}) == 1


def test_answers_of_all_lengths_at_once_are_counted(tmp_path: Path) -> None:
    """From one token to the limit, and none at all."""
    made = record("base", "aime24", 30, 2, 0)
    lengths = [0, 1, 2, 3, 7, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 32_768, 1_000_000]
    problems = tuple(
        problem.model_copy(update={"tokens_out": (lengths[i % len(lengths)],) * 2})
        for i, problem in enumerate(made.problems)
    )
    some = evidence(tmp_path, catalog(TITLES, TASKS, 8), ("base",), ("aime24",), k=2)
    odd = made.model_copy(update={"problems": problems})
    found = SiteContext(
        some.home, some.catalog, some.report, {("base", "aime24"): odd}, some.bill, ()
    )
    rows, _ = drawn(plots.lengths(found, "aime24"))
    assert sum(row["n_right"] + row["n_wrong"] for row in rows) == 60
    for row in rows:
        assert row["from_tokens"] < row["below_tokens"]
    for tokens in lengths:
        inside = [r for r in rows if r["from_tokens"] <= max(tokens, 1) < r["below_tokens"]]
        assert len(inside) == 1
