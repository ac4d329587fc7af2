"""`index.json`: what the whole site consists of, so that it can be checked, mirrored and cited."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

WHAT: Literal["A leaderboard built by tina-bench. Hashes are sha256, in hex."] = (
    "A leaderboard built by tina-bench. Hashes are sha256, in hex."
)
"""First value of every index; tells a site of ours from other folders with an `index.json`."""


class _Shape(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
    )


class FileEntry(_Shape):
    """One file of the site."""

    path: str
    """From the site's root."""
    sha256: str
    """Of its bytes."""
    bytes: int
    """Their number."""
    media_type: str
    """As a server should name it."""
    schema_path: str | None = Field(default=None, alias="schema")
    """JSON Schema that its content follows, a path from the site's root; `null` without one."""


class RecordEntry(_Shape):
    """One result record, as it was when the site was built."""

    model: str
    """Model."""
    task: str
    """Task."""
    profile: str
    """What `reproduce` was asked for."""
    path: str
    """Its copy on the site."""
    sha256: str
    """Of its bytes, which are those of the home's file."""
    finished_at: AwareDatetime
    """When the measurement was finished."""


class SiteIndex(_Shape):
    """Everything that the site holds but this index, with hashes."""

    what: Literal["A leaderboard built by tina-bench. Hashes are sha256, in hex."] = WHAT
    """Names the kind of file."""
    schema_version: Literal[1] = 1
    """Of this index."""
    digest: str
    """Content digest of all result records: the one to cite."""
    cite: str
    """How to cite what the site shows."""
    newest: AwareDatetime | None
    """When the newest result was finished; `null` without results."""
    base_url: str | None
    """Where the site was built to be published; `null` where that was not said."""
    catalog_sha256: str
    """Digest of the catalog of models, tasks and published scores that it was built with."""
    lock_sha256: str | None
    """Digest of the lock of weights and datasets; `null` where none was given."""
    versions: dict[str, str]
    """This program and the libraries that draw: other versions may give other bytes."""
    records: tuple[RecordEntry, ...]
    """Result records by model and task."""
    files: tuple[FileEntry, ...]
    """Every file by path."""
