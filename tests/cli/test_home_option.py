"""`--home`: one option for a home and for a folder of records, and a misspelled one is said."""

from pathlib import Path

import pytest

from tests.support.program import ROOT, call

READING = (
    ("audit",), ("compare",), ("cost",), ("leaderboard", "build"), ("leaderboard", "check"),
    ("leaderboard", "serve"), ("regrade",), ("results", "imported"), ("results", "list"),
    ("results", "show", "open-rs3", "aime24"), ("verify",),
)  # fmt: skip


@pytest.mark.parametrize("verb", READING, ids=" ".join)
def test_a_verb_that_only_reads_says_that_the_named_home_is_not_there(
    verb: tuple[str, ...], tmp_path: Path
) -> None:
    ended = call(*verb, "--home", tmp_path / "results-x")
    assert (ended.code, ended.out) == (11, "")
    assert ended.sentence.startswith(f"--home {tmp_path / 'results-x'}: is no folder, expected ")
    assert not any(tmp_path.iterdir()), "reading creates nothing"


def test_the_environment_may_name_a_home_that_is_yet_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    ended = call("results", "list")
    assert (ended.code, ended.err) == (0, "")
    assert "Nothing has been measured" in ended.out


def test_a_verb_that_writes_may_name_a_home_that_is_yet_to_come(tmp_path: Path) -> None:
    ended = call("plan", "--all", "--profile", "smoke", "--home", tmp_path / "home", "--json")
    assert ended.code == 0
    assert ended.json()["already_done"] == 0


def test_the_former_option_names_the_one_that_took_its_place() -> None:
    ended = call("verify", "--records", "leaderboard/records")
    assert ended.code == 11
    assert ended.sentence.endswith("with --home leaderboard/records.")
    assert "--records" not in call("verify", "--help").out


def test_committed_records_are_a_home_like_any_other() -> None:
    records = ROOT / "leaderboard" / "records"
    arguments = ("--home", records, "--without-samples", "--fail-on", "nothing", "--no-audits")
    ended = call("verify", *arguments, "--json")
    assert ended.code == 0
    assert ended.json()["records"]
    assert call("results", "list", "--home", records, "--json").json()
