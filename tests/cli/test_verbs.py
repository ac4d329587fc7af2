"""The verbs as scripts see them: JSON that parses, sentences, exit codes, and untouched homes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.made import make_entry
from tests.support.program import call, run
from tests.support.sealed import seal, shares
from tina_bench.catalog.load import SHAPES
from tina_bench.cli import app as room
from tina_bench.cli.options.common import parse_price
from tina_bench.errors import UsageError
from tina_bench.files.append_log import LogWriter
from tina_bench.formatting.numbers import seconds_text, usd_text
from tina_bench.metering.gpu import visible_gpus
from tina_bench.store.home import Home
from tina_bench.store.records import Phase

SMOKE = ("--all", "--profile", "smoke")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home that does not exist yet, and a hub that answers at once, with no."""
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    return Home(tmp_path / "home")


@pytest.fixture
def measured(home: Home) -> Home:
    """A home with one result, all wrong, and three ledger entries."""
    seal(home, "smoke-base", "smoke-30", shares(2, 2, 0))
    given = {"model": "smoke-base", "price_name": "test"}
    entries = [
        make_entry(event="start", **given),
        make_entry(phase=Phase.LOAD, wall_seconds=2, cost_usd=0.5, **given),
        make_entry(phase=Phase.GENERATE, wall_seconds=6, tokens_out=120, cost_usd=1.5, **given),
    ]
    with LogWriter(home.work_folder("evaluate-smoke-base-1") / "ledger.jsonl") as log:
        log.append(entry.model_dump(mode="json") for entry in entries)
    return home


def home_logs(home: Home) -> list[Path]:
    """Every sample log."""
    return sorted(home.root.glob("samples/*/*.jsonl"))


