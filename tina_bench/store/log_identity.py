"""Is a result record still backed by the bytes it was made from?"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tina_bench.errors import IntegrityError
from tina_bench.files.hashing import digest, sha256_prefix
from tina_bench.store.job_folder import GRADER_PACKAGES
from tina_bench.store.records import ResultRecord

NAME_DIGITS = 16
"""Of a hash, in the name of a log."""


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


def sample_log_name(weights_sha256: Mapping[str, str], engine: Mapping[str, Any]) -> str:
    """The name that a sample log has for what made it: weights, tokenizer and engine."""
    return digest({"weights": dict(weights_sha256), "engine": dict(engine)})[:NAME_DIGITS]


def grade_log_name(sample_log: str, grader: Mapping[str, str]) -> str | None:
    """The name that a grade log has for what it grades and for what graded it.

    `sample_log` is the name of the graded log, `grader` what a record says of its grader; `None`
    where it does not say all that the name is made of.
    """
    versions = {name: grader.get(name) for name in GRADER_PACKAGES}
    removed = grader.get("remove_reasoning_tags")
    if None in versions.values() or removed not in {"true", "false"}:
        return None
    return digest([sample_log, versions, removed == "true"])[:NAME_DIGITS]


def evidence_sha256(record: ResultRecord) -> str:
    """What a verdict rests on, as one hash: answers by problem and run, and their protocol.

    Two records with the same hash give every claim the same verdict; when and where they were made
    does not enter.
    """
    rest = {"protocol": record.provenance.protocol, "stack": record.provenance.stack}
    values = record.model_dump(mode="json", include={"model", "task", "seeds", "problems"})
    return digest({**values, **rest})
