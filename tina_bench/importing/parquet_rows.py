"""Rows of parquet files of others, with limits on what a file may unpack to.

Memory stays bounded by the limits below as long as the file's own counts are honest; they are
checked before a row is read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tina_bench.errors import MissingEngineError
from tina_bench.files.strict import MalformedError
from tina_bench.importing.reading import refuse

MAX_UNPACKED_BYTES = 4 << 30
MAX_ROWS = 200_000
ROWS_AT_ONCE = 8
"""Few, because one column of a problem with 64 long answers is megabytes."""


def read_parquet(
    path: Path,
    data: bytes,
    columns: Callable[[list[str]], list[str]],
    expected: str,
    *,
    max_rows: int = MAX_ROWS,
    max_unpacked: int = MAX_UNPACKED_BYTES,
) -> Iterator[dict[str, Any]]:
    """The rows of a file, of the columns that `columns` picks out of those that it has.

    `expected` says what it should be. Raises `ForeignFileError`, and `MissingEngineError` without
    pyarrow.
    """
    pa, pq = _pyarrow(path)
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        wanted = columns(list(file.schema_arrow.names))
        _check_size(path, file.metadata, max_rows, max_unpacked)
        read, rows = 0, file.metadata.num_rows
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=wanted):
            read += batch.num_rows
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, ArithmeticError, RecursionError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        said = ascii(said.partition(". ")[0].removesuffix("."))[:160]
        found = f"what is not a readable parquet file, perhaps cut short ({said})"
        raise refuse(f"{path}", MalformedError("", found, expected)) from None
    if read != rows:  # a changed byte in a page can end it early, without an error
        raise refuse(f"{path}", MalformedError("", f"{read} rows", f"{rows} as its end says"))


def column_names(path: Path) -> list[str] | None:
    """Names of the columns; `None` for what is no readable parquet file.

    Raises `MissingEngineError` without pyarrow.
    """
    pa, pq = _pyarrow(path)
    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError):
        return None


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingEngineError(
            f"{path}: reading parquet needs pyarrow, which comes with the engines: "
            "`pip install 'tina-bench[cpu]'`, or `pip install pyarrow` alone."
        ) from None
    return pa, pq


def _check_size(path: Path, metadata: Any, max_rows: int, max_unpacked: int) -> None:
    if metadata.num_rows > max_rows:
        raise refuse(
            f"{path}", MalformedError("", f"{metadata.num_rows} rows", f"at most {max_rows}")
        )
    groups = range(metadata.num_row_groups)
    unpacked = sum(metadata.row_group(number).total_byte_size for number in groups)
    if unpacked > max_unpacked:
        found, most = f"what unpacks to {unpacked} bytes", f"at most {max_unpacked}"
        raise refuse(f"{path}", MalformedError("", found, most))
