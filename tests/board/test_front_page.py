"""What the front page, and the pages of costs, methods and search say, against the evidence."""

import json
import re
from pathlib import Path

import pytest
from board_catalog import ADAPTER, BASE, catalog
from board_pages import Page
from conftest import evidence_of
from front_records import write_results

from tina_bench.board.content.board_types import NOTHING, BoardRow
from tina_bench.board.content.context import SiteContext
from tina_bench.board.content.highlights import EXAMPLES, cards
from tina_bench.board.content.model_rows import (
    board,
    columns,
    measurers,
    spelled,
)
from tina_bench.board.pages.costs import pages as cost_pages
from tina_bench.board.pages.front import headline
from tina_bench.board.pages.method import pages as method_pages
from tina_bench.board.pages.search import pages as search_pages
from tina_bench.catalog.load import load_catalog
from tina_bench.formatting.numbers import dollars, fixed, signed
from tina_bench.metering.bill import BillLine
from tina_bench.stats.types import TaskEstimate, Verdict
from tina_bench.store.home import Home


@pytest.fixture(scope="module")
def whole(home: Home) -> SiteContext:
    """The fabricated results in the packaged catalog, whose models and tasks they are of."""
    return evidence_of(home, load_catalog())


@pytest.fixture(scope="module")
def front(site: Path) -> Page:
    return Page.of(site / "index.html")


def rows(evidence: SiteContext) -> dict[str, BoardRow]:
    return {row.model: row for group in board(evidence) for row in group.rows}


def test_everything_that_anybody_published_or_we_measured_has_a_row(whole: SiteContext) -> None:
    found = rows(whole)
    claims = [*whole.catalog.claims.values(), *whole.catalog.averages.values()]
    own = {"smoke-base", "smoke-tina"}  # with neither a result nor a task that is shown
    assert set(found) == {claim.model for claim in claims} - own | {BASE, ADAPTER}
    shown = [p.claim for row in found.values() for cell in (*row.cells, row.average)
             for p in cell.published]  # fmt: skip
    embedded = {name for name, claim in whole.catalog.claims.items() if "smoke" in claim.task}
    assert sorted(shown) == sorted(
        {*whole.catalog.claims, *whole.catalog.averages} - embedded
    )  # each once; tasks that come with the package are columns only with a result of ours


def test_real_benchmarks_come_first_and_embedded_ones_only_when_measured(
    whole: SiteContext, tmp_path: Path
) -> None:
    assert [column.task for column in columns(whole)][:6] == [
        "aime24", "aime25", "amc23", "math500", "gpqa", "minerva",
    ]  # fmt: skip
    assert not any(column.embedded for column in columns(whole))
    assert not any(group.embedded for group in board(whole))
    assert board(whole)[0].rows[0].model == BASE
    known = load_catalog()
    smoke = write_results(tmp_path, known, named={"smoke-base": ["smoke-30"], BASE: ["gpqa"]})
    evidence = evidence_of(smoke, known)
    assert [column.embedded for column in columns(evidence)] == [False] * 7 + [True]
    assert [group.embedded for group in board(evidence)][-2:] == [False, True]
    assert [row.model for row in board(evidence)[-1].rows] == ["smoke-base", "smoke-tina"]


def test_a_cell_shows_its_makers_own_number_first(whole: SiteContext) -> None:
    found = rows(whole)
    place = [column.task for column in columns(whole)].index("aime24")
    for model, who in (
        (BASE, "DeepSeek"), (ADAPTER, "Tina"), ("open-rs1", "Open-RS"), ("still-3-1.5b", "STILL-3"),
        ("deepscaler-1.5b", "DeepScaleR"), ("fastcurl-1.5b", "FastCuRL"),
    ):  # fmt: skip
        assert found[model].cells[place].published[0].short == who, model
    assert len(found[BASE].cells[place].published) > 5


def test_averages_over_the_same_tasks_stand_first_and_say_how_many(whole: SiteContext) -> None:
    for row in rows(whole).values():
        sizes = [published.tasks for published in row.average.published]
        if 6 in sizes:
            assert sizes[0] == 6, row.model


