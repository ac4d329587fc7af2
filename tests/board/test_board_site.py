"""The built site: what it shows, and what no answer can make it do."""

import json
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from board_catalog import ADAPTER, BASE
from board_home import HOSTILE
from board_pages import Page, pages

from tina_bench.board.site.run_pages import PART_CHARACTERS
from tina_bench.files.append_log import read_log
from tina_bench.formatting.numbers import fixed, signed
from tina_bench.store.home import Home
from tina_bench.store.records import Sample

TAGS = {
    "a", "abbr", "article", "body", "caption", "circle", "code", "data", "dd", "defs", "details",
    "div", "dl", "dt", "figcaption", "figure", "footer", "g", "h1", "h2", "h3", "h4", "head",
    "header", "html", "li",
    "link", "main", "meta", "nav", "ol", "p", "path", "pre", "rect", "clippath", "section", "small",
    "span", "strong", "summary", "svg", "symbol", "table", "tbody", "td", "text", "tfoot", "th",
    "thead", "title", "tr", "ul", "use",
}  # fmt: skip
CONTROLS = {
    "fieldset", "form", "input", "label", "legend", "option", "output", "script", "select",
}  # fmt: skip
"""Of the board and of the search: on no page with an answer on it."""
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@pytest.fixture(scope="module")
def parsed(site: Path) -> dict[str, Page]:
    return pages(site)


def test_every_answer_stands_on_its_page_byte_for_byte(home: Home, parsed: dict[str, Page]) -> None:
    for model in (BASE, ADAPTER):
        log = home.sample_log(model, f"identity-{model}")
        samples = [Sample.model_validate(line) for line in read_log(log)]
        for task in ("aime24", "amc23", "math500"):
            for seed in range(4):
                texts = [s.text for s in samples if (s.task, s.seed) == (task, seed)]
                assert set(HOSTILE) <= set(texts)
                run = f"runs/{model}/{task}/seed-{seed}"
                short = [text for text in texts if len(text) <= PART_CHARACTERS]
                assert parsed[f"{run}.html"].transcripts == short
                long = [i for i, text in enumerate(texts) if len(text) > PART_CHARACTERS]
                assert len(long) == 1
                for index in long:
                    parts = (
                        page
                        for path, page in sorted(parsed.items())
                        if path.startswith(f"{run}/problem-{index}-part-")
                    )
                    assert "".join("".join(part.transcripts) for part in parts) == texts[index]


def test_no_answer_adds_an_element_an_attribute_or_a_hidden_character(
    site: Path, parsed: dict[str, Page]
) -> None:
    for path, page in parsed.items():
        allowed = TAGS | CONTROLS if path in {"index.html", "search.html"} else TAGS
        assert page.tags <= allowed, path
        for tag, name, value in page.attributes:
            assert not name.startswith("on"), (path, tag, name)
            assert name not in {"style", "srcdoc", "action", "formaction", "srcset"}, (path, tag)
            assert "javascript:" not in value.lower(), (path, tag, name)
            assert not HIDDEN.search(value), (path, tag, name)
        assert not HIDDEN.search((site / path).read_text(encoding="utf-8")), path


def test_nothing_is_loaded_from_anywhere_else(site: Path, parsed: dict[str, Page]) -> None:
    for path, page in parsed.items():
        for tag, name, value in page.attributes:
            if name in {"src", "href", "xlink:href", "data", "poster"} and tag != "a":
                assert not urlsplit(value).scheme, (path, tag, value)
                assert not value.startswith("//"), (path, tag, value)
        policy = dict.fromkeys(v for t, n, v in page.attributes if (t, n) == ("meta", "content"))
        assert any(value.startswith("default-src 'none'") for value in policy), path
    style = (site / "assets" / "site.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style


def test_every_internal_link_leads_to_a_file_and_an_anchor(
    site: Path, parsed: dict[str, Page]
) -> None:
    for path, page in parsed.items():
        assert len(page.ids) == len(set(page.ids)), path
        for tag, name, value in page.attributes:
            if name != "href":
                continue
            target = urlsplit(value)
            if target.scheme:
                assert target.scheme in {"http", "https"}, (path, value)
                continue
            file = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target.path)))
            file = file if target.path else path
            assert (site / file).is_file(), (path, tag, value)
            if target.fragment:
                assert target.fragment in parsed[file].ids, (path, value)


def test_every_page_has_a_title_one_heading_and_a_way_back(parsed: dict[str, Page]) -> None:
    for path, page in parsed.items():
        up = "../" * path.count("/")
        assert ("a", "href", f"{up}index.html") in page.attributes
        assert "tina-bench" in page.text


def test_results_csv_is_what_the_board_shows(site: Path, parsed: dict[str, Page]) -> None:
    table = pd.read_csv(site / "data" / "results.csv")
    shown = parsed["index.html"].values
    assert len(table) == 6
    for row in table.itertuples():
        assert (str(row.avg_percent), fixed(row.avg_percent)) in shown
        text = f"[{fixed(row.same_problems_low)}, {fixed(row.same_problems_high)}]"
        assert text in parsed["index.html"].text
        for value in str(row.run_percents).split(";"):
            assert (value, fixed(float(value))) in parsed[f"models/{row.model}.html"].values


