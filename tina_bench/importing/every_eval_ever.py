"""Every Eval Ever, schema 0.3.0: one JSON of aggregates, and JSON lines of samples beside it.

Read in its wheel 0.3.0, `schemas/eval.schema.json` and `instance_level_eval.schema.json`. Counts
come from the samples where they are there; else from score and number of samples where the two make
a whole number; else the score is only printed. A score's bounds say whether it is a share or a
percentage.
"""

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tina_bench.files.strict import MalformedError, shown
from tina_bench.importing import values
from tina_bench.importing.counts import whole
from tina_bench.importing.drafts import DraftTask, DraftTotal, Found, ImportDraft, PrintedScore, Row
from tina_bench.importing.reading import (
    MAX_BYTES,
    MAX_JSON_BYTES,
    describe,
    parse_json,
    parse_lines,
    read_bytes,
    refuse,
    shaped,
)
from tina_bench.store.imported import ReportedProtocol

NAME = "every-eval-ever"
RUN_KEYS = ("seed", "epoch", "run", "repeat")
"""Keys of a sample's metadata that tell answers to one problem apart."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class _Result(_Part):
    """One score."""

    evaluation_name: str = Field(min_length=1)
    source_data: dict[str, Any] = {}
    metric_config: dict[str, Any] = {}
    score_details: dict[str, Any]
    generation_config: dict[str, Any] = {}


class _Document(_Part):
    """The aggregates."""

    schema_version: str
    evaluation_id: str
    evaluation_timestamp: str | None = None
    source_metadata: dict[str, Any] = {}
    eval_library: dict[str, Any] = {}
    model_info: dict[str, Any]
    evaluation_results: list[_Result] = Field(min_length=1)
    detailed_evaluation_results: dict[str, Any] | None = None


class _Sample(_Part):
    """One line of the samples."""

    evaluation_id: str
    evaluation_name: str
    sample_id: str
    input: dict[str, Any] = {}
    output: dict[str, Any] | None = None
    answer_attribution: list[dict[str, Any]] = []
    evaluation: dict[str, Any]
    token_usage: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None


def read(found: Found) -> list[ImportDraft]:
    """One file of aggregates as one draft, with its samples; raises `ForeignFileError`."""
    data = read_bytes(found.path, MAX_JSON_BYTES)
    one = shaped(f"{found.path}", _Document, parse_json(found.path, data))
    source, library = one.source_metadata, one.eval_library
    draft = ImportDraft(
        path=found.path,
        file=describe(data, found.where),
        format=NAME,
        model=values.text(one.model_info.get("id")) or values.text(one.model_info.get("name")),
        model_key="model_info.id",
        protocol=_protocol(one.evaluation_results[0]),
        saved_at=one.evaluation_timestamp,
        config={"source_metadata": source, "eval_library": library},
        harness=values.text(library.get("name")),
        harness_version=values.text(library.get("version")),
        who=values.text(source.get("source_organization_name")),
        source=values.text(source.get("source_organization_url"))
        or values.text(source.get("source_name")),
    )
    rows = _samples(found, one, draft)
    by_name: dict[str, list[tuple[int, _Result]]] = defaultdict(list)
    for number, result in enumerate(one.evaluation_results):
        by_name[result.evaluation_name].append((number, result))
    for name, results in by_name.items():
        draft.tasks.append(_task(found, name, results, rows.get(name, [])))
    return [draft]


def _task(
    found: Found, name: str, results: list[tuple[int, _Result]], rows: list[Row]
) -> DraftTask:
    number, first = results[0]
    metric = values.text(first.metric_config.get("metric_name")) or "score"
    data = first.source_data
    task = DraftTask(
        name=name,
        place=f"{found.path}: evaluation_results.{number}",
        metric=metric,
        dataset=_dataset(data),
        config=data,
    )
    share = _share(task.place, first)
    if rows:
        task.rows = rows
        task.metric = "is_correct"
        task.said = {"is_correct": (share, None)} if len(results) == 1 else {}
        return task
    uncertainty = first.score_details.get("uncertainty")
    trials = values.whole(uncertainty.get("num_samples")) if isinstance(uncertainty, dict) else None
    correct = whole(share, trials) if trials else None
    parameters = first.metric_config.get("metric_parameters")
    runs = values.whole(parameters.get("k")) if isinstance(parameters, dict) else None
    if trials and correct is not None:
        n = values.whole(data.get("samples_number"))
        if n is None and runs and trials % runs == 0:
            n = trials // runs
        task.totals = [DraftTotal(task.place, correct=correct, n=n, trials=trials)]
    else:
        percent = round(100 * share, 6)
        digits = len(repr(percent).partition(".")[2])
        task.printed = [PrintedScore(task.place, percent, digits, runs=runs)]
    return task


def _dataset(data: dict[str, Any]) -> dict[str, Any]:
    """The dataset as LightEval's configuration names it."""
    repo, split = values.text(data.get("hf_repo")), values.text(data.get("hf_split"))
    if repo is None:
        return {}
    return {"hf_repo": repo, "evaluation_splits": [split] if split else None}


