"""Add a LoRA adapter into its base: record runs are made with merged weights."""

import os
import shutil
from pathlib import Path

from tina_bench.files.hashing import sha256_file
from tina_bench.jobs.context import Context
from tina_bench.jobs.engine import OFFLINE, check_packages
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.store.job_folder import MergeInputs, Weights
from tina_bench.store.records import Outcome

NOT_WEIGHTS = ("*.safetensors", "model.safetensors.index.json", "config.json")
"""Files of the base that the merged model writes anew; all others (the tokenizer) are copied."""


def hash_folder(folder: Path) -> dict[str, str]:
    """File name to sha256 of every file in a folder."""
    return {path.name: sha256_file(path) for path in sorted(folder.iterdir()) if path.is_file()}


def run(context: Context) -> tuple[Outcome, list[str], Weights]:
    """`W + (alpha/r)·B·A` for every adapted layer (arXiv 2106.09685, section 4.1), in float32.

    The sum is taken in float32 and stored in the base's own precision; it differs from serving the
    adapter by rounding only.
    """
    inputs = context.folder.inputs
    assert isinstance(inputs, MergeInputs)
    check_packages(inputs.stack)
    model = context.folder.jobs[0].model
    base, adapter = context.weights_path(inputs.base), context.weights_path(inputs.adapter)
    verify_sha256(base, inputs.base.sha256, f"the base of {model}")
    verify_sha256(adapter, inputs.adapter.sha256, f"the adapter of {model}")

    os.environ.update(OFFLINE)
    import torch
    from peft import PeftModel
    from transformers import AutoConfig, AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(
        base,
        dtype=torch.float32,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    )
    stored = AutoConfig.from_pretrained(base, local_files_only=True).dtype or torch.float32
    merged = PeftModel.from_pretrained(network, adapter).merge_and_unload()
    target = context.path / "weights"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(base, target, ignore=shutil.ignore_patterns(*NOT_WEIGHTS))
    merged.to(stored).save_pretrained(target, safe_serialization=True)
    weights = Weights(
        folder=context.own("weights"),
        sha256=hash_folder(target),
        deviations=inputs.adapter.deviations,
    )
    return Outcome.DONE, [job.id for job in context.folder.jobs], weights
