"""The embedded model's tokenizer and chat template.

Guaranteed:
- byte-level: any text decodes back to itself (to its NFC form, where it is not in that form), and
  every digit is a token of its own, so the model sees the same digit in `7`, `17` and `71`;
- `<think>` and `</think>` are single tokens but not special: they stay visible when text is
  decoded with `skip_special_tokens=True`, which graders and format rewards rely on;
- nothing is added by encoding: there is no beginning-of-text token, so a prompt rendered from the
  chat template and encoded again cannot get a second one;
- the generation prompt ends in `<think>` and a newline, as DeepSeek-R1-Distill's does.

- what is saved is what is loaded. transformers 5 loads the tokenizer of any `qwen2` model as
  `Qwen2Tokenizer`, with Qwen's normaliser and word splitting, and silently drops whatever else
  `tokenizer.json` says. So this is a `Qwen2Tokenizer` with a vocabulary of its own, and no more.

Traded away: the merges are learnt from this domain's few words; other text falls back to bytes.
"""

import itertools
from typing import TYPE_CHECKING

from tina_bench.embedded.demonstrations import SlipRates, demonstrations

if TYPE_CHECKING:
    from transformers import Qwen2Tokenizer

PAD, EOS, USER, ASSISTANT = "<|pad|>", "<|endoftext|>", "<|user|>", "<|assistant|>"
THINK_TOKENS = ("<think>", "</think>")
MAX_TOKENS = 512
"""The model's context; the longest problem with its solution needs about a quarter."""

CORPUS_SEED = 1_2504
CORPUS_SIZE = 2_000
VOCABULARY_LIMIT = 384
"""256 bytes and specials, and room for the words and signs of this domain."""

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message.role == 'assistant' -%}"
    # As the R1 template does: earlier turns are shown without their thinking.
    "{{- '<|assistant|>' + message.content.split('</think>')[-1].lstrip('\\n') -}}"
    "{{- '<|endoftext|>' -}}"
    "{%- else -%}"
    "{{- '<|user|>' + message.content -}}"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|><think>\\n' -}}{%- endif -%}"
)


def build_tokenizer() -> "Qwen2Tokenizer":
    """Learn the merges from the seeded corpus; the same corpus gives the same tokenizer."""
    import json

    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers
    from transformers import Qwen2Tokenizer

    qwen = Qwen2Tokenizer().backend_tokenizer
    learner = Tokenizer(models.BPE())
    learner.normalizer, learner.pre_tokenizer = qwen.normalizer, qwen.pre_tokenizer
    learner.train_from_iterator(
        _corpus(),
        trainers.BpeTrainer(
            vocab_size=VOCABULARY_LIMIT,
            special_tokens=[PAD, EOS, USER, ASSISTANT],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    learnt = json.loads(learner.to_str())["model"]
    tokenizer = Qwen2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(pair) for pair in learnt["merges"]],
        # Qwen's tokenizer insists on an unknown token, though bytes leave nothing unknown; named
        # nothing, it would become one more token than the model has embeddings.
        unk_token=EOS,
        eos_token=EOS,
        pad_token=PAD,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=MAX_TOKENS,
        # Generation appends to the right end of a prompt, so batches are padded on the left.
        padding_side="left",
    )
    tokenizer.add_tokens(
        [AddedToken(token, normalized=False, special=False) for token in THINK_TOKENS]
    )
    return tokenizer


def render_prompt(problem_text: str) -> str:
    """The text the model is trained to continue; the chat template renders the same."""
    return f"{USER}{problem_text}{ASSISTANT}<think>\n"


def _corpus() -> list[str]:
    examples = itertools.islice(demonstrations(CORPUS_SEED, SlipRates()), CORPUS_SIZE)
    # Cut at the think mark, a token of its own: left in, it would be learnt as a word as well.
    return [part for d in examples for part in (d.problem.text, *d.completion.split("</think>"))]
