"""Rows of CSV and TSV files of others: strict about quotes and the number of cells in a row."""

import csv
import io
from collections.abc import Iterator
from itertools import chain

from tina_bench.errors import ForeignFileError
from tina_bench.files.strict import MalformedError
from tina_bench.importing.drafts import Found
from tina_bench.importing.probing import BOM, delimiter, plain_column
from tina_bench.importing.reading import MAX_LINE_BYTES, MAX_ROWS, refuse


def read_delimited(found: Found, data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """The rows with their places, by plain column name; raises `ForeignFileError` with the line.

    The first line that is not empty names the columns and says what parts them.
    """
    try:
        text = data.removeprefix(BOM).decode()
    except UnicodeDecodeError as error:
        wrong = MalformedError(f"byte {error.start}", f"{data[error.start]:#x}", "UTF-8")
        raise refuse(f"{found.path}", wrong) from None
    lines = io.StringIO(text, newline="")
    first, begin = next(((n, line) for n, line in enumerate(lines) if line.strip()), (0, ""))
    before = csv.field_size_limit(MAX_LINE_BYTES)
    try:
        table = csv.reader(chain([begin], lines), delimiter=delimiter(begin), strict=True)
        header = [plain_column(cell) for cell in next(table)]
        again = next((name for name in header if name and header.count(name) > 1), None)
        if again is not None:
            raise _at(found, first + 1, f"the column {again!a} twice", "each column once")
        for count, row in enumerate(table):
            line = first + table.line_num
            if count >= MAX_ROWS:
                raise _at(found, line, "one row more", f"at most {MAX_ROWS}")
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise _at(found, line, f"{len(row)} cells", f"{len(header)}, as the first line has")
            yield f"{found.path}, line {line}", dict(zip(header, row, strict=True))
    except csv.Error as error:
        line = first + table.line_num
        raise _at(found, line, f"no row of a table ({error})", "cells") from None
    finally:
        csv.field_size_limit(before)


def _at(found: Found, line: int, what: str, expected: str) -> ForeignFileError:
    return refuse(f"{found.path}, line {line}", MalformedError("", what, expected))
