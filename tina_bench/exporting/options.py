"""What is to be exported, and what only the user can say of it."""

from dataclasses import dataclass
from enum import StrEnum

from tina_bench.errors import UsageError


class Relationship(StrEnum):
    """How whoever measured stands to the makers of the model, in Every Eval Ever's words."""

    FIRST = "first_party"
    THIRD = "third_party"
    COLLABORATIVE = "collaborative"
    OTHER = "other"
    """Not known."""


@dataclass(frozen=True)
class ExportOptions:
    """A choice of results, and what files say of who measured them; the defaults take all."""

    profile: str | None = None
    """Only own results of this profile."""
    models: tuple[str, ...] = ()
    """Only these, by their name in the catalog or, for imports, as printed; empty: all."""
    tasks: tuple[str, ...] = ()
    """Only these; empty: all."""
    texts: bool = True
    """Texts of problems and answers, where the home has them and they may be published."""
    imported: bool = True
    """Imported results, marked as those of others."""
    who: str | None = None
    """Who measured the own results."""
    url: str | None = None
    """Where the own results can be seen."""
    relationship: Relationship = Relationship.OTHER
    """How who measured them stands to the makers of the models; imports are `third_party`."""


def parse_relationship(text: str) -> Relationship:
    """One of them by its name; raises `UsageError` for another."""
    if text not in list(Relationship):
        names = ", ".join(Relationship)
        raise UsageError(f"--relationship: found {text!r}, expected one of {names}.")
    return Relationship(text)
