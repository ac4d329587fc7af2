"""`tina-bench audit`: what it prints, in both forms, and that a stranger's text stays text."""

import json
from pathlib import Path

import pytest

from tests.support.program import ROOT, call, processor_seconds
from tina_bench.cli.show.audits.sections import Section


@pytest.fixture(scope="module")
def home(open_rs_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("audit") / "home"
    said = ("--who", "Open-RS authors", "--source", "logs/")
    ended = call("import", open_rs_logs, *said, "--home", root)
    assert ended.code == 0
    return root


def test_it_works_with_nothing_but_the_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "no home"))
    ended = call("audit")
    assert (ended.code, ended.err) == (0, "")
    assert not (tmp_path / "no home").exists(), "reading creates nothing"
    for text in (
        "Published scores against their own log",
        "aime24: the 68 single-run claims resolve",
        "The best of many",
        "Gain over the base r1-distill-qwen-1.5b",
        "39.33 is no score of 30 problems × 64 runs",
        "differ by more than chance",
    ):
        assert text in ended.out


def test_what_matters_comes_first() -> None:
    out = call("audit").out
    places = [
        out.index(text)
        for text in (
            "Published scores against", "What a single run can resolve", "The best of many",
            "Gain over the base", "Printed values that", "Who disagrees",
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_imported_logs_confirm_what_the_catalog_alone_cannot(home: Path) -> None:
    assert "9 × the log says the same" in call("audit").out
    ended = call("audit", "--home", home)
    assert "13 × the log says the same" in ended.out
    assert "only its folder's name tells" in ended.out


def test_json_has_everything_and_its_schema_s_version(home: Path) -> None:
    document = call("audit", "--json", "--home", home).json()
    assert document["schema_version"] == 1
    assert {len(document[key]) > 0 for key in document if key != "schema_version"} == {True}
    assert json.dumps(document, allow_nan=False)


def test_one_model_is_shown_alone() -> None:
    document = call("audit", "--json", "--model", "tina-open-rs2").json()
    assert {gain["model"] for gain in document["gains"]} == {"tina-open-rs2"}
    assert document["own_logs"] == []
    shown = call("audit", "--model", "tina-open-rs2", "--all")
    assert shown.code == 0
    assert "tina-limr" not in shown.out
    assert "picked out of 17 checkpoints" in " ".join(shown.out.split())


def test_a_model_that_does_not_exist_is_one_sentence() -> None:
    ended = call("audit", "--model", "tina-open-rs9")
    assert ended.code == 11
    assert "'tina-open-rs9'" in ended.sentence


def test_all_adds_every_sentence_and_every_other_choice_of_evidence() -> None:
    short, long = call("audit").out, call("audit", "--all").out
    assert len(long) > 2 * len(short)
    plain = " ".join(long.split())
    for text in (
        "with what was left out",
        "with the binomial bound as the variance of every run",
        "45.25 follows from its 6 cells",
        "Not evidence of its own",
        "Tina authors: 126 of 126 scores are scores of one run",
    ):
        assert text in plain


HOSTILE = """
[models.evil]
title = "[red]evil[/red]"
kind = "baseline"
family = "[bold]"
source = "unpublished"

[claims.evil-a]
model = "evil"
task = "aime24"
value_percent = 90.0
decimals = 1
runs = 64
who = "[red]me[/red]\\u001b[31m"
source = "[link=file:///etc/passwd]x"
confidence = "read"

[claims.evil-b]
model = "evil"
task = "aime24"
value_percent = 10.0
decimals = 1
runs = 64
who = "[/bold] others"
source = "y"
confidence = "read"
"""


def test_a_stranger_s_catalog_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.toml"
    path.write_text(HOSTILE)
    for flags in ((), ("--all",)):
        ended = call("audit", "--catalog", path, "--model", "evil", *flags)
        assert ended.code == 0
        assert "\x1b" not in ended.out
        assert "[red]me[/red]" in " ".join(ended.out.split())


def test_it_takes_a_few_times_what_the_catalog_takes(home: Path) -> None:
    """One to three seconds on most machines; this one may be slow, and busy with something else."""
    _, catalog = processor_seconds("catalog", "list", "--json")
    ended, audit = processor_seconds("audit", "--home", home)
    assert ended.code == 0
    assert 0 < audit < 12 * catalog


def test_one_audit_alone_is_printed_where_it_is_named() -> None:
    out = call("audit", "--only", "values").out
    assert "Printed values that" in out
    assert "Who disagrees" not in out
    assert "What a single run can resolve" not in out


def test_verify_ends_in_a_dozen_lines_about_the_audits_and_how_to_see_each() -> None:
    records = ROOT / "leaderboard" / "records"
    out = call("verify", "--home", records, "--fail-on", "nothing").out
    _, heading, summary = out.partition("Audits of the published numbers themselves")
    assert heading, out
    lines = summary.splitlines()
    assert len(lines) <= 12
    assert "tina-bench audit --only NAME" in lines[0]
    named = [line.split()[0] for line in lines[1:]]
    assert sorted(named) == sorted(Section), "every audit of the catalog has found something"
    whole = call("verify", "--home", records, "--fail-on", "nothing", "--all").out
    assert "Who disagrees" in whole
