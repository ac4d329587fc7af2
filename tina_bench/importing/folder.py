"""Whole folders of result files: find them and their details, read them, keep them.

A bad file costs itself and nothing else. Records are content-addressed: importing the same bytes
again changes nothing, and in which order files come changes nothing either.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import ForeignFileError, UsageError
from tina_bench.files.atomic import write_model
from tina_bench.formatting.escape import printable
from tina_bench.importing.details import read_details
from tina_bench.importing.lighteval import parse_run, stamp
from tina_bench.importing.lighteval_layout import Details
from tina_bench.importing.reading import MAX_JSON_BYTES, read_bytes
from tina_bench.store.home import Home
from tina_bench.store.imported import ImportedRun, ImportedTask

MAX_FILES = 100_000


class Became(StrEnum):
    """What an import made of a file."""

    IMPORTED = "imported"
    UNCHANGED = "already imported"
    RENEWED = "renewed"
    """It was there; now it has details, or the catalog knows more names."""
    COPY = "same bytes as another file"


@dataclass(frozen=True)
class Attribution:
    """What the user says of the files, and the files cannot."""

    model: str | None = None
    """The catalog's model."""
    reported_by: str | None = None
    """Who measured."""
    source: str | None = None
    """Where it was published."""


@dataclass
class ImportSummary:
    """What came of it."""

    runs: list[tuple[ImportedRun, Became]] = field(default_factory=list)
    """Good files, by path."""
    bad: list[str] = field(default_factory=list)
    """One sentence a bad file."""


@dataclass(frozen=True)
class Found:
    """A file, and the name that records have for it."""

    path: Path
    where: str


def find_results(paths: Iterable[Path]) -> tuple[list[Found], list[Found]]:
    """Result files, and details files, under each path; a path that is a file is taken as results.

    Names are LightEval's: `results_*.json`, `details_*.parquet`. Linked folders are not entered,
    linked files are read. Raises `UsageError` for a path without any result file.
    """
    results: dict[Path, Found] = {}
    details: dict[Path, Found] = {}
    for given in paths:
        root = _resolved(given)
        if root is None:
            raise UsageError(
                f"{given}: found nothing there, expected a result file or a folder of them; give "
                "another path."
            )
        if not root.is_dir():
            if root.suffix == ".parquet":
                raise UsageError(
                    f"{given}: found a details file, expected LightEval's results_*.json; import "
                    "the folder that holds both."
                )
            path = given.absolute()
            results[root] = Found(path, f"{path.parent.name}/{path.name}")
            continue
        before = len(results)
        for path in _files(root):
            where = f"{root.name}/{path.relative_to(root).as_posix()}"
            if path.name.startswith("results_") and path.suffix == ".json":
                results.setdefault(path, Found(path, where))
            elif path.name.startswith("details_") and path.suffix == ".parquet":
                details.setdefault(path, Found(path, where))
            if len(results) + len(details) > MAX_FILES:
                raise UsageError(f"{given}: holds more than {MAX_FILES} files; import it in parts.")
        if len(results) == before and not any(path.is_relative_to(root) for path in results):
            raise UsageError(
                f"{given}: found no results_*.json in it, expected LightEval's result files; give "
                "a folder that holds some."
            )
    return (
        sorted(results.values(), key=lambda found: found.where),
        sorted(details.values(), key=lambda found: found.where),
    )


def _resolved(path: Path) -> Path | None:
    """Where a path leads; `None` where that is nowhere, or round in a circle."""
    try:
        root = path.resolve()
        return root if root.exists() else None
    except (OSError, RuntimeError):
        return None


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root, followlinks=False):
        yield from (Path(folder) / name for name in sorted(names))


