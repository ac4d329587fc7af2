"""Types of fields that all catalog entries share."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
Commit = Annotated[str, Field(pattern=r"^[0-9a-f]{7,40}$")]
"""A git commit, abbreviated perhaps: then the lock finds the one commit that it begins."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ImportPath = Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$")]


class CatalogEntry(BaseModel):
    """Common behaviour: frozen, no unknown keys, field docstrings become descriptions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class ModelKind(StrEnum):
    """What a set of weights is in this comparison."""

    BASE = "base"
    BASELINE = "baseline"
    ADAPTER = "adapter"


class Source(StrEnum):
    """Where bytes come from."""

    EMBEDDED = "embedded"
    HUB = "hub"
    RECIPE = "recipe"
    UNPUBLISHED = "unpublished"


class Confidence(StrEnum):
    """How sure we are that the figure was published as it stands here.

    `secondary`: what others say about the source; `unread`: the number was seen, its table with the
    runs and settings behind it was not. Neither enters an estimate.
    """

    MEASURED = "measured"
    READ = "read"
    THREAD = "thread"
    PAGE = "page"
    IMAGE = "image"
    SECONDARY = "secondary"
    UNREAD = "unread"
    DERIVED = "derived"


class Sampling(CatalogEntry):
    """How answers are drawn."""

    temperature: Annotated[float, Field(ge=0)]
    """0 is greedy."""
    top_p: Annotated[float, Field(gt=0, le=1)]
    """Nucleus mass."""
    top_k: int = -1
    """-1: off."""