def test_ranks_stand_where_models_were_measured_and_nowhere_else(whole: SiteContext) -> None:
    for row in rows(whole).values():
        for column, cell in zip(columns(whole), row.cells, strict=True):
            band = {b.model: b for b in whole.ranks[column.task].bands} if (
                column.task in whole.ranks
            ) else {}  # fmt: skip
            assert cell.band == band.get(row.model)
            assert (cell.estimate is None) == ((row.model, column.task) not in whole.records)
    assert rows(whole)[BASE].average.band is not None


def test_an_average_over_other_tasks_than_the_ranking_has_no_rank(own_home: Home) -> None:
    own_home.result_file("paper", ADAPTER, "amc23").unlink()
    found = rows(evidence_of(own_home, catalog()))
    assert found[BASE].average.band is None  # of three tasks; the ranking is of two
    assert found[ADAPTER].average.band is not None


def test_filters_know_everybody_who_measured_and_every_stack(whole: SiteContext) -> None:
    groups = board(whole)
    found = measurers(groups)
    assert set(found.values()) == {
        claim.who for claim in (*whole.catalog.claims.values(), *whole.catalog.averages.values())
        if claim.model not in {"smoke-base", "smoke-tina"}
    }  # fmt: skip
    assert len(set(found)) == len(found)
    row = rows(whole)[BASE]
    assert row.stacks == ("current",)
    assert rows(whole)["open-rs1"].stacks == (NOTHING,)
    assert row.who_ids[0] == "here"


@pytest.mark.parametrize(
    ("text", "short"),
    [("A Sober Look authors", "a-sober-look-authors"), ("Tina, as described", "tina-as-described"),
     ("  a__b  ", "a-b"), ("É & <b>", "é-b")],
)  # fmt: skip
def test_names_are_spelled_for_links(text: str, short: str) -> None:
    assert spelled(text) == short


def test_the_headline_counts_claims_dollars_and_days(whole: SiteContext) -> None:
    text = headline(whole)
    found = [judgement.verdict for judgement in whole.report.judgements]
    tested = sum(found.count(v) for v in Verdict) - found.count(Verdict.NOT_MEASURED)
    tested -= found.count(Verdict.NOT_COMPARABLE)
    assert text.startswith(f"Of {len(found)} published scores, {tested} were tested here: ")
    assert f"{found.count(Verdict.NOT_REPRODUCED)} not reproduced" in text
    assert f"{found.count(Verdict.INCONCLUSIVE)} still open" in text
    assert "an unknown sum, $0.82 of it known" in text
    assert "come with this program" not in text


def test_the_first_page_names_the_content_and_the_lock(front: Page, home: Home) -> None:
    evidence = evidence_of(home, catalog())
    assert f"Content {evidence.digest}, lock unknown" in " ".join(front.text.split())


def test_both_intervals_of_every_score_are_on_the_page(front: Page, home: Home) -> None:
    evidence = evidence_of(home, catalog())
    text = " ".join(front.text.split())
    for estimate in evidence.report.estimates:
        for interval in (estimate.same_problems, estimate.similar_problems):
            assert f"[{fixed(interval.low)}, {fixed(interval.high)}]" in text
    for average in evidence.report.averages:
        interval = average.similar_problems
        assert f"[{fixed(interval.low)}, {fixed(interval.high)}]" in text


def test_no_score_is_shown_stronger_for_being_the_highest(site: Path) -> None:
    markup = (site / "index.html").read_text(encoding="utf-8")
    table = markup[markup.index('<table class="board"') : markup.index("</table>")]
    assert not re.search(r"<(b|strong|mark|em)\b", table)
    classes = set(re.findall(r'<data class="([^"]*)"', table))
    assert classes == {"avg"}


