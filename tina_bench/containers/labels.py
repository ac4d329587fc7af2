"""The labels of our images: what they were built from."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tina_bench import __version__
from tina_bench.containers.engine import IMAGE_LABEL, LABEL
from tina_bench.containers.images import CHECKOUT, Image, recipe_sha256, source_sha256
from tina_bench.files.hashing import sha256_file
from tina_bench.lock.lockfile import LockedImage

OCI = "org.opencontainers.image"
REVISION = f"{OCI}.revision"
BASE_DIGEST = f"{OCI}.base.digest"
LOCK_LABEL = f"{LABEL}.lock-sha256"
RECIPE_LABEL = f"{LABEL}.recipe-sha256"
SOURCE_LABEL = f"{LABEL}.source-sha256"
UNKNOWN = "unknown"


def commit() -> str:
    """The checkout's commit, `-dirty` where its files differ from it; `unknown` for a wheel."""
    if not (CHECKOUT / ".git").exists():
        return UNKNOWN
    try:
        head = _git("rev-parse", "HEAD")
        return f"{head}-dirty" if _git("status", "--porcelain") else head
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(CHECKOUT), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def make_labels(name: str, image: Image, base: LockedImage, lock: Path) -> Mapping[str, str]:
    """The labels of an image that is about to be built: standard OCI names, then ours."""
    labels = {
        f"{OCI}.title": f"tina-bench {name}",
        f"{OCI}.description": image.title,
        f"{OCI}.version": __version__,
        REVISION: commit(),
        f"{OCI}.base.name": base.reference,
        BASE_DIGEST: base.digest,
        IMAGE_LABEL: name,
        LOCK_LABEL: sha256_file(lock),
        RECIPE_LABEL: recipe_sha256(name),
    }
    return labels | ({SOURCE_LABEL: source_sha256()} if image.package else {})
