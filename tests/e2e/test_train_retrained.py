"""Trained instead of fetched: from a recipe to a result that says so and stands apart."""

from pathlib import Path

import pytest

from tests.e2e.program import Program
from tina_bench.store.records import JobKind

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

PUBLISHED = """
[profiles.published]
title = "a published adapter"
models = ["somebody-s"]
tasks = ["smoke-30"]
seeds = [0]
stack = "cpu"
max_model_tokens = 512
sampling = { temperature = 0.6, top_p = 0.95 }

[models.somebody-s]
title = "an adapter of the hub"
kind = "adapter"
family = "smoke"
source = "hub"
repo = "somebody/adapter"
base = "smoke-base"
recipe = "somebody-s"

[recipes.somebody-s]
title = "six steps"
base = "smoke-base"
dataset = "embedded:smoke-train"
dataset_size = 64
seed = 1
rewards = [{ function = "accuracy", weight = 1 }, { function = "format", weight = 1 }]
lora = { rank = 4, alpha = 16, dropout = 0, target_modules = ["q_proj", "v_proj"] }

[recipes.somebody-s.grpo]
loss_type = "grpo"
scale_rewards = "group"
beta = 0.04
num_generations = 4
temperature = 0.7
max_completion_length = 64

[recipes.somebody-s.optimizer]
learning_rate = 1e-3
lr_scheduler_type = "constant"
warmup_ratio = 0
per_device_train_batch_size = 8
gradient_accumulation_steps = 1
max_steps = 3
save_steps = 3
bf16 = false
"""
RETRAINED = "adapter trained here by recipe somebody-s; not the published adapter"


def test_a_published_model_trained_here_says_so_and_stands_apart(tmp_path: Path) -> None:
    catalog = tmp_path / "published.toml"
    catalog.write_text(PUBLISHED)
    program = Program(tmp_path / "home")
    asked = ("--all", "--profile", "published", "--catalog", str(catalog))
    program.run("reproduce", *asked, code=22)  # its bytes were never locked
    program.run("reproduce", *asked, "--retrain")
    record = program.results()["somebody-s", "smoke-30"]
    assert record.provenance.deviations == (RETRAINED,)
    assert record.provenance.profile == "published.retrained"
    assert not (program.root / "results" / "published").exists()


def test_a_recipe_of_the_paper_runs_at_scale_tiny_from_training_to_result(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    name, recipe = "tina-open-rs3-drgrpo", "tina-open-rs3-drgrpo-as-published-code"
    program.run("train", recipe, "--scale", "tiny")
    kinds = [entry.kind for entry in program.ledger() if entry.event == "end"]
    assert sorted(kinds) == [JobKind.FETCH, JobKind.TRAIN], "an adapter, and nothing with it"
    assert "Nothing to do" in program.run("train", recipe, "--scale", "tiny").out

    asked = ("--model", name, "--task", "smoke-30", "--seeds", "1", "--retrain", "--scale", "tiny")
    program.run("reproduce", "--profile", "paper", *asked)
    ((model, task), record) = program.results().popitem()
    assert (model, task) == (f"{name}.tiny", "smoke-30")
    assert program.results() == {(model, task): record}
    assert record.provenance.profile == "paper.tiny"
    said = " | ".join(record.provenance.deviations)
    for words in ("scale tiny: base is smoke-base", "trl 0.15.2", "optimizer.stop_step is 4"):
        assert words in said
    trainings = [
        entry for entry in program.ledger() if (entry.kind, entry.event) == (JobKind.TRAIN, "start")
    ]
    assert len(trainings) == 1, "the adapter of the first command was used"
    assert "none of " in program.run("verify", code=22).err, "no claim is about it"
