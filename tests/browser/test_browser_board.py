"""The board in a real browser: sorting, filtering, the switch, links that say what is shown."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open
from tina_bench.catalog.load import load_catalog

SHOWN = "#table tbody tr:not(.family):visible"


def rows(page: Page) -> list[str]:
    """Models shown, from top to bottom."""
    return page.eval_on_selector_all(
        "#table tbody tr:not(.family)",
        "rows => rows.filter(r => !r.hidden).map(r => r.cells[0].querySelector('a').textContent)",
    )


def column(page: Page, name: str) -> list[list[str | float] | None]:
    """What a column is sorted by, from top to bottom: the estimate or theirs, or nothing."""
    return page.evaluate(
        """name => {
            const place = [...document.querySelectorAll('#table thead th')]
              .findIndex(cell => cell.dataset.col === name);
            return [...document.querySelectorAll('#table tbody tr:not(.family)')]
              .filter(row => !row.hidden)
              .map(row => {
                const cell = row.cells[place];
                const known = cell.querySelector('data.est, data.avg');
                const theirs = cell.querySelector('a.claim[data-v]:not([hidden])');
                if (known) return ['known', Number(known.value)];
                return theirs ? ['theirs', Number(theirs.dataset.v)] : null;
              });
        }""",
        name,
    )


def sort_by(page: Page, name: str) -> None:
    page.locator(f"#table th[data-col={name}] button").click()


def state(page: Page) -> str:
    """Everything on the board that an address can decide."""
    return str(page.locator("#table").inner_text() + page.locator("#said").inner_text())


def test_every_model_that_anybody_scored_has_a_row_by_family(open_page: Open) -> None:
    page = open_page()
    catalog = load_catalog()
    scored = {claim.model for claim in catalog.claims.values() if "smoke" not in claim.task}
    titles = {catalog.models[name].title for name in scored}
    assert titles <= set(rows(page))
    expect(page.locator("tr.family").first).to_be_visible()


def test_sorting_puts_estimates_first_and_what_is_unknown_last(open_page: Open) -> None:
    page = open_page()
    before = rows(page)
    # Of an average that is printed without its tasks nothing is estimated.
    for expected, turn in (("descending", -1), ("ascending", 1)):
        sort_by(page, "average")
        head = page.locator("#table th[data-col=average]")
        expect(head).to_have_attribute("aria-sort", expected)
        found = column(page, "average")
        tiers = [2 if one is None else ("known", "theirs").index(str(one[0])) for one in found]
        assert tiers == sorted(tiers)
        assert set(tiers) == {0, 1, 2}
        for tier in ("known", "theirs"):
            values = [turn * float(one[1]) for one in found if one and one[0] == tier]
            assert values == sorted(values)
            assert len(values) > 1
        expect(page.locator("th[aria-sort]")).to_have_count(1)
        expect(page.locator("tr.family").first).to_be_hidden()
    sort_by(page, "average")
    assert rows(page) == before
    expect(page.locator("th[aria-sort]")).to_have_count(0)


def test_every_column_sorts_both_ways_and_keeps_every_row(open_page: Open) -> None:
    page = open_page()
    before = rows(page)
    orders: dict[str, list[list[str]]] = page.evaluate(
        """async () => {
            const found = {};
            for (const head of document.querySelectorAll('#table thead th')) {
              const orders = found[head.dataset.col] = [];
              for (let turn = 0; turn < 2; turn++) {
                const done = new Promise(told =>
                  addEventListener('hashchange', () => setTimeout(told), {once: true}));
                head.querySelector('button').click();
                await done;
                orders.push([...document.querySelectorAll('#table tbody tr:not(.family) th a')]
                  .map(link => link.textContent));
              }
            }
            return found;
        }"""
    )
    assert {"model", "aime24", "average", "gain", "hours", "dollars", "energy", "verdicts"} <= set(
        orders
    )
    few = {"gain", "hours", "dollars", "energy", "verdicts"}
    for name, (one, other) in orders.items():
        assert sorted(one) == sorted(other) == sorted(before)
        # Where one model or none has a value, the direction changes nothing.
        assert one != other or name in few, name


def test_rows_of_equal_value_keep_their_order(open_page: Open) -> None:
    page = open_page()
    before = rows(page)
    sort_by(page, "verdicts")  # two models were measured, and all others have nothing
    after = rows(page)
    assert set(after[:2]) == {"R1-Distill-Qwen-1.5B", "Tina-Open-RS2"}
    assert after[2:] == [name for name in before if name not in after[:2]]


def test_filters_leave_the_rows_that_fit_and_say_how_many(open_page: Open) -> None:
    page = open_page()
    number = len(rows(page))
    said = page.locator("#said")
    expect(said).to_have_attribute("aria-live", "polite")
    page.select_option("[name=family]", label="Tina")
    assert sorted(rows(page)) == sorted(
        model.title for model in load_catalog().models.values() if model.family == "Tina"
    )
    expect(said).to_contain_text(f"5 of {number} models shown")
    page.fill("[name=q]", "rs2")
    expect(said).to_contain_text(f"1 of {number} models shown")
    assert rows(page) == ["Tina-Open-RS2"]
    page.click("#reset")
    expect(said).to_contain_text(f"{number} of {number} models shown")
    assert len(rows(page)) == number
    expect(page.locator("[name=q]")).to_have_value("")


def test_who_measured_decides_whose_numbers_are_shown(open_page: Open) -> None:
    page = open_page()
    page.select_option("[name=who]", label="A Sober Look authors")
    assert 10 < len(rows(page)) < 40
    shown = page.eval_on_selector_all(
        "#table a.claim[data-v]", "all => all.filter(a => a.offsetParent).map(a => a.dataset.w)"
    )
    row = page.locator("tr", has=page.get_by_text("Open-RS1", exact=True))
    assert shown.count("a-sober-look-authors") > 100
    assert "21.3" in row.inner_text()  # theirs of AIME 2025; others are "more"
    page.select_option("[name=who]", "here")
    assert sorted(rows(page)) == ["R1-Distill-Qwen-1.5B", "Tina-Open-RS2"]


def test_the_word_of_others_filters_and_its_claims_are_shown(open_page: Open) -> None:
    page = open_page()
    number = len(rows(page))
    page.select_option("[name=others]", "others-disagree")
    assert 0 < len(rows(page)) < number
    assert "others=others-disagree" in page.url
    for row in page.locator(SHOWN).all():
        assert row.locator("a.claim[data-o=others-disagree]:visible").count() >= 1
    page.select_option("[name=verdict]", "reproduced")
    assert rows(page) == []  # no claim that others disagree on was reproduced here
    page.click("#reset")
    assert len(rows(page)) == number


def test_stack_and_verdict_filter_too(open_page: Open) -> None:
    page = open_page()
    measured = ["R1-Distill-Qwen-1.5B", "Tina-Open-RS2"]
    page.select_option("[name=stack]", "current")
    assert sorted(rows(page)) == measured
    page.select_option("[name=stack]", "none")
    assert set(rows(page)).isdisjoint(measured)
    page.select_option("[name=stack]", "")
    page.select_option("[name=verdict]", "not-comparable")
    assert sorted(rows(page)) == measured
    assert page.locator("td.score a.claim[data-j=not-comparable]:visible").count() >= 2


def test_columns_can_be_chosen_and_empty_ones_go_by_themselves(open_page: Open) -> None:
    page = open_page()
    page.get_by_text("Columns", exact=True).click()
    page.locator("#columns").get_by_label("AIME 2025").uncheck()
    expect(page.locator("th[data-col=aime25]")).to_be_hidden()
    assert "hide=aime25" in page.url
    hidden = page.locator("#table td:nth-child(4):visible")
    expect(hidden).to_have_count(0)
    page.select_option("[name=family]", label="Open-RS checkpoints")
    expect(page.locator("#said")).to_contain_text("with nothing in them")
    expect(page.locator("th[data-col=olympiadbench]")).to_be_hidden()
    page.locator("#columns").get_by_label("AIME 2025").check()
    expect(page.locator("#said")).not_to_contain_text("hidden")


def test_the_switch_shows_the_other_interval_and_says_what_it_is(open_page: Open) -> None:
    page = open_page("index.html#who=here")
    same, like = page.locator(".range.same").first, page.locator(".range.like").first
    expect(same).to_be_visible()
    expect(like).to_be_hidden()
    expect(page.get_by_text("only the sampling varies")).to_be_visible()
    page.get_by_label("problems like these").check()
    expect(same).to_be_hidden()
    expect(like).to_be_visible()
    expect(page.get_by_text("the choice of problems varies too")).to_be_visible()
    width = {}
    for name in ("same", "like"):
        text = page.locator(f".range.{name}").first.text_content() or ""
        low, high = (float(number) for number in re.findall(r"[\d.]+", text))
        width[name] = high - low
    assert width["like"] > width["same"]


def test_a_link_shows_the_same_to_everybody_and_back_goes_back(open_page: Open) -> None:
    page = open_page()
    start = state(page)
    page.select_option("[name=family]", label="Tina ablations")
    sort_by(page, "math500")
    middle = state(page)
    sort_by(page, "math500")
    page.get_by_label("problems like these").check()
    page.get_by_text("Columns", exact=True).click()
    page.locator("#columns").get_by_label("Minerva").uncheck()
    page.fill("[name=q]", "limr")
    expect(page.locator("#said")).to_contain_text("7 of")
    there, shown = page.url, state(page)
    other = open_page(there.rpartition("/")[2])
    assert state(other) == shown
    assert other.locator("[name=family]").input_value() == "tina-ablations"
    for _ in range(3):  # typing is no step of its own, hiding, switching and sorting are
        page.go_back()
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    assert state(page) == middle
    page.go_back()
    page.go_back()
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    assert state(page) == start


def test_an_address_that_makes_no_sense_shows_the_whole_board(open_page: Open) -> None:
    page = open_page()
    whole = state(page)
    for wrong in (
        "sort=nothing&dir=down",
        "family=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&who=nobody&verdict=%22]",
        "hide=model,,,nowhere",
        "=&&==&sort",
    ):
        page.evaluate("hash => { location.hash = hash }", f"#{wrong}")
        assert state(page) == whole, wrong
    page.evaluate("location.hash = '#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'")
    expect(page.locator("#said")).to_contain_text("0 of")
    expect(page.locator("[name=q]")).to_have_value("<img src=x onerror=alert(1)>")
    page.evaluate("location.hash = '#q=%'")
    expect(page.locator("#said")).to_contain_text("0 of")
    assert page.locator("img").count() == 0


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page()

    def focus(selector: str) -> None:
        for _ in range(400):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"no Tab leads to {selector}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    focus("#filters > summary")  # open on a wide screen
    focus("[name=q]")
    page.keyboard.type("tina-open")
    focus("[name=family]")
    page.keyboard.type("Tina")
    expect(page.locator("#said")).to_contain_text("3 of")
    focus("[name=interval]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("tr", has_text="Tina-Open-RS2").locator(".like").first).to_be_visible()
    focus("summary")
    page.keyboard.press("Enter")
    focus("#columns input[value=aime24]")
    page.keyboard.press("Space")
    expect(page.locator("th[data-col=aime24]")).to_be_hidden()
    focus("th[data-col=math500] button")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("th[data-col=math500]")).to_have_attribute("aria-sort", "descending")
    page.keyboard.press("Space")
    expect(page.locator("th[data-col=math500]")).to_have_attribute("aria-sort", "ascending")
    page.locator("#reset").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort]")).to_have_count(0)


def test_without_scripts_the_whole_table_stands_and_no_control_does(open_page: Open) -> None:
    whole = rows(open_page())
    page = open_page(java_script_enabled=False)
    assert page.locator(SHOWN).count() == len(whole)
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("#filters")).to_be_hidden()
    assert page.locator("#table button").count() == 0
    expect(page.locator("#table data.est").first).to_be_visible()
    expect(page.locator(".range.same").first).to_be_visible()
    expect(page.locator(".range.like").first).to_be_hidden()


def test_it_works_from_a_disk(open_page: Open, site: Path, chromium: Browser) -> None:
    page = open_page(at=f"{site.as_uri()}/")
    sort_by(page, "aime24")
    expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    page.select_option("[name=family]", label="Tina")
    shown, there = state(page), page.url
    assert there.startswith("file://")
    other = open_page(there.rpartition("/")[2], at=f"{site.as_uri()}/")
    assert state(other) == shown
    other.go_back()
    found = open_page("search.html#q=tina-open-rs2", at=f"{site.as_uri()}/")
    expect(found.locator("#found a").first).to_contain_text("Tina-Open-RS2")
    found.locator("#found a").first.click()
    expect(found.locator("h1")).to_contain_text("Tina-Open-RS2")


WIDE = {"width": 1400, "height": 1000}
PHONE = {"width": 390, "height": 844}


def test_the_page_leads_with_what_is_known_in_numbers(open_page: Open) -> None:
    page = open_page(viewport=WIDE)
    first = page.locator(".lede").inner_text()
    assert re.match(r"Public evidence holds \d+ published scores: \d+ rest on one run", first)
    assert re.search(r"R1-Distill-Qwen-1.5B on AIME 2024, [\d.]+ percent \(.*; \d\d teams, ", first)
    base = page.locator("#table tr", has=page.get_by_role("link", name="R1-Distill-Qwen-1.5B"))
    cell = base.locator("td").nth(1)
    expect(cell.locator("data.est")).to_be_visible()
    teams, runs = map(int, re.findall(r"\d+", cell.locator(".by").inner_text()))
    assert teams >= 10
    assert runs > 400
    expect(cell.locator("a.claim:visible .other-sign").first).to_be_visible()


def test_at_1400_pixels_nothing_of_the_board_is_cut_off(open_page: Open) -> None:
    page = open_page(viewport=WIDE)
    assert page.locator(".wide").evaluate("f => f.scrollWidth <= f.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDE["width"]
    assert page.locator("#table th[data-col=hours]").is_visible()  # with costs, its widest


def test_scores_of_one_run_are_fainter_than_those_of_many(open_page: Open) -> None:
    page = open_page(viewport=WIDE)

    def style(selector: str) -> tuple[str, int, float]:
        found = page.locator(f"#table {selector} data.est").first.evaluate(
            "e => { const s = getComputedStyle(e); return [s.color, s.fontWeight, s.fontSize]; }"
        )
        return found[0], int(found[1]), float(found[2].removesuffix("px"))

    faint, strong = style("td.single"), style("td.several")
    assert faint[0] != strong[0]
    assert faint[1] < strong[1]
    assert faint[2] < strong[2]


def test_on_a_phone_the_board_begins_on_the_first_screen_with_filters_folded(
    open_page: Open,
) -> None:
    page = open_page(viewport=PHONE, has_touch=True)
    expect(page.locator("#filters")).not_to_have_attribute("open", "")
    expect(page.locator("[name=q]")).to_be_hidden()
    row = page.locator("#table tbody tr:not(.family)").first.bounding_box()
    assert row is not None
    assert row["y"] < PHONE["height"] - 40
    page.locator("#filters > summary").click()
    page.fill("[name=q]", "rs2")
    expect(page.locator("#said")).to_contain_text("models shown")
    asked = open_page("index.html#family=tina", viewport=PHONE)
    expect(asked.locator("[name=family]")).to_be_visible()  # what is asked for shows


def test_an_estimate_leads_to_every_measurement_behind_it(open_page: Open) -> None:
    page = open_page(viewport=WIDE)
    base = page.locator("#table tr", has=page.get_by_role("link", name="R1-Distill-Qwen-1.5B"))
    base.locator("td").nth(1).locator("a.known").click()
    expect(page.locator("h1")).to_have_text("R1-Distill-Qwen-1.5B on AIME 2024: what is known")
    expect(page.locator("figure svg")).to_be_visible()
    assert page.locator("figure [data-is=others]").count() == 1
    claim = page.locator("#measurements-title, table a").last
    expect(claim).to_be_visible()
    page.get_by_role("link", name="Tina authors").first.click()
    expect(page.get_by_text("What is known:")).to_be_visible()


def test_a_score_page_needs_no_script_and_fits_a_phone(open_page: Open) -> None:
    page = open_page("scores/open-rs3/aime24.html", viewport=PHONE, java_script_enabled=False)
    expect(page.locator("h1")).to_contain_text("what is known")
    expect(page.locator("figure svg")).to_be_visible()
    phone = open_page("scores/open-rs3/aime24.html", viewport=PHONE)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
