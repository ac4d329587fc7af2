"""The same commands through Podman's Docker-compatible socket."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest

from tests.containers.checkout import Checkout
from tests.support.engine import CONTAINER_ULIMITS, Engine, wait_for
from tests.support.program import call
from tina_bench.containers.engine import connect, engine_kind, image_tag
from tina_bench.lock.lockfile import LockedImage, read_lock


@pytest.fixture(scope="module")
def podman(engine: Engine) -> Iterator[str]:
    """Address of a Podman service that has the test registry for its own."""
    with tempfile.TemporaryDirectory(prefix="tb-podman-") as name:
        folder = Path(name)
        (folder / "containers.conf").write_text(
            f"[containers]\ndefault_ulimits={CONTAINER_ULIMITS}\n"
            '[engine]\nruntime="runc"\ncgroup_manager="cgroupfs"\nevents_logger="file"\n'
        )
        (folder / "registries.conf").write_text(
            f'[[registry]]\nlocation="{engine.registry}"\ninsecure=true\n'
        )
        address = f"unix://{folder}/podman.sock"
        log = folder / "log"
        with log.open("wb") as output:
            service = subprocess.Popen(
                ["podman", "--root", folder / "root", "--runroot", folder / "run",
                 "--storage-driver", "vfs", "system", "service", "--time", "0", address],
                env={
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                    "HOME": name,
                    "CONTAINERS_CONF": str(folder / "containers.conf"),
                    "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
                },
                stdout=output, stderr=output,
            )  # fmt: skip

        def answers() -> bool:
            try:
                with closing(docker.DockerClient(base_url=address)) as client:
                    return bool(client.ping())
            except docker.errors.DockerException:
                return False

        try:
            wait_for("no Podman", answers, log, 30)
            yield address
        finally:
            service.terminate()
            service.wait(30)


@pytest.fixture
def at_podman(
    podman: str,
    engine: Engine,
    publish: Callable[..., LockedImage],
    lock_of: Callable[[LockedImage], Path],
    checkout: Checkout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> LockedImage:
    base = publish("podman-base:1")
    monkeypatch.setenv("DOCKER_HOST", podman)
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TINA_BENCH_LOCK", str(lock_of(base)))
    return base


def test_podman_is_known_for_what_it_is(at_podman: LockedImage, engine: Engine) -> None:
    with closing(connect()) as client:
        assert engine_kind(client) == "podman"
    assert engine_kind(engine.client) == "docker"


def test_a_base_is_resolved_to_the_digest_that_docker_knows(at_podman: LockedImage) -> None:
    ended = call("containers", "lock", "python", "--reference", at_podman.reference)
    assert ended.code == 0, ended.err
    assert read_lock().images["python"] == at_podman


def test_an_image_is_built_inspected_and_cleaned(at_podman: LockedImage) -> None:
    ended = call("containers", "build", "tiny", "--network", "host", "--json")
    assert ended.code == 0, ended.err
    assert ended.json()["labels"]["org.opencontainers.image.base.digest"] == at_podman.digest
    said = call("containers", "inspect", "tiny", "--json").json()
    assert (said["engine"], said["drift"]) == ("podman", [])
    (row,) = call("containers", "clean", "--yes", "--json").json()
    assert (row["tag"], row["removed"]) == (image_tag("tiny"), True)
    assert call("containers", "clean", "--json").json() == []


def test_an_unknown_digest_is_refused_there_too(at_podman: LockedImage) -> None:
    import os

    path = Path(os.environ["TINA_BENCH_LOCK"])
    path.write_text(path.read_text().replace(at_podman.digest, "sha256:" + "0" * 64))
    ended = call("containers", "build", "tiny")
    assert ended.code == 13, ended.err
    assert "no such image" in ended.sentence
