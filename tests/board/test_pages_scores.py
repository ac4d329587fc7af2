"""Pages of a model on a task: every measurement, the estimate, who stands apart, and why."""

import csv
import json
from pathlib import Path

import pytest
from board_catalog import ADAPTER, BASE, catalog
from board_pages import Page
from conftest import evidence_of

from tina_bench.board.content.context import SiteContext
from tina_bench.board.pages.scores import apart_sentences, protocols
from tina_bench.formatting.numbers import fixed
from tina_bench.stats.evidence.measurement_types import OURS
from tina_bench.stats.evidence.report import build_evidence
from tina_bench.stats.evidence.sentences import interval_text
from tina_bench.store.home import Home


@pytest.fixture(scope="module")
def context(home: Home) -> SiteContext:
    return evidence_of(home, catalog())


def words(path: Path) -> str:
    return " ".join(Page.of(path).text.split())


def rows(site: Path, model: str, task: str) -> list[dict[str, object]]:
    found = json.loads((site / f"data/plots/score-{model}-{task}.json").read_bytes())
    assert isinstance(found, list)
    return found


def test_every_model_and_task_that_anything_is_known_of_has_a_page(
    site: Path, context: SiteContext
) -> None:
    known = {(cell.model, cell.task) for cell in context.public_evidence.cells}
    assert ("open-rs1", "aime24") in known  # published, and not measured here
    pages = {(path.parent.name, path.stem) for path in site.glob("scores/*/*.html")}
    assert pages == known


def test_the_page_says_the_estimate_of_public_evidence_our_results_included(
    site: Path, home: Home
) -> None:
    made = build_evidence(catalog(), home.imported(), home.measurements(None))
    for cell in made.cells:
        text = words(site / "scores" / cell.model / f"{cell.task}.html")
        found = cell.estimate
        assert f"puts it at {fixed(found.percent)} percent" in text
        assert f"95 % interval {interval_text(found.low, found.high)}" in text
        assert f"between {interval_text(found.next_low, found.next_high)} with" in text
    (cell,) = (c for c in made.cells if (c.model, c.task) == (BASE, "aime24"))
    assert OURS in {piece.team for piece in cell.pieces}


def test_csv_and_json_hold_one_row_a_measurement_and_the_estimate_last(
    site: Path, context: SiteContext
) -> None:
    for cell in context.public_evidence.cells:
        found = rows(site, cell.model, cell.task)
        pooled = {part.name for piece in cell.pieces for part in piece.parts}
        assert {r["measurement_name"] for r in found if r["kind"] == "pooled"} == pooled
        assert [r["kind"] for r in found[-2:]] == ["estimate", "one more team"]
        assert found[-2]["score_percent"] == cell.estimate.percent
        assert (found[-1]["interval_low"], found[-1]["interval_high"]) == (
            cell.estimate.next_low, cell.estimate.next_high,
        )  # fmt: skip
        path = site / f"data/plots/score-{cell.model}-{cell.task}.csv"
        table = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        assert [r["measurement_name"] for r in table] == [
            r["measurement_name"] or "" for r in found
        ]


def test_the_picture_shows_every_measurement_and_where_one_more_team_would_fall(
    site: Path,
) -> None:
    markup = (site / "scores" / BASE / "aime24.html").read_text(encoding="utf-8")
    for what in ("others", "others-interval", "ours", "estimate", "one more team"):
        assert f'data-is="{what}"' in markup, what


def test_protocols_are_counted_by_what_their_sources_state(site: Path) -> None:
    found = rows(site, BASE, "aime24")
    measured = [row for row in found if row["kind"] in {"pooled", "not pooled"}]
    settings = {one.title: one for one in protocols(measured)}
    stated = settings["Temperature"]
    by_value = {value.value: value for value in stated.values}
    assert by_value["0.6"].measurements == sum(row["temperature"] == 0.6 for row in measured) > 0
    assert sum(v.measurements for v in stated.values) + stated.unstated == len(measured)
    assert OURS in settings["Harness"].values[0].who or len(settings["Harness"].values) > 1
    assert "Prompts (sha256)" in settings  # ours says what was asked
    assert protocols([dict.fromkeys(found[0])]) == ()


def test_who_stands_apart_is_said_with_direction_and_distance() -> None:
    common = {"score_percent": 40.0, "measurement_name": "a"}
    said = apart_sentences(
        [
            {**common, "who": "near", "adjusted_p": 0.06, "from_others_points": 3.0},
            {**common, "who": "high", "adjusted_p": 0.02, "from_others_points": 9.25},
            {**common, "who": "low", "adjusted_p": 0.001, "from_others_points": -11.5},
            {**common, "who": "alone", "adjusted_p": None, "from_others_points": None},
        ]
    )
    assert said == (
        "low: 40.0, 11.5 points below the mean of all others (adjusted p 0.001)",
        "high: 40.0, 9.2 points above the mean of all others (adjusted p 0.02)",
    )


def test_claims_lead_to_the_page_and_back(site: Path) -> None:
    claim = Page.of(site / "claims" / "tina-v1-rs2-aime24.html")
    there = f"../scores/{ADAPTER}/aime24.html"
    assert there in {value for tag, name, value in claim.attributes if name == "href"}
    page = Page.of(site / "scores" / ADAPTER / "aime24.html")
    back = "../../claims/tina-v1-rs2-aime24.html"
    assert back in {value for tag, name, value in page.attributes if name == "href"}


def test_the_word_of_others_stands_beside_our_verdict_on_every_claim(
    site: Path, context: SiteContext
) -> None:
    for claim, said in context.public.others.items():
        text = words(site / "claims" / f"{claim}.html")
        assert " ".join(said.sentence.removeprefix("Not measured here. ").split()) in text, claim


def test_tables_of_the_whole_site_have_every_estimate_and_every_word(
    site: Path, context: SiteContext
) -> None:
    estimates = json.loads((site / "data/estimates.json").read_bytes())
    known = context.public_evidence
    assert len(estimates) == len(known.cells) + len(known.averages)
    others = {row["claim"]: row for row in json.loads((site / "data/others.json").read_bytes())}
    assert {name: row["word"] for name, row in others.items()} == {
        said.claim: said.word.value for said in known.others
    }
