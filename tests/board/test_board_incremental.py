"""Building again: only what changed is made anew, and nobody can tell from the result."""

import fcntl
import json
import os
from pathlib import Path

import pytest
from board_catalog import ADAPTER, BASE, catalog
from test_board_build import contents, only

from tina_bench.board.output.cache import Cache
from tina_bench.board.output.incremental import BuildState
from tina_bench.board.site.build import SiteOptions, SiteSummary, build_site
from tina_bench.board.transcripts import ALL_TEXTS
from tina_bench.errors import IntegrityError
from tina_bench.files.append_log import LogWriter, read_log
from tina_bench.files.atomic import write_model
from tina_bench.store.home import Home

pytestmark = pytest.mark.slow


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def build(home: Home, out: Path, cache: Path | None, texts: int = ALL_TEXTS) -> SiteSummary:
    options = SiteOptions(texts_a_task=texts, cache=cache)
    return build_site(home=home, catalog=catalog(), out=out, options=options)


def inodes(site: Path) -> dict[str, int]:
    found = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): path.stat().st_ino for path in found}


def damage(home: Home) -> None:
    """Other outcomes for one model on one task."""
    path = home.result_file("paper", BASE, "aime24")
    record = json.loads(path.read_text(encoding="utf-8"))
    for problem in record["problems"]:
        if not any(problem["undecided"]):
            problem["correct"] = [not value for value in problem["correct"]]
    path.write_text(json.dumps(record), encoding="utf-8")


