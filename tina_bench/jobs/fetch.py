"""Bring locked files into the home, and check every byte on both sides.

What the package carries is copied; what lies on the hub comes from huggingface_hub's cache, or into
it first, and shares its bytes on disk with it where the file system allows. Guarantees: no byte of
another file is ever in the folder. Traded away: a file that is changed in place in the home changes
in the cache, too, where both notice.
"""

import shutil
from pathlib import Path

from tina_bench.embedded.files import dataset_file, model_folder
from tina_bench.errors import IntegrityError, LockError
from tina_bench.jobs.context import Context
from tina_bench.lock.hub_cache import (
    HubFile,
    check_cache_space,
    check_space,
    existing,
    fetch_file,
    hub_files,
    place,
)
from tina_bench.lock.hub_client import cache_folder
from tina_bench.lock.lockfile import LockedFile, LockedFiles, is_safe_name, verify_sha256
from tina_bench.store.job_folder import FetchInputs, Weights
from tina_bench.store.records import Outcome

MIB = 1024**2


def run(context: Context) -> tuple[Outcome, list[str], Weights]:
    """Fill the folder's `weights` or `data`.

    Raises `IntegrityError` naming a file that is not the locked one, and for the hub what
    `tina_bench.lock.hub_cache.fetch_file` raises.
    """
    inputs = context.folder.inputs
    assert isinstance(inputs, FetchInputs)
    job = context.folder.jobs[0]
    what = f"{inputs.what} {job.dataset or job.model}"
    folder = "weights" if inputs.what == "model" else "data"
    for name in inputs.sha256:
        if not is_safe_name(name):
            raise LockError(f"{what}: the file name {name!r} leads out of its folder.")
    target = context.path / folder
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    if inputs.repo is None:
        _copy_embedded(context, inputs, target, what)
    else:
        _bring_from_hub(context, inputs, target, what)
    verify_sha256(target, inputs.sha256, f"{what} in checkpoints.lock")
    weights = Weights(folder=context.own(folder), sha256=inputs.sha256)
    return Outcome.DONE, [done.id for done in context.folder.jobs], weights


def _copy_embedded(context: Context, inputs: FetchInputs, target: Path, what: str) -> None:
    for done, (name, size) in enumerate(inputs.sizes.items()):
        path = model_folder() / name if inputs.what == "model" else dataset_file(name)
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            raise IntegrityError(
                f"{path}: found {found} bytes, expected {size} as checkpoints.lock says "
                f"for {what}; reinstall tina-bench."
            )
        verify_sha256(path.parent, {name: inputs.sha256[name]}, f"{what} in checkpoints.lock")
        shutil.copyfile(path, target / name)
        context.progress(done + 1, len(inputs.sizes), "files")


def _locked(inputs: FetchInputs) -> dict[str, HubFile]:
    entry = LockedFiles(
        source="hub",
        repo=inputs.repo,
        revision=inputs.revision,
        subfolder=inputs.subfolder,
        files={
            name: LockedFile(bytes=size, sha256=inputs.sha256[name])
            for name, size in inputs.sizes.items()
        },
    )
    return hub_files(inputs.what, entry)


def _bring_from_hub(context: Context, inputs: FetchInputs, target: Path, what: str) -> None:
    files = _locked(inputs)
    total = sum(inputs.sizes.values())
    check_cache_space(files.values(), what)
    if not _shares_a_disk(Path(cache_folder()), target):
        check_space(target, total, what, "set TINA_BENCH_HOME to a folder on a larger disk")
    before = 0
    for name, file in files.items():

        def show(done: int, before: int = before) -> None:
            context.progress((before + done) // MIB, max(1, total // MIB), "MiB")

        place(fetch_file(file, show), target / name)
        before += file.bytes


def _shares_a_disk(cache: Path, target: Path) -> bool:
    return existing(cache).stat().st_dev == target.stat().st_dev
