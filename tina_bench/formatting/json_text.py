"""JSON as it is printed and written for people and scripts."""

import json
from typing import Any


def json_text(value: Any) -> str:
    """One document, indented, without a final newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str)
