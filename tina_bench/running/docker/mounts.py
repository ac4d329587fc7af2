"""Which folders of the home a job in a container sees, and which of them it may change.

Its own folder, always writable; the folders that its `job.json` names (weights, adapters, datasets)
as they are, never writable; the logs of its own model, writable for the job that appends to them.
Nothing else of the home is there. Paths are the same inside and outside, so that a sentence about a
file names the file.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tina_bench.store.home import Home
from tina_bench.store.job_folder import (
    Dataset,
    EvaluateInputs,
    GradeInputs,
    JobFolder,
    MergeInputs,
    TrainInputs,
)

IMAGE_USER_UID = 10001
"""The user of a job when tina-bench runs as root: that of our images."""


@dataclass(frozen=True)
class Bind:
    """One folder that the container sees under its own path."""

    path: Path
    writable: bool


def _datasets(datasets: Iterator[Dataset]) -> list[str]:
    return [dataset.folder for dataset in datasets if dataset.folder is not None]


def binds_of(job: JobFolder, folder: Path, home: Home) -> list[Bind]:
    """The folders that a job needs; those that it writes to are made if they are missing."""
    inputs, model = job.inputs, job.jobs[0].model
    named: list[str] = []
    read: list[Path] = []
    write = [folder]
    if isinstance(inputs, TrainInputs):
        named = [inputs.base.folder, *_datasets(iter([inputs.dataset]))]
    elif isinstance(inputs, MergeInputs):
        named = [inputs.base.folder, inputs.adapter.folder]
    elif isinstance(inputs, EvaluateInputs):
        named = [inputs.weights.folder, *_datasets(iter(inputs.protocol.datasets.values()))]
        write.append(home.sample_log(model, "").parent)
    elif isinstance(inputs, GradeInputs):
        named = _datasets(iter(inputs.protocol.datasets.values()))
        read = [home.sample_log(model, "").parent]
        write.append(home.grade_log(model, "").parent)
        write.append(home.result_file(inputs.protocol.profile, model, "").parent)
        write.append(home.problems)
    # One that is missing is not for the engine to refuse: the job says which file, and of what.
    read += [path for name in dict.fromkeys(named) if (path := home.root / name).is_dir()]
    for path in write:
        path.mkdir(parents=True, exist_ok=True)
    return [
        *(Bind(path, writable=True) for path in write),
        *(Bind(path, writable=False) for path in read),
    ]


@dataclass(frozen=True)
class Owner:
    """The job's user inside, and the owner of the files afterwards."""

    uid: int
    gid: int
    lends: bool = False
    """Files are handed to this user for the time of the job."""

    @property
    def text(self) -> str:
        """As an engine takes it."""
        return f"{self.uid}:{self.gid}"


def owner_here(*, rootless_engine: bool) -> Owner:
    """The user of a job, so that what it writes belongs to the user who started it.

    The invoking user. In a rootless engine that is user 0, which is the invoking user on
    this machine. When tina-bench itself runs as root, a job does not: it is user 10001, to whom the
    mounted folders are lent for as long as it runs.
    """
    if rootless_engine:
        return Owner(0, 0)
    if os.getuid() == 0:
        return Owner(IMAGE_USER_UID, IMAGE_USER_UID, lends=True)
    return Owner(os.getuid(), os.getgid())


def _give(paths: list[Path], uid: int, gid: int) -> None:
    for path in paths:
        for parent, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(parent) / name, uid, gid, follow_symlinks=False)
        os.chown(path, uid, gid, follow_symlinks=False)


def lend(binds: list[Bind], owner: Owner) -> None:
    """Hand the folders to the job's user, where it is not the files' own.

    Read-only folders are lent too: files that only their owner may read would otherwise be closed
    to the job. A runner that dies leaves them lent; root reads and writes them all the same, and
    the next job's end takes them back.
    """
    if owner.lends:
        _give([bind.path for bind in binds], owner.uid, owner.gid)


def take_back(binds: list[Bind], owner: Owner, home: Home) -> None:
    """Give the folders to the owner of the home, once no job is left that writes to them."""
    if owner.lends:
        status = home.root.stat()
        _give([bind.path for bind in binds], status.st_uid, status.st_gid)