def test_striking_findings_are_the_audits_own_numbers(whole: SiteContext) -> None:
    found = {card.name: card for card in cards(whole)}
    assert set(found) == {"impossible", "disagreement", "selection", "gain", "resolution"}
    audits = whole.audits
    impossible = [a for a in audits.lattice if not a.possible or a.impossible_runs]
    assert found["impossible"].figure == f"{len(impossible)} of {len(audits.lattice)}"
    cells = [d for d in audits.disagreement if d.adjusted_p < 0.05]
    assert found["disagreement"].figure == f"{len(cells)} of {len(audits.disagreement)}"
    first = max(audits.gains, key=lambda g: (g.reference_is == "base") * g.printed_gain_points)
    assert found["gain"].examples[0].model == first.model
    assert signed(first.supported_gain_points, 2) in found["gain"].examples[0].text
    assert signed(max(p.average_points for p in audits.picks)) in found["selection"].figure
    for card in found.values():
        if card.name != "resolution":
            assert len(card.examples) == min(EXAMPLES, len(card.examples) + card.more)
        for example in card.examples:
            assert example.claim is None or example.claim in whole.catalog.claims
            assert not example.model or example.model in whole.catalog.models


def test_the_page_of_methods_retypes_no_figure(whole: SiteContext) -> None:
    (page,) = method_pages(whole)
    tasks = {line.task: line for line in page.context["tasks"]}
    for name, line in tasks.items():
        task = whole.catalog.tasks[name]
        assert (line.n, line.margin_points) == (task.n_problems, task.margin_points)
    assert sum(line.claims for line in page.context["sources"]) == len(whole.catalog.claims) + len(
        whole.catalog.averages
    )
    made = {e.same_problems.method for e in whole.report.estimates}
    assert made <= {m for methods in page.context["intervals"].values() for m in methods}
    assert page.context["families"] == sorted(
        {j.family for j in whole.report.judgements if j.family}
    )


def test_published_costs_stand_beside_ours_and_are_not_converted(whole: SiteContext) -> None:
    (page,) = cost_pages(whole)
    printed = {line.name: line for line in page.context["printed"]}
    assert set(printed) == set(whole.catalog.costs)
    line = printed["tina-v1-open-rs2"]
    assert dollars(line.cost.train_usd) == "$15.00"
    trained = [a.total for a in whole.bill.attempts
               if (a.total.model, a.total.kind) == (ADAPTER, "train")]  # fmt: skip
    assert line.train is not None
    assert line.train.cost_usd is None  # one attempt had no price
    assert line.train.gpu_seconds_known == pytest.approx(
        sum(one.gpu_seconds_known for one in trained)
    )
    assert printed["tina-v1-still-3"].train is None
    phases: list[BillLine] = page.context["phases"]
    total = whole.bill.total
    assert total is not None
    assert sum(one.wall_seconds for one in phases) == pytest.approx(total.wall_seconds)
    assert len({one.phase for one in phases}) == len(phases)
    assert {line.name for line in page.context["price_lines"]} == set(whole.catalog.prices)


def test_search_knows_every_problem_that_was_asked_and_where_it_stands(
    site: Path, home: Home
) -> None:
    text = (site / "data" / "search.js").read_text(encoding="utf-8")
    assert text.startswith("const TINA_BENCH = {")
    assert not set(text) & set("<>&\u2028\u202e")
    found = json.loads(text.removeprefix("const TINA_BENCH = ").rstrip().removesuffix(";"))
    for record in home.results():
        ids = {line[2] for line in found["problems"][record.task]}
        assert ids == {problem.problem for problem in record.problems}
    for lines in found["problems"].values():
        for href, _, _, *_ in lines:
            path, _, anchor = href.partition("#")
            assert f'id="{anchor}"' in (site / path).read_text(encoding="utf-8")


def test_hostile_names_come_out_of_the_search_data_as_they_went_in(home: Home) -> None:
    hostile = "</script><script>alert(1)</script>\u202e'\""
    known = catalog()
    model = known.models[BASE].model_copy(update={"title": hostile})
    known = known.model_copy(update={"models": {**known.models, BASE: model}})
    _, data = search_pages(evidence_of(home, known))
    titles = [found["title"] for found in data.context["found"]["models"]]
    assert "</script><script>alert(1)</script>⟨U+202E⟩'\"" in titles


def test_estimates_of_a_row_are_those_of_the_report(whole: SiteContext) -> None:
    for row in rows(whole).values():
        for column, cell in zip(columns(whole), row.cells, strict=True):
            if isinstance(cell.estimate, TaskEstimate):
                assert cell.estimate == whole.estimates[row.model, column.task]
