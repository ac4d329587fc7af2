"""Is a result record still backed by the bytes it was made from?"""

from collections.abc import Iterable
from pathlib import Path

from tina_bench.errors import IntegrityError
from tina_bench.store.hashing import sha256_prefix
from tina_bench.store.records import ResultRecord


def check_sample_logs(root: Path, records: Iterable[ResultRecord]) -> None:
    """`check_sample_log` for many records; what several tasks share is hashed once."""
    seen: set[tuple[str, int, str]] = set()
    for record in records:
        made = record.provenance
        part = (made.sample_log, made.sample_log_bytes, made.sample_log_sha256)
        if part not in seen:
            check_sample_log(root, record)
            seen.add(part)


def check_sample_log(root: Path, record: ResultRecord) -> None:
    """Refuse a sample log whose recorded part has changed; a log that has grown since is fine.

    Raises `IntegrityError` naming the file.
    """
    provenance = record.provenance
    path = root / provenance.sample_log
    if not path.is_file():
        raise IntegrityError(
            f"{path}: found no file, expected the samples of {record.model} on {record.task}; "
            "restore it from a copy, or start afresh in another home."
        )
    if sha256_prefix(path, provenance.sample_log_bytes) != provenance.sample_log_sha256:
        raise IntegrityError(
            f"{path}: found other bytes than the result of {record.model} on {record.task} was "
            "made from; restore it from a copy, or start afresh in another home."
        )
