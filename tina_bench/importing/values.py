"""Values of documents of others, taken only where they are of the wanted type."""

from typing import Any


def text(value: Any) -> str | None:
    """Words; nothing for none."""
    return value if isinstance(value, str) and value else None


def whole(value: Any) -> int | None:
    """A whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:
    """A number."""
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if known else None
