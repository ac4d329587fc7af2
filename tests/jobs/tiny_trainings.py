"""Every recipe of the catalog at scale tiny, each as a job folder, all done by one process.

`python -m tests.jobs.tiny_trainings HOME FOLDER…` does job folders by the program's own entry
point; one process, because importing torch takes longer than a tiny training.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.program import CALM
from tina_bench.catalog.recipes import Recipe
from tina_bench.catalog.scale import tiny
from tina_bench.catalog.schema import Catalog
from tina_bench.embedded.files import model_folder
from tina_bench.files.append_log import read_log
from tina_bench.files.atomic import write_model
from tina_bench.lock.lockfile import LockedFiles, read_lock
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import (
    Dataset,
    JobFolder,
    JobResult,
    TrainInputs,
    TrainOutputs,
    Weights,
)
from tina_bench.store.records import Job, JobKind

ROOT = Path(__file__).parents[2]


def hashes(entry: LockedFiles) -> dict[str, str]:
    return {name: file.sha256 for name, file in entry.files.items()}


@dataclass(frozen=True)
class Trainings:
    """A home of its own with the embedded base in it, and one job folder a training."""

    home: Home
    catalog: Catalog

    def small(self, name: str) -> Recipe:
        return tiny(self.catalog.recipes[name], self.catalog.stacks["cpu"])

    def folder(self, name: str) -> Path:
        return self.home.jobs / f"train-{name}"

    def prepare(self, name: str, recipe: Recipe, **given: Any) -> Path:
        """Write the job folder of a training, or write it anew for another attempt."""
        lock = read_lock()
        base = self.home.root / "base"
        if not base.exists():
            shutil.copytree(model_folder(), base)
        inputs = TrainInputs(
            recipe_name=name,
            recipe=recipe,
            base=Weights(folder="base", sha256=hashes(lock.models["smoke-base"])),
            dataset=Dataset(name=recipe.dataset, sha256=hashes(lock.datasets[recipe.dataset])),
            stack=self.catalog.stacks["cpu"],
            **given,
        )
        path = self.folder(name)
        path.mkdir(parents=True, exist_ok=True)
        job = Job(id=name, kind=JobKind.TRAIN, model=name, pool=name)
        write_model(
            path / "job.json",
            JobFolder(
                kind=JobKind.TRAIN,
                name=path.name,
                attempt=name,
                jobs=(job,),
                inputs=inputs,
                stack="cpu",
            ),
        )
        return path

    def run(self, folders: list[Path]) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tests.jobs.tiny_trainings", self.home.root, *folders],
            cwd=ROOT,
            env={**os.environ, **CALM},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]

    def result(self, name: str) -> JobResult:
        return read_record(self.folder(name) / "result.json", JobResult)

    def outputs(self, name: str) -> TrainOutputs:
        result = self.result(name)
        assert result.failure is None
        return TrainOutputs.model_validate(result.outputs)

    def steps(self, name: str) -> list[dict[str, Any]]:
        return list(read_log(self.folder(name) / "training.jsonl"))


if __name__ == "__main__":
    from tina_bench.jobs.__main__ import main

    for folder in sys.argv[2:]:
        code = main([folder, "--home", sys.argv[1]])
        assert code == 0, folder
