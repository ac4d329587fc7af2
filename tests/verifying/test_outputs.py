"""JUnit, badge, summary and annotations: valid, whole, and safe whatever names they are given."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import anybadge
import junitparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from tests.support.sealed import seal, shares
from tests.verifying.cases import HOSTILE, VERDICTS, Scene, claim, of, results, write_claims
from tests.verifying.test_baseline import accept
from tina_bench.catalog.load import load_catalog
from tina_bench.errors import UsageError
from tina_bench.formatting.escape import printable
from tina_bench.stats.claims.labels import LABELS
from tina_bench.verifying.fail_on import FailOn
from tina_bench.verifying.reports import markdown_summary
from tina_bench.verifying.reports.badge import AMBER, GREEN, GREY, RED, badge_svg, badge_words
from tina_bench.verifying.reports.claim_locations import Place, catalog_files, claim_lines
from tina_bench.verifying.reports.github_annotations import (
    SHOWN,
    annotations,
    escape_data,
    escape_property,
    file_place,
    silenced,
)
from tina_bench.verifying.reports.junit import junit_xml
from tina_bench.verifying.reports.markdown_summary import summary_markdown
from tina_bench.verifying.reports.outputs import appended, check_targets, write_all
from tina_bench.verifying.reports.text import markdown
from tina_bench.verifying.types import Acceptance, AuditFailure, StaleEntry, Verification

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))
COMMAND = re.compile(r"^::(error|warning|notice) ([^:]*)::(.*)$")


def valid(text: str) -> ET.Element:
    """The document, held to the schema."""
    SCHEMA.assertValid(etree.fromstring(text.encode()))
    return ET.fromstring(text)


def cases(text: str) -> dict[str, ET.Element]:
    return {str(case.get("name")): case for case in valid(text).iter("testcase")}


def outcome(case: ET.Element) -> tuple[str, str | None]:
    found = [child for child in case if child.tag != "system-out"]
    return (found[0].tag, found[0].get("type")) if found else ("passed", None)


@pytest.fixture
def hostile(scene: Scene) -> Verification:
    """Everything that an output prints, in the words of an enemy."""
    text = " ".join(HOSTILE)
    made = scene.verify()
    accepted = Acceptance(reason=text, date="2026-01-01", by=text, evidence_changed=True)
    claims = [
        result.model_copy(
            update={
                "model": text, "task": text, "who": text, "source": text, "reason": text,
                "would_decide": text, "caveats": (text,), "claim": f"{text}{number}",
                "accepted": accepted if number % 2 else None,
                "acceptance_void": None if number % 2 else text,
                "integrity": text if number == 4 else None,
            }
        )
        for number, result in enumerate(results(made).values())
    ]  # fmt: skip
    (record,) = made.records
    checks = tuple(
        check.model_copy(update={"state": "differs", "detail": text, "exit_code": 14})
        for check in record.checks
    )
    return made.model_copy(
        update={
            "claims": tuple(claims),
            "records": (record.model_copy(update={"file": text, "checks": checks}),),
            "stale": (StaleEntry(claim=text, reason=text),),
            "findings": (AuditFailure(name=text, sentence=text),),
        }
    )


def test_each_verdict_has_its_kind_of_test_case(scene: Scene) -> None:
    found = cases(junit_xml(scene.verify()))
    told = {name: outcome(found[f"{name} ({'smoke-100' if 'nobody' in name else 'smoke-30'})"])
            for name in VERDICTS}  # fmt: skip
    assert told == {
        "holds": ("passed", None),
        "too-high": ("failure", "NOT_REPRODUCED"),
        "vague": ("skipped", "INCONCLUSIVE"),
        "greedy": ("skipped", "NOT_COMPARABLE"),
        "nobody-measured": ("skipped", "NOT_MEASURED"),
    }


def test_fail_on_makes_failures_of_what_would_be_skipped(scene: Scene) -> None:
    asked = {FailOn.INCONCLUSIVE, FailOn.NOT_COMPARABLE, FailOn.NOT_MEASURED}
    found = cases(junit_xml(scene.verify(fail_on=frozenset(asked))))
    assert outcome(found["vague (smoke-30)"]) == ("failure", "INCONCLUSIVE")
    assert outcome(found["greedy (smoke-30)"]) == ("failure", "NOT_COMPARABLE")
    assert outcome(found["nobody-measured (smoke-100)"]) == ("failure", "NOT_MEASURED")
    assert outcome(found["too-high (smoke-30)"]) == ("skipped", "NOT_REPRODUCED"), "not asked for"


def test_a_changed_record_is_an_error_of_itself_and_of_its_claims(scene: Scene) -> None:
    (path,) = scene.home.root.glob("samples/*/*.jsonl")
    path.write_bytes(path.read_bytes()[1:])
    text = junit_xml(scene.verify())
    found = cases(text)
    assert outcome(found["results/smoke/smoke-base/smoke-30.json"])[0] == "error"
    assert outcome(found["holds (smoke-30)"]) == ("error", "INTEGRITY")
    assert int(valid(text).get("errors", "0")) >= 5


def test_an_accepted_case_is_skipped_with_its_reason(scene: Scene) -> None:
    made = scene.verify(baseline=accept(scene, "too-high", reason="other problems"))
    case = cases(junit_xml(made))["too-high (smoke-30)"]
    assert outcome(case) == ("skipped", "ACCEPTED")
    message = str(case[0].get("message"))
    assert message.startswith("Accepted on 2026-02-03: other problems [NOT_REPRODUCED: Ours, ")


def test_the_numbers_of_suites_are_those_of_their_cases(scene: Scene) -> None:
    made = scene.verify()
    text = junit_xml(made)
    root = valid(text)
    for suite in root:
        assert int(suite.get("tests", "")) == len(suite)
        assert int(suite.get("failures", "")) == len(suite.findall("*/failure"))
        assert int(suite.get("skipped", "")) == len(suite.findall("*/skipped"))
        assert int(suite.get("errors", "")) == len(suite.findall("*/error"))
    assert len(list(root.iter("testcase"))) == len(made.claims) + len(made.records)
    read = junitparser.JUnitXml.fromstring(text.encode())
    assert read.failures == 1


def test_hostile_names_stay_text_in_junit(hostile: Verification) -> None:
    root = valid(junit_xml(hostile))
    assert len(list(root.iter("testcase"))) == len(hostile.claims) + 3
    names = {case.get("name") for case in root.iter("testcase")}
    assert printable(HOSTILE[0]) in str(names)
    assert "\\x1b[31mred" in str(root.get("name")) + str([c.get("name") for c in root.iter()])


@given(st.text())
def test_any_text_can_be_held_by_xml(text: str) -> None:
    element = ET.Element("a", {"b": printable(text)})
    assert etree.fromstring(ET.tostring(element)).get("b") == printable(text)


def test_the_badge_says_in_words_what_its_colour_says(scene: Scene) -> None:
    made = scene.verify()
    assert badge_words(made) == ("1 reproduced · 1 not · 2 open", RED)
    accepted = scene.verify(baseline=accept(scene, "too-high"))
    assert badge_words(accepted) == ("1 reproduced · 1 not · 2 open · 1 accepted", AMBER)
    write_claims(scene.claims, {"holds": claim()})
    assert badge_words(scene.verify()) == ("1 reproduced · 0 not · 0 open", GREEN)
    write_claims(scene.claims, {"nobody-measured": claim("smoke-100")})
    assert badge_words(scene.verify()) == ("nothing measured", GREY)
    (path,) = scene.home.root.glob("grades/*/*.jsonl")
    path.unlink()
    assert badge_words(scene.verify()) == ("1 record changed", RED)


def test_the_badge_is_svg_that_asks_nobody_for_anything(scene: Scene) -> None:
    made = scene.verify()
    anybadge.Badge("x", "y")  # numbers of a process do not enter
    text = badge_svg(made)
    assert text == badge_svg(made)
    root = ET.fromstring(text)
    assert root.get("aria-label") == "claims: 1 reproduced · 1 not · 2 open"
    assert root.get("role") == "img"
    assert [e.text for e in root if e.tag.endswith("title")] == [root.get("aria-label")]
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def contrast_with_white(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)


@pytest.mark.parametrize("colour", [GREEN, RED, AMBER, GREY])
def test_a_badges_words_can_be_read_on_its_colour(colour: str) -> None:
    assert contrast_with_white(colour) > 4.5


def rendered(text: str) -> str:
    """As GitHub's kind of Markdown renders it, raw HTML included."""
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def test_the_summary_is_a_table_of_what_was_judged(scene: Scene) -> None:
    page = rendered(summary_markdown(scene.verify()))
    assert page.count("<tr>") == 1 + 4, "the claim without a result is counted, not listed"
    assert "Failed with exit code 1" in page
    assert "<td>🔴 NOT_REPRODUCED</td>" in page
    assert "1 record recomputed from their grades; every score came out again" in page
    assert "Not checked" in page


