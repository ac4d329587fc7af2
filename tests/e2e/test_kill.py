"""Nothing paid for is lost: `kill -9` at random moments, and a budget."""

import random
import time
from dataclasses import dataclass

import pytest

from tests.e2e.program import Ended, Program
from tests.support.smoke_home import smoke_home
from tina_bench.store.records import JobKind, Outcome, Phase

pytestmark = pytest.mark.engine
__all__ = ["smoke_home"]

SEEDS = 4
BASE = ("reproduce", "--model", "smoke-base", "--profile", "smoke", "--seeds", str(SEEDS))
TOTAL = 170 * SEEDS


@dataclass(frozen=True)
class Killed:
    """A program that was killed several times, and how it ended each time."""

    program: Program
    ends: list[Ended]


@pytest.fixture(scope="module", params=[2, pytest.param(10, marks=pytest.mark.nightly)])
def killing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """Killed so many times: now while it starts, now after some samples; then left alone."""
    kills: int = request.param
    program = Program(tmp_path_factory.mktemp("killed"))
    rng = random.Random(20_251_122)
    ends = []
    for attempt in range(kills):
        begun = time.monotonic()
        if attempt < kills // 3 or attempt == 0:
            delay = rng.uniform(0.0, 6.0)
            ended = program.run_and_kill_job(
                "evaluate", lambda b=begun, d=delay: time.monotonic() - b > d, *BASE
            )
        else:
            # Random shares of what is left, so that each of the later kills finds work to stop.
            present = _lines(program)
            target = present + rng.randint(1, (TOTAL - present) // (kills - attempt + 1))
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


def test_grades_after_kills_equal_those_of_an_uninterrupted_run(
    smoke_home: Program, killed: Program
) -> None:
    expected = {k: r for k, r in smoke_home.results().items() if k[0] == "smoke-base"}
    found = killed.results()
    assert expected.keys() == found.keys()
    for key, record in expected.items():
        whole = [p.correct[:SEEDS] for p in record.problems]  # it has more seeds
        assert [p.correct for p in found[key].problems] == whole
        assert found[key].seeds == record.seeds[:SEEDS] == tuple(range(SEEDS))


def test_the_same_seed_twice_is_identical_text(smoke_home: Program, killed: Program) -> None:
    whole = {s.key: s.text for s in smoke_home.samples("smoke-base") if s.seed < SEEDS}
    assert whole == {s.key: s.text for s in killed.samples("smoke-base")}


def test_no_key_stands_twice_after_kills(killed: Program) -> None:
    keys = [sample.key for sample in killed.samples("smoke-base")]
    assert len(keys) == len(set(keys)) == TOTAL


def test_the_ledger_has_every_attempt_and_all_of_its_time(killing: Killed) -> None:
    entries = [e for e in killing.program.ledger() if e.kind is JobKind.EVALUATE]
    started = {entry.attempt for entry in entries if entry.event == "start"}
    ended = {entry.attempt for entry in entries if entry.event == "end"}
    assert len(ended) == 1, "only the last attempt came to its end"
    # Also one that was killed before Python ran its first line: its runner entered it.
    assert len(started) - len(ended) == len(killing.ends)
    for attempt in started:
        assert sum(entry.wall_seconds for entry in entries if entry.attempt == attempt) > 0


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
    smoke_home: Program,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    program = Program(tmp_path_factory.mktemp("budget"))
    # A dollar an hour: three times what a start takes here, for work that takes minutes.
    starts = [e.wall_seconds for e in smoke_home.ledger()
              if (e.kind, e.phase) == (JobKind.EVALUATE, Phase.LOAD)]  # fmt: skip
    budget = (3 * sum(starts) / 2 + 10) / 3600
    ended = program.run(*BASE[:-1], "200", "--budget", str(budget), "--price", "test=1.0", code=21)
    assert "larger budget" in ended.err
    entries = program.ledger()
    assert 0 < sum(entry.cost_usd or 0.0 for entry in entries) <= budget
    kept = len(program.samples("smoke-base"))
    assert 0 < kept < 170 * 200
    (end,) = [e for e in entries if e.kind is JobKind.EVALUATE and e.event == "end"]
    assert end.outcome is Outcome.BUDGET
    assert sum(entry.samples for entry in entries) == kept, "no sample was paid for and lost"
