"""The docker runner: a job is a container of its stack's image; Docker and Podman alike.

Guarantees: the job sees its own folder, the folders that it names read-only and its model's logs,
and nothing else of this machine; no network, no capabilities, no new privileges, a read-only root,
a user that is not root, limits on memory and processes; the image is the one that was looked up
when the plan was made, by id. A job whose runner dies stops within `LIMIT_SECONDS`, and what is
left of it is removed when the home is next used. Traded away: half a second a job for its
container, and the engine's own caches, which live and die with it (8 s of an evaluation's start on
a CPU): what one job leaves there, no other has to trust.

Fetching runs on the host, never in a container: it is the one kind of job that needs the network
and the hub's token, it reads no weights, and what it brings is checked byte for byte.
"""

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tina_bench.formatting.numbers import GIB, gib_text
from tina_bench.metering.spending_limit import Demand, SpendingLimit, held_gpu_count
from tina_bench.running.docker.cleanup import LABEL_ATTEMPT, LABEL_HOME
from tina_bench.running.docker.errors import talking
from tina_bench.running.docker.heartbeat import LIMIT_SECONDS, beating
from tina_bench.running.docker.images import StackImages
from tina_bench.running.docker.mounts import Bind, binds_of, lend, owner_here, take_back
from tina_bench.running.failures import BudgetSpentError, RunnerFailure
from tina_bench.running.local import GRACE_SECONDS, LocalRunner
from tina_bench.running.progress import POLL_SECONDS, Progress, Watch
from tina_bench.store.home import Home, read_record
from tina_bench.store.job_folder import (
    EXIT_OUT_OF_MEMORY,
    HEARTBEAT_FILE,
    JOB_FILE,
    OUTPUT_FILE,
    RESULT_FILE,
    FailureKind,
    JobFolder,
    JobResult,
)
from tina_bench.store.records import JobKind

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

SIGKILL_CODE = 137
ENGINE_SHUTDOWN_SECONDS = 3.0
"""An engine that shuts down stops its containers first, and answers no more soon after."""
FORWARDED = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VLLM_CPU_OMP_THREADS_BIND", "VLLM_CPU_SGL_KERNEL",
)  # fmt: skip
"""Variables of the user's environment that decide how arithmetic is spread over processors, and so
may decide an answer: the same in a container as outside. No others go in, least of all tokens."""
INSIDE = {
    # The image's /etc/passwd has no user of that number, and libraries want a name and a home.
    "HOME": "/tmp",  # noqa: S108 - the container's own tmpfs
    "USER": "tina",
    "LOGNAME": "tina",
    # Without a network an engine finds no address of its own, but there is always the loopback.
    "VLLM_HOST_IP": "127.0.0.1",
    "GLOO_SOCKET_IFNAME": "lo",
}


