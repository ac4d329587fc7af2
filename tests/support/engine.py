"""A real container engine and a real registry, started for the tests and stopped after them.

Two of them, for two kinds of test:

`engine`      one a worker, empty, gone afterwards: for what builds, tampers and removes
`cpu_image`   one a machine, kept in a cache folder between runs: it holds the real `cpu` image,
              which takes minutes to build; workers share it, and the last one stops it

Both need root, `dockerd` and `docker-registry`; without them the tests that ask for an engine are
skipped and say why, unless TINA_BENCH_ENGINE_TESTS=required, which makes that a failure.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from tests.support.program import ROOT
from tina_bench.containers.drift import drift
from tina_bench.containers.engine import LocalImage, as_local, image_tag
from tina_bench.lock.lockfile import packaged_lock

CACHE = Path(os.environ.get("TINA_BENCH_TEST_CACHE", Path.home() / ".cache" / "tina-bench-tests"))
BASE_SCRIPT = ROOT / "containers" / "cpu" / "base.sh"
START_SECONDS = 120.0
STOP_SECONDS = 60.0
PROGRAMS = ("dockerd", "docker-registry", "podman", "busybox")
CONTAINER_ULIMITS = '["nofile=20000:20000","nproc=32768:32768"]'
"""For Podman: raising limits fails where a machine is itself a container."""


@dataclass(frozen=True)
class Engine:
    """A running engine and the registry beside it."""

    client: docker.DockerClient
    address: str
    """For DOCKER_HOST."""
    registry: str
    """`127.0.0.1:PORT`, which engines may use without encryption."""
    root: Path
    """Where its data, its log and the registry's files lie."""

    @property
    def environment(self) -> dict[str, str]:
        return {"DOCKER_HOST": self.address}

    @property
    def registry_files(self) -> Path:
        return self.root / "registry"


@dataclass(frozen=True)
class BuiltImage:
    """A real image, in the engine that holds it."""

    image: LocalImage
    engine: Engine
    lock: Path
    """The lock with the digest of its base."""

    @property
    def environment(self) -> dict[str, str]:
        """For a program that is to find engine and lock."""
        return {**self.engine.environment, "TINA_BENCH_LOCK": str(self.lock)}


def require_engine() -> None:
    """Skip with the reason where no engine can be started; fail where one is required."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    reason = (
        f"{' and '.join(lacking)} not installed; `make engine` installs what is missing"
        if lacking
        else "starting an engine of one's own needs root"
        if os.geteuid() != 0
        else None
    )
    if reason is None:
        return
    if os.environ.get("TINA_BENCH_ENGINE_TESTS") == "required":
        pytest.fail(f"TINA_BENCH_ENGINE_TESTS=required, and {reason}")
    pytest.skip(f"no container engine: {reason}")


def wait_for(what: str, ready: Callable[[], bool], log: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            said = log.read_text(errors="replace")[-2000:] if log.exists() else "nothing"
            raise TimeoutError(f"{what} after {seconds:.0f} s; it said: {said}")
        time.sleep(0.02)


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return _free_port()
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _start(command: list[str], log: Path, pidfile: Path | None = None) -> None:
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    if pidfile is not None:
        pidfile.write_text(str(child.pid))


def start_registry(root: Path) -> str:
    """Start a registry on its former port, or on a free one; returns its address."""
    remembered = root / "port"
    port = _free_port(int(remembered.read_text()) if remembered.exists() else 0)
    remembered.write_text(str(port))
    settings = root / "registry.yml"
    settings.write_text(
        f"version: 0.1\nlog: {{level: error}}\n"
        f"storage:\n  filesystem: {{rootdirectory: {root / 'registry'}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    _start(
        ["docker-registry", "serve", str(settings)], root / "registry.log", root / "registry.pid"
    )
    wait_for("no registry", lambda: _listens(port), root / "registry.log", START_SECONDS)
    return f"127.0.0.1:{port}"


def _client(root: Path) -> docker.DockerClient | None:
    path = root / "docker.sock"
    if not path.exists():
        return None
    try:
        client = docker.DockerClient(base_url=f"unix://{path}", timeout=600)
        client.ping()
    except docker.errors.DockerException:
        return None
    return client


def start_engine(root: Path) -> docker.DockerClient:
    """Start dockerd with everything below `root`, without touching the machine's network."""
    (root / "pid").unlink(missing_ok=True)
    _start(
        ["dockerd", "--data-root", str(root / "data"), "--exec-root", str(root / "exec"),
         "--pidfile", str(root / "pid"), "--host", f"unix://{root / 'docker.sock'}",
         "--iptables=false", "--ip6tables=false", "--bridge=none"],
        root / "dockerd.log",
    )  # fmt: skip
    found: list[docker.DockerClient] = []

    def answers() -> bool:
        client = _client(root)
        found.extend([client] if client else [])
        return bool(found)

    wait_for("no engine", answers, root / "dockerd.log", START_SECONDS)
    return found[0]


