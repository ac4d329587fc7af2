"""The fetch job: locked files of the hub in a job folder, checked on both sides."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub.conftest import BASE, ROWS, Site
from tests.hub.server import Hub, sha256
from tests.support.made import make_fetch_folder
from tina_bench.files.atomic import write_model
from tina_bench.lock.lockfile import LockedFiles
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import FetchInputs, JobResult, Weights
from tina_bench.store.records import Job, JobKind, Outcome

WEIGHTS = "model.safetensors"


class Desk:
    """One job folder of one site, and how its job ends."""

    def __init__(self, site: Site, home: Path) -> None:
        self.site = site
        self.home = Home(home)
        self.folder = self.home.work_folder("fetch-it")

    def run(self, what: str, entry: LockedFiles, **environment: str) -> JobResult:
        inputs = FetchInputs.model_validate(
            {
                "what": what,
                "repo": entry.repo,
                "revision": entry.revision,
                "subfolder": entry.subfolder,
                "sizes": {name: file.bytes for name, file in entry.files.items()},
                "sha256": {name: file.sha256 for name, file in entry.files.items()},
            }
        )
        job = Job(id="0123456789abcdef", kind=JobKind.FETCH, model="m", pool="p")
        made = make_fetch_folder({}, inputs=inputs, name="fetch-it", jobs=(job,))
        self.folder.mkdir(parents=True, exist_ok=True)
        write_model(self.folder / "job.json", made)
        subprocess.run(
            [sys.executable, "-m", "tina_bench.jobs", self.folder, "--home", self.home.root],
            env={**os.environ, **self.site.environment, **environment},
            check=True,
            capture_output=True,
        )
        return read_record(self.folder / "result.json", JobResult)


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> Desk:
    site.lock("my-base", "my-adapter")
    return Desk(site, tmp_path / "home")


def test_a_model_comes_from_the_hub_and_its_bytes_are_on_disk_once(
    hub: Hub, site: Site, desk: Desk
) -> None:
    result = desk.run("model", site.locked.models["my-base"])
    assert (result.outcome, result.failure) == (Outcome.DONE, None)
    outputs = Weights.model_validate(result.outputs)
    assert outputs.folder == "jobs/fetch-it/weights"
    assert outputs.sha256 == {name: sha256(data) for name, data in BASE.items()}
    folder = desk.folder / "weights"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == BASE
    cached = site.snapshot("model", "me/base", hub.repositories["model", "me/base"].tip) / WEIGHTS
    assert (folder / WEIGHTS).samefile(cached.resolve())
    assert not (folder / WEIGHTS).is_symlink(), "the folder stands alone, also in a container"
    progress = json.loads((desk.folder / "progress.json").read_text())
    assert progress["unit"] == "MiB"
    assert progress["done"] == progress["total"] == sum(map(len, BASE.values())) >> 20


def test_an_adapter_of_a_subfolder_lies_flat_in_its_job(site: Site, desk: Desk) -> None:
    desk.run("model", site.locked.models["my-adapter"])
    names = {path.name for path in (desk.folder / "weights").iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}


def test_a_dataset_keeps_its_layout_and_comes_from_a_filled_cache_offline(
    hub: Hub, site: Site, desk: Desk
) -> None:
    site.lock("me/columns")
    site.fetch("me/columns")
    hub.stop()
    result = desk.run("dataset", site.locked.datasets["me/columns"], HF_HUB_OFFLINE="1")
    assert result.outcome is Outcome.DONE
    assert Weights.model_validate(result.outputs).folder == "jobs/fetch-it/data"
    assert (desk.folder / "data" / "data" / "test-00000-of-00001.parquet").is_file()


def test_a_wrong_byte_fails_the_job_and_the_next_attempt_heals_it(
    hub: Hub, site: Site, desk: Desk
) -> None:
    entry = site.locked.models["my-base"]
    hub.fail("/cdn/", change=lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    result = desk.run("model", entry)
    assert result.outcome is Outcome.FAILED
    assert str(result.failure).startswith(f"model me/base, {WEIGHTS}: found sha256 ")
    assert f"expected sha256 {sha256(BASE[WEIGHTS])}" in str(result.failure)
    assert not (desk.folder / "weights" / WEIGHTS).exists()
    assert desk.run("model", entry).outcome is Outcome.DONE


def test_a_silent_hub_fails_the_job_with_a_sentence(hub: Hub, site: Site, desk: Desk) -> None:
    hub.stop()
    result = desk.run("model", site.locked.models["my-base"])
    assert result.outcome is Outcome.FAILED
    assert f"{hub.url} does not answer" in str(result.failure)


def test_what_lay_in_the_folder_before_is_gone(site: Site, desk: Desk) -> None:
    (desk.folder / "weights").mkdir(parents=True)
    (desk.folder / "weights" / "stray.safetensors").write_bytes(ROWS)
    desk.run("model", site.locked.models["my-base"])
    assert not (desk.folder / "weights" / "stray.safetensors").exists()


def test_a_name_that_leads_out_of_the_folder_fails_the_job_before_anything_is_asked(
    hub: Hub, site: Site, desk: Desk
) -> None:
    entry = site.locked.models["my-adapter"]
    (name, file) = next(iter(entry.files.items()))
    # Past the lock's own check: as a job folder that another machine wrote.
    twisted = entry.model_copy(update={"files": {"../../escaped": file, name: file}})
    hub.asked.clear()
    result = desk.run("model", twisted)
    assert result.outcome is Outcome.FAILED
    assert "'../../escaped' leads out of its folder" in str(result.failure)
    assert hub.asked == []