def import_results(
    paths: Iterable[Path],
    catalog: Catalog,
    home: Home,
    said: Attribution,
    *,
    write: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> ImportSummary:
    """Read every result file under the paths, with its details, and keep it in the home.

    Bad files end up in `bad`, with a sentence each, and the rest goes on. Raises `UsageError` for a
    model that the catalog does not have, and `MissingEngineError` where details need pyarrow.
    """
    if said.model is not None and said.model not in catalog.models:
        raise UsageError(
            f"--model: found {said.model!a}, expected a model of the catalog; "
            "`tina-bench catalog list models` shows what there is."
        )
    results, details = find_results(paths)
    loose = {found.path: found for found in details}
    stored = {run.id: run for run in home.imported_runs()}
    made = ImportSummary()
    fresh: dict[str, str] = {}
    for number, found in enumerate(results):
        progress(number, len(results))
        try:
            data = read_bytes(found.path, MAX_JSON_BYTES)
            beside = details_beside(found)
            for file in beside:
                loose.pop(file.path, None)
            run = parse_run(
                found.path, data, found.where, catalog,
                model=said.model, reported_by=said.reported_by, source=said.source,
                details=_read(found, beside),
            )  # fmt: skip
            _check_details_belong(found, run, beside)
            if run.id in fresh:
                made.runs.append((run, Became.COPY))
                continue
            run, became = _join(found.path, stored.get(run.id), run)
        except ForeignFileError as error:
            made.bad.append(printable(str(error)))
            continue
        fresh[run.id] = found.where
        made.runs.append((run, became))
        if write and became is not Became.UNCHANGED:
            write_model(home.imported_file(run.id), run)
    made.bad.extend(
        printable(
            f"{found.path}: found details without their results file, expected both; put the "
            "results beside it, or take it out of the folder."
        )
        for found in loose.values()
    )
    progress(len(results), len(results))
    return made


def details_beside(result: Found) -> list[Found]:
    """Details files of a result file, by LightEval's two layouts.

    `results/<model>/results_<stamp>.json` beside `details/<model>/<stamp>/`, as LightEval saves
    them; `results_<stamp>.json` beside `<stamp>/`, as it uploads them; or all in one folder.
    """
    printed = stamp(result.path)
    if printed is None:
        return []
    parent = result.path.parent
    folders = [parent / printed, parent]
    folders.extend(
        above.parent / "details" / parent.relative_to(above) / printed
        for above in [parent, *parent.parents]
        if above.name == "results"
    )
    base = Path(result.where).parent
    return [
        Found(path, Path(os.path.normpath(base / os.path.relpath(path, parent))).as_posix())
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.name.startswith("details_") and path.name.endswith(f"_{printed}.parquet")
    ]


def _task_name(details: Path, printed: str) -> str:
    return details.name.removeprefix("details_").removesuffix(f"_{printed}.parquet")


def _read(result: Found, beside: list[Found]) -> Details:
    printed = stamp(result.path) or ""
    read: Details = {}
    for file in beside:
        name = _task_name(file.path, printed)
        if name in read:
            raise ForeignFileError(
                f"{file.path}: found a second details file of {name!a} for {result.path.name}, "
                "expected one; take one of them out of the folder."
            )
        read[name] = read_details(file.path, file.where)
    return read


def _check_details_belong(result: Found, run: ImportedRun, beside: list[Found]) -> None:
    known = {task.task_as_printed for task in run.tasks}
    for file in beside:
        name = _task_name(file.path, run.saved_at_as_printed or "")
        if name not in known:
            raise ForeignFileError(
                f"{file.path}: found details of {name!a}, expected one of the tasks of "
                f"{result.path.name}: {', '.join(sorted(map(ascii, known)))}; take the file out of "
                "the folder, or put its results beside it."
            )


def _join(path: Path, old: ImportedRun | None, new: ImportedRun) -> tuple[ImportedRun, Became]:
    """What the home keeps of a file that it may have already.

    What was given or found before stays unless there is more now; what contradicts it is refused.
    """
    if old is None:
        return new, Became.IMPORTED
    for key, option in (("model", "--model"), ("reported_by", "--who"), ("source", "--source")):
        before, now = getattr(old, key), getattr(new, key)
        if None not in (before, now) and before != now:
            raise ForeignFileError(
                f"{path}: these bytes are imported already with {option} {before!a}, and now "
                f"{now!a} is said; remove {new.id}.json from the home's imported folder to "
                "import them afresh."
            )
    had = {task.task_as_printed: task for task in old.tasks}
    joined = new.model_copy(
        update={
            "file": old.file,
            "reported_by": new.reported_by or old.reported_by,
            "source": new.source or old.source,
            "model": new.model or old.model,
            "model_reason": new.model_reason if new.model else old.model_reason,
            "tasks": tuple(_richer(had.get(task.task_as_printed), task) for task in new.tasks),
        }
    )
    return joined, Became.UNCHANGED if joined == old else Became.RENEWED


def _richer(old: ImportedTask | None, new: ImportedTask) -> ImportedTask:
    if old is None or old.details is None:
        return new
    same = new.details is not None and new.details.sha256 == old.details.sha256
    if new.details is None:
        return old
    return new.model_copy(update={"details": old.details}) if same else new
