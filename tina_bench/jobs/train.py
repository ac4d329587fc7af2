"""Train a LoRA adapter with GRPO (TRL), as a recipe says, step for step resumable.

Guarantees: every number of the recipe reaches TRL under its own name, and TRL refuses names that it
does not know; a checkpoint is taken every `save_steps`, and a killed training goes on from the
last one; every step's rewards are on disk when the step is over. Traded away: `kill -9` repeats the
steps since the last checkpoint, which are paid for twice and stay on the bill.
"""

import os
import shutil
import time
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Recipe
from tina_bench.jobs.context import Context
from tina_bench.jobs.documents import read_rows
from tina_bench.jobs.engine import OFFLINE, check_packages
from tina_bench.jobs.merge import hash_folder
from tina_bench.jobs.rewards import REWARDS
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.store.contract import TRAINING_FILE, TrainInputs, TrainOutputs, Weights
from tina_bench.store.log import LogWriter
from tina_bench.store.records import Outcome, Phase

ADAPTER_FILES = ("adapter_model.safetensors", "adapter_config.json")


def grpo_arguments(recipe: Recipe, device: str) -> dict[str, Any]:
    """The recipe in TRL's words: keyword arguments of `GRPOConfig`, the output folder excepted."""
    grpo, optimizer = recipe.grpo, recipe.optimizer
    return {
        "seed": recipe.seed,
        "data_seed": recipe.seed,
        "reward_weights": [reward.weight for reward in recipe.rewards],
        "loss_type": grpo.loss_type,
        "scale_rewards": grpo.scale_rewards,
        "beta": grpo.beta,
        "epsilon": grpo.epsilon,
        "num_generations": grpo.num_generations,
        "num_iterations": grpo.num_iterations,
        "temperature": grpo.temperature,
        "top_p": grpo.top_p,
        "max_completion_length": grpo.max_completion_length,
        "mask_truncated_completions": grpo.mask_truncated_completions,
        "learning_rate": optimizer.learning_rate,
        "lr_scheduler_type": optimizer.lr_scheduler_type,
        "lr_scheduler_kwargs": dict(optimizer.lr_scheduler_kwargs) or None,
        # transformers 5 takes a share of the schedule here when it is below 1.
        "warmup_steps": optimizer.warmup_ratio,
        "max_grad_norm": optimizer.max_grad_norm,
        "weight_decay": optimizer.weight_decay,
        "per_device_train_batch_size": optimizer.per_device_train_batch_size,
        "gradient_accumulation_steps": optimizer.gradient_accumulation_steps,
        "max_steps": optimizer.max_steps,
        "save_steps": optimizer.save_steps,
        "save_strategy": "steps",
        "save_total_limit": 2,
        "logging_steps": 1,
        "bf16": optimizer.bf16,
        "use_cpu": device == "cpu",
        "use_vllm": False,
        "report_to": "none",
        "disable_tqdm": True,
    }


def training_rows(recipe: Recipe, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Dataset rows as TRL's conversational prompts with their gold answers."""
    system = [{"role": "system", "content": recipe.system_prompt}] if recipe.system_prompt else []
    return [
        {
            "prompt": [*system, {"role": "user", "content": row["problem"]}],
            "gold": row["answer"],
        }
        for row in rows
    ]


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
            budget, spent = context.folder.budget_usd, context.meter.spent_usd()
            rate = context.meter.usd_per_second or 0.0
            next_step = rate * (time.monotonic() - self._started) / self._steps
            if state.global_step >= stop:
                control.should_save = control.should_training_stop = True
            elif budget is not None and spent is not None and spent + 2 * next_step > budget:
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
            plain = {
                name: float(value) if value is not None and name != "step" else value
                for name, value in record.items()
            }
            log.append([plain])

    return Watch()


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
    check_packages(inputs.stack)
    base = context.weights_path(inputs.base)
    verify_sha256(base, inputs.base.sha256, f"model {recipe.base}")
    rows = read_rows(inputs.dataset, context.home.root, recipe.dataset_subset, recipe.dataset_split)
    rows = training_rows(recipe, rows[: recipe.dataset_size])

    os.environ.update(OFFLINE)
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    if inputs.stack.train_threads is not None:
        torch.set_num_threads(inputs.stack.train_threads)
    checkpoints = context.path / "checkpoints"
    tokenizer = AutoTokenizer.from_pretrained(base, trust_remote_code=False, local_files_only=True)
    network = AutoModelForCausalLM.from_pretrained(
        base,
        dtype=torch.bfloat16 if recipe.optimizer.bf16 else torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    )
    with LogWriter(context.path / TRAINING_FILE) as log:
        watch = _callback(context, recipe, log)
        trainer = GRPOTrainer(
            model=network,
            args=GRPOConfig(
                output_dir=str(checkpoints), **grpo_arguments(recipe, inputs.stack.device)
            ),
            processing_class=tokenizer,
            train_dataset=Dataset.from_list(rows),
            reward_funcs=[REWARDS[reward.function] for reward in recipe.rewards],
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
        adapter=Weights(folder=context.own("adapter"), sha256=hash_folder(adapter)),
        steps=int(trainer.state.global_step),
        parameters_trained=trained,
    )
    return Outcome.DONE, [job.id for job in context.folder.jobs], outputs
