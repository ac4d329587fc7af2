"""What other teams say, beside our verdicts: in its own field, count, and exit condition."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.verifying.cases import CLAIMS, HOSTILE, MODEL, Scene, claim, measure, of, write_claims
from tina_bench.errors import BlockedError, UsageError
from tina_bench.stats.evidence.labels import OTHERS_LABELS
from tina_bench.stats.evidence.types import Others
from tina_bench.stats.types import Verdict
from tina_bench.store.home import Home
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.others import contested
from tina_bench.verifying.reports.badge import (
    GREY,
    RED,
    badge_svg,
    others_badge_svg,
    others_badge_words,
)
from tina_bench.verifying.reports.github_annotations import annotations
from tina_bench.verifying.reports.junit import junit_xml
from tina_bench.verifying.reports.markdown_summary import summary_markdown
from tina_bench.verifying.reports.outputs import VerifyFiles
from tina_bench.verifying.run import run_verify
from tina_bench.verifying.verify import VerifyOptions

TASK = "smoke-100"
DIFFER = frozenset({FailOn.OTHERS_DIFFER})


def told(who: str, value: float, **given: object) -> dict[str, object]:
    values = {"value_percent": value, "who": who, "source": who, "runs": 64, **given}
    return claim(TASK, **values)


CONTESTED = {
    **{name: given for name, given in CLAIMS.items() if given["task"] != TASK},
    "far-off": told("claimant", 95.0, runs=10),
    **{f"alike-{i}": told(f"team {i}", 50 + i / 10) for i in range(6)},
}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(measure(tmp_path / "records"), write_claims(tmp_path / "c.toml", CONTESTED))


def test_a_word_stands_beside_the_verdict_and_changes_none(scene: Scene) -> None:
    made, without = scene.verify(), scene.verify(others=False)
    assert made.counts == without.counts
    assert made.exit_code == without.exit_code == 1
    far = of(made, "far-off")
    assert far.verdict is Verdict.NOT_MEASURED
    assert far.others is not None
    assert far.others.word is Others.DIFFER
    assert far.others.sentence.startswith("Not measured here. 6 other teams (384 runs) put it at")
    assert not far.fails
    assert not far.others_fail
    assert {of(without, name).others for name in CONTESTED} == {None}
    assert without.others_counts == {}
    assert without.estimates == ()


def test_words_are_counted_apart_and_each_claim_has_its_estimate(scene: Scene) -> None:
    made = scene.verify()
    assert sum(made.others_counts.values()) == len(CONTESTED)
    assert made.others_counts["OTHERS_DIFFER"] == 1
    assert set(made.others_counts) == set(Others)
    for name in CONTESTED:
        found = of(made, name).estimate
        assert found is not None
        assert found.low <= found.percent <= found.high
    (ours,) = [cell for cell in made.estimates if cell.task == "smoke-30"]
    assert "tina-bench (here)" in {piece.team for piece in ours.pieces}


def test_only_where_it_is_asked_for_does_a_claim_fail_that_others_exclude(scene: Scene) -> None:
    assert scene.verify(fail_on=frozenset({FailOn.STALE})).exit_code == 0
    made = scene.verify(fail_on=DIFFER)
    assert made.exit_code == 3
    assert [c.claim for c in made.claims if c.others_fail] == ["far-off"]
    assert scene.verify(fail_on=DIFFER | {FailOn.NOT_REPRODUCED}).exit_code == 1
    calm = {name: given for name, given in CONTESTED.items() if name != "far-off"}
    write_claims(scene.claims, calm)
    assert scene.verify(fail_on=DIFFER).exit_code == 0


def test_every_output_names_the_claim_that_others_exclude(scene: Scene) -> None:
    made = scene.verify(fail_on=DIFFER)
    (case,) = [
        found
        for found in ElementTree.fromstring(junit_xml(made)).iter("testcase")
        if found.get("name") == f"far-off ({TASK})"
    ]
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("type") == "OTHERS_DIFFER"
    assert case.find("skipped") is None
    (line,) = [one for one in annotations(made, {}, {}) if "OTHERS_DIFFER" in one]
    assert line.startswith("::error title=far-off%3A OTHERS_DIFFER::Not measured here.")
    text = summary_markdown(made)
    assert "OTHERS\\_DIFFER: Not measured here" in text
    quiet = scene.verify()
    assert 'type="OTHERS_DIFFER"' not in junit_xml(quiet)
    assert "OTHERS_DIFFER: Not measured here" in junit_xml(quiet)


def test_one_row_stands_for_all_claims_of_a_cell_whose_teams_disagree(scene: Scene) -> None:
    write_claims(scene.claims, {f"c{i}": told(f"team {i}", 20.0 + 20 * i) for i in range(4)})
    made = scene.verify()
    (row,) = contested(made.claims)
    assert (row.model, row.task, row.word) == (MODEL, TASK, Others.DISAGREE)
    assert len(row.claims) == 4


def test_names_of_others_stay_text_in_the_summary(scene: Scene) -> None:
    hostile = {
        f"h{i}": told(text, 20.0 + 10 * i, note=text)
        for i, text in enumerate(t for t in HOSTILE if "\ud800" not in t)
    }
    write_claims(scene.claims, hostile)
    text = summary_markdown(scene.verify(fail_on=DIFFER))
    assert "<script>" not in text.replace("\\<script", "")
    assert "::error file" not in text


def test_a_home_without_anything_is_answered_by_others_where_that_suffices(
    scene: Scene, tmp_path: Path
) -> None:
    scene.home = Home(tmp_path / "empty")
    with pytest.raises(BlockedError, match="nothing is imported there"):
        scene.verify()
    made = scene.verify(others_suffice=True)
    assert made.exit_code == 0
    assert made.counts["NOT_MEASURED"] == len(CONTESTED)
    assert all(one.estimate is not None and one.others is not None for one in made.claims)
    assert scene.verify(others_suffice=True, fail_on=DIFFER).exit_code == 3


def test_the_badge_of_others_is_their_own(scene: Scene, tmp_path: Path) -> None:
    made = scene.verify()
    counts = made.others_counts
    undecided = counts["OTHERS_DISAGREE"] + counts["OTHERS_UNDECIDED"]
    words, colour = others_badge_words(made)
    assert words == f"{counts['OTHERS_AGREE']} agree · 1 differ · {undecided} open"
    assert colour == RED
    svg = others_badge_svg(made)
    assert 'aria-label="claims by others: ' in svg
    assert badge_svg(made) == badge_svg(scene.verify(others=False))
    write_claims(scene.claims, {"alone": told("one", 50.0)})
    assert others_badge_words(scene.verify()) == ("too few teams", GREY)
    files = VerifyFiles(others_badge=tmp_path / "o.svg")
    run_verify(
        scene.home, scene.catalog, scene.lock, VerifyOptions(audits=False), files,
        lambda _done, _all: None,
    )  # fmt: skip
    assert "claims by others" in (tmp_path / "o.svg").read_text()


def test_failing_on_what_was_left_out_is_a_contradiction(scene: Scene) -> None:
    asked = VerifyOptions(fail_on=DIFFER, others=False)
    with pytest.raises(UsageError, match="leave out --no-others"):
        run_verify(
            scene.home, scene.catalog, scene.lock, asked, VerifyFiles(), lambda _done, _all: None
        )


def test_every_word_has_a_label_of_its_own() -> None:
    assert list(OTHERS_LABELS) == list(Others)
    assert len({label.sign for label in OTHERS_LABELS.values()}) == len(Others)
    assert len({label.role for label in OTHERS_LABELS.values()}) == len(Others)