def test_a_second_build_takes_every_run_over_and_gives_the_same_files(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    first = build(own_home, tmp_path / "site", cache)
    before, files = contents(tmp_path / "site"), inodes(tmp_path / "site")
    second = build(own_home, tmp_path / "site", cache)
    assert (first.taken_over, second.taken_over) == (0, first.answers)
    assert contents(tmp_path / "site") == before
    assert inodes(tmp_path / "site") == files
    assert (second.files, second.bytes) == (first.files, first.bytes)


def test_a_changed_record_rewrites_only_pages_that_speak_of_it(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    site = tmp_path / "site"
    build(own_home, site, cache)
    before = inodes(site)
    damage(own_home)
    summary = build(own_home, site, cache)
    after = inodes(site)
    (changed,) = [r for r in own_home.results() if (r.model, r.task) == (BASE, "aime24")]
    assert summary.taken_over == summary.answers - changed.n * changed.k
    assert f"runs/{BASE}/aime24/seed-0.html" in before
    assert before[f"runs/{BASE}/aime24/seed-0.html"] != after[f"runs/{BASE}/aime24/seed-0.html"]
    for path in before:
        if path.startswith((f"runs/{ADAPTER}/", f"runs/{BASE}/amc23", f"data/samples/{ADAPTER}")):
            assert before[path] == after[path], path


def test_with_and_without_a_cache_the_bytes_are_the_same(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    build(own_home, tmp_path / "site", cache)
    damage(own_home)
    build(own_home, tmp_path / "site", cache)
    build(own_home, tmp_path / "plain", None)
    assert contents(tmp_path / "site") == contents(tmp_path / "plain")


def test_other_options_take_nothing_over(own_home: Home, tmp_path: Path, cache: Path) -> None:
    only(own_home, BASE, "aime24")
    build(own_home, tmp_path / "site", cache)
    assert build(own_home, tmp_path / "site", cache, texts=3).taken_over == 0


def test_a_log_with_another_time_is_hashed_again(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    only(own_home, BASE, "aime24")
    build(own_home, tmp_path / "site", cache)
    log = own_home.sample_log(BASE, f"identity-{BASE}")
    log.write_bytes(log.read_bytes().replace(b"javascript", b"Javascript", 1))
    with pytest.raises(IntegrityError, match=str(log)):
        build(own_home, tmp_path / "site", cache)


@pytest.mark.parametrize("hurt", ["gone", "longer", "touched", "whole site gone"])
def test_a_page_that_is_not_as_it_was_written_is_made_again(
    own_home: Home, tmp_path: Path, cache: Path, hurt: str
) -> None:
    only(own_home, BASE, "aime24")
    site = tmp_path / "site"
    build(own_home, site, cache)
    before = contents(site)
    page = site / "runs" / BASE / "aime24" / "seed-0.html"
    if hurt == "gone":
        page.unlink()
    elif hurt == "longer":
        page.write_bytes(page.read_bytes() + b"more")
    elif hurt == "touched":
        os.utime(page, (1, 1))
    else:
        site.rename(tmp_path / "elsewhere")
    assert build(own_home, site, cache).taken_over == 0
    assert contents(site) == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"groups": {"x": 1}}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, cache: Path, content: str) -> None:
    state = BuildState.of(cache, tmp_path / "site")
    assert state.file is not None
    state.file.parent.mkdir(parents=True)
    state.file.write_text(content)
    assert BuildState.of(cache, tmp_path / "site").groups == {}


def test_a_drawing_is_made_once_and_a_damaged_one_again(tmp_path: Path) -> None:
    cache, made = Cache(tmp_path), []

    def make() -> bytes:
        made.append(1)
        return b"drawn"

    assert [cache.get("plot", ["a", 1], make) for _ in range(2)] == [b"drawn"] * 2
    assert len(made) == 1
    cache.get("plot", ["a", 2], make)
    cache.get("other", ["a", 1], make)
    assert len(made) == 3
    (damaged, *_) = (path for path in tmp_path.glob("plot/*/*"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    for key in (1, 2):
        assert cache.get("plot", ["a", key], make) == b"drawn"
    assert len(made) == 4


def test_a_record_s_file_is_offered_byte_for_byte(own_home: Home, tmp_path: Path) -> None:
    only(own_home, BASE, "aime24")
    build(own_home, tmp_path / "site", None)
    (record,) = own_home.results()
    write_model(tmp_path / "written", record)
    offered = tmp_path / "site" / "data" / "records" / BASE / "aime24.json"
    assert offered.read_bytes() == (tmp_path / "written").read_bytes()


def test_what_a_killed_build_has_left_is_removed_and_what_is_at_work_is_not(
    own_home: Home, tmp_path: Path
) -> None:
    only(own_home, BASE, "aime24")
    left, at_work, others = (
        tmp_path / name for name in (".site.dead.new", ".site.busy.new", ".else.new")
    )
    for folder in (left, at_work, others):
        (folder / "runs").mkdir(parents=True)
    held = os.open(at_work, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    build(own_home, tmp_path / "site", None)
    os.close(held)
    assert [folder.exists() for folder in (left, at_work, others)] == [False, True, True]


def run_pages(site: Path, model: str, task: str) -> dict[str, int]:
    """Of each run, without the parts of long texts."""
    folder = site / "runs" / model / task
    return {path.name: path.stat().st_ino for path in folder.glob("*.html")}


def test_a_log_that_only_grew_is_read_and_the_pages_of_its_old_answers_stay(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    site = tmp_path / "site"
    first = build(own_home, site, cache)
    before = inodes(site)
    log, grades = own_home.sample_log(BASE, f"identity-{BASE}"), own_home.grade_log(BASE, "grader")
    for path in (log, grades):  # what a further run of another task leaves
        lines = [*read_log(path)]
        with LogWriter(path) as writer:
            writer.append(line | {"task": "amc23", "seed": 9} for line in lines[:40])
    again = build(own_home, site, cache)
    assert again.taken_over == first.answers
    assert inodes(site) == before
    # Read they were: with another byte in the part that the results count, nothing is built.
    log.write_bytes(log.read_bytes().replace(b"javascript", b"Javascript", 1))
    with pytest.raises(IntegrityError, match=str(log)):
        build(own_home, site, cache)


def test_what_another_grader_says_later_is_on_the_pages_it_speaks_of_and_no_others(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    site = tmp_path / "site"
    build(own_home, site, cache)
    before = {task: run_pages(site, BASE, task) for task in ("aime24", "amc23")}
    own = own_home.grade_log(BASE, "grader")
    said = [grade for grade in read_log(own) if grade["task"] == "aime24"]
    with LogWriter(own_home.grade_log(BASE, "third-grader")) as writer:
        writer.append(grade | {"metric": "m:third"} for grade in said)
    build(own_home, site, cache)
    after = {task: run_pages(site, BASE, task) for task in before}
    assert after["amc23"] == before["amc23"]
    assert not set(after["aime24"].items()) & set(before["aime24"].items())
    build(own_home, tmp_path / "fresh", None)
    assert contents(site) == contents(tmp_path / "fresh")


def test_pages_of_a_log_that_only_grew_are_made_again_where_somebody_touched_them(
    own_home: Home, tmp_path: Path, cache: Path
) -> None:
    site = tmp_path / "site"
    build(own_home, site, cache)
    before = contents(site)
    os.utime(own_home.sample_log(BASE, f"identity-{BASE}"), (1, 1))
    (site / "runs" / BASE / "aime24" / "seed-0.html").write_text("mine")
    build(own_home, site, cache)
    assert contents(site) == before
