"""A model's `tokenizer.json` decides its prompts, whatever transformers makes of it."""

import json
import shutil
from pathlib import Path

import pytest

from tina_bench.embedded.files import model_folder
from tina_bench.errors import IntegrityError
from tina_bench.jobs.sample_requests import load_tokenizer, prompt_ids

pytestmark = pytest.mark.engine

TEXTS = ("Compute 12345 + 678.", "caf\u0065\u0301 it's 1/2\n\n", "<|user|>hi<think>\n")
DECOMPOSED = "caf\u0065\u0301"
"""Two characters for the last letter: NFC makes one of them."""


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """The embedded base with a `tokenizer.json` that normalises nothing, as another class's may."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder(), folder)
    rules = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    assert rules["normalizer"] == {"type": "NFC"}
    rules["normalizer"] = None
    rules["truncation"] = {
        "direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(rules), encoding="utf-8")
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    config["tokenizer_class"] = "LlamaTokenizerFast"
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def rules_of(folder: Path) -> list[tuple[int, ...]]:
    from tokenizers import Tokenizer

    rules = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rules.no_truncation()
    return [tuple(rules.encode(text, add_special_tokens=False).ids) for text in TEXTS]


def test_the_embedded_tokenizer_is_what_transformers_would_load_too() -> None:
    from transformers import AutoTokenizer

    ours, auto = load_tokenizer(model_folder()), AutoTokenizer.from_pretrained(model_folder())
    assert [prompt_ids(ours, text) for text in TEXTS] == rules_of(model_folder())
    assert [prompt_ids(auto, text) for text in TEXTS] == rules_of(model_folder())
    asked = [{"role": "user", "content": TEXTS[0]}]
    rendered = [
        tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        for tokenizer in (ours, auto)
    ]
    assert rendered[0] == rendered[1]


def test_a_file_with_other_rules_than_transformers_counts_as_it_stands(foreign: Path) -> None:
    tokenizer = load_tokenizer(foreign)
    assert [prompt_ids(tokenizer, text) for text in TEXTS] == rules_of(foreign)
    assert rules_of(foreign) != rules_of(model_folder())


def test_a_tokenizer_that_makes_other_prompts_than_the_file_is_refused_by_name(
    foreign: Path,
) -> None:
    from transformers import AutoTokenizer

    changed = AutoTokenizer.from_pretrained(foreign)
    assert prompt_ids(changed, TEXTS[0]) == rules_of(foreign)[0], "where they agree all is well"
    with pytest.raises(IntegrityError, match=r"tokenizer\.json: found Qwen2Tokenizer making other"):
        prompt_ids(changed, DECOMPOSED)
