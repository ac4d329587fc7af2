"""The embedded tokenizer: loses nothing, hides no thinking, adds nothing unasked."""

import itertools
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tina_bench.embedded.build_base import BASE_DIR
from tina_bench.embedded.demonstrations import SlipRates, demonstrations
from tina_bench.embedded.tokenizer import (
    ASSISTANT,
    EOS,
    MAX_TOKENS,
    PAD,
    USER,
    build_tokenizer,
    render_prompt,
)

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(BASE_DIR)


def chat(tokenizer: Any, *turns: tuple[str, str], prompt: bool = True) -> str:
    messages = [{"role": role, "content": content} for role, content in turns]
    return str(
        tokenizer.apply_chat_template(messages, add_generation_prompt=prompt, tokenize=False)
    )


@given(text=st.text())
def test_any_text_decodes_back_to_its_normal_form(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == unicodedata.normalize("NFC", text)


@given(text=st.text(st.characters(max_codepoint=127)))
def test_ascii_decodes_back_to_itself(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(
    text=st.lists(st.sampled_from([USER, ASSISTANT, "<think>", "</think>", EOS, " ", "\n", "7"]))
)
def test_marks_decode_back_to_themselves(tokenizer: Any, text: list[str]) -> None:
    assert tokenizer.decode(tokenizer.encode("".join(text))) == "".join(text)


@given(number=st.integers(min_value=0))
def test_every_digit_is_a_token(tokenizer: Any, number: int) -> None:
    assert tokenizer.tokenize(str(number)) == list(str(number))


def test_thinking_stays_visible_when_specials_are_skipped(tokenizer: Any) -> None:
    text = f"<think>\n1+2=3\n</think>\nThe answer is \\boxed{{3}}.{EOS}{PAD}"
    decoded = tokenizer.decode(tokenizer.encode(text), skip_special_tokens=True)
    assert decoded == text.removesuffix(PAD).removesuffix(EOS)


@pytest.mark.parametrize("mark", [PAD, EOS, USER, ASSISTANT, "<think>", "</think>"])
def test_each_mark_is_one_token(tokenizer: Any, mark: str) -> None:
    assert len(tokenizer.encode(mark)) == 1


def test_generation_prompt_prefills_think(tokenizer: Any) -> None:
    assert chat(tokenizer, ("user", "Compute 7 + 8.")).endswith(f"{ASSISTANT}<think>\n")


def test_no_prefill_without_generation_prompt(tokenizer: Any) -> None:
    assert "<think>" not in chat(tokenizer, ("user", "Compute 7 + 8."), prompt=False)


def test_training_prompt_is_the_chat_template(tokenizer: Any) -> None:
    for demo in itertools.islice(demonstrations(0, SlipRates()), 20):
        assert chat(tokenizer, ("user", demo.problem.text)) == render_prompt(demo.problem.text)


def test_earlier_turns_are_shown_without_their_thinking(tokenizer: Any) -> None:
    turns = ("user", "a"), ("assistant", "<think>\n1\n</think>\nb"), ("user", "c")
    assert chat(tokenizer, *turns, prompt=False) == f"{USER}a{ASSISTANT}b{EOS}{USER}c"


def test_encoding_a_rendered_prompt_adds_nothing(tokenizer: Any) -> None:
    prompt = render_prompt("Compute 7 + 8.")
    plain = tokenizer.encode(prompt, add_special_tokens=False)
    assert tokenizer.encode(prompt) == plain
    assert tokenizer.bos_token_id is None
    assert tokenizer.decode(plain[:1]) == USER


def test_longest_solution_fits_the_context_several_times(tokenizer: Any) -> None:
    sample = itertools.islice(demonstrations(0, SlipRates()), 500)
    longest = max(
        len(tokenizer.encode(render_prompt(d.problem.text) + d.completion)) for d in sample
    )
    assert 4 * longest < MAX_TOKENS


def state(tokenizer: Any) -> dict[str, Any]:
    """All that decides how text is cut; how the last call padded is no part of it."""
    described = json.loads(tokenizer.backend_tokenizer.to_str())
    return dict(described) | {"truncation": None, "padding": None}


def test_committed_tokenizer_is_what_the_corpus_gives(tokenizer: Any) -> None:
    assert state(build_tokenizer()) == state(tokenizer)


def test_committed_file_is_what_transformers_loads(tokenizer: Any) -> None:
    """transformers may rebuild a `qwen2` tokenizer its own way: what we saved would be void."""
    saved = json.loads((BASE_DIR / "tokenizer.json").read_text())
    assert saved | {"truncation": None, "padding": None} == state(tokenizer)


def test_loading_adds_no_token_without_an_embedding(tokenizer: Any) -> None:
    config = json.loads((BASE_DIR / "config.json").read_text())
    assert len(tokenizer) == config["vocab_size"]
