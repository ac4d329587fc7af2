"""The engines, and a small image of others for what needs no Python."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.containers.checkout import Checkout, make_checkout
from tests.support.engine import (  # noqa: F401 - fixtures
    Engine,
    cpu_image,
    engine,
    harness_image,
)
from tina_bench.lock.lockfile import Lock, LockedImage, write_lock


def busybox_tar() -> bytes:
    """A root file system of one static program and its names."""
    program = shutil.which("busybox")
    assert program, "busybox-static is installed with the engine"
    names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(Path(program).resolve(), "bin/busybox")
        for name in names.stdout.split():
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            if name != "busybox":
                archive.addfile(link)
        for name in ("tmp", "etc", "opt", "work"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
            archive.addfile(folder)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def small(engine: Engine) -> str:  # noqa: F811 - the fixture
    """Id of a small image in the engine, by name `small:1`."""
    engine.client.api.import_image_from_data(busybox_tar(), repository="small", tag="1")
    return str(engine.client.images.get("small:1").id)


@pytest.fixture
def publish(engine: Engine, small: str) -> Callable[..., LockedImage]:  # noqa: F811
    """Push an image to the registry under a name, and forget it here; returns what was pushed.

    Each has a layer of its own, so that the engine cannot know it from before.
    """

    def push(name: str, content: str = "", *, forget: bool = True) -> LockedImage:
        reference = f"{engine.registry}/{name}"
        text = f"FROM small:1\nRUN echo '{name}{content}' > /etc/content\n"
        engine.client.images.build(fileobj=io.BytesIO(text.encode()), tag=reference, rm=True)
        events = list(engine.client.images.push(reference, stream=True, decode=True))
        (digest,) = [event["aux"]["Digest"] for event in events if "aux" in event]
        if forget:
            engine.client.images.remove(reference)
        return LockedImage(reference=reference, digest=digest)

    return push


@pytest.fixture
def lock_of(tmp_path: Path) -> Callable[[LockedImage], Path]:
    """A lock file with that base under the name `python`."""

    def make(base: LockedImage) -> Path:
        path = tmp_path / "checkpoints.lock"
        write_lock(Lock(images={"python": base}), path)
        return path

    return make


@pytest.fixture
def at_engine(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Engine]:  # noqa: F811
    """The program in this process finds the engine, and a home and no lock of its own."""
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    monkeypatch.setenv("TINA_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TINA_BENCH_LOCK", raising=False)
    return engine


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout with one small image, which the program takes for its own."""
    made = make_checkout(tmp_path / "checkout")
    monkeypatch.setattr("tina_bench.containers.images.CHECKOUT", made.root)
    return made


@pytest.fixture
def tiny_lock(
    at_engine: Engine,
    publish: Callable[..., LockedImage],
    lock_of: Callable[[LockedImage], Path],
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The lock with the small image's base, which the program finds by itself."""
    lock = lock_of(publish("base-of-tests:1"))
    monkeypatch.setenv("TINA_BENCH_LOCK", str(lock))
    return lock
