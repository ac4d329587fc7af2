"""`eee`: Every Eval Ever, schema 0.3.0: one JSON of aggregates a measurement, samples beside it.

Written after `schemas/eval.schema.json` and `instance_level_eval.schema.json` of its wheel 0.3.0,
and laid out as its datastore is: `data/<task>/<developer>/<model>/<uuid>.json`. Names and ids come
out of the content, so that the same measurement is the same file whenever it is exported. All maps
of details hold words only, as the schema wants.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from tina_bench.catalog.schema import Source
from tina_bench.exporting.measurements import (
    Bounds,
    ExportedAnswer,
    ExportedMeasurement,
    NotExported,
    WrittenExport,
)
from tina_bench.files.atomic import written_folder
from tina_bench.files.hashing import digest

SCHEMA_VERSION = "0.3.0"
NOT_STATED = "not stated"
UNSAFE = re.compile(r'[<>:"\\|?*\x00-\x1f]')
RESERVED = {
    "data", "con", "prn", "aux", "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
}  # fmt: skip
"""Names that the datastore refuses for a folder."""
MOST_BYTES = 120
"""Of a folder's name: half of what file systems take."""
NOT_A_SHARE = "left out, as only scores of 0 to 1 are written"
ONLY_COUNTED = "without samples, as no single answer is known: only the score and its counts"


def write(
    measurements: Sequence[ExportedMeasurement], path: Path, left_out: NotExported
) -> WrittenExport:
    """Write a folder to hand in as it is."""
    written = WrittenExport()
    with written_folder(path) as folder:
        for one in measurements:
            if not 0 <= one.score <= 1:
                left_out.add(NOT_A_SHARE, one.label)
                continue
            written.add(one, _write_one(one, folder, left_out))
        written.refuse_nothing(left_out)
    return written


def _write_one(one: ExportedMeasurement, folder: Path, left_out: NotExported) -> int:
    place = _place(one)
    file = folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    document = _document(one)
    rows = 0
    if one.answers is None:
        left_out.add(ONLY_COUNTED, one.label)
    else:
        name = f"{place.stem}_samples.jsonl"
        rows, checksum = _write_samples(one, document["evaluation_id"], file.with_name(name))
        document["detailed_evaluation_results"] = {
            "format": "jsonl",
            "file_path": (place.parent / name).as_posix(),
            "hash_algorithm": "sha256",
            "checksum": checksum,
            "total_rows": rows,
        }
    text = json.dumps(document, indent=2, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8")
    return rows


def _place(one: ExportedMeasurement) -> PurePosixPath:
    """Where the datastore has it."""
    developer, _, name = one.model_id.rpartition("/")
    developer, _, rest = developer.partition("/")
    model = _component("_".join((*filter(None, rest.split("/")), name)))
    developer = _component(developer or one.developer or NOT_STATED)
    # A hash in the form of a random UUID, as the layout wants one of version 4.
    name = str(uuid.UUID(digest(["eee", one.id])[:32], version=4))
    return PurePosixPath("data", _component(one.task), developer, model, f"{name}.json")


def _component(name: str) -> str:
    safe = UNSAFE.sub("_", name.replace("/", "_")).encode()[:MOST_BYTES]
    made = safe.decode(errors="ignore").rstrip(". ")
    reserved = made.partition(".")[0].lower() in RESERVED
    return f"_{made}" if reserved or not made else made


def _document(one: ExportedMeasurement) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{one.task}/{one.model_id}/{one.id}",
        **_given(evaluation_timestamp=one.started_at),
        "retrieved_timestamp": str(one.retrieved_at),
        "source_metadata": {
            **_given(source_name=one.source),
            "source_type": "documentation" if one.answers is None else "evaluation_run",
            "source_organization_name": one.who or NOT_STATED,
            **_given(source_organization_url=one.source if _is_address(one.source) else None),
            "evaluator_relationship": str(one.relationship),
            "additional_details": {
                "measured_by": "others" if one.third_party else "tina-bench",
                **one.details,
            },
        },
        "eval_library": {"name": one.harness, "version": one.harness_version or "unknown"},
        "model_info": _model(one),
        "evaluation_results": [_result(one)],
    }


def _given(**values: Any) -> dict[str, Any]:
    """Only what is known."""
    return {name: value for name, value in values.items() if value is not None}


def _is_address(text: str | None) -> bool:
    return text is not None and text.startswith(("http://", "https://"))


def _model(one: ExportedMeasurement) -> dict[str, Any]:
    known = one.known_model
    weights = "unknown" if known is None or known.source is Source.UNPUBLISHED else "open_weights"
    developer = one.developer or (None if "/" in one.model_id else NOT_STATED)
    engine = None if one.engine is None else dict(zip(("name", "version"), one.engine, strict=True))
    return {
        "name": one.model,
        "id": one.model_id,
        **_given(developer=developer, inference_engine=engine),
        "additional_details": {
            "deployment_type": "unknown" if one.third_party else "self_deployed",
            "model_availability": weights,
            **_given(revision=one.revision),
        },
    }


