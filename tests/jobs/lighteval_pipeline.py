"""LightEval's own pipeline over smoke tasks: the other side of the differential test.

A program of its own: `python -m tests.jobs.lighteval_pipeline OUT.json TASK[,TASK…] [SEED]`, greedy
without a seed, else sampled by the smoke profile's protocol as the published scripts do: one engine
for one (tasks, seed), started for it. Everything but the model class is LightEval's: task registry,
dataset loading, documents, prompts, post-processing, metrics, aggregation. Its vLLM backend does
not run with today's vLLM, hence the small subclass; its registry downloads a pickle when it imports
one bundled module, hence the stand-in.
"""

import json
import os
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

from tina_bench.jobs.engine import OFFLINE, engine_options

os.environ.update(OFFLINE)
os.environ["VLLM_CPU_KVCACHE_SPACE"] = "1"
sys.modules["lighteval.tasks.tasks.tiny_benchmarks"] = types.ModuleType("tiny_benchmarks")

from lighteval.logging.evaluation_tracker import EvaluationTracker  # noqa: E402
from lighteval.models.abstract_model import LightevalModel, ModelConfig  # noqa: E402
from lighteval.models.model_output import ModelResponse  # noqa: E402
from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters  # noqa: E402
from lighteval.tasks.prompt_manager import PromptManager  # noqa: E402
from lighteval.utils.cache_management import SampleCache  # noqa: E402

from tina_bench.catalog.load import load_catalog  # noqa: E402
from tina_bench.embedded.files import dataset_file, model_folder  # noqa: E402
from tina_bench.jobs.lighteval_tasks import lighteval_config  # noqa: E402


class BareVllm(LightevalModel):  # type: ignore[misc]
    """vLLM behind LightEval's model interface: one `generate` call over all documents."""

    is_async = False

    def __init__(self, folder: str, stack: Any, context: int, sampling: dict[str, Any]) -> None:
        from vllm import LLM, SamplingParams

        self.config = ModelConfig(model_name="smoke-base")
        self._llm = LLM(
            model=folder,
            **engine_options(stack, context),
        )
        self._sampling = SamplingParams(**sampling)
        self._tokenizer = self._llm.get_tokenizer()
        self.prompt_manager = PromptManager(use_chat_template=True, tokenizer=self._tokenizer)
        self._cache = SampleCache(self.config)
        self.texts: dict[str, dict[str, str]] = {}

    @property
    def tokenizer(self) -> Any:
        return self._tokenizer

    @property
    def add_special_tokens(self) -> bool:
        return False

    @property
    def max_length(self) -> int:
        return 512

    def greedy_until(self, docs: list[Any]) -> list[ModelResponse]:
        prompts = [self.prompt_manager.prepare_prompt(doc) for doc in docs]
        outputs = self._llm.generate(prompts, self._sampling, use_tqdm=False)
        for doc, output in zip(docs, outputs, strict=True):
            name = doc.task_name.split("|")[0]
            self.texts.setdefault(name, {})[doc.id] = output.outputs[0].text
        return [
            ModelResponse(
                input=prompt,
                input_tokens=list(output.prompt_token_ids),
                text=[output.outputs[0].text],
                output_tokens=[list(output.outputs[0].token_ids)],
            )
            for prompt, output in zip(prompts, outputs, strict=True)
        ]

    def loglikelihood(self, docs: list[Any]) -> list[ModelResponse]:
        raise NotImplementedError("the smoke tasks only generate")

    def loglikelihood_rolling(self, docs: list[Any]) -> list[ModelResponse]:
        raise NotImplementedError("the smoke tasks only generate")

    def cleanup(self) -> None:
        """Nothing: the process ends."""


def _tasks_module(folder: Path, catalog: Any, tasks: list[str]) -> types.ModuleType:
    """A LightEval custom-tasks module whose datasets are local folders that `datasets` can load."""
    module = types.ModuleType("smoke_tasks")
    configs = []
    for name in tasks:
        task = catalog.tasks[name]
        data = folder / name
        data.mkdir()
        (data / f"{task.split}.jsonl").write_bytes(
            dataset_file(f"{task.dataset}.jsonl").read_bytes()
        )
        config = lighteval_config(name, task)
        config.hf_repo = str(data)
        configs.append(config)
    module.TASKS_TABLE = configs  # type: ignore[attr-defined]
    return module


def main(out: str, names: str, seed: int | None = None) -> None:
    catalog, tasks = load_catalog(), names.split(",")
    profile = catalog.profiles["smoke"]
    sampling = {"temperature": 0.0}
    if seed is not None:
        sampling = {"seed": seed, **profile.sampling.model_dump()}
    sampling["max_tokens"] = catalog.tasks[tasks[0]].max_new_tokens
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["HF_HOME"] = os.environ["HF_DATASETS_CACHE"] = f"{temporary}/hf"
        model = BareVllm(
            str(model_folder()),
            catalog.stacks[profile.stack],
            profile.max_model_tokens,
            sampling,
        )
        pipeline = Pipeline(
            tasks=",".join(f"{name}|0" for name in tasks),
            pipeline_parameters=PipelineParameters(
                launcher_type=ParallelismManager.NONE,
                custom_tasks_directory=_tasks_module(Path(temporary), catalog, tasks),
                remove_reasoning_tags=profile.remove_reasoning_tags,
            ),
            evaluation_tracker=EvaluationTracker(output_dir=temporary, save_details=False),
            model=model,
        )
        pipeline.evaluate()
        results = pipeline.get_results()["results"]
    scores = {name: float(results[f"{name}:0"]["extractive_match"]) for name in tasks}
    Path(out).write_text(json.dumps({"scores": scores, "texts": model.texts}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