def snapshot(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


READERS: list[tuple[str, ...]] = [
    ("plan", *SMOKE), ("catalog", "list"), ("catalog", "show", "smoke-base"), ("results", "list"),
    ("cost",), ("cost", "--by", "attempt"), ("doctor",),
]  # fmt: skip


@pytest.mark.parametrize("verb", READERS, ids=" ".join)
def test_reading_verbs_print_one_json_document_and_write_nothing(
    home: Home, verb: tuple[str, ...]
) -> None:
    ended = call(*verb, "--json")
    assert ended.code == 0, ended.err
    assert isinstance(ended.json(), dict | list)
    assert call(*verb).code == 0
    assert not home.root.exists()


@pytest.mark.parametrize(
    "verb",
    [*READERS, ("results", "show", "smoke-base", "smoke-30"), ("verify", "--model", "smoke-base")],
    ids=" ".join,
)
def test_reading_verbs_leave_a_used_home_as_it_was(measured: Home, verb: tuple[str, ...]) -> None:
    before = snapshot(measured.root)
    for ended in (call(*verb), call(*verb, "--json")):
        assert ended.code in {0, 1}, ended.err
    assert snapshot(measured.root) == before


def test_a_json_document_is_all_that_a_real_process_prints(home: Home) -> None:
    ended = run("plan", *SMOKE, "--seeds", "2", "--json")
    assert ended.code == 0
    plan = ended.json()
    # fetch, train, merge; two models, three tasks, two seeds, sampled and graded.
    assert len(plan["jobs"]) == 3 + 2 * 3 * 2 * 2
    assert plan["request"]["seeds"] == [0, 1]
    assert all(job["reason"] for job in plan["jobs"])
    assert ended.err == ""


def test_the_catalog_lists_what_it_has_by_kind() -> None:
    whole = call("catalog", "list", "--json").json()
    assert set(whole) == set(SHAPES)
    assert call("catalog", "list", "tasks", "--json").json() == {"tasks": whole["tasks"]}
    shown = call("catalog", "show", "smoke-tina", "--json").json()
    assert shown == {"models": whole["models"]["smoke-tina"]}


def test_the_list_shows_who_says_what_of_a_model_on_a_task() -> None:
    asked = ("--model", "open-rs3", "--task", "aime24")
    claims = call("catalog", "list", "claims", *asked, "--json").json()["claims"]
    assert {claim["value_percent"] for claim in claims.values()} >= {43.33, 46.7, 29.7, 23.33}
    assert {(claim["model"], claim["task"]) for claim in claims.values()} == {
        ("open-rs3", "aime24")
    }
    (one,) = call("catalog", "list", "claims", *asked, "--who", "SOBER", "--json").json()["claims"]
    assert one == "sober-open-rs3-aime24"
    text = call("catalog", "list", *asked, "--who", "sober").out
    assert "29.7±4.6" in text
    assert "prices" not in text, "a table that nothing of the filter is in"
    about = call("catalog", "list", "--model", "open-rs3", "--json").json()
    assert list(about["models"]) == ["open-rs3"]
    assert "paper" in about["profiles"]
    assert all(cost["model"] == "open-rs3" for cost in about["costs"].values())
    assert about["costs"]


def test_a_published_number_is_shown_with_the_digits_it_was_printed_with() -> None:
    text = call("catalog", "list", "claims", "--model", "deepscaler-1.5b", "--who", "sober").out
    assert "87.8±1.0" in text
    assert "57.0" in call("catalog", "list", "averages", "--who", "deepscaler").out


def test_listing_the_catalog_imports_no_engine() -> None:
    code = (
        "import sys\n"
        "from tina_bench.cli.app import app\n"
        "app(['catalog', 'list', '--json'], standalone_mode=False)\n"
        "engines = {'torch', 'vllm', 'lighteval', 'huggingface_hub'}\n"
        "print(engines & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "set()"
    assert set(json.loads(done.stdout)) == set(SHAPES)


def test_showing_an_entry_explains_every_field() -> None:
    text = " ".join(call("catalog", "show", "smoke-30").out.split())
    assert "Number of problems" in text
    assert "margin_points" in text


def test_results_and_costs_are_what_the_records_say(measured: Home) -> None:
    (result,) = call("results", "list", "--json").json()
    assert (result["model"], result["task"], result["n"], result["k"]) == (
        "smoke-base", "smoke-30", 2, 2,
    )  # fmt: skip
    assert (result["correct"], result["score_percent"]) == (0, 0)
    assert result["model_cost_usd"] == 2.0
    assert call("results", "list", "--model", "other", "--json").json() == []
    shown = call("results", "show", "smoke-base", "smoke-30", "--json").json()
    (log,) = home_logs(measured)
    assert shown["provenance"]["sample_log"] == f"samples/smoke-base/{log.name}"
    load, generate = call("cost", "--json").json()
    assert (load["phase"], load["cost_usd"]) == ("load", 0.5)
    assert (generate["phase"], generate["tokens_out"]) == ("generate", 120)
    (attempt,) = call("cost", "--by", "attempt", "--json").json()
    assert (attempt["outcome"], attempt["cost_usd"]) == ("interrupted", 2.0)
    assert "$2.00" in call("cost").out


def test_the_doctor_always_ends_well_and_each_lack_comes_with_a_remedy(home: Home) -> None:
    ended = call("doctor", "--json")
    assert ended.code == 0
    lacks = [finding for finding in ended.json() if not finding["ok"]]
    assert "model hub" in {finding["what"] for finding in lacks}
    assert all(finding["prevents"] and finding["remedy"] for finding in lacks)


NOBODY = "nobody"
REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "profile": (("plan", "--all", "--profile", NOBODY), 11, "no profile 'nobody'"),
    "model": (("plan", "--model", NOBODY), 11, "no entry 'nobody' in 'models'"),
    "task": (("plan", "--all", "--task", NOBODY), 11, "no entry 'nobody' in 'tasks'"),
    "price": (("plan", "--all", "--price", "cheap"), 11, "--price: found 'cheap'"),
    "a price of nothing": (("plan", "--all", "--price", "l40s="), 11, "--price: found 'l40s='"),
    "a negative price": (("plan", "--all", "--price", "-1"), 11, "--price: found '-1'"),
    "a price that is no number": (("plan", "--all", "--price", "nan"), 11, "--price"),
    "all and one": (("plan", "--all", "--model", "smoke-base"), 11, "either --all or"),
    "neither all nor one": (("plan",), 11, "either --all or"),
    "reproduce nothing": (("reproduce",), 11, "either --all or"),
    "endless budget": (("reproduce", *SMOKE, "--budget", "inf"), 11, "--budget: found inf"),
    "section": (("catalog", "list", "recipe"), 11, "there is no 'recipe' in the catalog"),
    "entry": (("catalog", "show", NOBODY), 11, "no entry 'nobody'"),
    "a name nearly right": (("catalog", "show", "tina-open-rs9"), 11, "near it: tina-open-rs"),
    "about no model": (("catalog", "list", "--model", NOBODY), 11, "no model 'nobody'"),
    "about no task": (("catalog", "list", "--task", NOBODY), 11, "no task 'nobody'"),
    "said by no one": (("catalog", "list", "--who", NOBODY), 11, "--who: found 'nobody'"),
    "columns": (("cost", "--by", "model,price"), 11, "--by: found 'price'"),
    "result": (("results", "show", "smoke-base", "smoke-30"), 11, "has not been measured"),
    "catalog": (("plan", "--all", "--catalog", "/no/such/folder"), 12, "/no/such/folder"),
    "lock": (
        ("lock", "--check", "--file", "/no/such/lock"),
        13,
        "/no/such/lock: found nothing there",
    ),
    "verify": (("verify", "--need-results"), 22, "has a result in"),
    "leaderboard": (
        ("leaderboard", "build", "--profile", "paper"),
        22,
        "nothing has been measured",
    ),
    "a board of a home that is not there": (
        ("leaderboard", "build", "--home", "/no/such/home"),
        11,
        "--home /no/such/home: is no folder",
    ),
}


@pytest.mark.parametrize(("arguments", "code", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_is_one_sentence_on_stderr_and_its_exit_code(
    home: Home, arguments: tuple[str, ...], code: int, says: str
) -> None:
    ended = call(*arguments)
    assert ended.code == code
    assert says in ended.sentence
    assert ended.out == ""
    assert not home.root.exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("verify", "--need-results"), 22), (("plan", "--all", "--profile", NOBODY), 11)],
    ids=["verify", "plan"],
)
def test_a_real_process_says_it_too_without_a_traceback(
    home: Home, arguments: tuple[str, ...], code: int
) -> None:
    ended = run(*arguments)
    assert ended.code == code
    assert ended.sentence
    assert ended.out == ""
    assert not home.root.exists()


