"""Pages of tasks, models and pairs: figures are the records', and every link leads somewhere."""

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from board_catalog import ADAPTER, BASE, SIZES, catalog
from board_pages import Page, pages
from front_records import write_results
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from tina_bench.board.content.context import collect_context
from tina_bench.board.content.outcome_grid import OutcomeGrid
from tina_bench.board.output.elements import Page as Unrendered
from tina_bench.board.pages import models, pairs, tasks
from tina_bench.board.pages.pairs import flipped
from tina_bench.board.pages.tasks import STEPS, step
from tina_bench.board.site.build import SiteOptions, build_site
from tina_bench.catalog.load import load_catalog
from tina_bench.files.atomic import write_model
from tina_bench.formatting.numbers import fixed, p_value, signed
from tina_bench.stats.comparisons.all_pairs import compare_all
from tina_bench.store.home import Home, read_record
from tina_bench.store.records import ResultRecord

TASKS = ("aime24", "amc23", "math500")
CELL = re.compile(r'<td class="h(\d)">(\d+)</td>')
ROW = re.compile(
    r'<tr><th scope="row"><a href="\.\./problems/\w+/page-\d\.html#problem-(\d+)">\1</a></th>'
    r"(.*?)<td>([\d.]+)</td></tr>"
)


@pytest.fixture(scope="module")
def parsed(site: Path) -> dict[str, Page]:
    return pages(site)


def context(page: Unrendered) -> Mapping[str, Any]:
    """Names of the template, made if they are not yet."""
    return page.context() if callable(page.context) else page.context


def sheet(correct: list[list[bool]], name: str, problems: list[int] | None = None) -> OutcomeGrid:
    known = problems or list(range(len(correct)))
    return OutcomeGrid(
        name, "task", tuple(range(len(correct[0]))), tuple(f"id-{i}" for i in known), tuple(known),
        np.array(correct, dtype=bool),
    )  # fmt: skip


def test_values_of_the_heat_map_are_those_of_the_records(site: Path, home: Home) -> None:
    records = {(r.model, r.task): r for r in home.results()}
    for task in TASKS:
        source = (site / "tasks" / f"{task}.html").read_text(encoding="utf-8")
        rows = {int(index): (cells, mean) for index, cells, mean in ROW.findall(source)}
        assert sorted(rows) == list(range(SIZES[task]))
        best = sorted(
            (BASE, ADAPTER),
            key=lambda m: -sum(sum(p.correct) for p in records[m, task].problems),
        )
        for position, (index, (cells, mean)) in enumerate(sorted(rows.items())):
            solved = [sum(records[m, task].problems[position].correct) for m in best]
            assert [int(value) for _, value in CELL.findall(cells)] == solved, (task, index)
            assert [int(depth) for depth, _ in CELL.findall(cells)] == [step(s, 4) for s in solved]
            assert mean == fixed(100 * sum(solved) / 8, 0)
        order = [float(mean) for _, _, mean in ROW.findall(source)]
        assert order == sorted(order)


@given(st.integers(1, 64).flatmap(lambda k: st.tuples(st.integers(0, k), st.just(k))))
def test_only_none_and_all_have_the_ends_of_the_scale(pair: tuple[int, int]) -> None:
    solved, runs = pair
    found = step(solved, runs)
    assert (found == 0) == (solved == 0)
    assert (found == STEPS) == (solved == runs)
    assert solved == runs or found <= step(solved + 1, runs)


def test_the_data_of_a_task_say_what_its_heat_map_says(site: Path, home: Home) -> None:
    rows = json.loads((site / "data" / "problems" / "aime24.json").read_bytes())
    records = {r.model: r for r in home.results() if r.task == "aime24"}
    assert len(rows) == 30
    for row in rows:
        for model, solved, runs in zip(
            row["models"], row["solved_runs"], row["all_runs"], strict=True
        ):
            (problem,) = [p for p in records[model].problems if p.problem == row["problem"]]
            assert (sum(problem.correct), len(problem.correct)) == (solved, runs)
            assert problem.index == row["index"]


def test_every_task_and_model_that_anybody_speaks_of_has_a_page(site: Path) -> None:
    assert {p.stem for p in (site / "tasks").iterdir()} == set(TASKS)
    assert {p.stem for p in (site / "models").iterdir()} == {BASE, ADAPTER, "open-rs1"}
    text = Page.of(site / "models" / "open-rs1.html").text
    assert "Not measured by us." in text
    assert "tina-bench reproduce --profile paper --model open-rs1" in text
    assert "Published scores" in text
    assert "Provenance" not in text


