"""Bytes against the index, the home and the lock; samples; exit codes."""

import json
from pathlib import Path

import pytest

from tests.checking.sites import OTHER, MadeSite, page
from tests.support.program import call
from tina_bench.board.checking import check as checking
from tina_bench.board.checking.check import check_site
from tina_bench.board.checking.findings import Level
from tina_bench.errors import IntegrityError, UsageError
from tina_bench.store.home import Home


@pytest.fixture
def made(tmp_path: Path) -> MadeSite:
    return MadeSite(tmp_path / "site")


def changed(site: Path, **options: object) -> list[tuple[str, str]]:
    checked = check_site(site, **options)  # type: ignore[arg-type]
    return [(f.rule, f.path) for f in checked.findings if f.level is Level.CHANGED]


def test_a_changed_a_missing_and_a_further_file_are_found(made: MadeSite) -> None:
    site = made.write()
    assert changed(site) == []
    (site / "data/results.csv").write_text("model\nb\n")
    (site / "other.html").unlink()
    (site / "further.html").write_text("x")
    assert changed(site) == [
        ("hash", "data/results.csv"), ("listed", "further.html"), ("listed", "other.html"),
    ]  # fmt: skip


def test_a_file_that_leads_out_of_the_site_is_not_read(made: MadeSite, tmp_path: Path) -> None:
    site = made.write()
    (tmp_path / "secret").write_text("model\na\n")
    (site / "data/results.csv").unlink()
    (site / "data/results.csv").symlink_to(tmp_path / "secret")
    assert changed(site) == [("listed", "data/results.csv")]


def test_an_index_whose_digest_is_of_other_records_is_found(made: MadeSite) -> None:
    assert changed(made.write(digest="0" * 12)) == [("digest", "index.json")]


def test_records_are_compared_with_the_home(made: MadeSite, tmp_path: Path) -> None:
    site, home = made.write(), Home(tmp_path / "home")
    path = home.result_file("paper", "a", "t")
    assert changed(site, home=home) == [("home", "data/records/a/t.json")]
    path.parent.mkdir(parents=True)
    path.write_text(made.files["data/records/a/t.json"])
    # It is no result record, which only reading the home tells.
    with pytest.raises(IntegrityError, match=r"t\.json"):
        check_site(site, home=home)


def test_the_lock_is_compared_by_its_digest(made: MadeSite) -> None:
    site = made.write()
    assert changed(site, lock_digest="1" * 64) == []
    assert changed(site, lock_digest="2" * 64) == [("lock", "index.json")]


def test_a_folder_without_an_index_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no leaderboard"):
        check_site(tmp_path)
    (tmp_path / "index.json").write_text('{"what": "an app"}')
    with pytest.raises(IntegrityError, match=r"index\.json: what: "):
        check_site(tmp_path)


def test_a_schema_that_is_not_there_is_an_error(made: MadeSite) -> None:
    del made.files["schema/record.v1.json"]
    (found,) = check_site(made.write()).findings
    assert (found.rule, found.level) == ("schema", Level.ERROR)


def many_runs(made: MadeSite, count: int) -> None:
    up = (
        page(OTHER).replace('href="', 'href="../../../').replace("../../../index", "../../../other")
    )
    for seed in range(count):
        made.files[f"runs/a/t/seed-{seed}.html"] = up


def test_fast_looks_at_some_runs_and_says_what_it_left_out(made: MadeSite) -> None:
    many_runs(made, 130)
    made.files["runs/a/t/seed-7.html"] += "<p>"
    site = made.write()
    whole, fast = check_site(site), check_site(site, fast=True)
    assert (whole.pages, fast.pages) == (132, 102)
    assert fast.files == whole.files
    assert whole.not_looked_at == fast.not_looked_at[-1:]
    assert fast.not_looked_at[0].startswith("30 of 130 run pages")
    assert [f.rule for f in whole.findings] == ["nesting"]
    (site / "runs/a/t/seed-3.html").write_text("other")
    assert ("hash", "runs/a/t/seed-3.html") in changed(site, fast=True)


def test_several_processes_find_what_one_finds(
    made: MadeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_runs(made, 6)
    made.files["runs/a/t/seed-2.html"] += "<p>"
    made.files["runs/a/t/seed-5.html"] = made.files["runs/a/t/seed-5.html"].replace("<h1>", "<h4>")
    site = made.write()
    one = check_site(site)
    assert len(one.findings) >= 2
    monkeypatch.setattr(checking, "BYTES_FOR_PROCESSES", 0)
    monkeypatch.setattr(checking, "_PIECE_BYTES", 500)
    seen: list[tuple[int, int]] = []
    assert check_site(site, on_progress=lambda *said: seen.append(said)) == one
    assert seen[-1] == (one.bytes, one.bytes)
    assert len(seen) > 3


def test_exit_codes_and_output(made: MadeSite) -> None:
    site = made.write()
    ended = call("leaderboard", "check", site)
    assert (ended.code, ended.err) == (0, "")
    assert "6 files, 2 pages" in ended.out
    assert "Not looked at: the records of the home" in ended.out

    made.files["other.html"] = page(
        f"{OTHER}<table><tbody><tr><th scope='row'>x</th></tr></tbody></table>"
    )
    site = made.write()
    assert call("leaderboard", "check", site).code == 0
    assert call("leaderboard", "check", site, "--fail-on", "warning").code == 1

    made.files["other.html"] = page(f"{OTHER}<img src=x>")
    site = made.write()
    ended = call("leaderboard", "check", site, "--json")
    assert ended.code == 1
    assert {f["rule"] for f in ended.json()["findings"]} >= {"alt", "load"}
    assert call("leaderboard", "check", site, "--fail-on", "nothing").code == 0

    (site / "data/results.csv").write_text("x")
    ended = call("leaderboard", "check", site, "--fail-on", "nothing")
    assert ended.code == 14
    assert "data/results.csv: found sha256" in ended.sentence
    assert call("leaderboard", "check", site / "data").code == 11


def test_hostile_names_are_shown_as_what_they_are(made: MadeSite) -> None:
    made.files["other.html"] = page(f'{OTHER}<a href="\u202e[red]x\x1b[31m">x</a>')
    ended = call("leaderboard", "check", made.write())
    assert ended.code == 1
    assert "\x1b" not in ended.out
    assert "\u202e" not in ended.out
    assert "[red]" in ended.out.replace("\n", "").replace(" ", "")


def test_without_a_name_the_home_s_own_site_is_checked_against_its_records(
    made: MadeSite, tmp_path: Path
) -> None:
    home = Home(tmp_path / "home")
    made.root = home.site
    made.write()
    ended = call("leaderboard", "check", "--home", home.root, "--json")
    assert ended.code == 14
    assert {f["rule"] for f in json.loads(ended.out)["findings"]} == {"home"}
