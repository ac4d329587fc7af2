"""Values of documents of others, taken only where a record can hold them."""

import math
from typing import Any

from tina_bench.files.strict import GREATEST_INTEGER, LEAST_INTEGER


def text(value: Any) -> str | None:
    """Words; nothing for none."""
    return value if isinstance(value, str) and value else None


def whole(value: Any) -> int | None:
    """A whole number of 64 bits."""
    known = isinstance(value, int) and not isinstance(value, bool)
    return value if known and LEAST_INTEGER <= value <= GREATEST_INTEGER else None


def number(value: Any) -> float | None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer of hundreds of digits
        return None
