"""A tiny image with the real guard and a job-like program that does what its folder says."""

import io
import tarfile
import uuid
from pathlib import Path
from typing import Any

from tests.support.worlds import make_catalog
from tina_bench.containers.engine import LocalImage
from tina_bench.files.atomic import write_model
from tina_bench.jobs import guard
from tina_bench.running.docker.images import StackImages
from tina_bench.store.home import Home
from tina_bench.store.job_folder import (
    EvaluateInputs,
    GradeInputs,
    JobFolder,
    MergeInputs,
    Protocol,
    TrainInputs,
    Weights,
)
from tina_bench.store.records import Job, JobKind

PACKAGE = "/opt/tina-bench"

JOB = '''
"""What the folder's command line says: a stand-in for the job, without an engine."""
import json, os, signal, socket, sys, time
from pathlib import Path

folder, home = Path(sys.argv[1]), Path(sys.argv[3])
job = json.loads((folder / "job.json").read_text())
verb, *given = job["command_line"]


def end(outcome="done", failure=None, kind=None, **outputs):
    (folder / "result.json").write_text(json.dumps({
        "kind": job["kind"], "name": job["name"], "attempt": job["attempt"], "outcome": outcome,
        "done": [j["id"] for j in job["jobs"]] if outcome == "done" else [], "outputs": outputs,
        "failure": failure, "failure_kind": kind, "finished_at": "2026-01-02T12:00:00Z"}))
    sys.exit(0)


def stop(*_):
    end("failed", "interrupted; everything finished so far is kept.", "interrupted")


def can_write(path):
    try:
        (Path(path) / "probe").write_text("x")
        (Path(path) / "probe").unlink()
    except OSError as error:
        return error.strerror
    return True


signal.signal(signal.SIGTERM, stop)
(folder / "progress.json").write_text(json.dumps(
    {"phase": "load", "done": 1, "total": 2, "unit": "samples"}))
print("the job says hello", flush=True)
if verb == "probe":
    try:
        socket.create_connection(("127.0.0.1", int(given[0])), 1)
        reached = True
    except OSError as error:
        reached = error.strerror or str(error)
    status = Path("/proc/self/status").read_text()
    end(
        status=dict(line.split(":\\t", 1) for line in status.splitlines() if ":\\t" in line),
        uid=os.getuid(), gid=os.getgid(), argv=sys.argv, environment=dict(os.environ),
        reached=reached, interfaces=[name for _, name in socket.if_nameindex()],
        parent=os.getppid(), guard=Path("/proc/1/cmdline").read_text().split("\\0"),
        mounts=Path("/proc/self/mounts").read_text().splitlines(),
        writable={path: can_write(path) for path in ["/", "/opt", "/tmp", "/dev/shm", *given[1:]]},
        home={str(path): path.is_dir() for path in sorted(home.rglob("*"))},
        limits={name: Path(path).read_text().strip() for name, path in (
            ("memory", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
            ("pids", "/sys/fs/cgroup/pids/pids.max"),
            ("memory", "/sys/fs/cgroup/memory.max"),
            ("pids", "/sys/fs/cgroup/pids.max")) if Path(path).exists()},
    )
if verb == "write":
    (folder / "weights").mkdir(exist_ok=True)
    (folder / "weights" / "model").write_text("made in a container")
    (folder / "weights" / "model").chmod(0o600)
    end()
if verb == "sleep":
    while True:
        (folder / "alive").write_text(str(time.time()))
        time.sleep(0.05)
if verb == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        (folder / "alive").write_text(str(time.time()))
        time.sleep(0.05)
if verb == "orphans":
    if os.fork() == 0:
        for _ in range(50):
            if os.fork() == 0:
                time.sleep(0.1)
                os._exit(0)
        os._exit(0)
    os.wait()
    time.sleep(1)
    states = [p.read_text().split(") ")[1][0] for p in Path("/proc").glob("[0-9]*/stat")]
    end(states=states)
if verb == "eat":
    eaten = []
    while True:
        eaten.append(bytearray(2**20))
if verb == "fill":
    with open(Path(given[0]) / "filling", "wb") as file:
        while True:
            file.write(bytes(2**20))
if verb == "exit":
    sys.exit(int(given[0]))
if verb == "signal":
    os.kill(os.getpid(), int(given[0]))
raise SystemExit("no such verb")
'''