def test_claims_csv_is_what_the_verdict_table_shows(site: Path, parsed: dict[str, Page]) -> None:
    table = pd.read_csv(site / "data" / "claims.csv")
    page = parsed["claims/index.html"]
    assert set(table["verdict"]) == {
        "REPRODUCED", "NOT_REPRODUCED", "INCONCLUSIVE", "NOT_COMPARABLE", "NOT_MEASURED",
    }  # fmt: skip
    for row in table.itertuples():
        assert f"claim-{row.claim}" in page.ids
        assert (str(row.claimed_percent), fixed(row.claimed_percent, row.decimals)) in page.values
        if row.verdict == "NOT_MEASURED":
            continue
        assert row.reason in page.text
        if row.difference_points == row.difference_points:  # not NaN
            shown = (str(row.difference_points), signed(row.difference_points))
            assert shown in page.values


def test_every_csv_has_a_json_twin_with_the_same_rows(site: Path) -> None:
    tables = sorted(site.glob("data/*.csv"))
    assert [t.stem for t in tables] == [
        "claims", "comparisons", "costs", "estimates", "others", "pass-at-k", "results",
        "training",
    ]  # fmt: skip
    for path in tables:
        rows = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        table = pd.read_csv(path)
        assert len(rows) == len(table)
        assert list(rows[0]) == list(table.columns)


def test_sample_data_agree_with_the_record_and_the_csv_holds_no_text(
    site: Path, home: Home
) -> None:
    record = next(r for r in home.results() if (r.model, r.task) == (ADAPTER, "aime24"))
    path = site / "data" / "samples" / ADAPTER / "aime24.csv"
    assert "script" not in path.read_text(encoding="utf-8")
    table, whole = pd.read_csv(path), pd.read_parquet(path.with_suffix(".parquet"))
    assert list(table.columns) == [c for c in whole.columns if c not in {"extracted", "text"}]
    for position, seed in enumerate(record.seeds):
        for found in (table[table["seed"] == seed], whole[whole["seed"] == seed]):
            assert list(found["correct"]) == [p.correct[position] for p in record.problems]
            assert list(found["problem"]) == [p.problem for p in record.problems]
    texts = whole[whole["seed"] == 0]["text"]
    assert texts.iloc[0] == HOSTILE[0]
    assert texts.iloc[7] == HOSTILE[7]


def test_the_front_page_speaks_of_what_was_tested(parsed: dict[str, Page]) -> None:
    text = " ".join(parsed["index.html"].text.split())
    assert re.search(r"Of 9 published scores, \d were tested here: ", text)
    assert "1 not measured" in text
    assert "Open-RS1" in text  # claimed, but without a result


def test_what_another_grader_said_stands_under_its_name_only(parsed: dict[str, Page]) -> None:
    page = parsed[f"runs/{BASE}/aime24/seed-0.html"]
    table, _, texts = page.text.partition("What the model wrote")
    assert "stale" not in table
    assert "3 of 3 other grades agree" in table
    assert "other log grader" in texts
    assert "metric log later-grader" in texts
    assert texts.count("read stale") == 3 * 30


def test_what_could_not_be_measured_is_written_unknown(parsed: dict[str, Page]) -> None:
    cost = parsed["cost.html"].text
    assert "dollars unknown" in " ".join(cost.split())
    assert "these attempts had no price" in cost
    assert "an unknown sum, $0.82 of it known" in parsed["index.html"].text


def test_unknown_cost_is_an_empty_field_and_null_in_the_data(site: Path) -> None:
    table = pd.read_csv(site / "data" / "costs.csv")
    rows = json.loads((site / "data" / "costs.json").read_text(encoding="utf-8"))
    trained = table[table["kind"] == "train"]
    assert trained["cost_usd"].isna().all()
    assert [row["cost_usd"] for row in rows if row["kind"] == "train"] == [None]


def test_failed_and_interrupted_attempts_are_on_the_bill(parsed: dict[str, Page]) -> None:
    text = " ".join(parsed["cost.html"].text.split())
    assert "a1-killed" in text
    assert "no end recorded interrupted, or still running" in text
    assert "≥ $0.17" in text.replace("\xa0", " ")
    assert "failed" in text
    line = r"d1-killed-while-loading.*interrupted, or still running nothing metered"
    assert re.search(line, text)


def test_the_last_line_of_a_repeated_training_step_wins(site: Path) -> None:
    table = pd.read_csv(site / "data" / "training.csv")
    assert table["step"].is_unique
    assert table["step"].is_monotonic_increasing
    assert table["reward"].max() < 5  # the abandoned lines say 9 and more


def test_every_plot_says_in_words_what_it_shows(parsed: dict[str, Page]) -> None:
    labels = [
        v for p in parsed.values() for t, n, v in p.attributes if (t, n) == ("svg", "aria-label")
    ]
    figures = [v for p in parsed.values() for t, n, v in p.attributes if (t, n) == ("figure", "id")]
    assert len(labels) == len(figures) > 3
    assert all(len(label.split()) > 10 for label in labels)
