"""Outputs of evalscope: `reviews/<model>/<benchmark>_<subset>.jsonl`, one line an answer.

Read at commit fde259d, `evalscope/api/evaluator/cache.py`. Beside the reviews lie, in folders of
the same shape, `predictions` (texts, tokens, stop reasons), `reports` (the printed score) and
`configs/task_config.yaml` (model and sampling). The problem is `group_id`; `index` counts answers.
"""

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tina_bench.errors import ForeignFileError
from tina_bench.files.strict import MalformedError
from tina_bench.importing import values
from tina_bench.importing.drafts import DraftTask, Found, ImportDraft, Row
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

NAME = "evalscope"
MAX_YAML_BYTES = 1 << 20
CUT = {"max_tokens", "model_length", "length"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, protected_namespaces=())


class _Score(_Part):
    value: dict[str, Any]
    extracted_prediction: Any = None
    prediction: Any = None


class _SampleScore(_Part):
    score: _Score
    sample_id: int | str | None = None
    group_id: int | str | None = None
    generation_index: int | None = None


class _Review(_Part):
    """One line of the reviews."""

    index: int
    target: Any = None
    messages: list[dict[str, Any]] = []
    sample_score: _SampleScore


class _Choice(_Part):
    stop_reason: str | None = None


class _Output(_Part):
    choices: list[_Choice] = []
    usage: dict[str, Any] | None = None


class _Prediction(_Part):
    """One line of the predictions."""

    index: int
    model: str | None = None
    model_output: _Output | None = None
    messages: list[dict[str, Any]] = []


def read(found: Found) -> list[ImportDraft]:
    """One file of reviews as one draft, with what lies beside it; raises `ForeignFileError`."""
    data = read_bytes(found.path, MAX_BYTES)
    path = found.path.absolute()
    root, folder = path.parent.parent.parent, path.parent.name
    draft = ImportDraft(
        path=found.path, file=describe(data, found.where), format=NAME, model=folder,
        model_key="the folder's name",
    )  # fmt: skip
    (answers,) = beside(found)
    predictions = _predictions(answers, found, draft) if answers.is_file() else {}
    named = {one.model for one in predictions.values() if one.model is not None}
    if len(named) == 1:
        draft.model, draft.model_key = named.pop(), "model"
    task = DraftTask(name=path.stem, place=f"{found.path}", metric="acc")
    for place, line in parse_lines(found.path, data):
        one = shaped(place, _Review, line)
        task.rows.append(_row(place, one, predictions.get(one.index)))
    _settings(draft, root / "configs" / "task_config.yaml", folder)
    _report(draft, task, root / "reports" / folder, path.stem)
    draft.tasks.append(task)
    return [draft]


def beside(found: Found) -> list[Path]:
    """The predictions of a file of reviews."""
    path = found.path.absolute()
    return [path.parent.parent.parent / "predictions" / path.parent.name / path.name]


def _row(place: str, one: _Review, prediction: _Prediction | None) -> Row:
    sample, output = one.sample_score, prediction.model_output if prediction else None
    problem = sample.group_id if sample.group_id is not None else sample.sample_id
    stop = output.choices[0].stop_reason if output and output.choices else None
    text = sample.score.prediction
    query = None
    for message in one.messages or (prediction.messages if prediction else []):
        if message.get("role") == "user" and isinstance(message.get("content"), str):
            query = message["content"]
    return Row(
        place=place,
        problem=None if problem is None else str(problem),
        marks=sample.score.value,
        run=sample.generation_index,
        query=query,
        text=text if isinstance(text, str) else None,
        tokens=values.whole((output.usage or {}).get("output_tokens")) if output else None,
        truncated=None if stop is None else stop in CUT,
        extracted=values.text(sample.score.extracted_prediction),
        gold=_gold(one.target),
    )


def _gold(target: Any) -> str | None:
    """The right answer, which newer releases put into a list."""
    return values.text(target[0] if isinstance(target, list) and len(target) == 1 else target)


def _predictions(path: Path, found: Found, draft: ImportDraft) -> dict[int, _Prediction]:
    data = read_bytes(path, MAX_BYTES)
    where = Path(found.where).parent.parent.parent / "predictions" / path.parent.name / path.name
    draft.beside.append(describe(data, where.as_posix()))
    draft.used.append(path)
    read: dict[int, _Prediction] = {}
    for place, line in parse_lines(path, data):
        one = shaped(place, _Prediction, line)
        if one.index in read:
            raise refuse(place, MalformedError("index", f"{one.index} again", "each index once"))
        read[one.index] = one
    return read


def _settings(draft: ImportDraft, path: Path, folder: str) -> None:
    """Model and sampling out of the configuration, where it lies there and is of this model."""
    if not path.is_file():
        return
    import yaml

    data = read_bytes(path, MAX_YAML_BYTES)
    if b"<<" in data:  # merged tables can double with each line; evalscope writes none
        draft.remarks.append(f"{path}: not read, as it merges tables.")
        return
    try:
        loaded = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        found = "what is no YAML, perhaps cut short"
        raise refuse(f"{path}", MalformedError("", found, "evalscope's configuration")) from None
    if not isinstance(loaded, dict):
        return
    draft.used.append(path)
    name = values.text(loaded.get("model"))
    if name and re.split(r"[/\\]", name.rstrip("/"))[-1] == folder:
        draft.model, draft.model_key = name, "model"
    given = loaded.get("generation_config")
    given = given if isinstance(given, dict) else {}
    draft.seed = values.whole(given.get("seed", loaded.get("seed")))
    draft.protocol = ReportedProtocol(
        temperature=values.number(given.get("temperature")),
        top_p=values.number(given.get("top_p")),
        max_tokens=values.whole(given.get("max_tokens")),
    )


def _report(draft: ImportDraft, task: DraftTask, folder: Path, stem: str) -> None:
    """The benchmark's own name and the printed score, out of the report that is of this file.

    File names join benchmark and subset by an underline, which both may hold; a report has the
    benchmark's alone.
    """
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        if stem != path.stem and not stem.startswith(f"{path.stem}_"):
            continue
        try:
            report = parse_json(path, read_bytes(path, MAX_JSON_BYTES))
        except ForeignFileError as error:
            draft.remarks.append(f"not read: {error}")
            continue
        printed = report.get("metrics")
        if stem in {path.stem, f"{path.stem}_default"}:
            task.name = path.stem
        for metric in printed if isinstance(printed, list) else []:
            if not isinstance(metric, dict) or metric.get("num") != len(task.rows):
                continue  # of several subsets together
            task.name = path.stem
            identity = metric.get("identity")  # since 1.14; before, the name says how it was made
            name = identity.get("name") if isinstance(identity, dict) else metric.get("name")
            score = values.number(metric.get("score"))
            if isinstance(name, str) and score is not None:
                task.said = {**task.said, name.removeprefix("mean_"): (score, None)}