def _result(one: ExportedMeasurement) -> dict[str, Any]:
    runs = one.runs
    mean = f"mean over {runs} runs of the " if runs is not None and runs > 1 else ""
    return {
        "evaluation_name": one.task,
        "source_data": _dataset(one),
        "metric_config": {
            "evaluation_description": f"{mean}share of problems answered correctly",
            "metric_id": "accuracy",
            "metric_name": "accuracy" if runs is None else f"avg@{runs}",
            "metric_kind": "accuracy",
            "metric_unit": "proportion",
            **({} if runs is None else {"metric_parameters": {"k": runs}}),
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {
            "score": one.score,
            "details": _score_details(one),
            **_given(uncertainty=_uncertainty(one)),
        },
        "generation_config": {
            "generation_args": _given(
                temperature=one.protocol.temperature,
                top_p=one.protocol.top_p,
                top_k=one.protocol.top_k,
                max_tokens=one.protocol.max_tokens,
                prompt_template=one.protocol.prompt,
            ),
            "additional_details": _given(grader=one.protocol.grader),
        },
    }


def _dataset(one: ExportedMeasurement) -> dict[str, Any]:
    task, size = one.known_task, one.n
    if task is None or task.source is not Source.HUB:
        known = {} if size is None else {"samples_number": str(size)}
        return {"dataset_name": one.task, "source_type": "other", "additional_details": known}
    return {
        "dataset_name": one.task,
        "source_type": "hf_dataset",
        "hf_repo": task.dataset,
        "hf_split": task.split,
        **_given(samples_number=size),
        "additional_details": {"subset": task.subset, **_given(revision=task.revision)},
    }


def _score_details(one: ExportedMeasurement) -> dict[str, str]:
    """Counts, and what has no field of its own."""
    counts = {"problems": one.n, "runs": one.runs, "correct": one.correct, "answers": one.trials}
    extension = {name: str(value) for name, value in counts.items() if value is not None}
    if one.sd_points is not None:
        extension["standard_deviation_over_runs_points"] = repr(one.sd_points)
    if one.other_bounds is not None:
        extension["other_interval"] = json.dumps(_interval(one.other_bounds))
    return extension


def _uncertainty(one: ExportedMeasurement) -> dict[str, Any] | None:
    made = _given(
        confidence_interval=None if one.bounds is None else _interval(one.bounds),
        num_samples=one.trials if one.correct is not None else None,
    )
    return made or None


def _interval(bounds: Bounds) -> dict[str, Any]:
    return {
        "lower": bounds.low,
        "upper": bounds.high,
        "confidence_level": bounds.level,
        "method": bounds.method,
    }


def _write_samples(one: ExportedMeasurement, evaluation: str, path: Path) -> tuple[int, str]:
    """One line an answer; returns their number, and the sha256 of the file."""
    assert one.answers is not None
    rows, hasher = 0, hashlib.sha256()
    with path.open("wb") as file:
        for answer in one.answers():
            row = json.dumps(_sample(one, evaluation, answer), allow_nan=False)
            line = f"{row}\n".encode()
            file.write(line)
            hasher.update(line)
            rows += 1
    return rows, hasher.hexdigest()


def _sample(one: ExportedMeasurement, evaluation: str, answer: ExportedAnswer) -> dict[str, Any]:
    question = answer.question or ""
    references = [] if answer.gold is None else [answer.gold]
    row: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation,
        "model_id": one.model_id,
        "evaluation_name": one.task,
        "sample_id": answer.problem,
        "interaction_type": "single_turn",
        "input": {"raw": question, "reference": references},
        "output": {"raw": [] if answer.text is None else [answer.text]},
        "answer_attribution": [],
        "evaluation": {"score": float(answer.correct), "is_correct": answer.correct},
        "metadata": _metadata(answer),
    }
    if answer.choices:
        row["input"]["choices"] = list(answer.choices)
    if question:
        hashed = (question + "".join(references)).encode()
        row["sample_hash"] = hashlib.sha256(hashed).hexdigest()
    if answer.extracted is not None:
        row["answer_attribution"] = [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": answer.extracted,
                "extraction_method": one.protocol.grader or NOT_STATED,
                "is_terminal": True,
            }
        ]
    if answer.tokens_in is not None and answer.tokens_out is not None:
        row["token_usage"] = {
            "input_tokens": answer.tokens_in,
            "output_tokens": answer.tokens_out,
            "total_tokens": answer.tokens_in + answer.tokens_out,
        }
    return row


def _metadata(answer: ExportedAnswer) -> dict[str, str]:
    stop = None if answer.truncated is None else "length" if answer.truncated else "stop"
    # Without a count of prompt tokens the format has no place for generated ones.
    tokens = answer.tokens_out if answer.tokens_in is None else None
    extension = _given(
        seed=answer.seed, row=answer.index, finish_reason=stop, output_tokens=tokens,
        finished_at=answer.finished_at,
    )  # fmt: skip
    extension |= {"undecided": "true"} if answer.undecided else {}
    return {name: str(value) for name, value in extension.items()}
