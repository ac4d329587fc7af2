"""NVIDIA devices through NVML; a null object where there are none.

Energy is the difference of the driver's counter (`nvmlDeviceGetTotalEnergyConsumption`,
millijoules since the driver was loaded; Volta and later). Utilisation is the share of time in which
a kernel ran, as the driver gives it, averaged over the moments of reading. Both are per device: on
a shared GPU they include other processes.
"""

import os
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Protocol


@dataclass(frozen=True)
class GpuReading:
    """All visible devices at one moment; `None` where the driver gives no answer."""

    energy_joules: float | None
    """Counter value, summed over devices."""
    utilisation: float | None
    """Mean over devices, 0 to 1."""


class Gpus(Protocol):
    """What metering needs to know of a machine's GPUs."""

    names: tuple[str, ...]
    """Device names, by index."""
    driver: str | None
    """Driver version."""

    def read(self) -> GpuReading:
        """The counters now."""
        ...


class NoGpus:
    """A machine without NVIDIA devices, or without their driver's library."""

    names: tuple[str, ...] = ()
    driver: str | None = None

    def read(self) -> GpuReading:
        """Nothing is known."""
        return GpuReading(None, None)


def visible_indices(count: int) -> list[int]:
    """Indices of the devices that CUDA would use: all, or those of `CUDA_VISIBLE_DEVICES`.

    As in CUDA, the first index that no device has ends the list, so that -1 hides every device. A
    list of UUIDs is not resolved and counts as all devices.
    """
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    parts = [part.strip() for part in (wanted or "").split(",") if part.strip()]
    if wanted is None or not all(part.removeprefix("-").isdigit() for part in parts):
        return list(range(count))
    return list(takewhile(lambda index: 0 <= index < count, map(int, parts)))


def hold_gpus(indices: tuple[int, ...] | None) -> None:
    """Have this process and its children see only these GPUs; `None` leaves it as it is.

    To be called before anything uses a GPU. CUDA numbers them as NVML and `nvidia-smi` do then, by
    bus; by itself it would begin with the fastest.
    """
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    if indices is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, indices))


def visible_devices() -> list[str]:
    """The entry of `CUDA_VISIBLE_DEVICES` for each GPU that this process sees."""
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return [str(index) for index in range(len(visible_gpus().names))]
    parts = [part.strip() for part in wanted.split(",") if part.strip()]
    if all(part.removeprefix("-").isdigit() for part in parts):
        return parts[: len(visible_gpus().names)]  # further ones do not exist
    return parts


class NvmlGpus:
    """Every device that NVML shows this process."""

    def __init__(self) -> None:
        import pynvml

        pynvml.nvmlInit()
        self._nvml = pynvml
        self._handles = [
            pynvml.nvmlDeviceGetHandleByIndex(index)
            for index in visible_indices(pynvml.nvmlDeviceGetCount())
        ]
        self.names = tuple(pynvml.nvmlDeviceGetName(handle) for handle in self._handles)
        self.driver: str | None = pynvml.nvmlSystemGetDriverVersion()

    def read(self) -> GpuReading:
        """The counters now; a device that refuses makes the sum unknown."""
        try:
            millijoules = [
                self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle) for handle in self._handles
            ]
            energy = sum(millijoules) / 1000
        except self._nvml.NVMLError:
            energy = None
        try:
            shares = [
                self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in self._handles
            ]
            utilisation = sum(shares) / len(shares) / 100
        except self._nvml.NVMLError:
            utilisation = None
        return GpuReading(energy, utilisation)


@cache
def visible_gpus() -> Gpus:
    """The machine's GPUs, or the null object; looked up once per process."""
    try:
        import pynvml
    except ImportError:
        return NoGpus()
    try:
        gpus = NvmlGpus()
    except pynvml.NVMLError:
        return NoGpus()
    return gpus if gpus.names else NoGpus()
