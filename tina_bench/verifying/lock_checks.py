"""A record against the lock: were these the bytes that were to be measured?"""

from collections.abc import Iterator, Mapping

from tina_bench.catalog.schema import Catalog, ModelKind, Source
from tina_bench.errors import IntegrityError
from tina_bench.lock.lockfile import Lock, LockedFiles
from tina_bench.store.records import ResultRecord
from tina_bench.verifying.types import Check, CheckState


def check_against_lock(record: ResultRecord, catalog: Catalog, lock: Lock) -> Iterator[Check]:
    """Compare dataset, weights and grader with the lock, each as far as the lock has it.

    Merged and trained weights are made on the machine that measured them and are in no lock.
    Another version of a grading package is reported, and is no changed byte: which versions a
    verdict may rest on is a matter of the protocol.
    """
    yield _dataset(record, catalog, lock)
    yield _weights(record, catalog, lock)
    yield _grader(record, lock)


def _dataset(record: ResultRecord, catalog: Catalog, lock: Lock) -> Check:
    task = catalog.tasks.get(record.task)
    if task is None:
        return _unseen("dataset", f"the catalog has no task {record.task}")
    entry = lock.datasets.get(task.dataset)
    if entry is None:
        return _unseen("dataset", f"{task.dataset} is not resolved in the lock")
    return _compare("dataset", record.provenance.dataset_sha256, entry, task.dataset, record)


def _weights(record: ResultRecord, catalog: Catalog, lock: Lock) -> Check:
    model = catalog.models.get(record.model)
    if model is None:
        return _unseen("weights", f"the catalog has no model {record.model}")
    if model.kind is ModelKind.ADAPTER or model.source is Source.RECIPE:
        return _unseen("weights", "merged or trained where they were measured; no lock has them")
    entry = lock.models.get(record.model)
    if entry is None:
        return _unseen("weights", f"{record.model} is not resolved in the lock")
    return _compare("weights", record.provenance.weights_sha256, entry, record.model, record)


def _compare(
    what: str, found: Mapping[str, str], entry: LockedFiles, name: str, record: ResultRecord
) -> Check:
    """Every file that was used must be the lock's; the lock may have files that were not used."""
    where = f"results/{record.provenance.profile}/{record.model}/{record.task}.json"
    if not found:
        detail = f"{where}: {what}: found no files, expected those of {name} in the lock."
        return _differs(what, detail)
    for file, sha256 in sorted(found.items()):
        locked = entry.files.get(file)
        if locked is None or locked.sha256 != sha256:
            expected = f"sha256 {locked.sha256[:16]}…" if locked else "no such file"
            return _differs(
                what,
                f"{where}: {what}: {file[:120]!r} has sha256 {sha256[:16]!r}…, and the lock has "
                f"{expected} of {name}.",
            )
    return Check(
        what=what, state=CheckState.AGREES, detail=f"{len(found)} files with the lock's sha256"
    )


def _grader(record: ResultRecord, lock: Lock) -> Check:
    task = lock.tasks.get(record.task)
    if task is None:
        return _unseen("grader", f"{record.task} is not resolved in the lock")
    others = [
        f"{name} {record.provenance.grader.get(name) or 'not recorded'} (the lock has {version})"
        for name, version in sorted(task.packages.items())
        if record.provenance.grader.get(name) != version
    ]
    if others:
        return _unseen("grader", f"graded by other versions than the lock's: {', '.join(others)}")
    return Check(what="grader", state=CheckState.AGREES, detail="the lock's versions")


def _unseen(what: str, detail: str) -> Check:
    return Check(what=what, state=CheckState.NOT_CHECKED, detail=detail)


def _differs(what: str, detail: str) -> Check:
    return Check(
        what=what,
        state=CheckState.DIFFERS,
        detail=detail,
        exit_code=IntegrityError.exit_code,
    )
