"""The embedded problems: reproducible, right, and never seen in training."""

import ast
import itertools
import json
import operator
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tina_bench.embedded.problems import (
    HIGHEST,
    LOWEST,
    TASKS,
    TRAINING_FILE,
    TRAINING_SIZE,
    Family,
    Operator,
    evaluation_expressions,
    task_jsonl,
    task_path,
    task_problems,
    training_jsonl,
    training_problems,
)

SEEDS = st.integers(min_value=0, max_value=2**32)


def committed_rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in task_path(name).read_text().splitlines()]


def value_of_wording(text: str) -> int:
    """What a problem's words ask for, worked out from the words alone."""
    if text.startswith("Compute"):
        return value_of_arithmetic(text.removeprefix("Compute ").removesuffix("."))
    do = {
        "add": operator.add,
        "wins": operator.add,
        "subtract": operator.sub,
        "loses": operator.sub,
    }
    value = int(re.findall(r"\d+", text)[0])
    for verb, operand in re.findall(r"(add|subtract|multiply by|wins|loses) (\d+)", text):
        value = do.get(verb, operator.mul)(value, int(operand))
    return value


def value_of_arithmetic(source: str) -> int:
    """An expression's value by Python's own grammar and precedence."""
    signs: dict[type[ast.operator], Operator] = {
        ast.Add: Operator.ADD,
        ast.Sub: Operator.SUBTRACT,
        ast.Mult: Operator.MULTIPLY,
    }

    def visit(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp):
            return signs[type(node.op)].apply(visit(node.left), visit(node.right))
        assert isinstance(node, ast.Constant)
        return int(str(node.value))

    return visit(ast.parse(source, mode="eval").body)


@pytest.mark.parametrize("name", TASKS)
def test_committed_task_is_what_the_seed_gives(name: str) -> None:
    assert task_path(name).read_bytes() == task_jsonl(name).encode()


@pytest.mark.parametrize(("name", "n"), [("smoke-30", 30), ("smoke-40", 40), ("smoke-100", 100)])
def test_task_has_its_size_in_lines_ids_and_texts(name: str, n: int) -> None:
    rows = committed_rows(name)
    assert len(rows) == n
    assert len({row["id"] for row in rows}) == n
    assert len({row["problem"] for row in rows}) == n
    assert all(set(row) == {"id", "problem", "answer"} for row in rows)


@pytest.mark.parametrize("name", [*TASKS, TRAINING_FILE])
def test_every_gold_is_what_the_words_ask_for(name: str) -> None:
    for row in committed_rows(name):
        assert row["answer"] == str(value_of_wording(row["problem"])), row


def test_committed_training_file_is_what_the_seed_gives() -> None:
    assert task_path(TRAINING_FILE).read_bytes() == training_jsonl().encode()


def test_committed_training_file_holds_no_evaluation_text() -> None:
    shown = {row["problem"] for row in committed_rows(TRAINING_FILE)}
    asked = {row["problem"] for name in TASKS for row in committed_rows(name)}
    assert len(committed_rows(TRAINING_FILE)) == TRAINING_SIZE
    assert not shown & asked


@given(seed=SEEDS)
def test_every_training_gold_is_what_the_words_ask_for(seed: int) -> None:
    for problem in itertools.islice(training_problems(seed), 20):
        assert problem.answer == str(value_of_wording(problem.text))


@given(seed=SEEDS)
def test_reading_left_to_right_agrees_with_operator_precedence(seed: int) -> None:
    for problem in itertools.islice(training_problems(seed), 20):
        expression = problem.expression
        steps = "".join(f"{step.operator}{step.operand}" for step in expression.steps)
        assert expression.values()[-1] == value_of_arithmetic(f"{expression.start}{steps}")


@given(seed=SEEDS)
def test_training_never_shows_an_evaluation_expression(seed: int) -> None:
    held_out = evaluation_expressions()
    assert all(p.expression not in held_out for p in itertools.islice(training_problems(seed), 200))


def test_the_filter_is_what_keeps_training_disjoint(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property above holds for a reason: without the filter, a long stream does collide."""
    held_out = evaluation_expressions()
    monkeypatch.setattr("tina_bench.embedded.problems.evaluation_expressions", frozenset)
    unfiltered = itertools.islice(training_problems(0), 30_000)
    assert any(p.expression in held_out for p in unfiltered)


def test_no_two_evaluation_problems_share_an_expression() -> None:
    assert len(evaluation_expressions()) == sum(spec.n for spec in TASKS.values())


def test_tasks_differ_in_kind() -> None:
    assert {spec.family for spec in TASKS.values()} == set(Family)


def test_every_evaluation_problem_has_places_to_slip() -> None:
    for name, spec in TASKS.items():
        assert all(p.expression.crossings() >= spec.crossings > 0 for p in task_problems(name))


@given(seed=SEEDS)
def test_running_values_stay_within_two_digits(seed: int) -> None:
    for problem in itertools.islice(training_problems(seed), 50):
        assert all(LOWEST <= value <= HIGHEST for value in problem.expression.values())


@given(seed=SEEDS)
def test_same_seed_same_problems(seed: int) -> None:
    first, second = (list(itertools.islice(training_problems(seed), 20)) for _ in range(2))
    assert first == second


def test_other_seed_other_problems() -> None:
    first, second = (list(itertools.islice(training_problems(seed), 20)) for seed in (1, 2))
    assert first != second


def test_training_shows_every_family_and_operator() -> None:
    sample = list(itertools.islice(training_problems(0), 500))
    assert {p.family for p in sample} == set(Family)
    assert {step.operator for p in sample for step in p.expression.steps} == set(Operator)
