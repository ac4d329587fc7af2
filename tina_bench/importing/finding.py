"""Which files lie under the paths that were given, and what each of them is."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tina_bench.errors import ForeignFileError, UsageError
from tina_bench.files.strict import MalformedError
from tina_bench.importing.drafts import Found
from tina_bench.importing.formats import FilePart, ImportFormat, recognise
from tina_bench.importing.probing import FileKind, Probe, probe
from tina_bench.importing.reading import MAX_JSON_BYTES, parse_json, read_bytes, refuse

MAX_FILES = 100_000
KNOWN = "a result file of a known format"
ADVICE = "`tina-bench import --formats` lists what is known"
DATA = {".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".eval", ".zip"}
"""Names that promise data: such a file of no known format is bad, any other is left out."""


@dataclass(frozen=True)
class KnownFile:
    """A file that is read by itself."""

    found: Found
    format: ImportFormat
    probe: Probe


@dataclass
class Scan:
    """Everything that lies there."""

    results: list[KnownFile] = field(default_factory=list)
    """By the name that records have for them."""
    samples: dict[Path, tuple[Found, ImportFormat]] = field(default_factory=dict)
    """Files that belong to one of those."""
    bad: list[tuple[Found, ForeignFileError]] = field(default_factory=list)
    """Data of no known format, cut short or damaged."""
    left_out: dict[Path, str] = field(default_factory=dict)
    """What does not look like results: its name in records."""


def scan(paths: Iterable[Path]) -> Scan:
    """Look at every file under each path.

    Linked folders are not entered, linked files are read. Raises `UsageError` for a path where
    nothing is.
    """
    files: dict[Path, tuple[Found, bool]] = {}
    for given in paths:
        before = len(files)
        for path, found, alone in _under(given):
            files.setdefault(path, (found, alone))
            if len(files) > MAX_FILES:
                raise UsageError(f"{given}: holds more than {MAX_FILES} files; import it in parts.")
        if len(files) == before and not any(path.is_relative_to(given.resolve()) for path in files):
            raise UsageError(f"{given}: found no file in it, expected {KNOWN}; {ADVICE}.")
    made = Scan()
    for path, (found, alone) in sorted(files.items(), key=lambda item: item[1][0].where):
        _sort(made, path, found, alone=alone)
    lonely = next((one for path, one in made.samples.items() if files[path][1]), None)
    if lonely is not None and not made.results and not made.bad:
        found, form = lonely
        raise UsageError(
            f"{found.path}: found {form.samples} of {form.title} without their results, expected "
            "both; import the folder that holds them."
        )
    return made


def _under(given: Path) -> Iterator[tuple[Path, Found, bool]]:
    root = _resolved(given)
    if root is None:
        raise UsageError(
            f"{given}: found nothing there, expected a result file or a folder of them; give "
            "another path."
        )
    if not root.is_dir():
        path = given.absolute()
        yield root, Found(path, f"{path.parent.name}/{path.name}"), True
        return
    for folder, folders, names in os.walk(root, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith("."):
                where = f"{root.name}/{path.relative_to(root).as_posix()}"
                yield path, Found(path, where), False


def _resolved(path: Path) -> Path | None:
    """Where a path leads; `None` where that is nowhere, or round in a circle."""
    try:
        root = path.resolve()
        return root if root.exists() else None
    except (OSError, RuntimeError):
        return None


def _sort(made: Scan, path: Path, found: Found, *, alone: bool) -> None:
    """One file to where it belongs; `alone`: it was named itself."""
    try:
        look = probe(found.path)
        known = recognise(look)
        if known is None:
            if alone or found.path.suffix.lower() in DATA:
                raise _unknown(found.path, look)
            made.left_out[found.path.absolute()] = found.where
            return
    except ForeignFileError as error:
        if alone or found.path.suffix.lower() in DATA:
            made.bad.append((found, error))
        else:  # a link to nothing, a pipe, the weights of a model
            made.left_out[found.path.absolute()] = found.where
        return
    form, part = known
    if part is FilePart.RESULTS:
        made.results.append(KnownFile(found, form, look))
    elif part is FilePart.SAMPLES:
        made.samples[path] = found, form


def _unknown(path: Path, look: Probe) -> ForeignFileError:
    """Why a file is not read: it is damaged, or its keys are those of no format."""
    if look.kind is FileKind.JSON or path.suffix.lower() == ".json":
        parse_json(path, read_bytes(path, MAX_JSON_BYTES))  # says what is wrong in it
    if look.kind is FileKind.ZIP and not look.whole:
        found = "a zip that is cut short or damaged"
        return refuse(f"{path}", MalformedError("", found, "a whole one"))
    if look.kind is FileKind.PARQUET and not look.whole:
        found = "what is not a readable parquet file, perhaps cut short"
        return refuse(f"{path}", MalformedError("", found, "a whole one"))
    if path.stat().st_size == 0:
        return refuse(f"{path}", MalformedError("", "an empty file", KNOWN))
    keys = ", ".join(sorted(map(ascii, look.keys))[:8])
    what = {
        FileKind.TABLE: "the columns",
        FileKind.PARQUET: "the columns",
        FileKind.ZIP: "the members",
    }
    found = f"{look.kind} with {what.get(look.kind, 'the keys')} {keys[:160]}" if keys else (
        f"{look.kind} without keys"
    )  # fmt: skip
    return ForeignFileError(f"{path}: found {found}, expected {KNOWN}; {ADVICE}.")
