"""Every kind of page in a real browser: accessible, narrow, dark, printed, and silent."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.browser_site import page_kinds
from tests.browser.conftest import Open
from tests.support.chromium import new_context

AXE = Axe()
SERIOUS = {"serious", "critical"}
ALIKE = {"exclude": [["tbody tr:nth-child(n+12)"]]}
"""Rows beyond these are like those before them, and there are hundreds."""
PHONE: ViewportSize = {"width": 390, "height": 844}
CONTRAST = ["color-contrast", "link-in-text-block"]


@dataclass(frozen=True)
class Visit:
    """What one page of a kind was found to be."""

    violations: list[str]
    """By axe in light, serious and critical ones."""
    contrast: list[str]
    """The same in the dark, of what colours can be wrong in."""
    ground: int
    """The brightest channel of the page's ground in the dark, 0 to 255."""
    phone: tuple[int, int]
    """Widths of the page and of a phone's window, pixels."""
    complaints: list[str]
    """What the browser said, and what was asked of anybody else."""


def _violations(page: Page, **options: Any) -> list[str]:
    asked = {"resultTypes": ["violations"], **options}
    found = page.evaluate("([context, asked]) => axe.run(context, asked)", [ALIKE, asked])
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]


def _visit(page: Page, address: str, path: str) -> Visit:
    """One load a page: what is asked of all pages is asked while it is there."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda asked: None if asked.url.startswith(address) else said.append(asked.url)
    )
    page.goto(address + path)
    page.evaluate(AXE.axe_script)
    light = _violations(page)
    page.emulate_media(color_scheme="dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = _violations(page, runOnly=CONTRAST)
    page.set_viewport_size(PHONE)
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    brightest = max(map(int, re.findall(r"\d+", ground)[:3]))
    return Visit(light, dark, brightest, (wide, window), said)


@pytest.fixture(scope="module")
def visits(chromium: Browser, address: str, site: Path) -> dict[str, Visit]:
    """A page of every kind, by path."""
    found = {}
    with new_context(chromium, color_scheme="light") as context:
        for path in page_kinds(site).values():
            page = context.new_page()
            found[path] = _visit(page, address, path)
            page.close()
    return found


def test_there_are_the_kinds_of_page_that_this_folder_knows(site: Path) -> None:
    kinds = set(page_kinds(site))
    assert {
        "index.html", "claims/index.html", "claims/*.html", "compare/index.html",
        "compare/*--vs--.html", "cost.html", "method.html", "models/*.html",
        "problems/*/*page.html", "runs/*/*/*.html", "search.html", "tasks/*.html",
        "scores/*/*.html",
    } <= kinds  # fmt: skip


def test_no_page_has_a_serious_accessibility_violation(visits: dict[str, Visit]) -> None:
    assert {path: seen.violations for path, seen in visits.items() if seen.violations} == {}


def test_in_the_dark_every_page_is_dark_and_none_lacks_contrast(visits: dict[str, Visit]) -> None:
    assert {path: seen.contrast for path, seen in visits.items() if seen.contrast} == {}
    assert {path: seen.ground for path, seen in visits.items() if seen.ground > 64} == {}


def test_no_page_complains_or_asks_anybody_else_for_anything(visits: dict[str, Visit]) -> None:
    assert {path: seen.complaints for path, seen in visits.items() if seen.complaints} == {}


def test_no_page_is_wider_than_a_phone(visits: dict[str, Visit]) -> None:
    wide = {path: seen.phone for path, seen in visits.items() if seen.phone[0] > seen.phone[1]}
    assert wide == {}


def test_axe_sees_what_is_wrong(open_page: Open) -> None:
    page = open_page("method.html")
    page.evaluate(AXE.axe_script)
    page.evaluate(
        """() => {
            const wrong = document.querySelector('main').appendChild(document.createElement('p'));
            wrong.textContent = 'pale'; wrong.style.color = '#eee';
            wrong.appendChild(document.createElement('input'));
        }"""
    )
    found = " ".join(_violations(page))
    assert "color-contrast" in found
    assert "label" in found


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
