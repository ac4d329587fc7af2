"""The rule of `--until-decided`: declared before it looks, per cell, the same after any kill."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.made import NOON, make_result
from tests.support.runners import Scripted, make_execution
from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.catalog.schema import Catalog
from tina_bench.errors import IntegrityError
from tina_bench.files.atomic import write_model
from tina_bench.planning.measured_speeds import take_snapshot
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Request
from tina_bench.running import until_decided
from tina_bench.running.until_decided import CellStatus, Rule, SeedLimits
from tina_bench.stats.types import Verdict
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import GradeInputs, JobFolder
from tina_bench.store.records import ProblemOutcome, ResultRecord, UntilDecided

RULE = Rule(first_seeds=4, max_seeds=64, family=6)


def claim(task: str, **given: Any) -> dict[str, Any]:
    return {
        "model": "base-a", "task": task, "value_percent": 40.0, "decimals": 1, "runs": 64,
        "who": "w", "source": "s", "confidence": "read", **given,
    }  # fmt: skip


CATALOG = make_catalog(
    claims={
        "near": claim("t3"),
        "far": claim("t2", value_percent=95.0),
        "recipe": claim("t3", trainings=3, training_sd_points=2.0),
        "elsewhere": claim("t3", stack="gpu"),
    }
)
ASKED = make_request(models=("base-a",))


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


def write(home: Home, task: str, n: int, k: int, **given: Any) -> ResultRecord:
    """A result in which 40 % of the answers are right, spread over problems and runs."""
    correct = np.random.default_rng([4, 7, n]).random((n, 64))[:, :k] < 0.4
    problems = tuple(
        ProblemOutcome(
            problem=f"p{index}", index=index, correct=tuple(map(bool, row)), undecided=(False,) * k,
            answered=(True,) * k, truncated=(False,) * k, tokens_out=(10,) * k,
        )
        for index, row in enumerate(correct)
    )  # fmt: skip
    sampling = {"temperature": 0.6, "top_p": 0.95, "top_k": -1}
    record = make_result(
        ((10,) * k,), model="base-a", task=task, problems=problems, profile="cpu",
        sampling=sampling, **given,
    )  # fmt: skip
    write_model(home.result_file("cpu", "base-a", task), record)
    return record


def known(home: Home, request: Request = ASKED, catalog: Catalog = CATALOG) -> Any:
    return catalog, request, home


@given(first=st.integers(1, 50), more=st.integers(0, 500), runs=st.integers(0, 600))
def test_the_next_number_of_runs_grows_and_ends_at_the_maximum(
    first: int, more: int, runs: int
) -> None:
    rule = Rule(first, first + more, 1)
    after = rule.runs_after(runs)
    assert first <= after <= rule.max_seeds
    if runs < rule.max_seeds:
        assert after > runs
    if first <= runs < rule.max_seeds:
        assert after <= max(runs + 1, 1.5 * runs + 0.5)


def test_the_usual_looks_are_few() -> None:
    looks = [4]
    while looks[-1] < 64:
        looks.append(RULE.runs_after(looks[-1]))
    assert looks == [4, 6, 9, 14, 21, 32, 48, 64]


def test_the_family_is_what_seeds_can_decide_and_never_shrinks(home: Home) -> None:
    def family() -> int:
        return until_decided.make_rule(*known(home), SeedLimits(4, 64)).family

    assert family() == 2, "near and far; not the recipe's, not the one made on another stack"
    write(home, "t3", 30, 4, stopping="until-decided",
          until_decided=UntilDecided(family=9, looks=(4,)))  # fmt: skip
    assert family() == 9


def test_each_cell_goes_its_own_way(home: Home) -> None:
    write(home, "t3", 30, 4)
    write(home, "t2", 20, 4)
    write(home, "t1", 10, 4)
    targets = until_decided.first_targets(*known(home), RULE)
    assert targets == {("base-a", task): 4 for task in ("t1", "t2", "t3")}
    until_decided.declare(*known(home), RULE.family)
    cells = {cell.task: cell for cell in until_decided.look(*known(home), RULE, targets)}
    assert {task: cell.status for task, cell in cells.items()} == {
        "t1": CellStatus.NO_CLAIM,
        "t2": CellStatus.DECIDED,
        "t3": CellStatus.OPEN,
    }
    said = {looked.name: looked for cell in cells.values() for looked in cell.claims}
    assert said["far"].decision is not None
    assert said["far"].decision.verdict is Verdict.NOT_REPRODUCED
    assert said["near"].is_open
    assert "trainings decide it" in said["recipe"].cannot
    assert said["elsewhere"].cannot == "not comparable: stack: claimed gpu, ours cpu"
    assert until_decided.next_targets(cells.values(), RULE) == {("base-a", "t3"): 6}


def test_a_cell_that_has_not_what_was_planned_is_left_alone(home: Home) -> None:
    write(home, "t3", 30, 4)
    until_decided.declare(*known(home), RULE.family)
    targets = {("base-a", "t3"): 6, ("base-a", "t1"): 4}
    cells = {cell.task: cell for cell in until_decided.look(*known(home), RULE, targets)}
    assert cells["t3"].status is CellStatus.STUCK
    assert (cells["t1"].status, cells["t1"].runs) == (CellStatus.STUCK, 0)
    assert until_decided.next_targets(cells.values(), RULE) == {}


def test_at_the_maximum_an_open_cell_gets_no_more(home: Home) -> None:
    write(home, "t3", 30, 4)
    until_decided.declare(*known(home), RULE.family)
    rule = Rule(2, 4, 6)
    cells = until_decided.look(*known(home), rule, {("base-a", "t3"): 4})
    assert cells[2].status is CellStatus.AT_MAXIMUM
    assert until_decided.next_targets(cells, rule) == {}


def test_a_result_that_is_there_says_that_it_is_looked_at_before_it_is(home: Home) -> None:
    record = write(home, "t3", 30, 4)
    assert record.provenance.stopping == "fixed"
    with pytest.raises(AssertionError, match="declared before"):
        until_decided.look(*known(home), RULE, {})
    until_decided.declare(*known(home), 6)
    path = home.result_file("cpu", "base-a", "t3")
    made = read_record(path, ResultRecord)
    assert made.provenance.until_decided == UntilDecided(family=6, looks=(4,))
    assert made.problems == record.problems
    before = path.read_bytes()
    until_decided.declare(*known(home), 6)
    assert path.read_bytes() == before


def test_seeds_by_cell_add_jobs_and_change_no_id(home: Home) -> None:
    def ids(request: Request) -> set[str]:
        plan = make_plan(request, CATALOG, make_lock(), take_snapshot(home), FIT)
        return {planned.job.id for planned in plan.jobs}

    fixed = ids(make_request(models=("base-a",), tasks=("t1", "t2"), seeds=(0, 1, 2)))
    cells = until_decided.with_targets(ASKED, {("base-a", "t1"): 3, ("base-a", "t2"): 1})
    by_cell = ids(cells)
    assert by_cell < fixed
    assert len(fixed) - len(by_cell) == 2 * 2, "two runs of t2, sampled and graded"


def test_a_grading_is_told_how_the_number_of_runs_is_chosen(home: Home) -> None:
    targets = {("base-a", "t1"): 2, ("base-a", "t2"): 1}
    request = until_decided.with_targets(ASKED, targets)
    plan = make_plan(request, CATALOG, make_lock(), take_snapshot(home), FIT)
    runner = Scripted()
    declared = until_decided.declarations(*known(home), 6, {("base-a", "t1"): 2})
    make_execution(home, CATALOG, make_lock(), plan, runner, until_decided=declared).run()
    grading: JobFolder = runner.seen[-1]
    assert isinstance(grading.inputs, GradeInputs)
    assert grading.inputs.until_decided == {"t1": UntilDecided(family=6, looks=(2,))}


def test_looks_add_up_over_rounds(home: Home) -> None:
    write(home, "t3", 30, 4, stopping="until-decided",
          until_decided=UntilDecided(family=6, looks=(2, 4)))  # fmt: skip
    cell = ("base-a", "t3")
    assert until_decided.declarations(*known(home), 6, {cell: 6})[cell].looks == (2, 4, 6)
    assert until_decided.carried_on(*known(home))[cell].looks == (2, 4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stopping": "until-decided"}, "expected family and looks"),
        ({"until_decided": UntilDecided(family=1, looks=(1,))}, "expected none, as 'stopping'"),
        (
            {"stopping": "until-decided", "until_decided": UntilDecided(family=0, looks=(1,))},
            "until_decided.family: found 0",
        ),
        (
            {"stopping": "until-decided", "until_decided": UntilDecided(family=1, looks=(4, 2))},
            "numbers of runs, ascending",
        ),
        (
            {
                "stopping": "until-decided", "seeds": (0, 2),
                "until_decided": UntilDecided(family=1, looks=(2,)),
            },
            "0 to k-1 without a gap",
        ),
    ],
    ids=["no facts", "facts without the rule", "no family", "looks in disorder", "a gap"],
)  # fmt: skip
def test_a_record_that_contradicts_how_it_was_stopped_is_refused(
    home: Home, changes: dict[str, Any], words: str
) -> None:
    path = home.result_file("cpu", "m", "t")
    tokens = ((10,) * len(changes.get("seeds", (0,))),)
    write_model(path, make_result(tokens, finished_at=NOON, **changes))
    with pytest.raises(IntegrityError) as refused:
        read_record(path, ResultRecord)
    assert words in str(refused.value)