def test_the_summary_of_imports_alone_says_that_nothing_was_measured(scene: Scene) -> None:
    made = scene.verify().model_copy(update={"records": (), "claims": (), "imported": 15})
    assert "No claim has a result of ours yet" in summary_markdown(made)
    assert "15 imported files" in summary_markdown(made)


def test_hostile_names_stay_text_in_the_summary(hostile: Verification) -> None:
    page = rendered(summary_markdown(hostile, "a\n```\n# forged\n````\n<script>"))
    allowed = {"h2", "h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td",
               "pre", "code"}  # fmt: skip
    tags = set(re.findall(r"<([a-zA-Z][a-zA-Z0-9]*)", page))
    assert tags <= allowed, tags - allowed
    assert page.count("<tr>") == 1 + len(hostile.claims), "no row was begun or ended"
    assert page.count("<code") == 1, "the audits' block, and none of ours"
    assert "<h1>" not in page


@given(st.text())
def test_markdown_shows_any_text_as_it_is(text: str) -> None:
    page = rendered(f"x{markdown(text)}x")
    shown = ET.fromstring(page)
    assert len(shown) == 0, "one paragraph, and nothing in it but text"
    assert "".join(shown.itertext()).strip() == f"x{printable(text)}x"


def test_a_summary_beyond_githubs_limit_is_cut_and_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = scene.verify()
    monkeypatch.setattr(markdown_summary, "MAX_BYTES", 700)
    text = summary_markdown(made)
    assert len(text.encode()) < 900
    assert re.search(r"Cut here: \d+ more lines", text)


