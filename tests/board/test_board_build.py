"""Building: whole or not at all, the same every time, and only from evidence that holds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from board_catalog import ADAPTER, BASE, catalog
from board_pages import Page, pages
from conftest import build

import tina_bench.board.site.writer as filling
from tina_bench.board.output import paths
from tina_bench.board.output.templates import site_folder
from tina_bench.board.site import run_pages
from tina_bench.board.site.build import SiteOptions, SiteSummary, build_site
from tina_bench.errors import BlockedError, IntegrityError, UsageError
from tina_bench.files.append_log import LogWriter, read_log
from tina_bench.files.atomic import write_model
from tina_bench.stats.report import build_report
from tina_bench.store.home import Home

pytestmark = pytest.mark.slow


def contents(site: Path) -> dict[str, bytes]:
    return {p.relative_to(site).as_posix(): p.read_bytes() for p in site.rglob("*") if p.is_file()}


def only(home: Home, model: str, *tasks: str) -> None:
    """Take all other results away."""
    for path in (home.root / "results").glob("*/*/*.json"):
        if path.parent.name != model or path.stem not in tasks:
            path.unlink()


def test_two_builds_are_equal_byte_for_byte(home: Home, site: Path, tmp_path: Path) -> None:
    """The second in a process of its own: no clock, no hash seed, no folder name shows."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nfrom conftest import build\n"
        "from tina_bench.store.home import Home\n"
        "build(Home(Path(sys.argv[2])), Path(sys.argv[3]))"
    )
    again = tmp_path / "elsewhere" / "again"
    repository = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Tokyo",
        "PYTHONPATH": str(repository),
    }
    arguments = [str(Path(__file__).parent), str(home.root), str(again)]
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, env=environment)
    assert contents(again) == contents(site)


