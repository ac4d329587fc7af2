"""The columns of a plain table: what they may be called, and what may stand in them."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tina_bench.files.strict import GREATEST_INTEGER, MalformedError, shown

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name"),
    "task": ("task", "benchmark", "dataset"),
    "problem": ("problem", "problem_id", "question_id", "sample_id"),
    "seed": ("seed", "run", "epoch", "repeat"),
    "correct": ("correct", "is_correct", "n_correct"),
    "trials": ("trials", "attempts"),
    "n": ("n", "n_problems", "problems"),
    "runs": ("runs", "k"),
    "percent": ("percent", "printed_percent"),
    "sd": ("sd_points", "sd"),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "max_tokens": ("max_tokens", "max_new_tokens"),
    "prompt": ("prompt", "prompt_template"),
    "grader": ("grader",),
    "tokens": ("tokens", "tokens_out", "output_tokens"),
    "truncated": ("truncated",),
    "gold": ("gold",),
    "extracted": ("extracted", "predicted_answer"),
    "text": ("text", "answer_text", "generation"),
    "revision": ("revision",),
    "harness": ("harness",),
    "who": ("who",),
    "source": ("source",),
}
"""Our names, and what else people write, the first of them preferred."""
SETTINGS = (
    "temperature", "top_p", "max_tokens", "prompt", "grader", "revision", "harness", "who",
    "source",
)  # fmt: skip
"""Columns that make rows of one model different measurements."""
YES, NO = {"1", "true", "yes", "1.0"}, {"0", "false", "no", "0.0"}
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
MAX_TEXT = 32 << 20


def is_table(names: Collection[str]) -> bool:
    """Whether these columns are those of a plain table."""
    known = known_columns(names)
    return {"model", "task"} <= known.keys() and bool({"correct", "percent"} & known.keys())


def known_columns(names: Iterable[str]) -> dict[str, str]:
    """Of our columns those that are there, each with the name that it has there."""
    given = set(names)
    found = {}
    for ours, others in COLUMNS.items():
        name = next((name for name in others if name in given), None)
        if name is not None:
            found[ours] = name
    return found


class Cells:
    """The cells of one row, read as what their column holds; an empty one is `None`."""

    def __init__(self, cells: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._cells, self._names = cells, names

    def _raw(self, column: str) -> Any:
        value = self._cells.get(self._names.get(column, ""))
        if isinstance(value, float) and math.isnan(value):
            return None
        if isinstance(value, str):
            value = value.strip() if column != "text" else value
            return value or None
        return value

    def wrong(self, column: str, expected: str) -> MalformedError:
        """What to say of a cell."""
        value = self._raw(column)
        found = "an empty cell" if value is None else shown(value)
        return MalformedError(self._names.get(column, column), found, expected)

    def text(self, column: str) -> str | None:
        """Words, as they stand there; a number is one, too."""
        value = self._raw(column)
        if value is None:
            return None
        if isinstance(value, float) and value == int(value):
            value = int(value)  # parquet and pandas make floats of whole columns with a gap
        if not isinstance(value, str | int | float) or len(str(value)) > MAX_TEXT:
            raise self.wrong(column, "text or a number")
        return str(value)

    def needed(self, column: str) -> str:
        """Words that must be there."""
        name = self.text(column)
        if name is None:
            raise self.wrong(column, f"the name of a {column}")
        return name

    def number(self, column: str) -> float | None:
        """A finite number."""
        value = self._raw(column)
        if value is None:
            return None
        if isinstance(value, str) and NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(column, "a number")
        if not math.isfinite(value):
            raise self.wrong(column, "a finite number")
        return float(value)

    def whole(self, column: str, least: int = 0) -> int | None:
        """A whole number of at least that size."""
        raw = self._raw(column)
        if raw is None:
            return None
        if isinstance(raw, int) and not isinstance(raw, bool):
            value = raw
        elif isinstance(raw, str) and re.fullmatch(r"[+-]?[0-9]{1,20}", raw):
            value = int(raw)
        else:
            number = self.number(column)
            if number is None or number != int(number):
                raise self.wrong(column, "a whole number")
            value = int(number)
        if not least <= value <= GREATEST_INTEGER:
            raise self.wrong(column, f"a whole number of at least {least}")
        return value

    def yes(self, column: str) -> bool | None:
        """Yes or no."""
        value = self._raw(column)
        word = str(value).lower()
        if value is None or word in YES | NO:
            return None if value is None else word in YES
        raise self.wrong(column, "true or false")

    def right(self) -> int | None:
        """Right answers: a whole number, or true or false for one."""
        value = self._raw("correct")
        if str(value).lower() in YES | NO:
            return int(str(value).lower() in YES)
        try:
            return self.whole("correct")
        except MalformedError:
            raise self.wrong("correct", "a whole number of right answers") from None

    def decimals(self, column: str) -> int:
        """Digits after the point, as printed; of a number, as it prints itself."""
        words = str(self._raw(column))
        return len(words.partition(".")[2]) if "e" not in words.lower() else 0
