"""Claim pages: one a published score, with the numbers of the report and the way to them."""

import functools
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from board_catalog import ADAPTER, BASE, catalog
from board_pages import Page

from tina_bench.board.content.context import SiteContext, collect_context
from tina_bench.board.content.provenance_tables import reproduce_command
from tina_bench.board.output.elements import Page as Unrendered
from tina_bench.board.output.paths import answer_path, run_path, score_path
from tina_bench.board.output.templates import Renderer, site_folder
from tina_bench.board.pages import claims
from tina_bench.catalog.load import load_catalog
from tina_bench.formatting.numbers import fixed, p_value, signed
from tina_bench.stats.report import build_report
from tina_bench.stats.types import Question, Report, Verdict
from tina_bench.store.home import Home


@pytest.fixture(scope="module")
def report(home: Home) -> Report:
    return build_report(catalog(), home.results())


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> SiteContext:
    """The real catalog without any result of ours."""
    return collect_context(Home(tmp_path_factory.mktemp("empty")), load_catalog())


@pytest.fixture(scope="module")
def made(published: SiteContext) -> dict[str, Unrendered]:
    return {page.path: page for page in claims.pages(published)}


def context(page: Unrendered) -> Mapping[str, Any]:
    """Names of the template, made if they are not yet."""
    return page.context() if callable(page.context) else page.context


@functools.cache
def renderer() -> Renderer:
    """One for all pages: it compiles the templates."""
    return Renderer.of(site_folder() / "templates")


def rendered(evidence: SiteContext, page: Unrendered) -> str:
    common = {
        "evidence": evidence, "Verdict": Verdict, "Question": Question, "preview": None,
        "run_path": run_path, "answer_path": answer_path, "score_path": score_path,
    }  # fmt: skip
    return renderer().page(page.template, page.path, {**common, **context(page)}).decode()


def test_every_claim_has_a_page_with_the_numbers_of_the_report(site: Path, report: Report) -> None:
    assert len(report.judgements) == 9
    for found in report.judgements:
        page = Page.of(site / "claims" / f"{found.claim}.html")
        assert (str(found.claimed_percent), fixed(found.claimed_percent, found.decimals)) in (
            page.values
        )
        assert found.reason in page.text
        assert found.who in page.text
        if found.measured_percent is not None:
            shown = {value for value, _ in page.values}
            for number in (found.difference_points, found.p_value, found.adjusted_p):
                assert number is None or str(number) in shown
        if found.interval is not None:
            ends = f"{signed(found.interval.low, 2)} to {signed(found.interval.high, 2)} points"
            assert ends in page.text
        if found.would_decide:
            assert found.would_decide in page.text
        for text in (*found.differences, *found.caveats):
            assert text in page.text


def test_a_contradicted_claim_names_its_p_and_its_family(site: Path, report: Report) -> None:
    wrong = [j for j in report.judgements if j.verdict is Verdict.NOT_REPRODUCED]
    assert wrong
    for found in wrong:
        text = Page.of(site / "claims" / f"{found.claim}.html").text
        assert found.adjusted_p is not None
        assert found.family is not None
        assert "Further apart than chance?" in text
        assert f"Holm's correction {p_value(found.adjusted_p)}" in text
        assert found.family in text
        assert "does not hold here" in text


def test_what_was_not_made_alike_is_told_and_tested_nowhere(site: Path) -> None:
    text = Page.of(site / "claims" / "sober-base-aime24.html").text
    assert "was not made the way theirs was" in text
    assert "Further apart than chance?" not in text


def test_what_is_not_known_is_said_and_never_zero(site: Path) -> None:
    text = Page.of(site / "claims" / "tina-v1-base-amc23.html").text
    assert "not stated; taken as 1" in text
    text = Page.of(site / "claims" / "open-rs1-aime24.html").text
    assert "not measured by us. There is no result of open-rs1 on aime24 yet." in " ".join(
        text.split()
    )
    assert "What we measured\nNothing yet." in text
    assert "Ours minus claimed" not in text


