"""`reproduce --until-decided` with the real engine: killed twice, taken up twice, ended once."""

import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.program import Ended, Program
from tina_bench.stats.claims.sequential import decide
from tina_bench.stats.outcome_matrix import correct_answers
from tina_bench.store.records import JobKind

pytestmark = pytest.mark.engine

TASK = """
[tasks.{name}]
title = "{name}"
source = "embedded"
dataset = "smoke-30"
split = "test"
n_problems = 30
prompt = "tina_bench.embedded.prompts:smoke_prompt"
metric = "lighteval.metrics.metrics:Metrics.expr_gold_metric"
max_new_tokens = 128
expected_output_tokens = 60
margin_points = 10
"""
CLAIM = """
[claims.{name}]
model = "smoke-base"
task = "{name}"
value_percent = {value}
decimals = 1
runs = 64
who = "nobody"
source = "this test"
confidence = "measured"
"""
PROFILE = """
[profiles.mine]
title = "one task with a claim about right, one with a claim far off, one without"
models = ["smoke-base"]
tasks = ["near", "far", "bare"]
seeds = [0]
stack = "cpu"
max_model_tokens = 512
sampling = { temperature = 0.6, top_p = 0.95 }
"""


@dataclass(frozen=True)
class Story:
    """A program that was killed in its first round and its job in the second, and all it said."""

    program: Program
    asked: tuple[str, ...]
    first: Ended
    last: Ended
    again: Ended


def samples(program: Program) -> int:
    logs = (program.root / "samples" / "smoke-base").glob("*.jsonl")
    return sum(path.read_bytes().count(b"\n") for path in logs)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    program = Program(tmp_path_factory.mktemp("until"))
    catalog = tmp_path_factory.mktemp("catalog") / "mine.toml"
    text = PROFILE + "".join(TASK.format(name=name) for name in ("near", "far", "bare"))
    text += CLAIM.format(name="near", value=39.0) + CLAIM.format(name="far", value=95.0)
    catalog.write_text(text, encoding="utf-8")
    asked = ("reproduce", "--all", "--profile", "mine", "--catalog", str(catalog))
    # Three runs of 30 problems cannot prove a score to ten points: the near claim stays open.
    until = (*asked, "--until-decided", "--first-seeds", "2", "--max-seeds", "3")

    process = program.start(*until)
    while samples(program) < 20:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    first = program.run_and_kill_job("evaluate", lambda: samples(program) > 180, *until, "--json")
    last = program.run(*until, "--json", code=27)
    again = program.run(*until, "--json", code=27)
    return Story(program, asked, first, last, again)


def cells(ended: Ended) -> dict[str, Any]:
    return {cell["task"]: cell for cell in ended.json()["cells"]}


def test_only_the_cell_with_an_open_claim_gets_more_seeds(story: Story) -> None:
    seeds = {task: record.seeds for (_, task), record in story.program.results().items()}
    assert seeds == {"near": (0, 1, 2), "far": (0, 1), "bare": (0, 1)}
    assert {task: cell["status"] for task, cell in cells(story.last).items()} == {
        "near": "open, at --max-seeds",
        "far": "decided",
        "bare": "no claim to decide",
    }
    (claim,) = cells(story.last)["far"]["claims"]
    assert claim["decision"]["verdict"] == "NOT_REPRODUCED"
    assert "near" in story.last.err
    assert "larger --max-seeds" in story.last.err


def test_nothing_is_sampled_twice_by_three_commands_of_which_two_were_killed(story: Story) -> None:
    assert story.first.code == 20
    assert "signal 9" in story.first.err
    keys = [sample.key for sample in story.program.samples("smoke-base")]
    assert len(keys) == len(set(keys)) == 30 * (3 + 2 + 2)
    begun = {e.attempt for e in story.program.ledger() if e.kind is JobKind.EVALUATE}
    assert len(begun) == 4, "two rounds, each of them killed once"


def test_the_round_after_a_kill_is_the_round_that_was_killed(story: Story) -> None:
    before, after = story.first.json(), story.last.json()
    assert [len(round_["plan"]["jobs"]) > 0 for round_ in before["rounds"]] == [True, True]
    assert before["rule"] == after["rule"] == {"first_seeds": 2, "max_seeds": 3, "family": 2}
    near = {cell["task"]: cell for cell in before["cells"]}["near"]
    assert (near["seeds"], near["status"]) == (2, "not sampled as planned")


def test_a_command_that_has_nothing_to_sample_says_the_same_and_starts_no_engine(
    story: Story,
) -> None:
    assert story.again.json()["cells"] == story.last.json()["cells"]
    assert story.again.json()["done"] == 0


def test_results_say_that_they_were_looked_at_and_verdicts_follow_from_them_alone(
    story: Story,
) -> None:
    for (_, task), record in story.program.results().items():
        made = record.provenance
        assert made.stopping == "until-decided"
        assert made.until_decided is not None
        assert made.until_decided.family == 2
        assert made.until_decided.looks == ((2, 3) if task == "near" else (2,))
        for claim in cells(story.last)[task]["claims"]:
            found = decide(
                correct_answers(record), claimed_percent=claim["claimed_percent"], decimals=1,
                k0=64, margin_points=10, family=2,
            )  # fmt: skip
            assert claim["decision"] == found.model_dump(mode="json")


def test_a_result_that_was_looked_at_stays_so_when_a_fixed_number_of_runs_is_added(
    story: Story,
) -> None:
    story.program.run(*story.asked, "--task", "bare", "--seeds", "3")
    record = story.program.results()["smoke-base", "bare"]
    assert record.k == 3
    assert record.provenance.stopping == "until-decided"
    assert record.provenance.until_decided is not None
    assert record.provenance.until_decided.looks == (2,)
