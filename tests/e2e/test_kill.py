"""Nothing paid for is lost: `kill -9` at random moments, and a budget."""

import random
import time
from dataclasses import dataclass

import pytest

from tests.e2e.program import Ended, Program
from tina_bench.store.records import JobKind, Outcome

pytestmark = pytest.mark.engine

SEEDS = 4
BASE = ("reproduce", "--model", "smoke-base", "--profile", "smoke", "--seeds", str(SEEDS))
TOTAL = 170 * SEEDS
KILLS = 10


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("whole"))
    program.run(*BASE)
    return program


@dataclass(frozen=True)
class Killed:
    """A program that was killed ten times, and how it ended each time."""

    program: Program
    ends: list[Ended]


@pytest.fixture(scope="module")
def killing(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """Killed ten times: now while it starts, now after so many samples; then left alone."""
    program = Program(tmp_path_factory.mktemp("killed"))
    rng = random.Random(20_251_122)
    ends = []
    for attempt in range(KILLS):
        begun = time.monotonic()
        if attempt < 3:
            delay = rng.uniform(0.0, 6.0)
            ended = program.run_and_kill_job(
                "evaluate", lambda b=begun, d=delay: time.monotonic() - b > d, *BASE
            )
        else:
            # Random shares of what is left, so that each of the later kills finds work to stop.
            present = _lines(program)
            target = present + rng.randint(1, (TOTAL - present) // (KILLS - attempt + 1))
            ended = program.run_and_kill_job(
                "evaluate", lambda t=target: _lines(program) >= t, *BASE
            )
        ends.append(ended)
    program.run(*BASE)
    return Killed(program, ends)


@pytest.fixture(scope="module")
def killed(killing: Killed) -> Program:
    return killing.program


def _lines(program: Program) -> int:
    return sum(
        path.read_bytes().count(b"\n")
        for path in (program.root / "samples" / "smoke-base").glob("*.jsonl")
    )


def test_grades_after_ten_kills_equal_those_of_an_uninterrupted_run(
    whole: Program, killed: Program
) -> None:
    expected, found = whole.results(), killed.results()
    assert expected.keys() == found.keys()
    for key, record in expected.items():
        assert [p.correct for p in found[key].problems] == [p.correct for p in record.problems]
        assert found[key].seeds == record.seeds == tuple(range(SEEDS))


def test_the_same_seed_twice_is_identical_text(whole: Program, killed: Program) -> None:
    assert {s.key: s.text for s in whole.samples("smoke-base")} == {
        s.key: s.text for s in killed.samples("smoke-base")
    }


def test_no_key_stands_twice_after_ten_kills(killed: Program) -> None:
    keys = [sample.key for sample in killed.samples("smoke-base")]
    assert len(keys) == len(set(keys)) == TOTAL


def test_the_ledger_has_every_attempt(killed: Program) -> None:
    entries = [entry for entry in killed.ledger() if entry.kind is JobKind.EVALUATE]
    started = {entry.attempt for entry in entries if entry.event == "start"}
    ended = {entry.attempt for entry in entries if entry.event == "end"}
    assert len(ended) == 1, "only the last attempt came to its end"
    # A process that is killed before Python runs its first line leaves nothing to bill.
    assert KILLS - 2 <= len(started) - len(ended) <= KILLS


def test_a_killed_job_is_a_result_and_not_the_end(killing: Killed) -> None:
    for ended in killing.ends:
        assert ended.code == 20
        assert "signal 9" in ended.err
        assert "Traceback" not in ended.err


def test_ctrl_c_stops_the_job_too_and_says_how_to_go_on(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    program = Program(tmp_path_factory.mktemp("interrupted"))
    ended = program.run_and_interrupt("evaluate", *BASE)
    assert ended.code == 130
    assert "run it again" in ended.err
    assert "Traceback" not in ended.err
    entries = [entry for entry in program.ledger() if entry.kind is JobKind.EVALUATE]
    assert [entry.event for entry in entries][:1] == ["start"], "what it cost is on the bill"
    plan = program.run("plan", *BASE[1:], "--json").json()
    assert {job["kind"] for job in plan["jobs"]} == {"evaluate", "grade"}


def test_a_budget_stops_at_a_sample_boundary_and_keeps_everything(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    program = Program(tmp_path_factory.mktemp("budget"))
    # A dollar an hour: 35 seconds, most of them for the start-up, for work that takes minutes.
    budget = 35 / 3600
    ended = program.run(*BASE[:-1], "200", "--budget", str(budget), "--price", "test=1.0", code=21)
    assert "larger budget" in ended.err
    entries = program.ledger()
    assert 0 < sum(entry.cost_usd or 0.0 for entry in entries) <= budget
    kept = len(program.samples("smoke-base"))
    assert 0 < kept < 170 * 200
    (end,) = [e for e in entries if e.kind is JobKind.EVALUATE and e.event == "end"]
    assert end.outcome is Outcome.BUDGET
    assert sum(entry.samples for entry in entries) == kept, "no sample was paid for and lost"