def test_an_error_that_nobody_foresaw_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(room, "app", broken)
    with pytest.raises(ZeroDivisionError):
        call()


def test_the_paper_plan_is_shown_with_everything_that_it_lacks() -> None:
    ended = call("plan", "--all", "--profile", "paper")
    assert ended.code == 0
    text = " ".join(ended.out.split())
    assert "cannot run here. Missing:" in text
    assert "task gpqa: checkpoints.lock has no resolved entry" in text
    assert "accept its licence and set HF_TOKEN" in text
    assert ("this machine has none" in text) == (not visible_gpus().names)
    plan = call("plan", "--all", "--profile", "paper", "--json").json()
    assert all(job["blocked"] for job in plan["jobs"])
    assert plan["missing"]


def test_the_paper_cannot_be_reproduced_here_and_trying_leaves_nothing(home: Home) -> None:
    ended = run("reproduce", "--all", "--profile", "paper")
    assert ended.code == 22
    assert "nothing of this plan can run here" in ended.sentence
    assert "tina-bench doctor" in ended.sentence
    assert not home.root.exists() or list(home.root.iterdir()) == []


def test_a_changed_sample_log_stops_verify_with_code_14(measured: Home) -> None:
    (log,) = home_logs(measured)
    log.write_bytes(log.read_bytes().replace(b"an answer", b"my answer", 1))
    ended = call("verify")
    assert ended.code == 14
    assert ended.sentence.startswith(f"{log}: found other bytes")


def test_a_damaged_ledger_stops_cost_with_code_15(measured: Home) -> None:
    (path,) = measured.jobs.glob("*/ledger.jsonl")
    path.write_bytes(path.read_bytes().replace(b'"cost_usd":1.5', b'"cost_usd":0.5'))
    ended = call("cost")
    assert ended.code == 15
    assert f"{path}, line 3: " in ended.sentence


def test_a_result_of_another_version_stops_every_reader_with_code_14(measured: Home) -> None:
    path = measured.result_file("smoke", "smoke-base", "smoke-30")
    values = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(values | {"schema_version": 2}), encoding="utf-8")
    for verb in (("results", "list"), ("verify",), ("plan", *SMOKE), ("leaderboard", "build")):
        ended = call(*verb)
        assert ended.code == 14
        assert ended.sentence.startswith(f"{path}: schema_version: ")


def test_a_home_in_use_is_refused_with_code_23(home: Home) -> None:
    request = ("--model", "smoke-base", "--profile", "smoke", "--task", "smoke-30", "--seeds", "1")
    with home.held():
        ended = call("reproduce", *request)
    assert ended.code == 23
    assert f"{home.root}: another tina-bench is at work" in ended.sentence
    assert not home.jobs.exists()


def test_the_same_column_twice_is_the_same_bill(measured: Home) -> None:
    assert (
        call("cost", "--by", "model,model", "--json").json()
        == call("cost", "--by", "model", "--json").json()
    )
    assert call("cost", "--by", "model,model").code == 0


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (None, None),
        ("0.79", ("--price", 0.79)),
        ("l40s=0.79", ("--price l40s", 0.79)),
        ("a=b=1e-2", ("--price a=b", 0.01)),
        ("0", ("--price", 0.0)),
    ],
)
def test_a_price_is_a_number_with_or_without_a_name(
    text: str | None, parsed: tuple[str, float] | None
) -> None:
    assert parse_price(text) == parsed


@pytest.mark.parametrize("text", ["", "=", "x", "1,50", "inf", "1e9", "-0.5", "a=b"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--price: found "):
        parse_price(text)


def test_numbers_for_people() -> None:
    assert [seconds_text(s) for s in (None, 0.04, 59.9, 61, 3599, 7200)] == [
        "unknown", "0.0 s", "59.9 s", "1 min 01 s", "59 min 59 s", "2.0 h",
    ]  # fmt: skip
    assert [usd_text(v) for v in (None, 0, 0.00123, 1, 12.345)] == [
        "unknown", "$0.0000", "$0.0012", "$1.00", "$12.35",
    ]  # fmt: skip


def test_the_module_and_the_console_script_are_one_program() -> None:
    script = Path(sys.executable).with_name("tina-bench")
    done = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == run("--version").out
