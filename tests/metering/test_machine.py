"""What a machine is, and what it lacks: reports, never errors."""

import importlib.util
import os
import platform
import socket
from pathlib import Path

import pytest

from tina_bench.doctor.machine import machine_checks
from tina_bench.doctor.types import DoctorCheck
from tina_bench.metering.gpu import GpuReading, NoGpus, visible_gpus, visible_indices
from tina_bench.metering.hardware import describe, device_name, installed, processor_name


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        (None, [0, 1, 2, 3]),
        ("", []),
        ("2", [2]),
        ("3,1", [3, 1]),
        (" 0 , 1 ", [0, 1]),
        ("1,", [1]),
        # As in CUDA: the first device that does not exist hides those after it.
        ("0,7,1", [0]),
        ("-1", []),
        ("0,-1,1", [0]),
        ("GPU-4f1c0b9e", [0, 1, 2, 3]),
        ("MIG-4f1c0b9e,1", [0, 1, 2, 3]),
    ],
)
def test_the_devices_are_those_that_cuda_would_use(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None, indices: list[int]
) -> None:
    if wanted is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", wanted)
    assert visible_indices(4) == indices


def test_without_nvidia_s_library_the_gpus_are_a_null_object() -> None:
    gpus = visible_gpus()
    assert isinstance(gpus, NoGpus) == (gpus.names == ())
    if importlib.util.find_spec("pynvml") is None:
        assert isinstance(gpus, NoGpus)
    assert visible_gpus() is gpus, "asked once a process"


def test_the_null_object_knows_nothing_rather_than_zero() -> None:
    gpus = NoGpus()
    assert gpus.read() == GpuReading(None, None)
    assert (gpus.names, gpus.driver) == ((), None)


def test_a_device_is_named_by_what_computes() -> None:
    assert device_name("cpu") == processor_name() != ""
    gpus = visible_gpus()
    assert device_name("cuda") == (" + ".join(gpus.names) or "unknown")


def test_provenance_describes_this_machine() -> None:
    found = describe()
    assert found["cores"] == os.cpu_count()
    assert found["memory_bytes"] > 2**28
    assert found["python"] == platform.python_version()
    assert found["gpus"] == list(visible_gpus().names)


def test_a_package_that_is_not_installed_has_no_version() -> None:
    found = installed(["pytest", "no-such-distribution"])
    assert found == {"pytest": pytest.__version__, "no-such-distribution": None}


@pytest.fixture
def lonely(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No hub, no token, no container engine; nothing to wait for."""
    # Port 9 of this machine: nothing listens there, and the kernel says so at once.
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return monkeypatch


def findings(home: Path) -> dict[str, DoctorCheck]:
    return {finding.what: finding for finding in machine_checks(home)}


def test_every_lack_says_what_it_prevents_and_what_to_do(
    lonely: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = machine_checks(tmp_path / "home")
    lacks = [finding for finding in found if not finding.ok]
    assert {"model hub", "hub token"} <= {finding.what for finding in lacks}
    for finding in found:
        assert finding.found, finding.what
        assert finding.prevents.endswith("."), finding.what
        assert finding.remedy.endswith("."), finding.what
    names = [finding.what for finding in found]
    assert len(set(names)) == len(names)


def test_looking_changes_nothing(lonely: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine_checks(tmp_path / "deep" / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_token_is_found_in_the_environment_or_in_its_file(
    lonely: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not findings(tmp_path)["hub token"].ok
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text("hf_secret", encoding="utf-8")
    found = findings(tmp_path)["hub token"]
    assert found.ok
    assert "hf_secret" not in found.found
    lonely.setenv("HF_HOME", str(tmp_path / "other"))
    lonely.setenv("HF_TOKEN", "hf_secret")
    assert findings(tmp_path)["hub token"].ok


def test_what_listens_is_found(lonely: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hub:
        lonely.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.getsockname()[1]}")
        found = findings(tmp_path)
    assert found["model hub"].ok


@pytest.mark.parametrize("endpoint", ["http://x:port", "http://["])
def test_a_nonsense_address_is_a_finding_and_not_a_crash(
    lonely: pytest.MonkeyPatch, tmp_path: Path, endpoint: str
) -> None:
    lonely.setenv("HF_ENDPOINT", endpoint)
    assert not findings(tmp_path)["model hub"].ok
