"""Rows become the conversations that the recipe means."""

from typing import Any

import pytest

from tests.support.worlds import make_catalog
from tina_bench.catalog.recipes import Recipe
from tina_bench.errors import CatalogError, UsageError
from tina_bench.jobs.conversations import conversations, field, fitting

ROWS = [{"problem": "1+1", "answer": 2}, {"problem": "2+2", "answer": 4}]
TARGETS = {"alpha": 0.1, "target_min_tokens": 100, "target_max_tokens": 4000}


def recipe_with(**changes: Any) -> Recipe:
    return make_catalog(**{f"recipes/r1/{path}": value for path, value in changes.items()}).recipes[
        "r1"
    ]


class Words:
    """A tokenizer of words."""

    def apply_chat_template(self, prompt: list[dict[str, str]], **_: Any) -> str:
        return " ".join(message["content"] for message in prompt)

    def __call__(self, text: str, **_: Any) -> dict[str, list[str]]:
        return {"input_ids": text.split()}


def test_a_row_becomes_a_question_with_its_gold_answer() -> None:
    assert conversations(recipe_with(), ROWS, None)[0] == {
        "prompt": [{"role": "user", "content": "1+1"}],
        "gold": "2",
    }


def test_a_system_prompt_comes_first() -> None:
    first, *_ = conversations(recipe_with(), ROWS, "Add.")
    assert first["prompt"][0] == {"role": "system", "content": "Add."}


def test_columns_are_those_of_the_recipe_and_may_lie_within_others() -> None:
    rows = [
        {
            "messages": [{"content": "3+3"}],
            "verification_info": '{"answer": {"value": "6"}}',
            "a.b": "a name with a point",
        }
    ]
    recipe = recipe_with(
        problem_field="messages.0.content", answer_field="verification_info.answer.value"
    )
    (made,) = conversations(recipe, rows, None)
    assert (made["prompt"][0]["content"], made["gold"]) == ("3+3", "6")
    assert field(rows[0], "a.b") == "a name with a point"


@pytest.mark.parametrize(
    "path", ["question", "problem.0.deeper", "messages.9.content", "messages.x"]
)
def test_a_column_that_is_not_there_is_named(path: str) -> None:
    row = {"problem": "1", "messages": [{"content": "x"}]}
    with pytest.raises(CatalogError, match=f"found no '{path}'.*messages, problem"):
        field(row, path)


def test_each_prompt_states_a_target_of_its_own_where_a_reward_has_one() -> None:
    rewards = [{"function": "length_l1_exact", "weight": 1, "parameters": TARGETS}]
    recipe = recipe_with(rewards=rewards, seed=42)
    made = conversations(recipe, ROWS * 50, "Add.")
    targets = [row["target_tokens"] for row in made]
    assert len(set(targets)) > 50
    assert all(100 <= target <= 4000 for target in targets)
    for row in made:
        expected = f"Add.\nThink for {row['target_tokens']} tokens."
        assert row["prompt"][0]["content"] == expected
    again = conversations(recipe, ROWS * 50, "Add.")
    assert again == made, "the recipe's seed decides"
    assert conversations(recipe_with(rewards=rewards, seed=43), ROWS * 50, "Add.") != made


def test_prompts_as_long_as_the_limit_are_kept_and_longer_ones_left_out() -> None:
    rows = [{"prompt": [{"role": "user", "content": "w " * n}]} for n in range(1, 11)]
    recipe = recipe_with(**{"grpo/max_prompt_length": 6})
    kept, said = fitting(recipe, rows, Words(), 1000)
    assert kept == rows[:6]
    (sentence,) = said
    assert sentence.startswith("4 of 10 training prompts have more than 6 tokens and were left out")
    assert "the published trainer" in sentence


def test_without_a_limit_the_base_s_context_is_one() -> None:
    rows = [{"prompt": [{"role": "user", "content": "w " * n}]} for n in range(1, 11)]
    kept, said = fitting(recipe_with(), rows, Words(), 13)  # completions take 8 of it
    assert len(kept) == 5
    assert "more than 5 tokens" in said[0]
    assert fitting(recipe_with(), rows, Words(), 1000) == (rows, ())


def test_too_few_prompts_for_one_step_is_one_sentence() -> None:
    rows = [{"prompt": [{"role": "user", "content": "w w w"}]}]
    with pytest.raises(UsageError, match="0 of 1 training prompts have 2 tokens or fewer"):
        fitting(recipe_with(**{"grpo/max_prompt_length": 2}), rows, Words(), 1000)
