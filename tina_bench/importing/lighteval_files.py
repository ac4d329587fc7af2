"""LightEval's result files with the details files that lie beside them."""

import os
from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import ForeignFileError
from tina_bench.importing.details import read_details
from tina_bench.importing.drafts import Found
from tina_bench.importing.lighteval import parse_run, stamp
from tina_bench.importing.lighteval_layout import Details
from tina_bench.importing.names import Attribution
from tina_bench.importing.reading import MAX_JSON_BYTES, read_bytes
from tina_bench.store.imported import ImportedRun


def read_lighteval(
    found: Found, catalog: Catalog, said: Attribution
) -> tuple[ImportedRun, list[Path]]:
    """One result file with its details as a record, and the details that were read.

    Raises `ForeignFileError` for the first thing that is wrong in any of them.
    """
    data = read_bytes(found.path, MAX_JSON_BYTES)
    beside = details_beside(found)
    run = parse_run(found.path, data, found.where, catalog, said, details=_read(found, beside))
    _check_details_belong(found, run, beside)
    return run, [file.path for file in beside]


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