def test_a_model_page_says_how_to_rerun_it_and_what_was_typed(parsed: dict[str, Page]) -> None:
    text = parsed[f"models/{ADAPTER}.html"].text
    assert f"tina-bench reproduce --profile paper --model {ADAPTER}\n" in text
    assert "tina-bench reproduce --model tina-open-rs2 --note 'it'\"'\"'s <b>'" in text


def test_no_link_of_these_pages_is_dead(site: Path, parsed: dict[str, Page]) -> None:
    ours = ("models/", "tasks/", "claims/", "compare/", "problems/")
    checked = 0
    for path, page in parsed.items():
        for tag, name, value in page.attributes:
            if not path.startswith(ours) or (tag, name) not in (("a", "href"), ("link", "href")):
                continue
            parts = urlsplit(value)
            if parts.scheme:
                continue
            target = (
                (site / path).parent.joinpath(parts.path).resolve() if parts.path else site / path
            )
            assert target.is_file(), (path, value)
            if parts.fragment and target.suffix == ".html":
                found = parsed[target.relative_to(site.resolve()).as_posix()]
                assert parts.fragment in found.ids, (path, value)
            checked += 1
    assert checked > 500


def test_pages_of_one_kind_have_one_heading_and_a_title_of_their_own(
    site: Path, parsed: dict[str, Page]
) -> None:
    ours = ("models/", "tasks/", "claims/", "compare/", "problems/")
    titles = []
    for path in parsed:
        if path.startswith(ours):
            source = (site / path).read_text(encoding="utf-8")
            assert source.count("<h1>") == 1, path
            assert 'aria-label="Where you are"' in source, path
            titles += re.findall("<title>(.*?)</title>", source)
    assert len(titles) == len(set(titles))


def test_every_table_of_these_pages_has_a_caption_or_stands_in_a_named_part(site: Path) -> None:
    for name in ("tasks/aime24", f"compare/{BASE}--vs--{ADAPTER}", "claims/tina-v1-rs2-aime24"):
        source = (site / f"{name}.html").read_text(encoding="utf-8")
        for table in source.split("<table")[1:]:
            assert table.split(">", 1)[1].lstrip().startswith("<caption"), name
        assert "<th>" not in source


def test_a_comparison_shows_the_paired_tests_seen_from_the_first_model(
    site: Path, home: Home
) -> None:
    path = site / "compare" / f"{BASE}--vs--{ADAPTER}.html"
    page, source = Page.of(path), path.read_text(encoding="utf-8")
    for table in compare_all(home.results()):
        (found,) = table.comparisons
        sign = 1 if found.model_a == BASE else -1
        difference = sign * found.difference_points
        assert (str(difference), signed(difference, 2)) in page.values
        assert (str(found.p_value), p_value(found.p_value)) in page.values
        # No exact value here: it moves with every other pair, and the page is not made again then.
        assert f'<td class="number">{escape(p_value(found.adjusted_p))}</td>' in source
        ends = sorted((sign * found.interval.low, sign * found.interval.high))
        assert f"[{signed(ends[0])}, {signed(ends[1])}]" in page.text
        least = found.power.minimum_detectable_points
        assert least is not None
        assert fixed(least) in page.text


def test_flips_lead_to_a_right_and_a_wrong_answer_of_the_same_problem(
    site: Path, parsed: dict[str, Page], home: Home
) -> None:
    records = {(r.model, r.task): r for r in home.results()}
    source = (site / "compare" / f"{BASE}--vs--{ADAPTER}.html").read_text(encoding="utf-8")
    flips = re.findall(
        r'problem (\d+): <a href="\.\./(runs/[^"]+)">(\d) of 4</a> against '
        r'<a href="\.\./(runs/[^"]+)">(\d) of 4</a>',
        source,
    )
    assert len(flips) > 3
    for index, right, high, wrong, low in flips:
        assert int(high) > 2 > int(low)
        for href, expected in ((right, True), (wrong, False)):
            path, _, anchor = href.partition("#")
            assert anchor == f"problem-{index}"
            assert anchor in parsed[path].ids
            _, model, task, run = path.split("/")
            (problem,) = [p for p in records[model, task].problems if p.index == int(index)]
            assert problem.correct[int(run.removeprefix("seed-").removesuffix(".html"))] is expected


