"""Names made of what they stand for: of logs, and of the evidence in a record."""

from collections.abc import Mapping
from typing import Any

from tina_bench.catalog.graders import Grader
from tina_bench.files.hashing import digest
from tina_bench.store.job_folder import GRADER_PACKAGES
from tina_bench.store.records import ResultRecord

NAME_DIGITS = 16
"""Of a hash, in the name of a log."""


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


def regrade_log_name(
    sample_log: str, grader: Grader, versions: Mapping[str, str], *, remove_reasoning_tags: bool
) -> str:
    """The name of a log of new grades of one sample log: never that of a record's own grade log.

    `sample_log` is the graded log's path in the home, `versions` those of the grader's packages.
    """
    parts = ["regrade", sample_log, grader.name, grader.rules, dict(versions)]
    return digest([*parts, remove_reasoning_tags])[:NAME_DIGITS]


def evidence_sha256(record: ResultRecord) -> str:
    """What a verdict rests on, as one hash: answers by problem and run, and their protocol.

    Two records with the same hash give every claim the same verdict; when and where they were made
    does not enter.
    """
    rest = {"protocol": record.provenance.protocol, "stack": record.provenance.stack}
    values = record.model_dump(mode="json", include={"model", "task", "seeds", "problems"})
    return digest({**values, **rest})