def test_an_unmeasured_claim_says_what_to_type_and_that_is_what_the_program_takes(
    published: SiteContext,
) -> None:
    from typer.testing import CliRunner

    from tina_bench.cli.app import app

    found = reproduce_command(published, "open-rs1", ("aime24",))
    assert found is not None
    words = shlex.split(found.command)
    assert words[:4] == ["tina-bench", "reproduce", "--profile", "paper"]
    assert (found.n_answers, words[-4:]) == (
        300,
        ["--model", "open-rs1", "--task", "aime24"],
    )
    told = CliRunner().invoke(
        app, ["plan", *words[2:], "--home", str(published.home.root), "--json"]
    )
    assert told.exit_code == 0, told.output
    assert reproduce_command(published, "no-such-model", ("aime24",)) is None


def test_more_seeds_are_asked_for_where_they_would_decide(home: Home, report: Report) -> None:
    open_ones = [j for j in report.judgements if j.verdict is Verdict.INCONCLUSIVE]
    assert open_ones
    told = tuple(
        j.model_copy(update={"further_seeds": 5}) if j in open_ones else j
        for j in report.judgements
    )
    evidence = collect_context(home, catalog(), report.model_copy(update={"judgements": told}))
    by_path = {page.path: page for page in claims.pages(evidence)}
    for found in open_ones:
        page = by_path[f"claims/{found.claim}.html"]
        assert context(page)["reproduce"].command.endswith("--seeds 9")
        assert "about 5 of ours would decide it" in rendered(evidence, page)


def test_every_claim_and_average_of_the_real_catalog_has_a_page(
    published: SiteContext, made: dict[str, Unrendered]
) -> None:
    names = {*published.catalog.claims, *published.catalog.averages}
    assert set(made) == {f"claims/{name}.html" for name in names}
    assert len(names) > 500
    for page in made.values():
        text = rendered(published, page)
        assert text.count("<h1>") == 1
        assert "None" not in text
        assert "facts_" not in text


def test_every_finding_of_the_audits_stands_on_the_page_of_its_number(
    published: SiteContext, made: dict[str, Unrendered]
) -> None:
    by_claim = {f.about: f for f in published.audits.findings if f"claims/{f.about}.html" in made}
    assert len(by_claim) > 5
    for name, finding in by_claim.items():
        notes = context(made[f"claims/{name}.html"])["notes"]
        assert finding.sentence in {note.sentence for note in notes if note.state == "wrong"}


def test_single_runs_say_how_finely_they_tell(
    published: SiteContext, made: dict[str, Unrendered]
) -> None:
    one = next(r for r in published.audits.resolutions if r.task == "aime24" and r.runs_stated)
    text = rendered(published, made[f"claims/{one.claim}.html"])
    assert "One problem is 3.33 points" in text
    assert f"±{fixed(one.half_width_points)} points" in text


def test_those_who_measured_the_same_stand_in_one_table(
    published: SiteContext, made: dict[str, Unrendered]
) -> None:
    cell = next(d for d in published.audits.disagreement if (d.model, d.task) == (BASE, "aime24"))
    claim = next(m.name for m in cell.measurers if m.name in published.catalog.claims)
    text = rendered(published, made[f"claims/{claim}.html"])
    for measurer in cell.measurers:
        assert measurer.who in text
        assert f">{fixed(measurer.percent, 2)}<" in text


def test_a_printed_average_shows_its_cells_and_whether_it_follows(
    published: SiteContext, made: dict[str, Unrendered]
) -> None:
    name = next(n for n, a in published.catalog.averages.items() if a.tasks and a.model == ADAPTER)
    page = made[f"claims/{name}.html"]
    printed = [cell for cell in context(page)["cells"] if cell.claim]
    assert printed
    text = rendered(published, page)
    for cell in printed:
        assert f'<a href="{cell.claim}.html">' in text
    assert "Does it follow from its parts?" in text