@given(st.data())
def test_flips_are_all_problems_that_one_solves_and_the_other_does_not(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 12))
    grids = []
    for size in (n, m):
        k = data.draw(st.integers(1, 5))
        row = st.lists(st.booleans(), min_size=k, max_size=k)
        grids.append(data.draw(st.lists(row, min_size=size, max_size=size)))
    order = data.draw(st.permutations(range(m)))
    a, b = sheet(grids[0], "a"), sheet(grids[1], "b", list(order))
    common, for_a, for_b = flipped(a, b)
    assert common == len({*a.problems} & {*b.problems})
    expected: dict[int, set[str]] = {0: set(), 1: set()}
    for problem in {*a.problems} & {*b.problems}:
        shares = [sum(g[s.position[problem]]) / s.k for g, s in zip(grids, (a, b), strict=True)]
        for side, (high, low) in enumerate((shares, shares[::-1])):
            if high > 0.5 > low:
                expected[side].add(problem)
    assert {a.problems[at] for at, _ in for_a} == expected[0]
    assert {b.problems[at] for _, at in for_b} == expected[1]
    assert all(a.problems[x] == b.problems[y] for x, y in (*for_a, *for_b))
    for places, (high, low) in ((for_a, (a, b)), (for_b, (b, a))):
        apart = [
            high.shares[x if high is a else y] - low.shares[y if high is a else x]
            for x, y in places
        ]
        assert apart == sorted(apart, reverse=True)


def test_every_pair_of_a_larger_board_has_a_page_and_a_cell(tmp_path: Path) -> None:
    known = load_catalog()
    home = write_results(tmp_path / "home", known, models=5, tasks=2, seeds=3)
    evidence = collect_context(home, known)
    made = {page.path for page in pairs.pages(evidence)}
    expected = {f"compare/{a}--vs--{b}.html" for a, b in itertools.combinations(evidence.models, 2)}
    assert made == {"compare/index.html", *expected}
    index = next(page for page in pairs.pages(evidence) if page.path == "compare/index.html")
    for row, cells in context(index)["rows"]:
        for column, cell in zip(context(index)["models"], cells, strict=True):
            assert (cell is None) == (row == column)
            if cell is not None:
                back = dict(context(index)["rows"])[column][context(index)["models"].index(row)]
                assert back.href == cell.href
                assert back.difference == -cell.difference
                assert {cell.finding, back.finding} in ({"same"}, {"better", "worse"})


def test_a_model_measured_alone_is_compared_with_nobody(own_home: Home, tmp_path: Path) -> None:
    for path in (own_home.root / "results").glob(f"*/{ADAPTER}/*.json"):
        path.unlink()
    out = tmp_path / "site"
    build_site(home=own_home, catalog=catalog(), out=out, options=SiteOptions(with_samples=False))
    assert [p.name for p in (out / "compare").iterdir()] == ["index.html"]
    assert "No two models have been measured" in Page.of(out / "compare" / "index.html").text
    assert "Against other models" not in Page.of(out / "models" / f"{BASE}.html").text


def test_a_kept_page_is_made_anew_when_what_it_shows_changes(
    own_home: Home, tmp_path: Path
) -> None:
    """A grade that changes one problem's outcome: heat map, comparison and claims follow."""
    out, cache = tmp_path / "site", tmp_path / "cache"
    options = SiteOptions(with_samples=False, cache=cache)
    build_site(home=own_home, catalog=catalog(), out=out, options=options)
    paths = [
        f"compare/{BASE}--vs--{ADAPTER}.html", "claims/tina-v1-rs2-aime24.html",
        "problems/aime24/page-1.html", "tasks/aime24.html", f"models/{ADAPTER}.html",
    ]  # fmt: skip
    before = {path: (out / path).read_bytes() for path in paths}
    path = own_home.result_file("paper", ADAPTER, "aime24")
    record = read_record(path, ResultRecord)
    first = record.problems[0]
    other = first.model_copy(
        update={
            "correct": tuple(
                not c and not u for c, u in zip(first.correct, first.undecided, strict=True)
            )
        }
    )
    write_model(path, record.model_copy(update={"problems": (other, *record.problems[1:])}))
    build_site(home=own_home, catalog=catalog(), out=out, options=options)
    kept = {path: (out / path).read_bytes() for path in paths}
    fresh = tmp_path / "fresh"
    build_site(home=own_home, catalog=catalog(), out=fresh, options=SiteOptions(with_samples=False))
    assert kept == {path: (fresh / path).read_bytes() for path in paths}
    assert [path for path in paths if kept[path] == before[path]] == []


def test_a_site_without_results_has_its_pages_too(tmp_path: Path) -> None:
    evidence = collect_context(Home(tmp_path), catalog())
    assert [page.path for page in tasks.pages(evidence)] == [f"tasks/{task}.html" for task in TASKS]
    assert len(list(models.pages(evidence))) == 3
