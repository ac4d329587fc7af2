"""Results of the Language Model Evaluation Harness, with the samples beside them.

Read at commit 4e7e0d4 and release 0.4.9: `results_<time>.json` has one entry a task with one score
a metric and filter (`exact_match,strict-match`); `samples_<task>_<time>.jsonl`, written with
--log_samples, one line for each document and filter. Several repeats of a document are in one
line, and the default filter, which takes the first, grades only that one: then only the first
counts, and the others are kept as answers without a grade.
"""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict

from tina_bench.files.strict import MalformedError
from tina_bench.importing import values
from tina_bench.importing.counts import problems_behind, whole
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

NAME = "lm-eval"
STAMP = re.compile(r"results_(.+)\.json")
SAMPLES = re.compile(r"samples_(.+)_(\d{4}-\d\d-\d\dT.+)\.jsonl")
Number = Annotated[float, Strict()]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class _Results(_Part):
    """The results file, as far as it is read."""

    results: dict[str, dict[str, Any]]
    configs: dict[str, dict[str, Any]] = {}
    versions: dict[str, int | float | str | None] = {}
    n_shot: dict[str, int | None] = Field({}, alias="n-shot")
    n_samples: dict[str, dict[str, int]] = Field({}, alias="n-samples")
    group_subtasks: dict[str, list[str]] = {}
    config: dict[str, Any] = {}
    git_hash: str | None = None
    lm_eval_version: str | None = None
    task_hashes: dict[str, str] = {}
    chat_template_sha: str | None = None
    model_name: str | None = None
    total_evaluation_time_seconds: float | None = None


class _Sample(_Part):
    """One line of the samples."""

    doc_id: int | str
    doc: dict[str, Any] | str | None = None
    target: Any = None
    arguments: Any = None
    resps: list[Any]
    filtered_resps: Any = None
    filter: str = "none"
    metrics: list[str] = []


def read(found: Found) -> list[ImportDraft]:
    """One results file with its samples; raises `ForeignFileError` for what is wrong in either."""
    data = read_bytes(found.path, MAX_JSON_BYTES)
    document = parse_json(found.path, data)
    file = shaped(f"{found.path}", _Results, document)
    stamp = STAMP.fullmatch(found.path.name)
    draft = ImportDraft(
        path=found.path,
        file=describe(data, found.where),
        format=NAME,
        model=file.model_name or _argument(file, "pretrained"),  # older releases have no name
        model_key="model_name",
        revision=values.text(file.config.get("model_sha")) or _argument(file, "revision"),
        dtype=values.text(file.config.get("model_dtype")) or _argument(file, "dtype"),
        seed=values.whole(file.config.get("random_seed")),
        saved_at=stamp[1] if stamp else None,
        seconds=file.total_evaluation_time_seconds,
        config=file.config,
        harness_version=file.lm_eval_version or file.git_hash,
    )
    samples = _samples_beside(found, stamp[1] if stamp else None)
    groups = {name for name, tasks in file.group_subtasks.items() if tasks}
    for name in sorted(file.results.keys() - groups):
        task = _task(found, file, name, samples.get(name), draft)
        if task.rows or task.totals or task.printed:
            draft.tasks.append(task)
        else:
            draft.remarks.append(f"{task.place}: no score that counts right answers; left out.")
    return [draft]


def beside(found: Found) -> list[Path]:
    """The files of samples of a results file."""
    stamp = STAMP.fullmatch(found.path.name)
    return [one.path for one in _samples_beside(found, stamp[1] if stamp else None).values()]


def _samples_beside(found: Found, stamp: str | None) -> dict[str, Found]:
    """Sample files with the stamp of the results, by task; all beside it where it has none."""
    beside = {}
    base = Path(found.where).parent
    for path in sorted(found.path.parent.glob("samples_*.jsonl")):
        named = SAMPLES.fullmatch(path.name)
        if named and stamp in (None, named[2]):
            beside[named[1]] = Found(path, (base / path.name).as_posix())
    return beside


def _task(
    found: Found, file: _Results, name: str, samples: Found | None, draft: ImportDraft
) -> DraftTask:
    config = file.configs.get(name, {})
    task = DraftTask(
        name=name,
        place=f"{found.path}: results.{name}",
        n=file.n_samples.get(name, {}).get("effective"),
        shots=file.n_shot.get(name),
        dataset=_dataset(config),
        version=file.versions.get(name),
        hashes={"task_hash": file.task_hashes[name]} if name in file.task_hashes else {},
        config=config,
        said=_said(found, file, name),
    )
    if samples is not None:
        data = read_bytes(samples.path, MAX_BYTES)
        task.details = describe(data, samples.where)
        draft.used.append(samples.path)
        _read_samples(task, samples, data, draft)
    else:
        _without_samples(task)
    return task


def _dataset(config: dict[str, Any]) -> dict[str, Any]:
    """The dataset as LightEval's configuration names it; a local file has no hub name."""
    path = config.get("dataset_path")
    if not isinstance(path, str) or path in {"json", "csv", "parquet", "arrow", "text"}:
        return {}
    split = config.get("test_split") or config.get("validation_split")
    return {
        "hf_repo": path,
        "hf_subset": config.get("dataset_name") or "default",
        "evaluation_splits": [split] if isinstance(split, str) else None,
    }