def build(client: Any, base: str, **labels: str) -> LocalImage:
    """Put the real guard and the stand-in for the job into an image that has Python."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, text in (
            ("tina_bench/__init__.py", ""),
            ("tina_bench/jobs/__init__.py", ""),
            ("tina_bench/jobs/guard.py", Path(guard.__file__).read_text(encoding="utf-8")),
            ("tina_bench/jobs/__main__.py", JOB),
        ):
            entry = tarfile.TarInfo(f"{PACKAGE.removeprefix('/')}/{name}")
            entry.size, entry.mode = len(text.encode()), 0o644
            tar.addfile(entry, io.BytesIO(text.encode()))
        entry = tarfile.TarInfo("usr/bin/python")
        entry.type, entry.linkname = tarfile.SYMTYPE, "python3.11"
        tar.addfile(entry)
        entry = tarfile.TarInfo("tmp")
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(entry)
    container = client.containers.create(base, ["true"])
    try:
        container.put_archive("/", archive.getvalue())
        marks = [f"LABEL {name}={value}" for name, value in labels.items()]
        image = container.commit(changes="\n".join([f"ENV PYTHONPATH={PACKAGE}", *marks]) or None)
    finally:
        container.remove(force=True)
    return LocalImage(name="tiny", tag="tiny", id=image.id, labels=labels, size_bytes=0, created="")


def images(image: LocalImage) -> StackImages:
    return StackImages(image, image)


def make_folder(home: Home, kind: JobKind, *command: str, stack: str = "cpu", **given: Any) -> Path:
    """A work folder of that kind whose job does what `command` says; what it needs is there."""
    catalog = make_catalog()
    weights = {}
    for name in ("base", "adapter"):
        folder = home.jobs / f"fetch-{name}-1" / "weights"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model").write_text(name, encoding="utf-8")
        weights[name] = Weights(folder=str(folder.relative_to(home.root)), sha256={})
    (home.root / "samples" / "m").mkdir(parents=True, exist_ok=True)
    environment = catalog.stacks[stack]
    protocol = Protocol(
        profile="p",
        sampling=catalog.profiles["cpu"].sampling,
        max_model_tokens=8,
        remove_reasoning_tags=True,
        stack_name=stack,
        stack=environment,
        tasks={},
        datasets={},
    )
    inputs = {
        JobKind.TRAIN: lambda: TrainInputs(
            recipe_name="r1",
            recipe=catalog.recipes["r1"],
            base=weights["base"],
            dataset={"name": "d", "sha256": {}},
            stack=environment,
        ),
        JobKind.MERGE: lambda: MergeInputs(
            base=weights["base"], adapter=weights["adapter"], stack=environment
        ),
        JobKind.EVALUATE: lambda: EvaluateInputs(weights=weights["base"], protocol=protocol),
        JobKind.GRADE: lambda: GradeInputs(identity="i", protocol=protocol),
    }[kind]()
    values: dict[str, Any] = {
        "kind": kind,
        "name": f"{kind}-m-01234567",
        "attempt": uuid.uuid4().hex,
        "jobs": (Job(id="0123456789abcdef", kind=kind, model="m", pool="pool"),),
        "inputs": inputs,
        "stack": stack,
        "command_line": command,
        **given,
    }
    work = home.work_folder(values["name"])
    work.mkdir(parents=True, exist_ok=True)
    write_model(work / "job.json", JobFolder(**values))
    return work
