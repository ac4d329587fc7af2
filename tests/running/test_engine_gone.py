"""An engine that goes away while a job runs, on an engine of this test's own."""

import io
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running.docker.test_runner import containers_of, ignore, result_of, wait_until
from tests.support import tiny
from tests.support.engine import Engine, require_engine, running_engine, start_engine
from tests.support.runners import Ears, Scripted, make_execution
from tests.support.tiny import make_folder
from tests.support.worlds import FIT, make_catalog, make_lock, make_request
from tina_bench.containers.engine import LocalImage
from tina_bench.planning.plan import make_plan
from tina_bench.planning.types import Snapshot
from tina_bench.running.docker.cleanup import clear
from tina_bench.running.docker.runner import DockerRunner
from tina_bench.running.failures import RunnerFailure
from tina_bench.store.home import Home
from tina_bench.store.job_folder import FailureKind
from tina_bench.store.records import JobKind


@pytest.fixture
def mortal(engine: Engine, tiny_image: LocalImage) -> Iterator[Engine]:
    """An engine that may be killed, with the tiny image in it."""
    require_engine()
    with (
        tempfile.TemporaryDirectory(prefix="tb-mortal-") as folder,
        running_engine(Path(folder)) as made,
    ):
        archive = io.BytesIO(b"".join(engine.client.images.get("tiny:kept").save(named=True)))
        made.client.images.load(archive.getvalue())
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def runner_of(engine: Engine, image: LocalImage, limit: float) -> DockerRunner:
    return DockerRunner(
        engine.client, tiny.images(image), memory_bytes=2**27, shm_bytes=2**25,
        heartbeat_limit_seconds=limit,
    )  # fmt: skip


def signal_engine(engine: Engine, number: int) -> None:
    os.kill(int((engine.root / "pid").read_text()), number)


def lose(engine: Engine, runner: DockerRunner, home: Home, number: int) -> tuple[Path, Any]:
    """Send the engine a signal once the job is alive."""
    folder = make_folder(home, JobKind.MERGE, "sleep")

    def act() -> None:
        wait_until((folder / "alive").exists)
        signal_engine(engine, number)

    thread = threading.Thread(target=act)
    thread.start()
    with pytest.raises(RunnerFailure) as caught:
        runner.run(folder, home.root, ignore)
    thread.join()
    return folder, caught.value.failure


def test_an_engine_that_is_killed_is_gone_and_its_job_stops_by_itself(
    mortal: Engine, tiny_image: LocalImage, home: Home
) -> None:
    runner = runner_of(mortal, tiny_image, 2)
    folder, failure = lose(mortal, runner, home, signal.SIGKILL)
    assert failure.kind is FailureKind.ENGINE_GONE
    assert "start the engine again" in failure.sentence
    # Containers outlive the engine's daemon; this one misses its runner's sign of life.
    wait_until((folder / "result.json").exists)
    assert result_of(folder)["failure_kind"] == FailureKind.INTERRUPTED
    client = start_engine(mortal.root)
    again = Engine(client, mortal.address, mortal.registry, mortal.root)
    assert clear(home, client) == 1
    assert containers_of(again, home) == []
    work = make_folder(home, JobKind.MERGE, "write")
    assert runner_of(again, tiny_image, 30).run(work, home.root, ignore) == 0


def test_an_engine_that_is_stopped_takes_its_containers_along_in_good_order(
    mortal: Engine, tiny_image: LocalImage, home: Home
) -> None:
    folder, failure = lose(mortal, runner_of(mortal, tiny_image, 600), home, signal.SIGTERM)
    assert failure.kind is FailureKind.ENGINE_GONE
    wait_until((folder / "result.json").exists)
    assert result_of(folder)["failure_kind"] == FailureKind.INTERRUPTED


class Losing(Scripted):
    """A runner whose engine is gone from the second folder on."""

    def run(self, folder: Path, home: Path, on_progress: Any) -> int:
        if self.seen:
            self.seen.append(self.seen[-1])
            raise RunnerFailure(FailureKind.ENGINE_GONE, "it is gone")
        return super().run(folder, home, on_progress)


def test_a_plan_ends_with_its_engine_and_keeps_what_is_finished(home: Home) -> None:
    catalog, lock = make_catalog(), make_lock()
    plan = make_plan(make_request(), catalog, lock, Snapshot(), FIT)
    runner, ears = Losing(), Ears()
    summary = make_execution(home, catalog, lock, plan, runner, watcher=ears).run()
    assert len(runner.seen) == 2, "no other folder was tried"
    assert summary.done == 1
    (failed,) = summary.failures
    assert failed.as_json()["kind"] == "engine-gone"
    assert "it is gone; start the engine again" in ears.ended[-1][1]
