"""GPUs by index: what a job may use, what it is called, and what its children cost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.made import make_fetch_folder
from tina_bench.errors import UsageError
from tina_bench.jobs import engine
from tina_bench.metering import gpu
from tina_bench.metering.gpu import NoGpus, hold_gpus, visible_devices, visible_indices
from tina_bench.metering.meter import Meter
from tina_bench.store.home import read_records
from tina_bench.store.records import LedgerEntry, Outcome


class Gpus(NoGpus):
    def __init__(self, *names: str) -> None:
        self.names = names


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def has(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(gpu, "visible_gpus", lambda: Gpus(*names))
    monkeypatch.setattr(engine, "visible_gpus", lambda: Gpus(*names))


def test_a_job_holds_the_gpus_that_it_was_given_numbered_as_nvidia_smi_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold_gpus((3, 1))
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert visible_indices(4) == [3, 1]
    has(monkeypatch, "NVIDIA L40S", "NVIDIA L40S")
    assert visible_devices() == ["3", "1"]


def test_a_job_that_was_given_none_in_particular_holds_what_it_sees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has(monkeypatch, "NVIDIA L40S", "NVIDIA L40S")
    hold_gpus(None)
    assert visible_indices(2) == [0, 1]
    assert visible_devices() == ["0", "1"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    hold_gpus(None)
    has(monkeypatch, "NVIDIA L40S")
    assert visible_devices() == ["1"]


def test_a_gpu_that_does_not_exist_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_gpus((0, 9))
    assert visible_indices(2) == [0]
    has(monkeypatch, "NVIDIA L40S")
    assert visible_devices() == ["0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert visible_devices() == []


def test_gpus_that_are_named_by_their_uuids_keep_these_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has(monkeypatch, "NVIDIA L40S", "NVIDIA L40S")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-aa, GPU-bb")
    assert visible_devices() == ["GPU-aa", "GPU-bb"]


def test_the_number_of_gpus_is_not_in_a_sample_s_identity_and_their_kind_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has(monkeypatch, "NVIDIA L40S")
    alone = engine.engine_device("cuda")
    has(monkeypatch, "NVIDIA L40S", "NVIDIA L40S")
    assert engine.engine_device("cuda") == alone == "NVIDIA L40S"
    has(monkeypatch, "NVIDIA L40S", "NVIDIA A40")
    with pytest.raises(UsageError, match="NVIDIA A40 and NVIDIA L40S, and one result is one"):
        engine.engine_device("cuda")


CHILD = """
import sys
block = bytearray(200_000_000)
print("ready", flush=True)
while True:
    sum(range(1000))
"""


def test_what_a_child_burns_and_holds_is_on_the_bill_while_it_lives(tmp_path: Path) -> None:
    meter = Meter(make_fetch_folder({}), tmp_path / "ledger.jsonl")
    meter.flush()
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        while psutil.Process(child.pid).cpu_times().user < 1:  # on a busy machine, a while
            time.sleep(0.05)
        meter.flush()
    finally:
        child.kill()
        child.communicate()
    meter.end(Outcome.DONE)
    before, during, *after = [
        entry
        for entry in read_records(tmp_path / "ledger.jsonl", LedgerEntry)
        if entry.event == "spent"
    ]
    assert during.peak_memory_bytes >= before.peak_memory_bytes + 190_000_000
    assert during.cpu_seconds > 0.9
    # It has ended and been waited for: what it burned is not counted a second time.
    assert sum(entry.cpu_seconds for entry in after) < during.cpu_seconds / 2
    assert all(entry.cpu_seconds >= 0 for entry in after)
    assert after[-1].peak_memory_bytes >= during.peak_memory_bytes
