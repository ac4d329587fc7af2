"""LightEval's details files: one parquet file per task, one row per problem.

Three layouts, read in LightEval's source (`logging/info_loggers.py`, class `Detail`, and
`logging/evaluation_tracker.py`, `save`):

- 0.6.0 and 0.7.0: columns `example`, `predictions`, `gold`, `cont_tokens`, `metrics`, `specifics`
  and others, each value as the text that Python's `str` made of it;
- commit ed084813e0bd12d82a06d9f913291fdbee774905 (the paper's pin) and 0.8.0 to 0.10.0: the same
  columns as lists and structs;
- 0.11.0 and later: structs `doc`, `model_response`, `metric`.

Text is read by `ast.literal_eval`, which builds values and calls nothing.
"""

import ast
import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tina_bench.files.hashing import problem_id
from tina_bench.files.strict import MalformedError
from tina_bench.formatting.escape import clean
from tina_bench.importing.parquet_rows import read_parquet
from tina_bench.importing.reading import describe, read_bytes, refuse, shaped
from tina_bench.store.imported import ImportedAnswer, ImportedOutcome, SourceFile

MAX_BYTES = 1 << 30
MAX_UNPACKED_BYTES = 4 << 30
MAX_ROWS = 200_000
MAX_CELL_CHARACTERS = 32 << 20
NEW = ["doc.query", "doc.choices", "doc.gold_index", "doc.id", "doc.specific",
       "model_response.text", "model_response.output_tokens", "metric"]  # fmt: skip
OLD = ["example", "predictions", "gold", "cont_tokens", "metrics", "specifics"]
GOLDS_SHOWN = 8
MAX_EXTRACTED = 64


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class _Doc(_Row):
    query: str
    choices: list[str] | list[list[str]]
    gold_index: int | list[int]
    id: str = ""
    specific: dict[str, Any] | None = None


class _Response(_Row):
    text: list[str]
    output_tokens: Any = None


class _New(_Row):
    doc: _Doc
    model_response: _Response
    metric: dict[str, float | None]


class _Old(_Row):
    example: str
    predictions: list[str]
    gold: str | list[str] | None = None
    cont_tokens: Any = None
    metrics: dict[str, float | None]
    specifics: dict[str, Any] | None = None


def read_details(path: Path, where: str) -> tuple[SourceFile, tuple[ImportedOutcome, ...]]:
    """One details file: its identity, and its outcomes in the order of problems.

    Raises `ForeignFileError` with file, row and key, and `MissingEngineError` without pyarrow.
    """
    data = read_bytes(path, MAX_BYTES)
    outcomes, seen = [], Counter[str]()
    for number, row in enumerate(_rows(path, data), start=1):
        place = f"{path}, row {number}"
        query, index, made = _new(place, row) if "doc" in row else _old(place, row)
        outcomes.append(
            ImportedOutcome(
                problem=problem_id(query, seen[query]),
                index=number - 1 if index is None else index,
                **made,
            )
        )
        seen[query] += 1
    if not outcomes:
        raise refuse(f"{path}", MalformedError("", "no row", "one a problem"))
    return describe(data, where), tuple(sorted(outcomes, key=lambda one: (one.index, one.problem)))


def _rows(path: Path, data: bytes) -> Iterator[dict[str, Any]]:
    return read_parquet(
        path, data, lambda names: _columns(path, set(names)), "LightEval's details",
        max_rows=MAX_ROWS, max_unpacked=MAX_UNPACKED_BYTES,
    )  # fmt: skip


def _columns(path: Path, names: set[str]) -> list[str]:
    if {"doc", "model_response", "metric"} <= names:
        return NEW
    if {"example", "predictions", "metrics"} <= names:
        return [name for name in OLD if name in names]
    found = f"the columns {', '.join(sorted(map(ascii, names)))[:160]}"
    expected = (
        "those of LightEval's details, which are doc, model_response and metric, or example, "
        "predictions and metrics"
    )
    raise refuse(f"{path}", MalformedError("", found, expected))


def _new(place: str, row: dict[str, Any]) -> tuple[str, int | None, dict[str, Any]]:
    found = shaped(place, _New, row)
    wanted = [found.doc.gold_index] if isinstance(found.doc.gold_index, int) else (
        found.doc.gold_index
    )  # fmt: skip
    golds: list[str] = []
    for number in wanted[:GOLDS_SHOWN]:
        if not 0 <= number < len(found.doc.choices):
            raise refuse(
                place,
                MalformedError(
                    "doc.gold_index", f"{number}", f"one of {len(found.doc.choices)} choices"
                ),
            )
        choice = found.doc.choices[number]
        golds += [choice] if isinstance(choice, str) else choice
    # LightEval's id is the row of the dataset; other tools write other things there.
    index = int(found.doc.id) if re.fullmatch(r"[0-9]{1,9}", found.doc.id) else None
    return found.doc.query, index, {
        "gold": tuple(clean(gold) for gold in golds),
        "extracted": _extracted(found.doc.specific),
        "answers": _answers(found.model_response.text, found.model_response.output_tokens),
        "values": _known(found.metric),
    }  # fmt: skip


def _old(place: str, row: dict[str, Any]) -> tuple[str, int | None, dict[str, Any]]:
    if isinstance(row.get("metrics"), str):
        row = {key: _value(place, key, cell) for key, cell in row.items()}
    found = shaped(place, _Old, row)
    golds = [found.gold] if isinstance(found.gold, str) else found.gold or []
    return found.example, None, {
        "gold": tuple(clean(gold) for gold in golds[:GOLDS_SHOWN]),
        "extracted": _extracted(found.specifics),
        "answers": _answers(found.predictions, found.cont_tokens),
        "values": _known(found.metrics),
    }  # fmt: skip


def _value(place: str, key: str, cell: Any) -> Any:
    """What `str` was applied to; token ids that are no plain lists are unknown, no more."""
    if key == "example" or not isinstance(cell, str):
        return cell
    if len(cell) > MAX_CELL_CHARACTERS:
        raise refuse(
            place, MalformedError(key, f"{len(cell)} characters", f"at most {MAX_CELL_CHARACTERS}")
        )
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        if key == "cont_tokens":
            return None
        expected = "a Python literal as LightEval 0.6 and 0.7 wrote it"
        raise refuse(place, MalformedError(key, ascii(cell)[:60], expected)) from None


def _known(values: dict[str, float | None]) -> dict[str, float]:
    """Metrics that have a value here; parquet fills the others of a struct with nulls."""
    return {
        name: value for name, value in values.items() if value is not None and math.isfinite(value)
    }


def _extracted(specific: dict[str, Any] | None) -> tuple[str, ...] | None:
    found = (specific or {}).get("extracted_predictions")
    if not isinstance(found, list):
        return None
    return tuple(clean(str(one)) for one in found[:MAX_EXTRACTED])


def _answers(texts: list[str], tokens: Any) -> tuple[ImportedAnswer, ...]:
    counts = _token_counts(tokens)
    known = counts if len(counts) == len(texts) else [None] * len(texts)
    return tuple(
        ImportedAnswer(
            sha256=hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest(),
            characters=len(text),
            tokens_out=count,
        )
        for text, count in zip(texts, known, strict=True)
    )


def _token_counts(tokens: Any) -> list[int | None]:
    """Lengths of the innermost lists: backends nest token ids one, two or three deep."""
    if not isinstance(tokens, list) or not tokens:
        return []
    if all(isinstance(token, int) for token in tokens):
        return [len(tokens)]
    return [count for inner in tokens for count in _token_counts(inner)]
