"""`tina-bench verify` as scripts see it: exit codes, documents, and files that are whole."""

import datetime
import json
import os
import random
import shutil
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from tests.support.program import Ended, call, processor_seconds
from tests.support.sealed import mixed, seal
from tests.verifying.cases import CLAIMS, HOSTILE, MODEL, Scene, claim, measure, write_claims
from tina_bench.store import records
from tina_bench.store.home import Home
from tina_bench.store.records import ResultRecord


@pytest.fixture(autouse=True)
def _outside_of_github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(measure(tmp_path / "records"), write_claims(tmp_path / "claims" / "mine.toml"))


def verify(scene: Scene, *arguments: object, audits: bool = False) -> Ended:
    """Without the audits and others, where a test is not about them."""
    quick = () if audits else ("--no-audits", "--no-others")
    return call("verify", "--home", scene.home.root, "--catalog", scene.claims, *quick, *arguments)


def codes(scene: Scene, *arguments: object) -> int:
    return verify(scene, *arguments).code


def test_exit_codes_are_those_of_the_help(scene: Scene) -> None:
    assert codes(scene) == 1
    assert codes(scene, "--fail-on", "nothing") == 0
    assert codes(scene, "--fail-on", "inconclusive") == 3
    assert codes(scene, "--strict") == 1
    assert codes(scene, "--fail-on", "not-comparable,not-measured") == 3
    assert codes(scene, "--fail-on", "sometimes") == 11
    write_claims(scene.claims, {"vague": CLAIMS["vague"]})
    assert codes(scene) == 0
    assert codes(scene, "--strict") == 3
    (path,) = scene.home.root.glob("grades/*/*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"correct":true', b'"correct":tru1', 1))
    assert codes(scene, "--fail-on", "nothing") == 15
    path.unlink()
    assert codes(scene, "--fail-on", "nothing") == 14
    shutil.rmtree(scene.home.root / "results")
    assert codes(scene) == 22


def test_the_table_tells_verdicts_records_and_counts(scene: Scene) -> None:
    ended = verify(scene)
    text = " ".join(ended.out.split())
    for expected in (
        "✗ NOT_REPRODUCED smoke-base smoke-30 80.0 39.17",
        "◐ INCONCLUSIVE",
        "1 record recomputed from grades: every score came out again.",
        "Not checked, problems of 1 record",
        "1 NOT_REPRODUCED, 1 INCONCLUSIVE, 1 NOT_COMPARABLE",
    ):
        assert expected in text
    assert "nobody-measured" not in text
    assert ended.err == ""


def test_json_is_the_whole_of_it_and_the_report_file_is_the_same(scene: Scene) -> None:
    made = verify(scene, "--json", "--report", "r.json").json()
    assert json.loads(Path("r.json").read_text()) == made
    assert made["schema_version"] == 1
    assert made["exit_code"] == 1
    assert made["fail_on"] == ["not-reproduced"]
    told = {one["claim"]: one["verdict"] for one in made["claims"] if one["claim"] in CLAIMS}
    assert told["too-high"] == "NOT_REPRODUCED"
    assert len(told) == len(CLAIMS)
    assert made["audits"] is None
    (record,) = made["records"]
    assert record["recomputed_percent"] == record["recorded_percent"]


def test_an_open_claim_says_what_its_further_seeds_would_cost(scene: Scene, tmp_path: Path) -> None:
    write_claims(scene.claims, {"near": claim(value_percent=40.0, decimals=1, runs=64)})
    scene.home = measure(tmp_path / "once", right=11, runs=1)
    made = verify(scene, "--json").json()
    (found,) = (one for one in made["claims"] if one["claim"] == "near")
    assert found["verdict"] == "INCONCLUSIVE"
    price = found["further"]
    assert price["seeds"] == found["further_seeds"] > 0
    assert price["gpu_hours"] == 0
    assert price["usd"] > 0
    assert "price: github-linux-2-core" in price["basis"]
    twice = verify(scene, "--json", "--price", "0.72").json()
    (dearer,) = (one for one in twice["claims"] if one["claim"] == "near")
    assert dearer["further"]["usd"] == pytest.approx(price["usd"] * 0.72 / 0.36, rel=0.5)
    assert "That takes 0 GPU-hours, $" in " ".join(verify(scene).out.split())


def test_every_file_is_written_at_once(scene: Scene) -> None:
    asked = ("--junit", "out/deep/j.xml", "--badge", "out/b.svg", "--summary", "s.md")
    assert verify(scene, *asked).code == 1
    etree.parse("out/deep/j.xml")
    etree.parse("out/b.svg")
    assert Path("s.md").read_text().startswith("## tina-bench verify")
    verify(scene, *asked)
    assert Path("s.md").read_text().count("## tina-bench verify") == 2, "added, not replaced"


@pytest.mark.parametrize("option", ["--junit", "--badge", "--summary", "--report"])
def test_a_path_that_cannot_be_written_is_refused_before_any_other_file_is(
    scene: Scene, option: str
) -> None:
    Path("file").write_text("x")
    others = {"--junit": "j.xml", "--badge": "b.svg", "--summary": "s.md", "--report": "r.json"}
    given = [part for pair in (others | {option: "file/below"}).items() for part in pair]
    ended = verify(scene, *given)
    assert ended.code == 11
    assert f"{option} file/below: " in ended.sentence
    assert not [path for path in others.values() if Path(path).exists()]


def test_no_output_overwrites_a_record_or_the_baseline(scene: Scene) -> None:
    record = scene.home.result_file("smoke", MODEL, "smoke-30")
    before = record.read_bytes()
    assert "lies among the records" in verify(scene, "--junit", record).sentence
    assert record.read_bytes() == before
    Path("b.toml").write_text("schema_version = 1\n")
    assert "same file" in verify(scene, "--baseline", "b.toml", "--badge", "b.toml").sentence


def test_a_case_is_accepted_shown_with_its_reason_everywhere_and_fails_no_more(
    scene: Scene,
) -> None:
    ended = verify(scene, "--accept", "too-high", "--reason", "other problems", "--by", "me")
    assert ended.code == 0, ended.err
    written = tomllib.loads(Path("tina-bench-baseline.toml").read_text())
    assert written["accepted"]["too-high"]["reason"] == "other problems"
    assert written["accepted"]["too-high"]["verdict"] == "NOT_REPRODUCED"
    assert verify(scene).code == 1, "a baseline counts where it is named"
    asked = ("--baseline", "tina-bench-baseline.toml")
    files = ("--junit", "j.xml", "--summary", "s.md", "--report", "r.json", "--annotations")
    ended = verify(scene, *asked, *files)
    assert ended.code == 0
    for text in (ended.out, *(Path(name).read_text() for name in ("j.xml", "s.md", "r.json"))):
        assert "other problems" in text
    assert "::notice" in ended.out


def test_a_second_acceptance_keeps_the_first_and_the_same_case_gives_the_same_bytes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime.datetime(2026, 2, 3, 12, tzinfo=datetime.UTC)
    monkeypatch.setattr(records, "now", lambda: noon)  # the date of a case is in the file
    verify(scene, "--accept", "too-high", "--reason", "a", "--baseline", "b.toml")
    first = Path("b.toml").read_bytes()
    verify(scene, "--accept", "too-high", "--reason", "a", "--baseline", "b.toml")
    assert Path("b.toml").read_bytes() == first
    verify(scene, "--accept", "vague", "--reason", "b", "--baseline", "b.toml")
    assert set(tomllib.loads(Path("b.toml").read_text())["accepted"]) == {"too-high", "vague"}


@pytest.mark.parametrize(
    "arguments",
    [("--accept", "too-high"), ("--reason", "x"), ("--by", "me"),
     ("--accept", "nothing-like-it", "--reason", "x"), ("--accept", "holds", "--reason", "x"),
     ("--accept", "too-high", "--reason", " "), ("--baseline", "none.toml"),
     ("--fail-on", "audit"), ("--home", "/no/such/folder"), ("--records", "."),
     ("--model", "nobody"), ("--price", "cheap"), ("--fail-on", "nothing,stale")],
    ids=" ".join,
)  # fmt: skip
def test_a_bad_request_is_one_sentence_and_leaves_nothing(
    scene: Scene, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    before = sorted(tmp_path.rglob("*"))
    ended = verify(scene, *arguments, "--junit", "j.xml")
    assert ended.code == 11
    assert ended.sentence
    assert ended.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def test_a_broken_record_is_told_after_every_output_was_written(scene: Scene) -> None:
    (path,) = scene.home.root.glob("samples/*/*.jsonl")
    path.write_bytes(path.read_bytes()[1:])
    ended = verify(scene, "--junit", "j.xml", "--badge", "b.svg", "--report", "r.json")
    assert ended.code == 14
    assert ended.sentence.startswith(f"{path}: found other bytes")
    assert "INTEGRITY" in ended.out
    assert "INTEGRITY" in Path("j.xml").read_text()
    assert "1 record changed" in Path("b.svg").read_text()
    assert json.loads(Path("r.json").read_text())["counts"]["INTEGRITY"] == 5


def test_annotations_come_by_themselves_on_github_and_can_be_left_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "::error" not in verify(scene).out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    ended = verify(scene)
    commands = [line for line in ended.out.splitlines() if line.startswith("::")]
    assert commands[0].startswith("::stop-commands::")
    assert commands[1] == f"::{commands[0].removeprefix('::stop-commands::')}::"
    assert any(line.startswith("::error file=claims/mine.toml,line=") for line in commands)
    assert (tmp_path / "step.md").exists()
    assert "::" not in verify(scene, "--no-annotations").out
    as_json = verify(scene, "--json")
    assert as_json.json()["exit_code"] == 1, "standard output is one document"
    assert "::error file=claims/mine.toml" in as_json.err


def test_hostile_words_of_a_catalog_stay_text_in_every_output(scene: Scene) -> None:
    text = " ".join(HOSTILE).encode(errors="replace").decode()
    write_claims(scene.claims, {"bad": claim(who=text, source=text, value_percent=80.0)})
    words = ("--reason", text.replace("\0", ""), "--by", "[bold]me[/bold]")
    asked = ("--junit", "j.xml", "--summary", "s.md", "--badge", "b.svg", "--annotations")
    ended = verify(scene, "--accept", "bad", *words, *asked)
    assert ended.code == 0, ended.err
    body = ended.out.split("\n", 1)[1]
    token = ended.out.splitlines()[0].removeprefix("::stop-commands::")
    inside, _, after = body.partition(f"::{token}::\n")
    assert "\x1b" not in ended.out
    assert "[bold]me[/bold]" in inside
    assert all(line.startswith(("::error", "::warning", "::notice")) for line in after.splitlines())
    assert "\n::error file=a" not in Path("s.md").read_text()
    etree.parse("j.xml")


def shuffled(scene: Scene, target: Path, seed: int) -> Scene:
    """The same records copied in another order, with other times, on another place."""
    rng = random.Random(seed)
    files = [path for path in scene.home.root.rglob("*") if path.is_file()]
    rng.shuffle(files)
    for path in files:
        copy = target / path.relative_to(scene.home.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
        when = rng.uniform(1e9, 2e9)
        os.utime(copy, (when, when))
    claims = target.parent / f"claims{seed}" / "mine.toml"
    claims.parent.mkdir()
    shutil.copy(scene.claims, claims)
    return Scene(Home(target), claims)


def test_outputs_are_the_same_bytes_in_any_order_at_any_time_in_any_place(
    scene: Scene, tmp_path: Path
) -> None:
    seal(scene.home, "smoke-tina", "smoke-30", mixed(30, 8, 150))
    seal(scene.home, MODEL, "smoke-40", mixed(40, 8, 150))
    seal(scene.home, MODEL, "smoke-100", mixed(100, 4, 202))

    def outputs(of: Scene, name: str) -> dict[str, bytes]:
        out = tmp_path / "out" / name
        asked = ("--junit", out / "j.xml", "--badge", out / "b.svg", "--summary", out / "s.md",
                 "--report", out / "r.json")  # fmt: skip
        said = verify(of, *asked, audits=True).out.encode()
        return {"said": said, **{path.name: path.read_bytes() for path in out.iterdir()}}

    first = outputs(scene, "first")
    assert outputs(scene, "again") == first
    for seed in (1, 2):
        assert outputs(shuffled(scene, tmp_path / f"copy{seed}", seed), f"o{seed}") == first
    assert set(first) == {"said", "j.xml", "b.svg", "s.md", "r.json"}


def test_verify_writes_nothing_into_the_records(scene: Scene) -> None:
    def state() -> dict[str, tuple[int, bytes]]:
        files = (path for path in scene.home.root.rglob("*") if path.is_file())
        return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in files}

    before = state()
    verify(scene, "--json")
    assert state() == before


def test_imports_alone_are_audited_in_a_few_times_what_the_catalog_takes(
    tmp_path: Path, open_rs_logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    assert call("import", open_rs_logs).code == 0
    files = len(list((tmp_path / "home" / "imported").iterdir()))
    _, catalog = processor_seconds("catalog", "list", "--json")
    ended, audited = processor_seconds("verify")
    assert ended.code == 0, ended.err
    assert "No claim has a result of ours here" in ended.out
    assert f"{files} imported files of others" in ended.out
    assert "own-logs" in ended.out
    assert "open-rs3" in call("audit", "--only", "own-logs").out
    assert 0 < audited < 12 * catalog


def test_the_models_of_a_request_are_all_that_is_told(scene: Scene) -> None:
    seal(scene.home, "smoke-tina", "smoke-30", mixed(30, 8, 150))
    made = verify(scene, "--json", "--model", "smoke-tina").json()
    assert {one["model"] for one in made["claims"]} == {"smoke-tina"}
    assert len(made["records"]) == 2, "records are checked whoever is asked about"


def test_a_record_of_another_version_is_told_beside_the_others(scene: Scene) -> None:
    path = scene.home.result_file("smoke", MODEL, "smoke-30")
    record = ResultRecord.model_validate_json(path.read_bytes())
    path.write_text(record.model_dump_json().replace('"schema_version":1', '"schema_version":2', 1))
    ended = verify(scene)
    assert ended.code == 14
    assert ended.sentence.startswith(f"{path}: schema_version: ")


def test_a_fresh_home_with_nothing_but_the_catalog_is_answered_by_others(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    ended = call("verify", "--json", "--no-audits")
    assert ended.code == 0, ended.err
    made = ended.json()
    words = {one["others"]["word"] for one in made["claims"]}
    assert words <= {"OTHERS_AGREE", "OTHERS_DIFFER", "OTHERS_DISAGREE", "OTHERS_UNDECIDED",
                     "TOO_FEW_OTHERS"}  # fmt: skip
    assert sum(made["others_counts"].values()) == len(made["claims"])
    without = [one["claim"] for one in made["claims"] if one["estimate"] is None]
    assert len(without) == 2, "averages that do not say of which tasks"
    (base,) = [
        cell for cell in made["estimates"]
        if (cell["model"], cell["task"]) == ("r1-distill-qwen-1.5b", "aime24")
    ]  # fmt: skip
    assert base["estimate"]["teams"] >= 10
    assert base["estimate"]["runs"] >= 400
    ended = call("verify", "--no-audits", "--need-results")
    assert ended.code == 22
    assert "nothing is imported there" in ended.sentence


def test_the_terminal_counts_and_names_what_is_contested_in_few_lines(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    ended = call("verify", "--no-audits")
    assert len(ended.out.splitlines()) < 40
    text = " ".join(ended.out.split())
    assert "By public evidence:" in text
    assert "OTHERS_DISAGREE" in text
    assert "`tina-bench verify --all`" in text
    whole = " ".join(call("verify", "--no-audits", "--all", "--model", "open-rs3").out.split())
    assert "OTHERS_UNDECIDED: Not measured here. 2 other teams (12 runs)" in whole


def test_claims_of_one_s_own_without_a_result_are_still_no_success(
    scene: Scene, tmp_path: Path
) -> None:
    scene.home = Home(tmp_path / "nothing")
    scene.home.root.mkdir()
    assert call("verify", "--home", scene.home.root, "--catalog", scene.claims).code == 22
    asked = ("--fail-on", "others-differ", "--no-audits")
    ended = call("verify", "--home", scene.home.root, "--catalog", scene.claims, *asked)
    assert ended.code == 0


def test_an_empty_home_is_answered_in_a_few_times_what_the_catalog_takes(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    _, catalog = processor_seconds("catalog", "list", "--json")
    ended, judged = processor_seconds("verify")
    assert ended.code == 0, ended.err
    assert 0 < judged < 12 * catalog
