"""LightEval's own pipeline over smoke tasks, with its own files left behind.

A program of its own: `python -m tests.importing.lighteval_saves FOLDER TASK[,TASK…]`. Greedy, so
that a second start gives the very same answers. Model class and tasks are those of the
differential test; results JSON and details parquet are written by LightEval's `EvaluationTracker`.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.jobs.lighteval_pipeline import (  # sets LightEval up for work without a network
    BareVllm,
    EvaluationTracker,
    ParallelismManager,
    Pipeline,
    PipelineParameters,
    _tasks_module,
)
from tina_bench.catalog.load import load_catalog
from tina_bench.embedded.files import model_folder


def main(folder: str, names: str) -> None:
    catalog, tasks = load_catalog(), names.split(",")
    profile = catalog.profiles["smoke"]
    sampling = {"temperature": 0.0, "max_tokens": catalog.tasks[tasks[0]].max_new_tokens}
    with tempfile.TemporaryDirectory() as temporary:
        os.environ["HF_HOME"] = os.environ["HF_DATASETS_CACHE"] = f"{temporary}/hf"
        model = BareVllm(
            str(model_folder()), catalog.stacks[profile.stack], profile.max_model_tokens, sampling
        )
        pipeline = Pipeline(
            tasks=",".join(f"{name}|0" for name in tasks),
            pipeline_parameters=PipelineParameters(
                launcher_type=ParallelismManager.NONE,
                custom_tasks_directory=_tasks_module(Path(temporary), catalog, tasks),
                remove_reasoning_tags=profile.remove_reasoning_tags,
            ),
            evaluation_tracker=EvaluationTracker(output_dir=folder, save_details=True),
            model=model,
        )
        pipeline.evaluate()
        pipeline.save_and_push_results()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
