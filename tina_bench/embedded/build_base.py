"""Train the embedded base model from scratch: `python -m tina_bench.embedded.build_base --out DIR`.

Guaranteed: the data, their order, the tokenizer and the initial weights follow from the seeds in
`BuildSettings`; the number of steps is fixed, so the clock decides nothing.
Traded away: bit-equal weights. Float sums depend on the CPU and the torch build, which is why
the built files are committed and locked by hash rather than rebuilt by users.

The weights are fp32. At this size bf16 would save two megabytes and cost agreement: logits
rounded to 8 bits differ between engines by more than the gap between close candidates.
"""

import argparse
import itertools
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.embedded.demonstrations import Demonstration, SlipRates, demonstrations
from tina_bench.embedded.problems import seeded
from tina_bench.embedded.tokenizer import MAX_TOKENS, build_tokenizer, render_prompt

if TYPE_CHECKING:
    import torch
    from transformers import Qwen2ForCausalLM, Qwen2Tokenizer

log = logging.getLogger(__name__)

BASE_DIR = Path(__file__).parent / "base"
"""Where the committed build lies."""

IGNORED = -100
"""The label torch's cross entropy skips."""


@dataclass(frozen=True)
class BuildSettings:
    """All that decides what is built."""

    data_seed: int = 2_2504
    weights_seed: int = 3_2504
    rates: SlipRates = field(default_factory=SlipRates)
    hidden_size: int = 128
    intermediate_size: int = 384
    layers: int = 3
    attention_heads: int = 4
    key_value_heads: int = 2
    steps: int = 1_800
    batch_size: int = 32
    peak_learning_rate: float = 2.5e-3
    warmup_steps: int = 50
    threads: int = 2
    """CPU threads; part of the settings because it changes float sums."""


def build(out: Path, settings: BuildSettings) -> float:
    """Train and save to `out` a folder that transformers and vLLM load; returns the last loss."""
    import torch

    torch.set_num_threads(settings.threads)
    tokenizer = build_tokenizer()
    model = new_model(tokenizer, settings)
    loss = _train(model, tokenizer, settings)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    # safetensors creates its file readable by the owner only; package data is for everyone.
    (out / "model.safetensors").chmod(0o644)
    return loss


def new_model(tokenizer: "Qwen2Tokenizer", settings: BuildSettings) -> "Qwen2ForCausalLM":
    """An untrained model of the settings' size that knows the tokenizer's special tokens."""
    import torch
    from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(settings.weights_seed)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=settings.hidden_size,
            intermediate_size=settings.intermediate_size,
            num_hidden_layers=settings.layers,
            num_attention_heads=settings.attention_heads,
            num_key_value_heads=settings.key_value_heads,
            max_position_embeddings=MAX_TOKENS,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            dtype="float32",
        )
    )
    # Sampling parameters are the caller's to choose: a default of our own here would silently
    # become vLLM's default as well.
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return model


def _train(
    model: "Qwen2ForCausalLM", tokenizer: "Qwen2Tokenizer", settings: BuildSettings
) -> float:
    import torch

    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.peak_learning_rate, betas=(0.9, 0.95), weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate_factor(step, settings)
    )
    began, last = time.monotonic(), float("nan")
    model.train()
    for step, batch in enumerate(itertools.islice(batches(tokenizer, settings), settings.steps)):
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if step % 100 == 0 or step == settings.steps - 1:
            last = loss.item()
            log.info("step %d loss %.4f at %.0f s", step, last, time.monotonic() - began)
    model.eval()
    return last


def _rate_factor(step: int, settings: BuildSettings) -> float:
    """Linear warm-up, then linear decay to nothing."""
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    return (settings.steps - step) / max(1, settings.steps - settings.warmup_steps)


def batches(
    tokenizer: "Qwen2Tokenizer", settings: BuildSettings
) -> "Iterator[dict[str, torch.Tensor]]":
    """Batches of similar length, in a seeded order.

    Sorting a pool of eight batches by length saves about a third of the time otherwise spent on
    padding; shuffling the sorted batches keeps the order free of any trend in length.
    """
    stream = demonstrations(settings.data_seed, settings.rates)
    rng = seeded(settings.data_seed)
    pool_size = 8 * settings.batch_size
    while True:
        pool = [_encode(demo, tokenizer) for demo in itertools.islice(stream, pool_size)]
        pool.sort(key=lambda pair: len(pair[0]))
        starts = sorted(range(0, pool_size, settings.batch_size), key=lambda _: rng.random())
        for start in starts:
            yield _collate(pool[start : start + settings.batch_size], tokenizer.pad_token_id)


def _encode(demo: Demonstration, tokenizer: "Qwen2Tokenizer") -> tuple[list[int], list[int]]:
    """Token ids and labels; only the completion and its end are learnt."""
    prompt = tokenizer.encode(render_prompt(demo.problem.text))
    completion = [*tokenizer.encode(demo.completion), tokenizer.eos_token_id]
    return prompt + completion, [IGNORED] * len(prompt) + completion


def _collate(pairs: list[tuple[list[int], list[int]]], pad: int) -> "dict[str, torch.Tensor]":
    """One batch padded on the right: causal attention never looks there, so no mask is needed."""
    import torch

    width = max(len(ids) for ids, _ in pairs)
    return {
        "input_ids": torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in pairs]),
        "labels": torch.tensor([labels + [IGNORED] * (width - len(labels)) for _, labels in pairs]),
    }


def main() -> None:
    """Build with the default settings, as the committed model was."""
    parser = argparse.ArgumentParser(description="Train the embedded base model from scratch.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--steps", type=int, default=BuildSettings.steps, help="training steps")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    build(arguments.out, BuildSettings(steps=arguments.steps))


if __name__ == "__main__":
    main()
