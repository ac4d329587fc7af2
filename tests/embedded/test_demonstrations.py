"""The demonstrations: flawless where no slip is asked for, wrong as declared where it is."""

import itertools
import random
import re
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tina_bench.embedded.demonstrations import (
    THINK_CLOSE,
    Demonstration,
    SlipRates,
    demonstrate,
    demonstrations,
)
from tina_bench.embedded.problems import training_problems

SEEDS = st.integers(min_value=0, max_value=2**32)
NONE = SlipRates(forgotten_carry=0, missing_think_close=0, missing_box=0)
ALWAYS = SlipRates(forgotten_carry=1, missing_think_close=0, missing_box=0)


def sample(n: int, rates: SlipRates) -> list[Demonstration]:
    return list(itertools.islice(demonstrations(0, rates), n))


def assert_share(count: int, of: int, declared: float) -> None:
    """The observed share is within four standard errors of the declared one."""
    assert abs(count / of - declared) < 4 * sqrt(declared * (1 - declared) / of)


def wrong_steps(completion: str) -> list[tuple[str, int]]:
    """Each step line whose result is not what it says, with how far it is off."""
    lines = re.findall(r"^(\d+)([-+*])(\d+)=(\d+)$", completion, re.MULTILINE)
    truth = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}
    errors = [(sign, int(c) - truth[sign](int(a), int(b))) for a, sign, b, c in lines]
    return [(sign, error) for sign, error in errors if error]


@given(seed=SEEDS)
def test_without_slips_a_demonstration_ends_in_the_gold(seed: int) -> None:
    problem = next(training_problems(seed))
    demo = demonstrate(problem, NONE, random.Random(seed))
    thinking, answer = demo.completion.split(THINK_CLOSE)
    assert answer == rf"The answer is \boxed{{{problem.answer}}}."
    assert len(thinking.splitlines()) == len(problem.expression.steps)
    assert not wrong_steps(demo.completion)


def test_share_of_wrong_steps_is_as_declared() -> None:
    rates = SlipRates()
    sampled = sample(5_000, rates)
    # Counted from the text, not from the demonstration's own tally.
    wrong = sum(len(wrong_steps(demo.completion)) for demo in sampled)
    assert_share(wrong, sum(demo.eligible_steps for demo in sampled), rates.forgotten_carry)


def test_tally_of_slips_agrees_with_the_text() -> None:
    assert all(
        len(wrong_steps(demo.completion)) == demo.slipped_steps for demo in sample(500, SlipRates())
    )


def test_only_slip_is_a_forgotten_carry_or_borrow() -> None:
    errors = {error for demo in sample(500, ALWAYS) for error in wrong_steps(demo.completion)}
    assert errors == {("+", -10), ("-", 10)}


def test_nearly_every_crossing_is_eligible() -> None:
    sampled = sample(2_000, SlipRates())
    crossings = sum(demo.problem.expression.crossings() for demo in sampled)
    assert 0.9 < sum(demo.eligible_steps for demo in sampled) / crossings < 1.1


@pytest.mark.parametrize(
    ("mark", "rate"),
    [(THINK_CLOSE, SlipRates().missing_think_close), (r"\boxed{", SlipRates().missing_box)],
)
def test_share_of_format_slips_is_as_declared(mark: str, rate: float) -> None:
    sampled = sample(3_000, SlipRates())
    assert_share(sum(mark not in demo.completion for demo in sampled), len(sampled), rate)


@given(seed=SEEDS)
def test_same_seed_same_demonstrations(seed: int) -> None:
    first, second = (
        list(itertools.islice(demonstrations(seed, SlipRates()), 10)) for _ in range(2)
    )
    assert first == second
