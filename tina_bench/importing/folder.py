"""Whole folders of result files: look at each, read it by its format, keep what it says.

A bad file costs itself and nothing else. Records are content-addressed: importing the same bytes
again changes nothing, and in which order files come changes nothing either.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import ForeignFileError, UsageError
from tina_bench.files.atomic import write_model
from tina_bench.formatting.escape import printable
from tina_bench.importing.finding import KnownFile, scan
from tina_bench.importing.lighteval_files import details_beside, read_lighteval
from tina_bench.importing.names import USER_SAID, Attribution
from tina_bench.importing.records import make_record
from tina_bench.store.home import Home
from tina_bench.store.imported import LIGHTEVAL, ImportedRun, ImportedTask


class Became(StrEnum):
    """What an import made of a file."""

    IMPORTED = "imported"
    UNCHANGED = "already imported"
    RENEWED = "renewed"
    """It was there; now it has details, or the catalog knows more names."""
    COPY = "same bytes as another file"


@dataclass
class ImportSummary:
    """What came of it."""

    runs: list[tuple[ImportedRun, Became]] = field(default_factory=list)
    """Good files, by path; of a file with several models or settings each part."""
    bad: list[str] = field(default_factory=list)
    """One sentence a bad file."""
    left_out: list[str] = field(default_factory=list)
    """Files that do not look like results of anything, by name."""
    files: int = 0
    """Result files that were read or refused."""


def import_results(
    paths: Iterable[Path],
    catalog: Catalog,
    home: Home,
    said: Attribution,
    *,
    write: bool = True,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> ImportSummary:
    """Read every result file under the paths, with those beside it, and keep it in the home.

    Bad files end up in `bad`, with a sentence each, and the rest goes on. Raises `UsageError` for a
    model or task that the catalog does not have, and `MissingEngineError` where a format needs a
    package that is not installed.
    """
    _check_names(catalog, said)
    seen = scan(paths)
    stored = {run.id: run for run in home.imported_runs()}
    made = ImportSummary(files=len(seen.results) + len(seen.bad))
    unknown = {found.path: error for found, error in seen.bad}
    loose = dict(seen.samples)
    fresh: set[str] = set()
    for number, file in enumerate(seen.results):
        progress(number, len(seen.results))
        try:
            runs, used = _read(file, catalog, said)
            joined = [_join(file.found.path, stored.get(run.id), run) for run in runs]
        except ForeignFileError as error:
            made.bad.append(printable(str(error)))
            used, joined = _beside(file), []
        for path in used:
            loose.pop(path, None)
            seen.left_out.pop(path, None)
            unknown.pop(path, None)  # the sentence on the results file is about it
        for run, became in joined:
            if run.id in fresh:
                made.runs.append((run, Became.COPY))
                continue
            fresh.add(run.id)
            made.runs.append((run, became))
            if write and became is not Became.UNCHANGED:
                write_model(home.imported_file(run.id), run)
    made.files += len(loose)
    made.bad.extend(printable(str(error)) for error in unknown.values())
    made.bad.extend(
        printable(
            f"{found.path}: found {form.samples} without their results file, expected both; put "
            "the results beside it, or take it out of the folder."
        )
        for found, form in loose.values()
    )
    made.left_out.extend(seen.left_out.values())
    progress(len(seen.results), len(seen.results))
    return made


def _check_names(catalog: Catalog, said: Attribution) -> None:
    shown = "`tina-bench catalog list models` shows what there is"
    if said.model is not None and said.model not in catalog.models:
        raise UsageError(
            f"--model: found {said.model!a}, expected a model of the catalog; {shown}."
        )
    for printed, ours in said.names.items():
        if ours not in catalog.models and ours not in catalog.tasks:
            raise UsageError(
                f"--map {printed!a}: found {ours!a}, expected a model or task of the catalog; "
                f"{shown}, and `tina-bench catalog list tasks`."
            )


def _read(
    file: KnownFile, catalog: Catalog, said: Attribution
) -> tuple[list[ImportedRun], list[Path]]:
    """What a file says, and the files beside it that were read with it."""
    if file.format.name == LIGHTEVAL:
        run, used = read_lighteval(file.found, catalog, said)
        return [run], used
    drafts = file.format.read(file.found)
    named = sorted({draft.model or "" for draft in drafts})
    if said.model is not None and len(named) > 1:
        raise ForeignFileError(
            f"{file.found.path}: model: found {len(named)} models by name, such as {named[0]!a} "
            f"and {named[1]!a}, expected one, as --model says one; name each with --map, or import "
            "this file without --model."
        )
    return (
        [make_record(draft, catalog, said) for draft in drafts],
        [path for draft in drafts for path in draft.used],
    )


def _beside(file: KnownFile) -> list[Path]:
    """Files that a bad result file has beside it, and that are no mistake of their own."""
    if file.format.name != LIGHTEVAL:
        return file.format.beside(file.found)
    return [found.path for found in details_beside(file.found)]


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
    return joined, Became.UNCHANGED if joined.model_copy(
        update={"schema_version": old.schema_version}
    ) == old else Became.RENEWED


def _richer(old: ImportedTask | None, new: ImportedTask) -> ImportedTask:
    if old is not None and new.task is None and old.task_reason == USER_SAID:
        new = new.model_copy(update={"task": old.task, "task_reason": old.task_reason})
    if old is None or old.details is None:
        return new
    same = new.details is not None and new.details.sha256 == old.details.sha256
    if new.details is None:
        return old
    return new.model_copy(update={"details": old.details}) if same else new
