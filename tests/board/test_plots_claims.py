"""Published against measured: every claim is a mark, its verdict a shape, our score one bar."""

from collections import Counter
from pathlib import Path

import pytest
from plots_home import catalog, evidence
from plots_svg import Drawing, scale

from tina_bench.board.content.context import SiteContext
from tina_bench.board.output.elements import Plot
from tina_bench.board.plots import published_against_measured
from tina_bench.board.plots.frame import MARKERS
from tina_bench.stats.types import Verdict

TITLES = {"alpha": "Alpha", "beta": "Beta", "gamma": "Gamma"}
TASKS = ("aime24", "amc23")


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> SiteContext:
    """Alpha and Beta are measured, on AIME24 only; everything is claimed twice."""
    known = catalog(TITLES, TASKS, 12)
    return evidence(tmp_path_factory.mktemp("home"), known, ("alpha", "beta"), ("aime24",))


def drawn(plot: Plot | None) -> tuple[Plot, Drawing]:
    assert plot is not None
    return plot, Drawing.of(plot.svg)


def test_the_front_page_shows_every_claim_that_was_tested_and_no_other(some: SiteContext) -> None:
    plot, picture = drawn(published_against_measured(some))
    assert plot.table is not None
    tested = [j for j in some.report.judgements if j.measured_percent is not None]
    assert {row["claim"] for row in plot.table.rows} == {j.claim for j in tested}
    assert len(tested) == 4
    marks = {name: picture.marks(name) for _, name in MARKERS.values()}
    verdicts = Counter(j.verdict for j in tested)
    for verdict, (_, name) in MARKERS.items():
        assert len(marks[name]) == verdicts[verdict]
    assert len(picture.marks("measured")) == 2  # one bar a model and task, however many claims


def test_marks_bars_and_intervals_stand_on_one_axis_at_their_values(some: SiteContext) -> None:
    plot, picture = drawn(published_against_measured(some))
    assert plot.table is not None
    values, places = [], []
    for verdict, (_, name) in MARKERS.items():
        own = [r["published_percent"] for r in plot.table.rows if r["verdict"] == verdict]
        values += own
        places += [x for x, _ in picture.marks(name)]
    ours = list(dict.fromkeys((r["model"], r["measured_percent"], r["measured_low"],
                               r["measured_high"]) for r in plot.table.rows))  # fmt: skip
    values += [percent for _, percent, _, _ in ours]
    places += [x for x, _ in picture.marks("measured")]
    for (_, _, low, high), stroke in zip(ours, picture.strokes("interval"), strict=True):
        values += [low, high]
        places += [stroke[0][0], stroke[-1][0]]
    assert scale(values, places) > 0


def test_a_task_page_shows_what_was_not_measured_too_the_best_first(some: SiteContext) -> None:
    plot, picture = drawn(published_against_measured(some, task="aime24"))
    assert plot.table is not None
    assert len(plot.table.rows) == 6
    assert len(picture.marks("not-measured")) == 2  # both claims on Gamma
    assert {y for _, y in picture.marks("not-measured")} == {picture.marks("not-measured")[0][1]}
    heights = {}
    for row in plot.table.rows:
        ours = row["measured_percent"]
        heights.setdefault(row["model"], []).append(
            row["published_percent"] if ours is None else ours
        )
    order = [sum(found) / len(found) for found in heights.values()]
    assert order == sorted(order, reverse=True)
    shown = [w for w in picture.words() if w in TITLES.values()]
    assert shown == [TITLES[model] for model in heights]


def test_where_nothing_was_tested_the_front_page_shows_nothing(tmp_path: Path) -> None:
    nothing = evidence(tmp_path, catalog(TITLES, TASKS, 12), ("alpha",), ("aime24",))
    untested = [j for j in nothing.report.judgements if j.model != "alpha"]
    report = nothing.report.model_copy(update={"judgements": tuple(untested)})
    nothing = SiteContext(nothing.home, nothing.catalog, report, nothing.records, nothing.bill, ())
    assert published_against_measured(nothing) is None
    plot, picture = drawn(published_against_measured(nothing, model="beta"))
    assert plot.table is not None
    assert len(picture.marks("not-measured")) == len(plot.table.rows) == 4
    assert "none measured here" in plot.svg
    assert picture.marks("measured") == []


def test_verdicts_are_told_by_shape_and_not_by_colour_alone() -> None:
    shapes = {(marker, verdict is Verdict.NOT_MEASURED) for verdict, (marker, _) in MARKERS.items()}
    assert len(shapes) == len(MARKERS) == len(Verdict)


def test_the_text_alternative_counts_verdicts_and_names_the_widest_gap(some: SiteContext) -> None:
    plot, picture = drawn(published_against_measured(some))
    assert plot.table is not None
    label = picture.root.get("aria-label", "")
    verdicts = Counter(row["verdict"] for row in plot.table.rows)
    for verdict, number in verdicts.items():
        assert f"{number} {verdict.replace('_', ' ').lower()}" in label
    widest = max(plot.table.rows, key=lambda row: abs(row["difference_points"]))
    assert f"{TITLES[widest['model']]} on AIME24" in label
    assert f"published {widest['published_percent']:.1f}" in label
    assert label.endswith("data as CSV.")


def test_hundreds_of_claims_are_drawn_side_by_side_each_once(tmp_path: Path) -> None:
    titles = {f"model-{i}": f"Model {i}" for i in range(32)}
    tasks = ("aime24", "aime25", "amc23")
    many = evidence(tmp_path, catalog(titles, tasks, 300), list(titles), tasks, k=2)
    plot, picture = drawn(published_against_measured(many))
    assert plot.table is not None
    assert len(plot.table.rows) == 300
    assert sum(len(picture.marks(name)) for _, name in MARKERS.values()) == 300
    bars = picture.strokes("measured")
    assert len(bars) == len(picture.strokes("interval")) == 32 * 3
    # Panel by panel our scores rise from left to right, so they fall in the picture's coordinates.
    for panel in range(3):
        own = bars[32 * panel : 32 * (panel + 1)]
        assert [b[0][0] for b in own] == sorted(b[0][0] for b in own)
        assert [b[0][1] for b in own] == sorted((b[0][1] for b in own), reverse=True)
