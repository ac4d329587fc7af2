"""Which tags `containers lock` resolves, and what a moved one amounts to; no engine takes part."""

from pathlib import Path

import pytest

from tina_bench.containers.base_lock import (
    base_changes,
    base_references,
    refuse_moved,
    write_bases,
)
from tina_bench.containers.images import load_images
from tina_bench.errors import LockError, UsageError
from tina_bench.lock.lockfile import Lock, LockedImage, read_lock

BASES = load_images().bases
NAME = next(iter(BASES))
OLD = LockedImage(reference="mirror.example/base:1", digest=f"sha256:{'0' * 64}")
NEW = LockedImage(reference="mirror.example/base:1", digest=f"sha256:{'1' * 64}")
LOCK = Lock(images={NAME: OLD})


def test_every_base_is_resolved_by_its_own_reference_where_none_is_named() -> None:
    assert base_references([], None, None) == {name: b.reference for name, b in BASES.items()}


def test_a_check_asks_for_the_reference_that_was_locked() -> None:
    assert base_references([NAME], None, LOCK) == {NAME: OLD.reference}
    assert base_references([NAME], None, None) == {NAME: BASES[NAME].reference}


def test_a_given_reference_stands_in_for_that_of_one_base_only() -> None:
    assert base_references([NAME], "other/base:2", LOCK) == {NAME: "other/base:2"}
    with pytest.raises(UsageError, match="--reference is of one base"):
        base_references([], "other/base:2", None)


def test_an_unknown_base_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=f"no base 'nothing'; there are: .*{NAME}"):
        base_references(["nothing"], None, None)


def test_a_moved_tag_is_refused_with_both_digests_and_the_command_that_takes_it() -> None:
    changes = base_changes(LOCK, {NAME: NEW})
    with pytest.raises(LockError) as refused:
        refuse_moved(Path("checkpoints.lock"), changes)
    for text in (OLD.digest, NEW.digest, f"`tina-bench containers lock {NAME}`"):
        assert text in str(refused.value)


def test_a_base_that_was_never_locked_counts_as_moved() -> None:
    with pytest.raises(LockError, match="is locked as no digest"):
        refuse_moved(Path("checkpoints.lock"), base_changes(Lock(), {NAME: NEW}))


def test_a_tag_that_stayed_is_no_change() -> None:
    refuse_moved(Path("checkpoints.lock"), base_changes(LOCK, {NAME: OLD}))


def test_what_is_not_resolved_stays_in_the_lock(tmp_path: Path) -> None:
    other = Lock(images={NAME: OLD, "other": OLD})
    write_bases(tmp_path / "checkpoints.lock", other, {NAME: NEW})
    assert read_lock(tmp_path / "checkpoints.lock").images == {NAME: NEW, "other": OLD}
