"""What `doctor` says of the hub, its cache and the lock."""

from pathlib import Path

import pytest

from tests.hub.server import Hub
from tina_bench.doctor.machine import machine_checks
from tina_bench.doctor.types import DoctorCheck
from tina_bench.lock.lockfile import Lock, LockedFile, LockedFiles, read_lock, write_lock


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hub: Hub) -> pytest.MonkeyPatch:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "TINA_BENCH_LOCK"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def findings(home: Path) -> dict[str, DoctorCheck]:
    return {finding.what: finding for finding in machine_checks(home)}


def test_offline_is_told_from_a_hub_that_does_not_answer(
    here: pytest.MonkeyPatch, tmp_path: Path, hub: Hub
) -> None:
    assert findings(tmp_path)["model hub"].ok
    here.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in findings(tmp_path)["model hub"].found
    assert hub.asked == [], "a connection is enough to know"


def test_a_token_file_elsewhere_counts(here: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not findings(tmp_path)["hub token"].ok
    (tmp_path / "secret").write_text("hf_secret", encoding="utf-8")
    here.setenv("HF_TOKEN_PATH", str(tmp_path / "secret"))
    assert findings(tmp_path)["hub token"].ok


def test_a_cache_that_cannot_hold_what_is_locked_is_a_lack(
    here: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = findings(tmp_path)["hub cache"]
    assert found.ok
    assert str(tmp_path / "hf" / "hub") in found.found
    file = LockedFile(bytes=1 << 60, sha256="0" * 64)
    entry = LockedFiles(source="hub", repo="a/b", revision="0" * 40, files={"f": file})
    write_lock(Lock(models={"vast": entry}), tmp_path / "vast.lock")
    here.setenv("TINA_BENCH_LOCK", str(tmp_path / "vast.lock"))
    found = findings(tmp_path)["hub cache"]
    assert not found.ok
    assert f"takes {1 << 30} GiB" in found.found


def test_what_is_not_resolved_is_counted_and_a_broken_lock_is_a_finding(
    here: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = read_lock()
    found = findings(tmp_path)["checkpoints.lock"]
    assert not found.ok
    assert f"{sum(map(len, lock.unresolved.values()))} not" in found.found
    (tmp_path / "bad.lock").write_text("version = ", encoding="utf-8")
    here.setenv("TINA_BENCH_LOCK", str(tmp_path / "bad.lock"))
    assert "not valid TOML" in findings(tmp_path)["checkpoints.lock"].found
