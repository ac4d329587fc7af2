"""LightEval's result files, old and new, as records."""

import re
from pathlib import Path
from typing import Any

from tina_bench.catalog.schema import Catalog
from tina_bench.errors import ForeignFileError
from tina_bench.files.strict import MalformedError
from tina_bench.importing.lighteval_layout import Details, EngineConfig, General, ResultFile
from tina_bench.importing.lighteval_task import TaskReader
from tina_bench.importing.names import USER_SAID, Attribution, Match, match_model
from tina_bench.importing.reading import describe, parse_json, refuse, shaped
from tina_bench.store.imported import ID_DIGITS, ImportedRun, ReportedProtocol, ReportedTime

SECONDS_TOLERANCE = 1.0
STAMP = re.compile(r"results_(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?)\.json")


def stamp(path: Path) -> str | None:
    """The time in a result file's name, as printed; `None` for a file that was renamed."""
    found = STAMP.fullmatch(path.name)
    return found[1] if found else None


def parse_run(
    path: Path,
    data: bytes,
    where: str,
    catalog: Catalog,
    said: Attribution = Attribution(),  # noqa: B008 - frozen
    *,
    details: Details | None = None,
) -> ImportedRun:
    """One result file as a record; `details` are those of its tasks that have any.

    The model that the user says must not contradict what the file says. Raises `ForeignFileError`
    for the first thing that is wrong, by file and key.
    """
    document = parse_json(path, data)
    file = shaped(f"{path}", ResultFile, document)
    general, engine = file.config_general, file.config_general.engine or EngineConfig()
    names = [name for name in file.results if not _is_average(name)]
    if not names:
        raise refuse(f"{path}", MalformedError("results", "no task", "at least one"))
    revision = general.model_sha or engine.revision or None
    mapped = said.names.get(general.model_name)
    wanted = said.model or (mapped if mapped in catalog.models else None)
    matched = _model(path, match_model(catalog, general.model_name, _commit(revision)), wanted)
    described = describe(data, where)
    seed = (engine.generation_parameters or {}).get("seed", engine.seed)
    return ImportedRun(
        id=described.sha256[:ID_DIGITS],
        file=described,
        reported_by=said.reported_by,
        source=said.source,
        model_as_printed=general.model_name,
        model=matched.name,
        model_reason=matched.reason,
        revision_as_printed=revision,
        dtype_as_printed=general.model_dtype or engine.dtype,
        seed_as_printed=seed if isinstance(seed, int) else engine.seed,
        lighteval_sha=general.lighteval_sha if general.lighteval_sha != "?" else None,
        saved_at_as_printed=stamp(path),
        layout="model info" if general.engine is None else "model configuration",
        time=_time(path, general),
        protocol=_protocol(engine.generation_parameters or {}),
        config_general=document["config_general"],
        averages={name: file.results[name] for name in file.results if _is_average(name)},
        tasks=tuple(
            TaskReader(path, catalog, file, document, name, details or {}, said.names).record()
            for name in sorted(names)
        ),
    )


def _protocol(given: dict[str, Any]) -> ReportedProtocol:
    """What the model's configuration says, since 0.11; before, nothing does."""
    temperature, top_p = (
        float(value) if isinstance(value, int | float) else None
        for value in (given.get("temperature"), given.get("top_p"))
    )
    limit = given.get("max_new_tokens")
    return ReportedProtocol(
        temperature=temperature,
        top_p=top_p,
        max_tokens=limit if isinstance(limit, int) else None,
    )


def _is_average(name: str) -> bool:
    return name == "all" or ":_average" in name


def _commit(revision: str | None) -> str | None:
    return revision if revision and re.fullmatch(r"[0-9a-f]{7,40}", revision) else None


def _model(path: Path, found: Match, said: str | None) -> Match:
    if said is None or said == found.name:
        return found
    if found.name is not None:
        raise ForeignFileError(
            f"{path}: config_general.model_name: found the repository of {found.name}, expected "
            f"{said} as --model or --map says; import this file without it."
        )
    return Match(said, USER_SAID)


def _time(path: Path, general: General) -> ReportedTime:
    start, end = general.start_time, general.end_time
    total = general.total_evaluation_time_secondes
    span = None if start is None or end is None else end - start
    key = "config_general.total_evaluation_time_secondes"
    if total is not None and total < 0:
        raise refuse(f"{path}", MalformedError(key, f"{total}", "seconds, which are not negative"))
    if total is not None and span is not None and abs(total - span) > SECONDS_TOLERANCE:
        raise refuse(
            f"{path}", MalformedError(key, f"{total}", f"end_time - start_time, which is {span}")
        )
    return ReportedTime(wall_seconds=total, clock_start_seconds=start, clock_end_seconds=end)
