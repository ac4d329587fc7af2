"""Every kind of page in a real browser: accessible, narrow, dark, printed, and silent."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.browser_site import page_kinds
from tests.browser.conftest import Open

AXE = Axe()
SERIOUS = {"serious", "critical"}
ALIKE = {"exclude": [["tbody tr:nth-child(n+25)"]]}
"""Rows beyond these are like those before them, and there are hundreds."""
PHONE = {"width": 390, "height": 844}


def _violations(page: Page, **options: Any) -> list[str]:
    found = AXE.run(
        page, context=ALIKE, options={"resultTypes": ["violations"], **options}
    ).response
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]


def test_there_are_the_kinds_of_page_that_this_folder_knows(site: Path) -> None:
    kinds = set(page_kinds(site))
    assert {
        "index.html", "claims/index.html", "cost.html", "method.html", "search.html",
        "models/*.html", "runs/*/*/*.html",
    } <= kinds  # fmt: skip


def test_no_page_has_a_serious_accessibility_violation_in_light(
    open_page: Open, site: Path
) -> None:
    found = {
        path: _violations(open_page(path, color_scheme="light"))
        for path in page_kinds(site).values()
    }
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_no_page_lacks_contrast_in_the_dark(open_page: Open, site: Path) -> None:
    found = {}
    for path in page_kinds(site).values():
        page = open_page(path, color_scheme="dark")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(map(int, re.findall(r"\d+", ground)[:3])) < 64, path
        found[path] = _violations(page, runOnly=["color-contrast", "link-in-text-block"])
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_no_page_is_wider_than_a_phone(open_page: Open, site: Path) -> None:
    for path in page_kinds(site).values():
        page = open_page(path, viewport=PHONE)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], (path, wide)


def test_on_a_phone_the_models_stay_while_the_board_moves(open_page: Open) -> None:
    page = open_page(viewport=PHONE, has_touch=True)
    frame = page.locator(".wide")
    first = page.locator("#table tbody tr:not(.family) th").first
    head = page.locator("#table thead th").nth(1)
    before, top = first.bounding_box(), head.bounding_box()
    assert before is not None
    assert top is not None
    frame.evaluate("frame => frame.scrollBy(300, 60)")
    after, still = first.bounding_box(), head.bounding_box()
    assert after is not None
    assert still is not None
    assert after["x"] == before["x"]
    assert after["y"] == before["y"] - 60
    assert still["y"] == top["y"]
    assert still["x"] == top["x"] - 300
    assert before["width"] < PHONE["width"] / 2


def test_printed_the_board_is_whole_and_has_no_controls(open_page: Open) -> None:
    page = open_page()
    assert page.locator(".wide").evaluate("f => f.scrollHeight > f.clientHeight")
    page.emulate_media(media="print")
    assert page.locator(".wide").evaluate("f => getComputedStyle(f).overflow") == "visible"
    assert page.locator(".wide").evaluate("f => f.scrollHeight <= f.clientHeight")
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("nav[aria-label=Site]")).to_be_hidden()
    dark = open_page(color_scheme="dark")
    dark.emulate_media(media="print", color_scheme="dark")
    ground = dark.evaluate("getComputedStyle(document.body).backgroundColor")
    assert min(map(int, re.findall(r"\d+", ground)[:3])) > 240
    paper = page.pdf(format="A4", landscape=True)
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) > 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_verdicts_are_told_by_shape_and_word_as_well_as_by_colour(
    open_page: Open, scheme: str
) -> None:
    page = open_page("claims/index.html", color_scheme=scheme)
    seen: dict[str, tuple[str, str]] = {}
    for mark in page.locator(".tally .mark").all():
        name = mark.locator("use").get_attribute("href") or ""
        seen[name] = (
            page.locator(f"symbol{name} > *").first.evaluate("shape => shape.outerHTML"),
            mark.evaluate("mark => getComputedStyle(mark).color"),
        )
    assert len(seen) == 5
    assert len({shape for shape, _ in seen.values()}) == 5
    assert len({colour for _, colour in seen.values()}) == 5


def test_search_finds_models_tasks_and_problems_and_says_so_in_the_address(
    open_page: Open,
) -> None:
    page = open_page("search.html")
    field = page.get_by_label("Models, tasks and problems")
    for query, found in (("rank-16", "Tina-LIMR, rank 16"), ("gpqa", "GPQA")):
        field.fill(query)
        expect(page.locator("#found li").first).to_contain_text(found)
    field.fill("aime 2024 problem 7")
    first = page.locator("#found a").first
    expect(first).to_contain_text("AIME 2024, problem 7")
    other = open_page(page.url.rpartition("/")[2])
    expect(other.locator("#found a").first).to_contain_text("AIME 2024, problem 7")
    expect(other.locator("#everything")).to_be_hidden()
    other.locator("#found a").first.click()
    target = other.url.rpartition("#")[2]
    expect(other.locator(f"[id='{target}']")).to_be_visible()


def test_search_runs_nothing_that_it_is_asked_for(open_page: Open) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    page = open_page("search.html")
    page.get_by_label("Models, tasks and problems").fill(hostile)
    expect(page.locator("#said")).to_contain_text("0 found")
    other = open_page("search.html#q=%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    expect(other.locator("#query")).to_have_value("<script>alert(1)</script>")
    assert page.locator("img").count() == other.locator("img").count() == 0


def test_without_scripts_search_lists_everything(open_page: Open) -> None:
    page = open_page("search.html", java_script_enabled=False)
    expect(page.locator("#search")).to_be_hidden()
    assert page.locator("#everything a:visible").count() > 80
