"""A JSON Schema for everything on the site that a program reads (draft 2020-12).

Guarantees: every table of the site has one, at `schema/<name>.v<version>.json`; where the rows are
dumped from a pydantic model, its schema is the model's, and other columns have that of their name
in `tina_bench.board.data.columns`. Every column is required; unknown is `null`. A schema does not
depend on the rows, so it changes only with the program.

A version is raised when a column goes or changes its meaning; a column more is no new version, so a
reader must not refuse columns that it does not know, and no schema does.

`index.json` says what the whole site consists of, so that it can be checked, mirrored and cited.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tina_bench.board.data.columns import COLUMNS, NUMBER, WHOLE, Schema
from tina_bench.board.output.elements import Table
from tina_bench.stats.types import Comparison, Judgement
from tina_bench.store.records import ResultRecord

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFAULT_VERSION = 1
_VERSIONS: Mapping[str, int] = {}
_SHAPES: Mapping[str, type[BaseModel]] = {"claims": Judgement, "comparisons": Comparison}
"""Tables whose rows are dumped from a shape; further columns are those of `COLUMNS`."""
_MEASURED_BY_OTHERS = "training"
"""Its columns are what the trainer logged: numbers."""
RECORD, SAMPLES, INDEX = "record", "samples", "index"
SAMPLE_COLUMNS: Mapping[str, tuple[str, str]] = {
    "problem": ("string", "Problem id: a hash of the problem's text."),
    "index": ("integer", "Row in the dataset."),
    "seed": ("integer", "Sample seed."),
    "correct": ("boolean", "As the result record has it."),
    "undecided": ("boolean", "The grader gave no decision."),
    "answered": ("boolean", "The grader found something to grade."),
    "truncated": ("boolean", "Cut at the limit of tokens."),
    "tokens_out": ("integer", "Generated tokens."),
    "finish_reason": ("string", "Why the engine stopped, in its own word."),
    "sample_key": ("string", "Hash of everything that made the answer."),
    "sample_seed": ("integer", "Seed that the engine was given."),
    "grader": ("string", "Metric that graded it."),
    "grade_status": ("string", "Whether the grader decided, ran out of time, or failed."),
    "extracted": ("string", "What the grader read as the answer. A model wrote it."),
    "text": ("string", "The whole answer, where the site shows it. A model wrote it."),
}
"""Columns of the answers' Parquet files: JSON type and meaning."""
WHAT: Literal["A leaderboard built by tina-bench. Hashes are sha256, in hex."] = (
    "A leaderboard built by tina-bench. Hashes are sha256, in hex."
)
"""First value of every index; tells a site of ours from other folders with an `index.json`."""


def schema_path(name: str) -> str:
    """Where the schema of that name lies, from the site's root."""
    return f"schema/{name}.v{_VERSIONS.get(name, DEFAULT_VERSION)}.json"


def schema_of(path: str, kinds: Mapping[str, str]) -> str | None:
    """Path of the schema that a file of the site follows; `None` where it has none.

    `kinds` names each table's kind by the table's own name.
    """
    if path == "index.json":
        return schema_path(INDEX)
    if path.startswith("data/records/"):
        return schema_path(RECORD)
    if path.startswith("data/samples/"):
        return schema_path(SAMPLES)
    if path.startswith("data/"):
        kind = kinds.get(path.removeprefix("data/").rpartition(".")[0])
        return None if kind is None else schema_path(kind)
    return None


def _document(name: str, about: str, body: Schema, base_url: str | None) -> bytes:
    identity = {"$id": base_url + schema_path(name)} if base_url else {}
    whole = {"$schema": DIALECT, **identity, "title": name, "description": about, **body}
    return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()


def _row(table: Table) -> tuple[Schema, Schema]:
    """Schema of the columns, and definitions that it refers to."""
    known: Mapping[str, Schema] = COLUMNS
    definitions: Schema = {}
    shape = _SHAPES.get(table.kind)
    if shape is not None:
        dumped = shape.model_json_schema(mode="serialization")
        definitions = dumped.pop("$defs", {})
        known = {**COLUMNS, **dumped["properties"]}
    elif table.kind == _MEASURED_BY_OTHERS:
        ours = {name: COLUMNS[name] for name in ("model", "folder", "finished")}
        known = {**dict.fromkeys(table.columns, NUMBER), "step": WHOLE, **ours}
    return {column: known[column] for column in table.columns}, definitions


def table_schema(table: Table) -> Schema:
    """Schema of a table's JSON: a list of objects with its columns."""
    properties, definitions = _row(table)
    row = {"type": "object", "required": list(table.columns), "properties": properties}
    used = json.dumps(properties)
    needed = {name: value for name, value in definitions.items() if f"$defs/{name}" in used}
    body: Schema = {"type": "array", "items": row}
    return {**body, "$defs": needed} if needed else body


def _samples() -> Schema:
    columns = {
        name: {"type": [kind, "null"], "description": meaning}
        for name, (kind, meaning) in SAMPLE_COLUMNS.items()
    }
    return {"type": "object", "properties": columns}


def schema_files(tables: Iterable[Table], base_url: str | None) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of every schema; tables of one kind share one."""
    made: dict[str, bytes] = {}
    for table in tables:
        made.setdefault(
            table.kind, _document(table.kind, table.about, table_schema(table), base_url)
        )
    about = "One answer: a row of the Parquet file; the CSV has no column that a model wrote."
    made[SAMPLES] = _document(SAMPLES, about, _samples(), base_url)
    for name, shape in ((RECORD, ResultRecord), (INDEX, SiteIndex)):
        body = shape.model_json_schema(mode="serialization", by_alias=True)
        body.pop("title", None)
        made[name] = _document(name, body.pop("description", ""), body, base_url)
    for name in sorted(made):
        yield schema_path(name), made[name]


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
