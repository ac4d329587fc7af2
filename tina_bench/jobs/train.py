"""Train a LoRA adapter with GRPO (TRL), as a recipe says, step for step resumable.

Guarantees: every number of the recipe reaches TRL under its own name, as listed by
`tina_bench.catalog.training`, and TRL refuses names that it does not know; a checkpoint is taken
every `save_steps`, and a killed training goes on from the last one; every step's rewards are on
disk when the step is over. Traded away: `kill -9` repeats the steps since the last checkpoint,
which are paid for twice and stay on the bill.

On CUDA vLLM generates inside this process, beside the trainer. That half has never run on a GPU of
ours: what is tested here is that TRL takes its arguments.
"""

import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Recipe, Stack
from tina_bench.catalog.training import check_recipe, deviations, grpo_settings
from tina_bench.files.append_log import LogWriter
from tina_bench.jobs.context import Context
from tina_bench.jobs.conversations import conversations, fitting
from tina_bench.jobs.engine import OFFLINE, check_packages
from tina_bench.jobs.lighteval_tasks import read_rows
from tina_bench.jobs.merge import hash_folder
from tina_bench.jobs.rewards import recipe_rewards
from tina_bench.jobs.sample_requests import load_tokenizer
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.metering.gpu import visible_devices
from tina_bench.store.job_folder import TRAINING_FILE, TrainInputs, TrainOutputs, Weights
from tina_bench.store.records import Outcome, Phase

ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json")


def grpo_arguments(recipe: Recipe, stack: Stack) -> dict[str, Any]:
    """Keyword arguments of `GRPOConfig`, the output folder excepted: the dry run's own list."""
    return {setting.name: setting.value for setting in grpo_settings(recipe, stack)}


def _use_one_gpu() -> None:
    """Hide all GPUs but one: with several in sight transformers would split each batch."""
    os.environ["CUDA_VISIBLE_DEVICES"] = (visible_devices() or [""])[0]


def _callback(context: Context, recipe: Recipe, log: LogWriter) -> Any:
    """Meters, logs and stops the training, from inside TRL's loop."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc, unused-ignore]
        """Writes each step down, and ends at the recipe's stop step or at the budget."""

        hit_budget = False

        def __init__(self) -> None:
            self._started = time.monotonic()
            self._steps = 0

        def on_step_end(self, _: Any, state: Any, control: Any, **__: Any) -> None:
            stop = recipe.optimizer.stop_step or state.max_steps
            self._steps += 1
            context.meter.tick(steps=1)
            context.progress(state.global_step, stop, "steps")
            left, rate = context.meter.left_usd(), context.meter.usd_per_second or 0.0
            step_seconds = (time.monotonic() - self._started) / self._steps
            reserve = rate * (2 * step_seconds + context.meter.closing_seconds)
            if state.global_step >= stop:
                control.should_save = control.should_training_stop = True
            elif left is not None and left < reserve:
                self.hit_budget = True
                control.should_save = control.should_training_stop = True

        def on_log(self, _: Any, state: Any, __: Any, logs: Any = None, **___: Any) -> None:
            if not logs or "reward" not in logs:
                return
            record = {
                "step": state.global_step,
                "reward": logs["reward"],
                "completion_length": logs["completions/mean_length"],
                "clipped_ratio": logs["completions/clipped_ratio"],
                "loss": logs["loss"],
                "learning_rate": logs["learning_rate"],
                "grad_norm": logs["grad_norm"],
                "kl": logs.get("kl"),
                "wall_seconds": time.monotonic() - self._started,
            }
            for reward in recipe.rewards:
                record[f"reward_{reward.function}"] = logs[f"rewards/{reward.function}/mean"]
            log.append([{name: _plain(value) for name, value in record.items()}])

    return Watch()


def _plain(value: Any) -> float | int | None:
    """A number as JSON has it; a mean over nothing is `None`."""
    if value is None or isinstance(value, int):
        return value
    return None if math.isnan(value) else float(value)


def _last_checkpoint(folder: Path) -> str | None:
    """The newest checkpoint whose trainer state was written: that file comes last."""
    whole = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    newest = max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
    return None if newest is None else str(newest)


def run(context: Context) -> tuple[Outcome, list[str], TrainOutputs | None]:
    """Do the job, from the last checkpoint if there is one."""
    inputs = context.folder.inputs
    assert isinstance(inputs, TrainInputs)
    recipe = inputs.recipe
    check_recipe(inputs.recipe_name, recipe)
    check_packages(inputs.stack)
    base = context.weights_path(inputs.base)
    verify_sha256(base, inputs.base.sha256, f"model {recipe.base}")
    found = read_rows(
        inputs.dataset, context.home.root, recipe.dataset_subset, recipe.dataset_split
    )
    rows = conversations(recipe, found[: recipe.dataset_size], inputs.system_prompt)

    os.environ.update(OFFLINE)
    if inputs.stack.device == "cuda":
        _use_one_gpu()
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM
    from trl import GRPOConfig, GRPOTrainer

    if inputs.stack.train_threads is not None:
        torch.set_num_threads(inputs.stack.train_threads)
    checkpoints = context.path / "checkpoints"
    tokenizer = load_tokenizer(base)
    network = AutoModelForCausalLM.from_pretrained(
        base,
        dtype=torch.bfloat16 if recipe.optimizer.bf16 else torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    )
    if inputs.chat_template is not None:
        tokenizer.chat_template = inputs.chat_template
    rows, left_out = fitting(recipe, rows, tokenizer, network.config.max_position_embeddings)
    with LogWriter(context.path / TRAINING_FILE) as log:
        watch = _callback(context, recipe, log)
        trainer = GRPOTrainer(
            model=network,
            args=GRPOConfig(output_dir=str(checkpoints), **grpo_arguments(recipe, inputs.stack)),
            processing_class=tokenizer,
            train_dataset=Dataset.from_list(rows),
            reward_funcs=recipe_rewards(recipe),
            peft_config=LoraConfig(
                r=recipe.lora.rank,
                lora_alpha=recipe.lora.alpha,
                lora_dropout=recipe.lora.dropout,
                target_modules=list(recipe.lora.target_modules),
                bias="none",
                task_type="CAUSAL_LM",
            ),
            callbacks=[watch],
        )
        with context.meter.in_phase(Phase.TRAIN):
            trainer.train(resume_from_checkpoint=_last_checkpoint(checkpoints))
    if watch.hit_budget:
        return Outcome.BUDGET, [], None
    adapter = context.path / "adapter"
    shutil.rmtree(adapter, ignore_errors=True)
    adapter.mkdir()
    trainer.save_model(str(checkpoints / "final"))
    for name in ADAPTER_FILES:
        shutil.copyfile(checkpoints / "final" / name, adapter / name)
    trained = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    outputs = TrainOutputs(
        adapter=Weights(
            folder=context.own("adapter"),
            sha256=hash_folder(adapter),
            deviations=(*recipe.deviations, *deviations(recipe, inputs.stack), *left_out),
        ),
        steps=int(trainer.state.global_step),
        parameters_trained=trained,
    )
    return Outcome.DONE, [job.id for job in context.folder.jobs], outputs