def _is_zombie(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _stop(pidfile: Path) -> None:
    """End the process of a pid file, and wait until it is gone."""
    try:
        pid = int(pidfile.read_text())
        # The number may be an old one, and by now somebody else's.
        if str(pidfile.parent) not in Path(f"/proc/{pid}/cmdline").read_text():
            return
        os.kill(pid, signal.SIGTERM)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end:
        # Our own child stays a zombie until it is waited for; another worker's until that one ends.
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        if not psutil.pid_exists(pid) or _is_zombie(pid):
            pidfile.unlink(missing_ok=True)
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


def stop_all(root: Path) -> None:
    """Stop engine and registry, and unmount whatever they left mounted below `root`."""
    _stop(root / "pid")
    _stop(root / "registry.pid")
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((m for m in mounts if m.startswith(f"{root}/")), reverse=True):
        subprocess.run(["umount", mount], check=True)


@contextlib.contextmanager
def running_engine(root: Path) -> Iterator[Engine]:
    """An engine and a registry below `root`, both stopped at the end."""
    try:
        registry = start_registry(root)
        client = start_engine(root)
        yield Engine(client, f"unix://{root / 'docker.sock'}", registry, root)
        client.close()
    finally:
        stop_all(root)


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An empty engine of this worker's own; everything in it goes with it."""
    require_engine()
    # Not below pytest's folder: the path of a socket may have 107 characters.
    with (
        tempfile.TemporaryDirectory(prefix="tb-engine-") as folder,
        running_engine(Path(folder)) as made,
    ):
        yield made


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def common_engine(root: Path) -> Iterator[tuple[Engine, Path]]:
    """The engine of all workers, and the file whose lock means that it is being changed.

    Each user holds a lock together with the others; the kernel drops that of a killed worker too.
    """
    root.mkdir(parents=True, exist_ok=True)
    mutex = root / "mutex"
    with (root / "users").open("w") as users:
        with _held(mutex):
            fcntl.flock(users, fcntl.LOCK_SH)
            client = _client(root)
            if client is None:
                stop_all(root)
                registry = start_registry(root)
                client = start_engine(root)
                # What a killed build has left; tagged images and their layers stay.
                client.containers.prune()
                client.images.prune(filters={"dangling": True})
            else:
                port = int((root / "port").read_text())
                registry = f"127.0.0.1:{port}" if _listens(port) else start_registry(root)
        try:
            yield Engine(client, f"unix://{root / 'docker.sock'}", registry, root), mutex
        finally:
            client.close()
            with _held(mutex):
                fcntl.flock(users, fcntl.LOCK_UN)
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    stop_all(root)


def import_base(engine: Engine, cache: Path) -> str:
    """Have the base of containers/cpu/base.sh in the registry; returns its reference there."""
    key = hashlib.sha256(BASE_SCRIPT.read_bytes()).hexdigest()[:12]
    local = f"tina-bench-test-base:{key}"
    try:
        image = engine.client.images.get(local)
    except docker.errors.ImageNotFound:
        with tempfile.TemporaryFile() as tar:
            subprocess.run([BASE_SCRIPT, cache / "debs"], stdout=tar, check=True)
            tar.seek(0)
            engine.client.api.import_image_from_data(
                tar, repository="tina-bench-test-base", tag=key
            )
        image = engine.client.images.get(local)
    reference = f"{engine.registry}/base:{key}"
    image.tag(reference)
    pushed = engine.client.images.push(reference, stream=True, decode=True)
    errors = [event["error"] for event in pushed if "error" in event]
    assert not errors, errors
    return reference


def _pip(key: str) -> str | None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", key],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or None if done.returncode == 0 else None


def build_options() -> list[str]:
    """What this machine needs so that a build reaches its packages."""
    options = ["--network", "host"]
    folders = [Path(folder) for folder in (_pip("global.find-links") or "").split()]
    if wheels := [folder for folder in folders if list(folder.glob("torch-*.whl"))]:
        options += ["--wheels", str(wheels[0])]
    if index := _pip("global.index-url"):
        options += ["--index", index]
    if certificates := os.environ.get("SSL_CERT_FILE"):
        options += ["--certificates", certificates]
    return options


def program(*arguments: str, environment: dict[str, str], seconds: float = 1500) -> Any:
    """Run tina-bench as a user does; its output is shown when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "tina_bench", *arguments],
        env={**os.environ, **environment},
        capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{arguments}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done


CpuImage = BuiltImage


@dataclass(frozen=True)
class Workshop:
    """The engine of all workers, with a lock that has the base for Python images."""

    engine: Engine
    mutex: Path
    lock: Path
    home: Path

    def image(self, name: str) -> BuiltImage:
        """The image of that name; `tina-bench containers build` makes it if it is not current."""
        environment = {
            **self.engine.environment,
            "TINA_BENCH_LOCK": str(self.lock),
            "TINA_BENCH_HOME": str(self.home),
        }
        with _held(self.mutex):
            found = as_local(self.engine.client, image_tag(name))
            if found is None or any(one.blocks for one in drift(found, self.lock)):
                program("containers", "build", name, *build_options(), environment=environment)
                found = as_local(self.engine.client, image_tag(name))
        assert found is not None
        return BuiltImage(found, self.engine, self.lock)


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[Workshop]:
    """Where the real images are built; what has been built is kept between runs."""
    require_engine()
    lock = folder / "checkpoints.lock"
    shutil.copyfile(packaged_lock(), lock)
    with common_engine(CACHE / "engine") as (engine, mutex):
        environment = {**engine.environment, "TINA_BENCH_LOCK": str(lock)}
        with _held(mutex):
            reference = import_base(engine, CACHE)
            program(
                "containers", "lock", "python", "--reference", reference, environment=environment
            )
        yield Workshop(engine, mutex, lock, folder / "home")


@pytest.fixture(scope="session")
def cpu_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """The real image of the embedded stack; minutes when it has never been built here."""
    with workshop(tmp_path_factory.mktemp("cpu-image")) as made:
        yield made.image("cpu")


@pytest.fixture(scope="session")
def harness_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """The real image of the harness itself."""
    with workshop(tmp_path_factory.mktemp("harness-image")) as made:
        yield made.image("harness")
