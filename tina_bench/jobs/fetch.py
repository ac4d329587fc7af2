"""Bring a model's locked files into the home, and check every byte on both sides of the copy."""

import shutil

from tina_bench.embedded.files import model_folder
from tina_bench.errors import IntegrityError
from tina_bench.jobs.context import Context
from tina_bench.lock.lockfile import verify_sha256
from tina_bench.store.contract import FetchInputs, Weights
from tina_bench.store.records import Outcome


def run(context: Context) -> tuple[Outcome, list[str], Weights]:
    """Copy the embedded model; raises `IntegrityError` naming a file that is not the locked one."""
    inputs = context.folder.inputs
    assert isinstance(inputs, FetchInputs)
    model = context.folder.jobs[0].model
    source, target = model_folder(), context.path / "weights"
    target.mkdir(exist_ok=True)
    for done, (name, size) in enumerate(inputs.sizes.items()):
        found = (source / name).stat().st_size if (source / name).is_file() else None
        if found != size:
            raise IntegrityError(
                f"{source / name}: found {found} bytes, expected {size} as checkpoints.lock says "
                f"for model {model}; reinstall tina-bench."
            )
        verify_sha256(source, {name: inputs.sha256[name]}, f"model {model} in checkpoints.lock")
        shutil.copyfile(source / name, target / name)
        context.progress(done + 1, len(inputs.sizes), "files")
    verify_sha256(target, inputs.sha256, f"model {model} in checkpoints.lock")
    weights = Weights(folder=context.own("weights"), sha256=inputs.sha256)
    return Outcome.DONE, [job.id for job in context.folder.jobs], weights
