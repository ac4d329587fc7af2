"""Rewards mean what the papers say: worked by hand, and held to their ranges."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.worlds import make_catalog
from tina_bench.catalog.recipes import RewardName
from tina_bench.catalog.training import REWARD_PARAMETERS
from tina_bench.jobs.rewards import REWARDS, recipe_rewards
from tina_bench.jobs.rewards.lengths import cosine, length, length_l1_exact, length_l1_max
from tina_bench.jobs.rewards.texts import format as format_reward
from tina_bench.jobs.rewards.texts import reasoning_steps, repetition_penalty, tag_count
from tina_bench.jobs.rewards.verify import accuracy

RIGHT, WRONG = "\\boxed{5}", "\\boxed{6}"
COSINE = {
    "min_value_wrong": 0.0,
    "max_value_wrong": -0.5,
    "min_value_correct": 0.5,
    "max_value_correct": 1.0,
}
"""The published bounds (docs/facts/facts.md, section 3.2)."""


def said(text: str) -> list[dict[str, str]]:
    """A completion of a conversation, as TRL hands it over."""
    return [{"role": "assistant", "content": text}]


def padded(answer: str, characters: int) -> str:
    return "x" * (characters - len(answer)) + answer


def ids(*lengths: int) -> list[list[int]]:
    return [[0] * length for length in lengths]


def test_every_reward_of_the_catalog_s_vocabulary_exists_under_its_name() -> None:
    assert set(REWARDS) == set(RewardName.__args__) == set(REWARD_PARAMETERS)  # type: ignore[attr-defined]
    assert all(function.__name__ == name for name, function in REWARDS.items())


@pytest.mark.parametrize(
    ("text", "gold", "right"),
    [
        ("2+3=5\n</think>\nThe answer is \\boxed{5}.", "5", 1.0),
        ("2+3=5\n</think>\nThe answer is \\boxed{6}.", "5", 0.0),
        ("2+3=5\n</think>\nThe answer is \\boxed{05}.", "5", 1.0),
        ("so \\boxed{\\frac{1}{2}}", "0.5", 1.0),
        ("so \\boxed{0.5}", "\\frac{1}{2}", 1.0),
        ("so \\boxed{x = 3}", "3", 1.0),
        ("first \\boxed{6}, no: $5$", "5", 0.0),
        ("so \\boxed{5}", "We add and find $\\boxed{5}$.", 1.0),
        ("the answer is 5", "5", 0.0),  # not marked as mathematics
        ("no answer at all", "5", 0.0),
        ("", "5", 0.0),
        ("so \\boxed{5}", "the answer is 5", 1.0),
        ("so \\boxed{12}", "With $x=3$ the sum is $12$, so it is $\\boxed{12}$.", 1.0),
        ("so \\boxed{3}", "With $x=3$ the sum is $12$, so it is $\\boxed{12}$.", 0.0),
        ("so \\boxed{5}", "", None),
    ],
)
def test_accuracy_is_one_only_for_the_right_answer_in_latex(
    text: str, gold: str, right: float | None
) -> None:
    assert accuracy([text], [gold]) == [right]
    assert accuracy([said(text)], [gold]) == [right]


def test_accuracy_reads_plain_numbers_only_where_the_recipe_says_so() -> None:
    assert accuracy(["the answer is 5"], ["5"], lenient=1) == [1.0]
    assert accuracy(["the answer is 6"], ["5"], lenient=1) == [0.0]
    assert accuracy(["the answer is 6, no, $5$"], ["5"], lenient=1) == [1.0]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a\n</think>\nb", 1.0),
        ("a</think>b", 0.0),
        ("a\n</think>\nb\n</think>\nc", 0.0),
        ("<think>\na\n</think>\nb", 1.0),
        ("a", 0.0),
    ],
)
def test_format_is_one_only_for_exactly_one_end_of_thinking(text: str, right: float) -> None:
    assert format_reward([text]) == [right]


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("<think>\na\n</think>\nb", 1.0),
        ("a\n</think>\nb", 0.5),
        ("<think>\na", 0.5),
        ("<think>\n<think>\na\n</think>\nb", 0.5),
        ("<think>a</think>b", 0.0),
    ],
)
def test_tag_count_gives_half_a_point_for_each_tag_that_stands_once(
    text: str, points: float
) -> None:
    assert tag_count([said(text)]) == [points]


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("", 0),
        ("Step 1: add. Step 2: stop.", 2),
        ("1. add\n2. stop", 1),  # a number counts at the very start only
        ("do\n- this\n* that\nFirst, go", 3),
        ("First, a. Second, b. Next, c. Finally, d.", 4),
        ("first, a", 0),
    ],
)
def test_reasoning_steps_is_a_third_a_mark_and_never_above_one(text: str, marks: int) -> None:
    assert reasoning_steps([text]) == [pytest.approx(min(1.0, marks / 3))]


@pytest.mark.parametrize(
    ("text", "size", "penalty"),
    [
        ("", 3, 0.0),
        ("one two", 3, 0.0),
        ("a b c d", 3, 0.0),
        # 3-grams of a b c a b c a: abc bca cab abc bca: 5 of which 3 differ, so -(5 - 3) / 5.
        ("a b c a b c a", 3, -0.4),
        ("A a  a\na", 2, -2 / 3),  # aa aa aa: 3 of which 1 differs, in lower case
        ("a a a a", 3, -0.5),
    ],
)
def test_repetition_penalty_is_the_share_of_word_ngrams_seen_before(
    text: str, size: int, penalty: float
) -> None:
    assert repetition_penalty([text], ngram_size=float(size), max_penalty=-1.0) == [
        pytest.approx(penalty)
    ]


def test_length_runs_from_a_half_for_the_shortest_to_minus_a_half_for_the_longest() -> None:
    # Characters 10, 20, 30, 30; shortest 10, longest 30: λ = 0.5 - (l - 10) / 20.
    texts = [padded(RIGHT, 10), padded(RIGHT, 20), padded(RIGHT, 30), padded(WRONG, 30)]
    assert length(texts, ["5"] * 4, group_size=4) == [0.5, 0.0, -0.5, -0.5]


def test_length_never_rewards_a_wrong_answer() -> None:
    # Characters 10, 15, 30: λ = 0.5, 0.25, -0.5, of which a wrong answer keeps what is below 0.
    texts = [padded(WRONG, 10), padded(WRONG, 15), padded(WRONG, 30)]
    assert length(texts, ["5"] * 3, group_size=3) == [0.0, 0.0, -0.5]


def test_length_compares_the_completions_of_one_prompt_only() -> None:
    short = [padded(RIGHT, 10), padded(RIGHT, 20)]
    long = [padded(RIGHT, 1000), padded(RIGHT, 2000)]
    assert length([*short, *long], ["5"] * 4, group_size=2) == [0.5, -0.5, 0.5, -0.5]


def test_length_is_nothing_where_all_are_equally_long() -> None:
    assert length([RIGHT, WRONG], ["5", "5"], group_size=2) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("answer", "characters", "reward"),
    [
        # progress 1/4: (1 + cos(π/4)) / 2 = 0.853553; right: 0.5 + 0.5 × 0.853553
        (RIGHT, 25, 0.926777),
        (RIGHT, 50, 0.75),
        (RIGHT, 100, 0.5),
        # beyond the limit the wave climbs again: cos(2π) = 1, as at no length at all
        (RIGHT, 200, 1.0),
        # wrong: -0.5 + (0 - -0.5) × 0.853553, and so from 0 down to -0.5
        (WRONG, 25, -0.073223),
        (WRONG, 50, -0.25),
        (WRONG, 100, -0.5),
        (WRONG, 200, 0.0),
    ],
)
def test_cosine_as_published_counts_characters_without_a_clamp(
    answer: str, characters: int, reward: float
) -> None:
    text = said(padded(answer, characters))
    found = cosine([text], ["5"], max_len_characters=100, completion_ids=ids(7), **COSINE)
    assert found == [pytest.approx(reward, abs=1e-6)]


def test_cosine_as_described_counts_tokens() -> None:
    texts = [said(RIGHT), said(RIGHT), said(WRONG)]
    found = cosine(texts, ["5"] * 3, max_len_tokens=100, completion_ids=ids(0, 50, 100), **COSINE)
    assert found == pytest.approx([1.0, 0.75, -0.5])


def test_cosine_gives_nothing_where_the_gold_answer_cannot_be_read() -> None:
    assert cosine([RIGHT], [""], max_len_characters=100, **COSINE) == [None]


@pytest.mark.engine
def test_cosine_in_tokens_is_trl_s_own() -> None:
    from trl.rewards import get_cosine_scaled_reward

    lengths = (0, 1, 10, 50, 99, 100)
    texts = [said(answer) for answer in (RIGHT, WRONG) for _ in lengths]
    gold, tokens = ["$5$"] * len(texts), ids(*lengths, *lengths)
    theirs = get_cosine_scaled_reward(max_len=100, **COSINE)
    assert cosine(
        texts, gold, max_len_tokens=100, completion_ids=tokens, **COSINE
    ) == pytest.approx(theirs(texts, gold, tokens))


def test_l1_exact_takes_alpha_for_every_token_off_the_target() -> None:
    # α 0.0003: 1 - 0.0003 × |1000 - 900| = 0.97; and 0 - 0.0003 × |1000 - 1500| = -0.15
    texts, gold = [said(RIGHT), said(RIGHT), said(WRONG)], ["5"] * 3
    found = length_l1_exact(texts, gold, [1000] * 3, ids(900, 1000, 1500), alpha=0.0003)
    assert found == pytest.approx([0.97, 1.0, -0.15])


def test_l1_max_rewards_a_right_answer_below_its_target() -> None:
    # 0.0003 × (1000 - n) + 0.5: n = 1000 gives 0.5, n = 0 gives 0.8, n = 4000 is cut at 0
    texts, gold = [said(RIGHT)] * 4 + [said(WRONG)], ["5"] * 5
    tokens = ids(1000, 0, 4000, 500, 500)
    found = length_l1_max(texts, gold, [1000] * 5, tokens, alpha=0.0003, delta=0.5)
    assert found == pytest.approx([0.5, 0.8, 0.0, 0.65, 0.0])


def test_l1_max_is_cut_at_one() -> None:
    found = length_l1_max([RIGHT], ["5"], [4000], ids(1), alpha=0.0003, delta=0.5)
    assert found == [1.0]  # 0.0003 × 3999 + 0.5 = 1.6997


def test_a_recipe_s_rewards_take_their_parameters_and_keep_their_names() -> None:
    from functools import partial

    rewards = [
        {"function": "length", "weight": 1},
        {"function": "repetition_penalty", "weight": 1, "parameters": {"ngram_size": 3,
         "max_penalty": -1}},
        {"function": "length_l1_exact", "weight": 1, "parameters": {"alpha": 0.1,
         "target_min_tokens": 1, "target_max_tokens": 2}},
    ]  # fmt: skip
    recipe = make_catalog(**{"recipes/r1/rewards": rewards}).recipes["r1"]
    made = recipe_rewards(recipe)
    assert all(isinstance(function, partial) for function in made)
    texts = [padded(RIGHT, 10), padded(RIGHT, 30)]
    given: dict[str, Any] = {"gold": ["5", "5"], "target_tokens": [1, 1]}
    values = [function(completions=texts, completion_ids=ids(1, 3), **given) for function in made]
    assert values == [[0.5, -0.5], [0.0, 0.0], [1.0, pytest.approx(0.8)]]


TEXTS = st.lists(st.text(alphabet="ab \n<>think/1.-*", max_size=60), min_size=2, max_size=6)


@given(texts=TEXTS)
@settings(max_examples=200, deadline=None)
def test_rewards_of_words_stay_within_their_ranges(texts: list[str]) -> None:
    assert set(format_reward(texts)) <= {0.0, 1.0}
    assert set(tag_count(texts)) <= {0.0, 0.5, 1.0}
    assert all(0 <= value <= 1 for value in reasoning_steps(texts) if value is not None)
    penalties = repetition_penalty(texts, ngram_size=3, max_penalty=-1.0)
    assert all(-1 < value <= 0 for value in penalties if value is not None)


@given(sizes=st.lists(st.integers(9, 400), min_size=2, max_size=6), right=st.booleans())
@settings(max_examples=50, deadline=None)
def test_length_never_prefers_the_longer_of_two_alike(sizes: list[int], right: bool) -> None:
    texts = [padded(RIGHT if right else WRONG, size) for size in sorted(sizes)]
    values = [float(v or 0) for v in length(texts, ["5"] * len(texts), group_size=len(texts))]
    assert values == sorted(values, reverse=True)
    assert all(-0.5 <= value <= (0.5 if right else 0.0) for value in values)


@given(tokens=st.lists(st.integers(0, 3584), min_size=2, max_size=6), right=st.booleans())
@settings(max_examples=100, deadline=None)
def test_cosine_in_tokens_falls_with_length_and_stays_within_its_bounds(
    tokens: list[int], right: bool
) -> None:
    texts = [RIGHT if right else WRONG] * len(tokens)
    values = cosine(
        texts,
        ["5"] * len(tokens),
        max_len_tokens=3584,
        completion_ids=ids(*sorted(tokens)),
        **COSINE,
    )
    found = [float(value) for value in values if value is not None]
    assert found == sorted(found, reverse=True)
    low, high = (0.5, 1.0) if right else (-0.5, 0.0)
    assert all(low - 1e-12 <= value <= high + 1e-12 for value in found)


@given(st.integers(0, 4000), st.integers(100, 4000), st.integers(0, 500))
@settings(max_examples=100, deadline=None)
def test_l1_rewards_fall_as_the_answer_leaves_its_target(n: int, target: int, more: int) -> None:
    further = n + more if n >= target else max(0, n - more)
    texts, gold, targets = [RIGHT, RIGHT], ["5", "5"], [target, target]
    near, far = length_l1_exact(texts, gold, targets, ids(n, further), alpha=0.0003)
    assert near is not None
    assert far is not None
    assert far <= near <= 1
    longer = length_l1_max(texts, gold, targets, ids(n, n + more), alpha=0.0003, delta=0.5)
    assert longer[0] is not None
    assert longer[1] is not None
    assert 0 <= longer[1] <= longer[0] <= 1
    assert not math.isnan(longer[0])
