"""What this machine is: processor, memory, GPUs, installed packages."""

import importlib.metadata
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

from tina_bench.metering.gpu import visible_gpus


def processor_name() -> str:
    """The processor as its kernel names it; the architecture where it does not."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def device_name(device: str) -> str:
    """What computes, for keys and ledgers: GPU names for `cuda`, else the processor."""
    if device == "cuda":
        return " + ".join(visible_gpus().names) or "unknown"
    return processor_name()


def describe() -> dict[str, Any]:
    """The machine, for provenance."""
    gpus = visible_gpus()
    return {
        "processor": processor_name(),
        "cores": psutil.cpu_count(logical=True),
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "gpus": list(gpus.names),
        "gpu_driver": gpus.driver,
    }


def installed(packages: Iterable[str]) -> dict[str, str | None]:
    """Version by distribution name; `None` where it is not installed.

    A local version label (`2.13.0+cpu`) is kept: it says which build it is.
    """
    versions: dict[str, str | None] = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return versions
