"""Is a result record still backed by the bytes it was made from?"""

import hashlib
from pathlib import Path

from tina_bench.errors import IntegrityError
from tina_bench.store.records import ResultRecord


def check_sample_log(root: Path, record: ResultRecord) -> None:
    """Refuse a sample log whose recorded part has changed; a log that has grown since is fine.

    Raises `IntegrityError` naming the file.
    """
    provenance = record.provenance
    path = root / provenance.sample_log
    if not path.is_file():
        raise IntegrityError(
            f"{path}: found no file, expected the samples of {record.model} on {record.task}; "
            "restore it, or delete the result record and run again."
        )
    with path.open("rb") as file:
        data = file.read(provenance.sample_log_bytes)
    if hashlib.sha256(data).hexdigest() != provenance.sample_log_sha256:
        raise IntegrityError(
            f"{path}: found other bytes than the result of {record.model} on {record.task} was "
            "made from; restore it, or delete the result record and run again."
        )
