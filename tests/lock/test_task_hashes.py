"""The process that makes problems for the lock: what it answers, and when it is too slow."""

import pytest

from tina_bench.catalog.load import load_catalog
from tina_bench.errors import LockError
from tina_bench.lock import task_hashes
from tina_bench.lock.lockfile import packaged_lock, read_lock


def test_a_process_that_takes_too_long_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_hashes, "TIMEOUT_SECONDS", 0.01)
    with pytest.raises(LockError, match=r"makes their problems was stopped after 0\.01 s"):
        task_hashes.compute(load_catalog(), read_lock(packaged_lock()))


@pytest.mark.engine
def test_the_packaged_problems_hash_to_what_the_lock_says() -> None:
    lock = read_lock(packaged_lock())
    assert task_hashes.compute(load_catalog(), lock, ["smoke-30"]) == {
        "smoke-30": lock.tasks["smoke-30"]
    }