def _share(place: str, result: _Result) -> float:
    """The score as a share of 1, by its own bounds."""
    score = values.number(result.score_details.get("score"))
    if score is None:
        found = shown(result.score_details.get("score"))
        raise refuse(place, MalformedError("score_details.score", found, "a number"))
    most = values.number(result.metric_config.get("max_score"))
    unit = values.text(result.metric_config.get("metric_unit"))
    scale = {1.0: 1.0, 100.0: 100.0}.get(most or 0.0)
    scale = scale or {"proportion": 1.0, "percent": 100.0}.get(unit or "")
    if scale is None:
        found = "nothing" if most is None else f"{most:g}"
        raise refuse(place, MalformedError("metric_config.max_score", found, "1 or 100"))
    if not 0 <= score <= scale:
        raise refuse(place, MalformedError("score_details.score", f"{score:g}", f"0 to {scale:g}"))
    return score / scale


def _protocol(result: _Result) -> ReportedProtocol:
    given = result.generation_config.get("generation_args")
    given = given if isinstance(given, dict) else {}
    return ReportedProtocol(
        temperature=values.number(given.get("temperature")),
        top_p=values.number(given.get("top_p")),
        max_tokens=values.whole(given.get("max_tokens")),
        prompt=values.text(given.get("prompt_template")),
    )


def beside(found: Found) -> list[Path]:
    """The file of samples that goes by the name of the aggregates."""
    return [found.path.with_name(f"{found.path.stem}_samples.jsonl")]


def _samples(found: Found, one: _Document, draft: ImportDraft) -> dict[str, list[Row]]:
    """Answers by the name of their evaluation; none where no file of samples lies beside."""
    detailed = one.detailed_evaluation_results or {}
    named = values.text(detailed.get("file_path"))
    paths = [found.path.with_name(Path(named).name)] if named and Path(named).name else []
    path = next((path for path in (*paths, *beside(found)) if path.is_file()), None)
    if path is None:
        return {}
    data = read_bytes(path, MAX_BYTES)
    checksum = values.text(detailed.get("checksum"))
    if checksum and detailed.get("hash_algorithm") == "sha256":
        own = hashlib.sha256(data).hexdigest()
        if own != checksum:
            raise refuse(f"{path}", MalformedError("sha256", own[:16], f"{checksum[:16]} as its "
                f"aggregates say"))  # fmt: skip
    draft.used.append(path)
    draft.beside.append(describe(data, (Path(found.where).parent / path.name).as_posix()))
    rows: dict[str, list[Row]] = defaultdict(list)
    for place, line in parse_lines(path, data):
        sample = shaped(place, _Sample, line)
        if sample.evaluation_id != one.evaluation_id:
            expected = f"that of {found.path.name}"
            raise refuse(
                place, MalformedError("evaluation_id", shown(sample.evaluation_id), expected)
            )
        rows[sample.evaluation_name].append(_row(place, sample))
    known = {result.evaluation_name for result in one.evaluation_results}
    strange = next((name for name in rows if name not in known), None)
    if strange is not None:
        raise refuse(
            f"{path}", MalformedError("evaluation_name", shown(strange), "one of the aggregates")
        )
    return rows


def _row(place: str, sample: _Sample) -> Row:
    evaluation, metadata = sample.evaluation, sample.metadata or {}
    right = evaluation.get("is_correct")
    run = next((metadata[key] for key in RUN_KEYS if key in metadata), None)
    if isinstance(run, str):
        run = int(run) if run.isascii() and run.isdecimal() and len(run) < 19 else None
    raw = (sample.output or {}).get("raw")
    reference = sample.input.get("reference")
    read_out = [part.get("extracted_value") for part in sample.answer_attribution]
    stop = values.text(metadata.get("finish_reason"))
    return Row(
        place=place,
        problem=sample.sample_id,
        marks={"is_correct": evaluation.get("score") if right is None else right},
        run=values.whole(run),
        query=values.text(sample.input.get("raw")),
        text=raw[0] if isinstance(raw, list) and raw and isinstance(raw[0], str) else None,
        tokens=values.whole((sample.token_usage or {}).get("output_tokens")),
        truncated=None if stop is None else stop in {"length", "max_tokens"},
        extracted=values.text(read_out[-1]) if read_out else None,
        gold=values.text(reference[0]) if isinstance(reference, list) and reference else None,
    )