def _said(found: Found, file: _Results, name: str) -> dict[str, tuple[float, float | None]]:
    """Scores by metric and filter, with standard errors; what is no number is no score."""
    said = {}
    scores = file.results[name]
    for key, value in scores.items():
        metric, _, chosen = key.partition(",")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not chosen or metric.endswith("_stderr") or not number:
            continue
        error = scores.get(f"{metric}_stderr,{chosen}")
        known = isinstance(error, int | float) and not isinstance(error, bool)
        said[key] = (float(value), float(error) if known and error is not None else None)
    if not said:
        place = f"{found.path}: results.{name}"
        raise refuse(
            place, MalformedError("", "no score", "at least one, such as exact_match,none")
        )
    return said


def _read_samples(task: DraftTask, samples: Found, data: bytes, draft: ImportDraft) -> None:
    """All lines, joined over filters: one row a document, one mark a metric and filter."""
    by_doc: dict[str, tuple[str, _Sample, dict[str, Any]]] = {}
    seen: set[tuple[str, str]] = set()
    for place, line in parse_lines(samples.path, data):
        sample = shaped(place, _Sample, line)
        key = str(sample.doc_id)
        if (key, sample.filter) in seen:
            found = f"document {key} with filter {sample.filter!a} again"
            raise refuse(place, MalformedError("doc_id", found, "it once"))
        seen.add((key, sample.filter))
        names = sample.metrics or [
            metric.partition(",")[0] for metric in task.said if metric.endswith(f",{sample.filter}")
        ]
        marks = {f"{name},{sample.filter}": line.get(name) for name in names}
        if not marks:
            raise refuse(place, MalformedError("metrics", "no metric", "at least one"))
        by_doc.setdefault(key, (place, sample, {}))[2].update(marks)
    for key, (place, sample, marks) in by_doc.items():
        texts = _texts(sample.resps)
        task.rows.append(
            Row(
                place=place,
                problem=key,
                marks=marks,
                query=_query(sample),
                text=texts[0] if texts else None,
                ungraded=tuple(texts[1:]),
                extracted=_first_text(sample.filtered_resps),
                gold=sample.target if isinstance(sample.target, str) else None,
            )
        )
    if not task.rows:
        raise refuse(f"{samples.path}", MalformedError("", "no line", "one a document and filter"))
    if draft.protocol == ReportedProtocol():
        draft.protocol = _protocol(next(iter(by_doc.values()))[1], draft)


def _texts(resps: list[Any]) -> list[str]:
    """Answers of the first request, by repeat."""
    first = resps[0] if resps and isinstance(resps[0], list) else resps
    return [text for text in first if isinstance(text, str)]


def _query(sample: _Sample) -> str | None:
    """The prompt of the first request."""
    requests = sample.arguments
    if isinstance(requests, dict):
        first = next(iter(requests.values()), None)
        prompt = first.get("arg_0") if isinstance(first, dict) else None
    else:
        first = requests[0] if isinstance(requests, list) and requests else None
        prompt = first[0] if isinstance(first, list) and first else None
    return prompt if isinstance(prompt, str) else None


def _first_text(filtered: Any) -> str | None:
    while isinstance(filtered, list):
        filtered = filtered[0] if filtered else None
    return filtered if isinstance(filtered, str) else None


def _protocol(sample: _Sample, draft: ImportDraft) -> ReportedProtocol:
    """Settings of the requests, which are those that were used; else of the configuration."""
    given: dict[str, Any] = {}
    requests = sample.arguments
    first = next(iter(requests.values()), None) if isinstance(requests, dict) else None
    if isinstance(first, dict) and isinstance(first.get("arg_1"), dict):
        given = first["arg_1"]
    elif isinstance(draft.config.get("gen_kwargs"), dict):
        given = draft.config["gen_kwargs"]
    temperature = given.get("temperature")
    if given.get("do_sample") is False:
        temperature = 0.0
    limit = given.get("max_gen_toks", given.get("max_new_tokens"))
    return ReportedProtocol(
        temperature=values.number(temperature),
        top_p=values.number(given.get("top_p")),
        max_tokens=values.whole(limit),
    )


def _without_samples(task: DraftTask) -> None:
    """Only the printed score: a count where score and standard error allow one number only."""
    shares = [name for name, (value, _) in task.said.items() if 0 <= value <= 1]
    metric = next((name for name in shares if name.startswith("exact_match")), None)
    metric = metric or next(iter(shares), None)
    if metric is None:  # a perplexity, a distance
        return
    value, error = task.said[metric]
    task.metric = metric
    n = task.n or problems_behind(value, error)
    correct = None if n is None else whole(value, n)
    if n is not None and correct is not None:
        task.totals.append(DraftTotal(task.place, correct=correct, n=n, trials=n, stderr=error))
        return
    task.printed.append(PrintedScore(task.place, percent=100 * value, decimals=4, runs=1))


def _argument(file: _Results, name: str) -> str | None:
    """An argument of the model, which older releases print as one text."""
    given = file.config.get("model_args")
    if isinstance(given, str):
        given = dict(part.partition("=")[::2] for part in given.split(","))
    return values.text(given.get(name)) if isinstance(given, dict) else None