def test_a_failing_build_leaves_the_old_site_and_nothing_else(
    own_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out" / "site"
    only(own_home, BASE, "aime24")
    build(own_home, out)
    before = contents(out)

    def fails(*_: object) -> bytes:
        raise OSError("no space left on device")

    monkeypatch.setattr(filling, "site_index", fails)
    with pytest.raises(OSError, match="no space"):
        build(own_home, out)
    assert contents(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["site"]


def test_a_build_replaces_the_old_site_and_leaves_nothing_beside_it(
    own_home: Home, tmp_path: Path
) -> None:
    out = tmp_path / "out" / "site"
    only(own_home, BASE, "aime24")
    build(own_home, out)
    (out / "left-over.html").write_text("old")
    build(own_home, out)
    assert not (out / "left-over.html").exists()
    assert [path.name for path in out.parent.iterdir()] == ["site"]


@pytest.mark.parametrize("foreign", ["folder", "file"])
def test_what_is_not_a_site_is_never_replaced(home: Home, tmp_path: Path, foreign: str) -> None:
    out = tmp_path / "thesis"
    if foreign == "folder":
        out.mkdir()
        (out / "chapter-1.tex").write_text("years of work")
    else:
        out.write_text("years of work")
    with pytest.raises(UsageError, match="choose an"):
        build(home, out)
    assert out.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis"]


def test_an_empty_home_gives_a_site_that_says_so(tmp_path: Path) -> None:
    summary = build(Home(tmp_path / "home"), tmp_path / "site")
    page = Page.of(summary.out / "index.html")
    assert "No result has been recorded yet." in page.text
    assert "Of 9 published scores, none was tested here yet" in page.text
    assert "The ledger is empty" in Page.of(summary.out / "cost.html").text
    assert (summary.newest, summary.answers) == (None, 0)


def test_without_its_log_a_record_still_gives_outcomes(own_home: Home, tmp_path: Path) -> None:
    only(own_home, BASE, "aime24")
    own_home.sample_log(BASE, f"identity-{BASE}").unlink()
    summary = build(own_home, tmp_path / "site")
    assert (summary.answers, summary.transcripts) == (120, 0)
    page = Page.of(tmp_path / "site" / "runs" / BASE / "aime24" / "seed-0.html")
    assert "not in the home" in page.text
    assert page.transcripts == []


def test_transcripts_can_be_left_out(own_home: Home, tmp_path: Path) -> None:
    only(own_home, BASE, "aime24")
    summary = build(own_home, tmp_path / "site", SiteOptions(with_samples=False))
    assert (summary.answers, summary.transcripts) == (120, 0)
    assert summary.bytes < 1_000_000


def test_a_log_that_was_changed_is_refused(own_home: Home, tmp_path: Path) -> None:
    log = own_home.sample_log(BASE, f"identity-{BASE}")
    log.write_bytes(log.read_bytes().replace(b"javascript", b"Javascript", 1))
    with pytest.raises(IntegrityError, match=str(log)):
        build(own_home, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_answers_of_another_protocol_in_the_same_log_are_not_shown(
    own_home: Home, site: Path, tmp_path: Path
) -> None:
    only(own_home, BASE, "aime24")
    log = own_home.sample_log(BASE, f"identity-{BASE}")
    lines = list(read_log(log))
    other = [{**x, "protocol": "0" * 16, "text": "other", "tokens_out": 5} for x in lines]
    with LogWriter(log) as writer:
        writer.append(other)
    build(own_home, tmp_path / "site")
    path = Path("runs") / BASE / "aime24" / "seed-0.html"
    assert Page.of(tmp_path / "site" / path).transcripts == Page.of(site / path).transcripts


def test_a_record_that_fits_no_answers_is_refused(own_home: Home, tmp_path: Path) -> None:
    path = own_home.result_file("paper", BASE, "aime24")
    record = json.loads(path.read_text(encoding="utf-8"))
    record["problems"][0]["tokens_out"][0] += 1
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(IntegrityError, match="not the one that its result counts"):
        build(own_home, tmp_path / "site")


def test_a_grade_that_says_other_than_the_record_is_not_shown(
    own_home: Home, tmp_path: Path
) -> None:
    only(own_home, BASE, "aime24")
    log = own_home.grade_log(BASE, "grader")
    with LogWriter(log) as writer:
        lines = list(read_log(log))
        writer.append(
            {**x, "status": "graded", "correct": not x["correct"], "extracted": "stale"}
            for x in lines
        )
    build(own_home, tmp_path / "site")
    text = Page.of(tmp_path / "site" / "runs" / BASE / "aime24" / "seed-0.html").text
    assert "stale" not in text.partition("What the model wrote")[0]
    assert text.count("Right answerunknown") == 30


def test_what_was_appended_after_the_record_cannot_replace_an_answer(
    own_home: Home, site: Path, tmp_path: Path
) -> None:
    only(own_home, BASE, "aime24")
    log = own_home.sample_log(BASE, f"identity-{BASE}")
    with LogWriter(log) as writer:
        writer.append([{**line, "text": "other"} for line in read_log(log)])
    build(own_home, tmp_path / "site")
    path = Path("runs") / BASE / "aime24" / "seed-0.html"
    assert Page.of(tmp_path / "site" / path).transcripts == Page.of(site / path).transcripts


@pytest.mark.parametrize("where", ["../../etc/passwd", "/etc/passwd"])
@pytest.mark.parametrize("log", ["sample_log", "grade_log"])
def test_a_record_cannot_have_files_outside_the_home_read(
    own_home: Home, tmp_path: Path, where: str, log: str
) -> None:
    record = next(r for r in own_home.results() if r.model == BASE and r.task == "aime24")
    provenance = record.provenance.model_copy(update={log: where})
    changed = record.model_copy(update={"provenance": provenance})
    write_model(own_home.result_file("paper", BASE, "aime24"), changed)
    with pytest.raises(IntegrityError, match="outside this home"):
        build(own_home, tmp_path / "site")


def test_grades_of_others_behind_a_link_that_leads_out_are_not_read(
    own_home: Home, tmp_path: Path
) -> None:
    only(own_home, BASE, "aime24")
    (tmp_path / "elsewhere.jsonl").write_text("secret")
    own_home.grade_log(BASE, "linked").symlink_to(tmp_path / "elsewhere.jsonl")
    with pytest.raises(IntegrityError, match="a link that leads out of the home"):
        build(own_home, tmp_path / "site")


@pytest.mark.parametrize("name", ["../../escape", "a/b", "<img src=x>", ""])
def test_a_record_cannot_write_outside_the_site(own_home: Home, tmp_path: Path, name: str) -> None:
    record = next(r for r in own_home.results() if r.model == BASE and r.task == "aime24")
    write_model(
        own_home.root / "results" / "paper" / "x" / "x.json",
        record.model_copy(update={"model": name}),
    )
    with pytest.raises(IntegrityError, match="expected 'x', as its place says"):
        build(own_home, tmp_path / "site")


def test_a_folder_s_name_that_is_no_name_is_refused(own_home: Home, tmp_path: Path) -> None:
    record = next(r for r in own_home.results() if r.model == BASE and r.task == "aime24")
    name = "<img src=x>"
    write_model(
        own_home.result_file("paper", name, "aime24"), record.model_copy(update={"model": name})
    )
    with pytest.raises(IntegrityError, match="as the name of a model or task"):
        build(own_home, tmp_path / "site")


def test_a_report_of_other_records_is_refused(own_home: Home, tmp_path: Path) -> None:
    report = build_report(catalog(), own_home.results())
    only(own_home, BASE, "aime24")
    with pytest.raises(UsageError, match="make it anew"):
        build_site(home=own_home, catalog=catalog(), report=report, out=tmp_path / "site")


def test_a_long_run_is_cut_into_pages_that_hold_every_problem_once(
    own_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(own_home, BASE, "amc23")
    for module in (paths, run_pages):
        monkeypatch.setattr(module, "PROBLEMS_A_PAGE", 15)
    build(own_home, tmp_path / "site")
    found = pages(tmp_path / "site")
    names = [f"runs/{BASE}/amc23/seed-0{end}.html" for end in ("", "-page-2", "-page-3")]
    ids = [identity for name in names for identity in found[name].ids if "problem-" in identity]
    assert ids == [f"problem-{index}" for index in range(40)]


def test_the_average_says_how_many_tasks_it_is_over(own_home: Home, tmp_path: Path) -> None:
    own_home.result_file("paper", ADAPTER, "amc23").unlink()
    build(own_home, tmp_path / "site", SiteOptions(with_samples=False))
    text = Page.of(tmp_path / "site" / "index.html").text
    assert (text.count("2 tasks"), text.count("3 tasks")) == (1, 2)  # one is the headline's


def test_templates_are_taken_from_the_package_before_the_checkout(tmp_path: Path) -> None:
    packaged, checkout = tmp_path / "_site", tmp_path / "leaderboard"
    for place in (packaged, checkout):
        (place / "templates").mkdir(parents=True)
        (place / "assets").mkdir()
    assert site_folder((packaged, checkout)) == packaged
    assert site_folder((tmp_path / "none", checkout)) == checkout
    with pytest.raises(BlockedError, match="install tina-bench again"):
        site_folder((tmp_path / "none", tmp_path / "neither"))


def test_the_summary_counts_what_was_built(summary: SiteSummary, site: Path) -> None:
    assert summary.pages == len(list(site.rglob("*.html")))
    assert summary.bytes == sum(p.stat().st_size for p in site.rglob("*") if p.is_file())
    assert (summary.answers, summary.transcripts) == (720, 720)
