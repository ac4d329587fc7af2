"""A killed training goes on."""

from pathlib import Path

import pytest

from tests.e2e.program import Program
from tina_bench.files.append_log import read_log
from tina_bench.store.records import JobKind

STEPS = 6
SHORT = """
[profiles.short]
title = "a few steps"
models = ["short-tina"]
tasks = ["smoke-30"]
seeds = [0]
stack = "cpu"
max_model_tokens = 512
sampling = {{ temperature = 0.6, top_p = 0.95 }}

[models.short-tina]
title = "a few steps"
kind = "adapter"
family = "smoke"
source = "recipe"
base = "smoke-base"
recipe = "short"

[recipes.short]
title = "a few steps"
base = "smoke-base"
dataset = "embedded:smoke-train"
dataset_size = 64
seed = 1
rewards = [{{ function = "accuracy", weight = 2 }}, {{ function = "format", weight = 1 }}]
lora = {{ rank = 4, alpha = 16, dropout = 0, target_modules = ["q_proj", "v_proj"] }}

[recipes.short.grpo]
loss_type = "grpo"
scale_rewards = "group"
beta = 0.04
num_generations = 4
temperature = 0.7
max_completion_length = 32

[recipes.short.optimizer]
learning_rate = 1e-3
lr_scheduler_type = "cosine_with_min_lr"
lr_scheduler_kwargs = {{ min_lr_rate = 0.1 }}
warmup_ratio = 0.1
per_device_train_batch_size = 8
gradient_accumulation_steps = 1
max_steps = {steps}
stop_step = {steps}
save_steps = 2
bf16 = false
"""


@pytest.mark.nightly
@pytest.mark.engine
def test_a_killed_training_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    catalog = tmp_path / "short.toml"
    catalog.write_text(SHORT.format(steps=STEPS))
    program = Program(tmp_path / "home")
    command = ("reproduce", "--all", "--profile", "short", "--catalog", str(catalog))

    def saved() -> bool:
        return any(program.root.glob("jobs/train-*/checkpoints/checkpoint-2/trainer_state.json"))

    ended = program.run_and_kill_job("train", saved, *command)
    assert ended.code == 20
    program.run(*command)

    (log,) = program.root.glob("jobs/train-short-tina-*/training.jsonl")
    steps = [record["step"] for record in read_log(log)]
    assert set(steps) == set(range(1, STEPS + 1)), "every step is on record"
    assert steps.count(1) == 1, "what came before the checkpoint was not repeated"
    entries = [entry for entry in program.ledger() if entry.kind is JobKind.TRAIN]
    assert len({entry.attempt for entry in entries}) == 2, "both attempts are on the bill"
    assert ("short-tina", "smoke-30") in program.results()