def unescaped(text: str) -> str:
    for spelled, letter in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(spelled, letter)
    return text


@given(st.text())
def test_escaping_for_workflow_commands_loses_nothing_and_ends_nothing(text: str) -> None:
    assert unescaped(escape_property(text)) == text
    assert not set(escape_property(text)) & set("\r\n:,")
    data = escape_data(text)
    assert not set(data) & set("\r\n")
    assert data.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == text


def reported(lines: list[str]) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in lines:
        match = COMMAND.match(line)
        assert match, line
        pairs = [pair.split("=", 1) for pair in match.group(2).split(",")]
        properties = {key: unescaped(value) for key, value in pairs}
        found.append((match.group(1), properties, unescaped(match.group(3))))
    return found


def test_annotations_point_at_the_claims_line(scene: Scene) -> None:
    made = scene.verify()
    lines = claim_lines(catalog_files([scene.claims]))
    places = {
        name: place
        for name, (path, line) in lines.items()
        if (place := file_place(path, line, scene.claims.parent.parent)) is not None
    }
    found = reported(annotations(made, places, {}))
    levels = {properties["title"]: level for level, properties, _ in found}
    assert levels == {
        "too-high: NOT_REPRODUCED": "error",
        "vague: INCONCLUSIVE": "warning",
        "greedy: NOT_COMPARABLE": "warning",
    }
    text = scene.claims.read_text().splitlines()
    for _, properties, _ in found:
        assert properties["file"] == "claims/mine.toml"
        name = properties["title"].split(":")[0]
        assert text[int(properties["line"]) - 1] == f"[claims.{name}]"


def test_annotations_point_at_the_record_where_the_claim_is_not_in_the_workspace(
    scene: Scene,
) -> None:
    made = scene.verify()
    record = made.records[0].file
    found = reported(annotations(made, {}, {record: Place(f"records/{record}", 1)}))
    assert {properties["file"] for _, properties, _ in found} == {f"records/{record}"}


