"""From a hub to a score: the embedded base and problems, served by a hub, give the same grades."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from tests.e2e.program import Program
from tests.hub.conftest import BASE, CARD, CATALOG, ROWS, TASK, Site, parquet
from tests.hub.server import Hub
from tina_bench.store.records import Grade

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

PROFILE = """
[profiles.{name}]
title = "greedy"
models = {models}
tasks = {tasks}
seeds = [0]
stack = "cpu"
max_model_tokens = 512
sampling = {{ temperature = 0, top_p = 1 }}
"""
CONFIG = json.loads(BASE["config.json"])


def zero_adapter() -> dict[str, bytes]:
    """A LoRA adapter that adds nothing: its B is zero, as every adapter's is before training."""
    tensors = {}
    width = CONFIG["hidden_size"]
    for layer in range(CONFIG["num_hidden_layers"]):
        place = f"base_model.model.model.layers.{layer}.self_attn.q_proj"
        tensors[f"{place}.lora_A.weight"] = np.ones((2, width), np.float32)
        tensors[f"{place}.lora_B.weight"] = np.zeros((width, 2), np.float32)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": "me/base",
        "r": 2,
        "lora_alpha": 4,
        "target_modules": ["q_proj"],
    }
    return {
        "checkpoint-50/adapter_config.json": json.dumps(config).encode(),
        "checkpoint-50/adapter_model.safetensors": safetensors.numpy.save(tensors),
    }


class World:
    """One user of one hub, and their home."""

    def __init__(self, root: Path, hub: Hub) -> None:
        self.hub = hub
        text = CATALOG
        for name, dataset in (("my-rows", "me/problems"), ("my-columns", "me/columns")):
            text += TASK.format(name=name, dataset=dataset, more="")
        models, tasks = '["my-base", "my-adapter"]', '["my-rows", "my-columns"]'
        text += PROFILE.format(name="mine", models=models, tasks=tasks)
        text += PROFILE.format(name="embedded", models='["smoke-base"]', tasks='["smoke-30"]')
        self.site = Site(hub, root / "site", text)
        self.program = Program(root / "home")

    def reproduce(self, profile: str, code: int = 0) -> str:
        return self.program.run(
            "reproduce", "--all", "--profile", profile, "--seeds", "1", "--runner", "local",
            "--catalog", str(self.site.catalog), "--lock", str(self.site.lock_file), code=code,
        ).out  # fmt: skip

    def grades(self, model: str, task: str) -> dict[int, tuple[bool, str | None]]:
        found: list[Grade] = [g for g in self.program.grades(model) if g.task == task]
        return {grade.index: (grade.correct, grade.extracted) for grade in found}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    hub = Hub()
    hub.repository("model", "me/base", BASE)
    hub.repository("model", "me/adapters", zero_adapter())
    hub.repository("dataset", "me/problems", {"README.md": CARD, "problems/test.jsonl": ROWS})
    hub.repository("dataset", "me/columns", {"data/test-00000-of-00001.parquet": parquet()})
    made = World(tmp_path_factory.mktemp("hub"), hub)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.site.environment.items():
            patch.setenv(name, value)
        try:
            made.site.lock("my-base", "my-adapter", "my-columns", "my-rows")
            made.site.fetch("my-adapter", "my-columns")
            made.reproduce("mine")
            made.reproduce("embedded")
            yield made
        finally:
            hub.stop()


def test_the_same_bytes_from_a_hub_give_the_same_grades(world: World) -> None:
    embedded = world.grades("smoke-base", "smoke-30")
    assert len(embedded) == 30
    assert 0 < sum(correct for correct, _ in embedded.values()) < 30, "or it proves nothing"
    assert world.grades("my-base", "my-rows") == embedded
    assert world.grades("my-base", "my-columns") == embedded, "a table of the same rows"


def test_an_adapter_of_the_hub_is_merged_and_one_that_adds_nothing_changes_nothing(
    world: World,
) -> None:
    assert world.grades("my-adapter", "my-rows") == world.grades("smoke-base", "smoke-30")
    merged = world.program.results()["my-adapter", "my-rows"].provenance
    assert merged.deviations == ()


def test_results_say_which_bytes_they_stand_on(world: World) -> None:
    results, lock = world.program.results(), world.site.locked
    mine = results["my-base", "my-rows"].provenance
    embedded = results["smoke-base", "smoke-30"].provenance
    assert mine.weights_sha256 == embedded.weights_sha256
    assert mine.prompts_sha256 == embedded.prompts_sha256
    assert mine.dataset_sha256 == {
        name: file.sha256 for name, file in lock.datasets["me/problems"].files.items()
    }


def test_every_set_of_files_was_fetched_by_a_job_of_its_own(world: World) -> None:
    fetched = {path.name.rpartition("-")[0] for path in world.program.root.glob("jobs/fetch-*")}
    assert fetched == {
        "fetch-my-base",
        "fetch-my-adapter",
        "fetch-dataset--me--problems",
        "fetch-dataset--me--columns",
        "fetch-smoke-base",
    }


def test_what_is_done_needs_no_hub(world: World) -> None:
    world.hub.stop()
    assert "Nothing to do" in world.reproduce("mine")