@dataclass(frozen=True)
class Limits:
    """What a container may take at most."""

    memory_bytes: int
    """Memory of all its processes, its tmpfs and shared memory included; there is no swap."""
    shm_bytes: int
    """Shared memory, for messages between an engine's processes; /tmp as well."""
    pids: int = 4096
    """Processes and threads; an engine on a machine of many cores starts hundreds."""

    @classmethod
    def sane(cls, total_bytes: int) -> "Limits":
        """Nine tenths of the machine, so that a job that leaks dies and not the machine."""
        return cls(total_bytes * 9 // 10, min(8 * GIB, total_bytes // 2))


class DockerRunner:
    """Runs job folders one after the other, each in a container of its own."""

    name = "docker"

    def __init__(
        self,
        client: "DockerClient",
        images: StackImages,
        *,
        memory_bytes: int | None = None,
        shm_bytes: int | None = None,
        heartbeat_limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        """Ask the engine what it is; raises `RunnerFailure` when it does not answer."""
        self._client = client
        self._images = images
        with talking():
            engine = client.info()
        sane = Limits.sane(int(engine["MemTotal"]))
        self.limits = Limits(memory_bytes or sane.memory_bytes, shm_bytes or sane.shm_bytes)
        self._owner = owner_here(
            rootless_engine="name=rootless" in (engine.get("SecurityOptions") or ())
        )
        self._heartbeat_limit = heartbeat_limit_seconds
        self._fetcher = LocalRunner()

    def image(self, kind: JobKind) -> str | None:
        """Id of the image that a kind of job runs in; `None` for fetching, which runs outside."""
        found = self._images.of(kind)
        return None if found is None else found.id

    def run(self, folder: Path, home: Path, on_progress: Callable[[Progress], None]) -> int:
        """Run one job folder to its end; returns its exit code, negative for a signal.

        Raises `RunnerFailure` for everything that the engine knows better, and `BudgetSpentError`
        when the container had to be killed for its budget. On Ctrl-C the container is signalled to
        stop, killed after `GRACE_SECONDS` and removed, and `KeyboardInterrupt` goes on up.
        """
        job = read_record(folder / JOB_FILE, JobFolder)
        image = self.image(job.kind)
        if image is None:
            return self._fetcher.run(folder, home, on_progress)
        # Real paths: inside, there is no link to follow and no `..` to climb.
        folder, home = folder.resolve(), home.resolve()
        binds = binds_of(job, folder, Home(home))
        watch, limit = Watch(folder), SpendingLimit(job, held_gpu_count(job))
        (folder / OUTPUT_FILE).touch()
        with talking(), beating(folder / HEARTBEAT_FILE):
            lend(binds, self._owner)
            container: Container | None = None
            try:
                container = self._client.containers.create(
                    image, **self._options(job, folder, home, binds)
                )
                container.start()
                code = self._wait(container, watch, limit, on_progress)
                self._keep_words(container, folder / OUTPUT_FILE, code)
                self._see_engine(folder)
            except BaseException:
                self._stop(container)
                raise
            finally:
                # A container that could not be removed may still be at work, as its own user.
                if self._removed(container):
                    take_back(binds, self._owner, Home(home))
        return code

    def _options(
        self, job: JobFolder, folder: Path, home: Path, binds: list[Bind]
    ) -> dict[str, Any]:
        from docker.types import LogConfig, Mount

        limits = self.limits
        given = {name: os.environ[name] for name in FORWARDED if name in os.environ}
        return {
            "entrypoint": ["python", "-m", "tina_bench.jobs.guard"],
            "command": [
                f"--heartbeat={folder / HEARTBEAT_FILE}",
                f"--limit={self._heartbeat_limit}",
                f"--grace={GRACE_SECONDS}",
                f"--log={folder / OUTPUT_FILE}",
                "--",
                *("python", "-m", "tina_bench.jobs", str(folder), "--home", str(home)),
                *(["--gpus-from-zero"] if job.gpus is not None else []),
            ],
            "name": f"tina-bench-{job.attempt[:16]}",
            "labels": {LABEL_HOME: str(home), LABEL_ATTEMPT: job.attempt},
            "mounts": [
                Mount(str(bind.path), str(bind.path), "bind", read_only=not bind.writable)
                for bind in binds
            ],
            "user": self._owner.text,
            "working_dir": INSIDE["HOME"],
            "environment": {**given, **INSIDE},
            "network_mode": "none",
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "read_only": True,
            # Compilers of kernels load what they have built from there, hence `exec`.
            "tmpfs": {INSIDE["HOME"]: f"rw,exec,nosuid,nodev,mode=1777,size={limits.shm_bytes}"},
            "shm_size": limits.shm_bytes,
            "mem_limit": limits.memory_bytes,
            "memswap_limit": limits.memory_bytes,
            "pids_limit": limits.pids,
            # The job writes its own log; the engine keeps only what came before it could.
            "log_config": LogConfig(type="json-file", config={"max-size": "1m"}),
            "device_requests": self._gpus(job),
            "detach": True,
        }

    @staticmethod
    def _gpus(job: JobFolder) -> list[Any]:
        """A request for the job's GPUs; none for one that computes on the processor."""
        from docker.types import DeviceRequest

        if job.device != "cuda":
            return []
        # "utility" brings NVML, without which nothing can be metered, nor the GPU be seen at all.
        what = [["gpu", "compute", "utility"]]
        chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
        if job.gpus is not None:
            ids = [str(index) for index in job.gpus]
        elif chosen is not None:  # what the local runner's jobs would see; ids and UUIDs alike
            ids = [part.strip() for part in chosen.split(",") if part.strip()]
        else:
            return [DeviceRequest(count=-1, capabilities=what)]
        return [DeviceRequest(device_ids=ids, capabilities=what)]

    def _wait(
        self,
        container: "Container",
        watch: Watch,
        limit: SpendingLimit,
        on_progress: Callable[[Progress], None],
    ) -> int:
        import docker.errors

        while True:
            try:
                state = self._client.api.inspect_container(str(container.id))["State"]
            except docker.errors.NotFound:
                raise RunnerFailure(
                    FailureKind.KILLED, "its container was removed while it ran"
                ) from None
            progress = watch.look()
            if progress is not None:
                on_progress(progress)
            if state["Status"] in {"exited", "dead", "stopped"}:
                return self._code(state)
            demand = limit.look()
            if demand is not Demand.GO_ON:
                self._signal(container, "SIGKILL" if demand is Demand.KILL else "SIGTERM")
            if demand is Demand.KILL:
                raise BudgetSpentError
            time.sleep(POLL_SECONDS)

    @staticmethod
    def _signal(container: "Container", name: str) -> None:
        import docker.errors

        try:
            container.kill(signal=name)
        except docker.errors.APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:  # else it has just ended by itself
                raise

    def _code(self, state: dict[str, Any]) -> int:
        code = int(state["ExitCode"])
        killed = code == SIGKILL_CODE
        if code == EXIT_OUT_OF_MEMORY or (killed and state.get("OOMKilled")):
            raise RunnerFailure(
                FailureKind.OUT_OF_MEMORY,
                "the kernel killed it at its container's memory limit of "
                f"{gib_text(self.limits.memory_bytes)}",
            )
        if killed:
            raise RunnerFailure(FailureKind.KILLED, "its container was killed from outside")
        return 128 - code if code > 128 else code

    @staticmethod
    def _keep_words(container: "Container", log: Path, code: int) -> None:
        """Add what was printed before the job could open its log: why it could not start."""
        if code != 0:
            words = container.logs(tail=50)
            with contextlib.suppress(OSError), log.open("ab") as file:
                file.write(words)

    def _see_engine(self, folder: Path) -> None:
        """Tell a job that was stopped from one whose engine is about to go, and stops them all."""
        path = folder / RESULT_FILE
        if not path.exists():
            return
        if read_record(path, JobResult).failure_kind is FailureKind.INTERRUPTED:
            end = time.monotonic() + ENGINE_SHUTDOWN_SECONDS
            while time.monotonic() < end:
                self._client.ping()
                time.sleep(POLL_SECONDS)

    @staticmethod
    def _stop(container: "Container | None") -> None:
        # An engine that is gone does not answer; the job stops by itself then.
        with contextlib.suppress(RunnerFailure), talking():
            if container is not None:
                container.stop(timeout=int(GRACE_SECONDS))

    @staticmethod
    def _removed(container: "Container | None") -> bool:
        """Whether nothing of the container is left; kills it if it is still at work."""
        import docker.errors

        try:
            with talking():
                if container is not None:
                    container.remove(force=True)
        except RunnerFailure as error:
            return isinstance(error.__cause__, docker.errors.NotFound)
        return True