def test_a_file_outside_of_the_workspace_has_no_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    assert file_place(tmp_path / "b.toml", 3, tmp_path / "a") is None
    assert file_place(tmp_path / "a" / "b.toml", 3, tmp_path / "a") == Place("b.toml", 3)


def test_no_name_forges_a_workflow_command(hostile: Verification) -> None:
    lines = annotations(hostile, {}, {hostile.records[0].file: Place(HOSTILE[1], 1)})
    assert lines
    for line in lines:
        assert "\n" not in line
        assert "\r" not in line
    levels = [level for level, _, _ in reported(lines)]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)


def test_beyond_what_github_shows_the_rest_is_counted(scene: Scene) -> None:
    made = scene.verify()
    many = made.model_copy(update={"claims": (of(made, "too-high"),) * 25})
    found = reported(annotations(many, {}, {}))
    assert len(found) == SHOWN
    assert found[-1][2].startswith("And 16 more")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_printed_text_is_between_words_that_it_cannot_contain(text: str) -> None:
    first, *_, last = (printed := silenced(text)).splitlines()
    token = first.removeprefix("::stop-commands::")
    assert last == f"::{token}::"
    assert printed.count(token) == 2
    assert token not in text


def test_claims_are_found_in_each_spelling_of_their_table(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        '[claims.a]\n\n  [ claims . "b.c" ]\n[averages.d]\n[models.e]\nclaims.f = 1\n'
        '[claims."g"] # x'
    )
    found = {name: line for name, (_, line) in claim_lines([path]).items()}
    assert found == {"a": 1, "b.c": 3, "d": 4, "g": 7}


def test_every_claim_of_the_packaged_catalog_has_a_line() -> None:
    catalog = load_catalog()
    assert set(claim_lines(catalog_files([]))) == {*catalog.claims, *catalog.averages}


def test_paths_are_refused_before_anything_is_done(tmp_path: Path) -> None:
    root = tmp_path / "records"
    (root / "results").mkdir(parents=True)
    (tmp_path / "file").write_text("x")
    for path, says in (
        (tmp_path, "is a folder"),
        (tmp_path / "file" / "below", "is no folder"),
        (root / "results" / "x.xml", "lies among the records"),
        (root / "grades" / "deep" / "x.xml", "lies among the records"),
    ):
        with pytest.raises(UsageError, match=says):
            check_targets({"--junit": path}, root, {})
    with pytest.raises(UsageError, match="is the same file as that of --badge"):
        check_targets({"--badge": tmp_path / "a", "--junit": tmp_path / "." / "a"}, root, {})
    with pytest.raises(UsageError, match="is the same file as that of --baseline"):
        check_targets({"--junit": tmp_path / "b"}, root, {"--baseline": tmp_path / "b"})
    check_targets({"--junit": tmp_path / "new" / "deep" / "x.xml"}, root, {})


def test_a_file_that_cannot_be_written_in_the_end_is_one_sentence_and_no_half_file(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    with pytest.raises(UsageError, match="cannot be written"):
        write_all({tmp_path / "first": "whole", blocked / "second": "x"})
    assert (tmp_path / "first").read_text() == "whole"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocked", "first"]


def test_a_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "s.md"
    assert appended(path, "new\n") == "new\n"
    path.write_text("old")
    assert appended(path, "new\n") == "old\nnew\n"
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="cannot be added to"):
        appended(path, "new\n")


def test_every_verdict_has_a_sign_of_its_own_in_the_summary(scene: Scene) -> None:
    text = summary_markdown(scene.verify(fail_on=frozenset({FailOn.NOT_MEASURED})))
    for verdict, label in LABELS.items():
        assert f"| {label.emoji} {markdown(str(verdict))} |" in text


def test_a_hostile_record_reaches_no_output_as_it_is(scene: Scene) -> None:
    model = "x]]><b>|`::error::"
    seal(scene.home, model, "smoke-30", shares(30, 8, 10))
    made = scene.verify()
    assert any(model in record.model for record in made.records)
    valid(junit_xml(made))
