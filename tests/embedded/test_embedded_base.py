"""The committed base model: small, loadable, and made by the code that claims to make it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tina_bench.embedded.build_base import BASE_DIR, BuildSettings, batches, build, new_model
from tina_bench.embedded.problems import task_problems
from tina_bench.embedded.tokenizer import build_tokenizer

pytestmark = pytest.mark.engine

TINY = BuildSettings(
    hidden_size=64, intermediate_size=96, layers=1, attention_heads=2, key_value_heads=1,
    steps=3, batch_size=8, threads=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def base() -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(BASE_DIR, dtype="float32")
    return model.eval(), AutoTokenizer.from_pretrained(BASE_DIR)


def completions(base: tuple[Any, Any], name: str, n: int, seed: int | None) -> list[str]:
    """The first n problems of a task, sampled with `seed` or, without one, decoded greedily."""
    import torch

    model, tokenizer = base
    chats = [[{"role": "user", "content": p.text}] for p in task_problems(name)[:n]]
    inputs = tokenizer.apply_chat_template(
        chats, add_generation_prompt=True, return_tensors="pt", return_dict=True, padding=True
    )
    sampling: dict[str, Any] = {"do_sample": False}
    if seed is not None:
        torch.manual_seed(seed)
        sampling = {"do_sample": True, "temperature": 0.6, "top_p": 0.95, "top_k": 0}
    with torch.no_grad():
        output = model.generate(**inputs, **sampling, max_new_tokens=128)
    return list(tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :]))


def test_weights_take_at_most_five_megabytes() -> None:
    assert (BASE_DIR / "model.safetensors").stat().st_size <= 5_000_000


def test_committed_model_has_the_declared_size(base: tuple[Any, Any]) -> None:
    model, tokenizer = base
    expected = new_model(tokenizer, BuildSettings())
    shapes = {name: weight.shape for name, weight in model.state_dict().items()}
    assert shapes == {name: weight.shape for name, weight in expected.state_dict().items()}


def test_special_tokens_agree_between_config_generation_and_tokenizer(
    base: tuple[Any, Any],
) -> None:
    model, tokenizer = base
    generation = json.loads((BASE_DIR / "generation_config.json").read_text())
    for place in (model.config.to_dict(), generation):
        assert place["eos_token_id"] == tokenizer.eos_token_id
        assert place["pad_token_id"] == tokenizer.pad_token_id
    assert model.config.bos_token_id is None


def test_generation_config_chooses_no_sampling_parameters() -> None:
    generation = json.loads((BASE_DIR / "generation_config.json").read_text())
    assert set(generation) == {"eos_token_id", "pad_token_id", "transformers_version"}


def test_base_thinks_answers_and_stops(base: tuple[Any, Any]) -> None:
    _, tokenizer = base
    for text in completions(base, "smoke-100", 16, seed=None):
        thinking, answer = text.split("</think>\n")
        assert thinking.count("=") == 3
        assert answer.startswith(r"The answer is \boxed{")
        assert tokenizer.eos_token in answer


def test_two_seeds_differ_and_one_repeats(base: tuple[Any, Any]) -> None:
    first, again, other = (completions(base, "smoke-40", 20, seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_build_writes_a_folder_that_loads(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loss = build(tmp_path, TINY)
    assert 0 < loss < 10
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert model.config.vocab_size == len(AutoTokenizer.from_pretrained(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in BASE_DIR.iterdir()}


def test_training_learns(tmp_path: Path) -> None:
    settings = dataclasses.replace(TINY, steps=40, warmup_steps=5, peak_learning_rate=1e-2)
    assert build(tmp_path, settings) < build(tmp_path, dataclasses.replace(settings, steps=1)) / 2


def test_same_settings_same_batches_and_initial_weights() -> None:
    import torch

    tokenizer = build_tokenizer()
    first, second = (next(batches(tokenizer, TINY)) for _ in range(2))
    assert torch.equal(first["input_ids"], second["input_ids"])
    assert torch.equal(first["labels"], second["labels"])
    one, two = (new_model(tokenizer, TINY) for _ in range(2))
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, two.state_dict()[name]), name
