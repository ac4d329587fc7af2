"""Is a lock what the catalog and the files here say it should be? Needs no network."""

from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import LockError
from tina_bench.lock.lockfile import Lock, LockedFiles, LockedTask, lock_text, read_lock
from tina_bench.lock.required_files import hub_entries, unresolved
from tina_bench.lock.resolve import resolve_embedded
from tina_bench.lock.task_hashes import compute

RENEW = "`tina-bench lock` renews it"


def check_lock(catalog: Catalog, path: Path) -> tuple[str, ...]:
    """Check a lock without the hub; returns what could not be checked, one sentence each.

    Checked: every embedded file; that the same lock would be written as the same bytes; that hub
    entries are those of the catalog, at its revisions; that exactly the others are listed as
    unresolved; and the problems of every task whose dataset is here. Raises `LockError` naming the
    first difference.
    """
    lock = read_lock(path)
    _check_embedded(catalog, lock, path)
    _check_hub(catalog, lock, path)
    if path.read_text(encoding="utf-8") != lock_text(lock):
        raise LockError(
            f"{path}: differs from how the same lock is written (order, spaces or comments); "
            f"{RENEW}."
        )
    return _check_tasks(catalog, lock, path)


def _check_embedded(catalog: Catalog, lock: Lock, path: Path) -> None:
    made = resolve_embedded(catalog)
    for section in ("models", "datasets"):
        expected: dict[str, LockedFiles] = getattr(made, section)
        found: dict[str, LockedFiles] = {
            name: entry
            for name, entry in getattr(lock, section).items()
            if entry.source == "embedded"
        }
        for name in sorted(set(expected) | set(found)):
            if expected.get(name) != found.get(name):
                raise LockError(
                    f"{path}: differs from the files it locks; {section}.{name} is not as this "
                    f"package carries it; {RENEW}."
                )


def _check_hub(catalog: Catalog, lock: Lock, path: Path) -> None:
    known = hub_entries(catalog)
    for section in ("models", "datasets"):
        for name, entry in sorted(getattr(lock, section).items()):
            if entry.source != "hub":
                continue
            wanted = known.get((section, name))
            if wanted is None or not wanted.is_met_by(entry):
                raise LockError(
                    f"{path}: {section}.{name}: found {entry.repo} at {entry.revision}, which the "
                    f"catalog does not name; {RENEW}."
                )
    expected = unresolved(catalog, lock)
    for section in sorted(set(expected) | set(lock.unresolved)):
        should, does = set(expected.get(section, ())), set(lock.unresolved.get(section, ()))
        if should != does:
            name = min(should ^ does)
            how = "is not resolved and not listed so" if name in should else "is no open entry"
            raise LockError(f"{path}: unresolved.{section}: {name} {how}; {RENEW}.")


def _check_tasks(catalog: Catalog, lock: Lock, path: Path) -> tuple[str, ...]:
    for name in lock.tasks:
        if name not in catalog.tasks:
            raise LockError(f"{path}: tasks.{name}: the catalog has no such task; {RENEW}.")
    computed = compute(catalog, lock)
    if computed is None:
        return ("the problems of no task were checked: LightEval is not installed",)
    for name, found in computed.items():
        if not isinstance(found, LockedTask):
            raise LockError(f"{path}: tasks.{name}: {found}")
        if lock.tasks.get(name) != found:
            raise LockError(
                f"{path}: tasks.{name}: differs from the problems or the grader's packages here; "
                f"{RENEW}."
            )
    unseen = sorted(set(lock.tasks) - set(computed))
    if not unseen:
        return ()
    return (f"the problems of {', '.join(unseen)} were not checked: their data is not here",)
