"""Logs of Inspect, `.eval` and `.json`, through inspect-ai's own reader.

Read with inspect-ai 0.3.285, whose reader sees a plain copy of a `.eval` (`archives`). A log of a
run that did not finish is refused: which samples it has depends on which were quick.
"""

import re
import zipfile
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

from tina_bench.errors import ForeignFileError, MissingEngineError
from tina_bench.files.strict import MalformedError
from tina_bench.importing import values
from tina_bench.importing.archives import member_names, plain_copy
from tina_bench.importing.drafts import DraftTask, Found, ImportDraft, Row
from tina_bench.importing.reading import MAX_BYTES, describe, read_bytes, refuse
from tina_bench.store.imported import ReportedProtocol

NAME = "inspect"
HEADER, START = "header.json", "_journal/start.json"
PROVIDERS = {
    "vllm", "hf", "sglang", "openai", "openai-api", "ollama", "llama-cpp-python", "together",
    "transformer_lens", "azureai", "bedrock", "openrouter", "hf-inference-providers", "fireworks",
}  # fmt: skip
"""What Inspect puts before a model's name to say who serves it."""
MARKS = {"C": 1, "I": 0, "N": 0}
"""Correct, incorrect, no answer; partly correct, "P", is neither right nor wrong."""
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def read(found: Found) -> list[ImportDraft]:
    """One log as one draft; raises `ForeignFileError`, and `MissingEngineError` without Inspect."""
    data = read_bytes(found.path, MAX_BYTES)
    log = _log(found)
    _check_finished(found, log)
    spec = log.eval
    created = values.text(spec.created)
    draft = ImportDraft(
        path=found.path,
        file=describe(data, found.where),
        format=NAME,
        model=spec.model,
        model_key="eval.model",
        lookup=_without_provider(spec.model),
        protocol=_protocol(log),
        saved_at=created,
        seconds=_seconds(log),
        harness_version=spec.packages.get("inspect_ai"),
    )
    location = spec.dataset.location or ""
    task = DraftTask(
        name=spec.task,
        place=f"{found.path}: eval.task",
        dataset={"hf_repo": location} if HUB_NAME.fullmatch(location) else {},
        version=spec.task_version,
        said=_said(log),
    )
    unscored = 0
    for sample in log.samples or []:
        if not sample.scores:
            unscored += 1
            continue
        task.rows.append(_row(found, sample))
    if not task.rows:
        raise refuse(f"{found.path}", MalformedError("samples", "no score", "one a sample"))
    if unscored:
        draft.remarks.append(
            f"{found.path}: {unscored} of {len(log.samples)} samples have no score, as they ended "
            "in an error; they are not counted."
        )
    draft.tasks.append(task)
    return [draft]


def _log(found: Found) -> Any:
    """The log as Inspect reads it."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        raise MissingEngineError(
            f"{found.path}: reading logs of Inspect needs inspect-ai: `pip install "
            "'tina-bench[inspect]'`, or `pip install inspect-ai` alone."
        ) from None
    try:
        with found.path.open("rb") as file:
            zipped = file.read(2) == b"PK"
        if not zipped:
            return read_eval_log(found.path, format="json", resolve_attachments="core")
        names = member_names(found.path) or []
        if HEADER not in names and START in names:
            raise _unfinished(found.path, "status", f"no {HEADER}")
        with plain_copy(found.path) as copy:
            return read_eval_log(
                copy, format="eval", resolve_attachments="core", exclude_fields={"events", "store"}
            )
    except ForeignFileError:
        raise
    except (
        ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError,
        EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        said = ascii(str(error).splitlines()[0] if str(error) else type(error).__name__)[:160]
        what = f"what Inspect's own reader cannot read ({said})"
        raise refuse(f"{found.path}", MalformedError("", what, "a log of Inspect")) from None


def _unfinished(path: Path, key: str, what: str) -> ForeignFileError:
    return ForeignFileError(
        f"{path}: {key}: found {what}, expected 'success', as only a run that finished is a "
        "measurement; finish it with `inspect eval-retry`, or leave it out."
    )


def _check_finished(found: Found, log: Any) -> None:
    if log.status != "success":
        raise _unfinished(found.path, "status", repr(log.status))
    if log.invalidated:
        raise _unfinished(found.path, "invalidated", "a run that its owner calls invalid")


def _row(found: Found, sample: Any) -> Row:
    marks: dict[str, Any] = {}
    for name, score in sample.scores.items():
        if isinstance(score.value, dict):
            marks |= {f"{name}/{key}": _mark(value) for key, value in score.value.items()}
        else:
            marks[name] = _mark(score.value)
    first = next(iter(sample.scores.values()))
    output = sample.output
    target = sample.target if isinstance(sample.target, str) else "; ".join(sample.target)
    has_text = bool(output.choices)
    return Row(
        place=f"{found.path}: samples/{sample.id}_epoch_{sample.epoch}",
        problem=str(sample.id),
        marks=marks,
        run=values.whole(sample.epoch),
        query=_input(sample.input),
        text=output.completion if has_text else None,
        tokens=values.whole(output.usage.output_tokens) if output.usage else None,
        truncated=output.stop_reason in {"max_tokens", "model_length"} if has_text else None,
        extracted=first.answer,
        gold=target,
    )


def _mark(value: Any) -> Any:
    return MARKS.get(value, value) if isinstance(value, str) else value


def _input(given: Any) -> str | None:
    """The question: the last turn of the user where there are several."""
    if isinstance(given, str):
        return given
    turns = [turn.text for turn in given if getattr(turn, "role", None) == "user"]
    return turns[-1] if turns else None


def _said(log: Any) -> dict[str, tuple[float, float | None]]:
    said = {}
    for score in log.results.scores if log.results else []:
        accuracy, error = score.metrics.get("accuracy"), score.metrics.get("stderr")
        value = None if accuracy is None else values.number(accuracy.value)
        if value is not None and score.reducer in {None, "mean"}:
            said[score.name] = (value, values.number(error.value) if error else None)
    return said


def _protocol(log: Any) -> ReportedProtocol:
    used, planned = log.eval.model_generate_config, log.plan.config

    def first(name: str) -> Any:
        value = getattr(used, name, None)
        return getattr(planned, name, None) if value is None else value

    scorers = [score.name for score in log.results.scores] if log.results else []
    return ReportedProtocol(
        temperature=values.number(first("temperature")),
        top_p=values.number(first("top_p")),
        max_tokens=values.whole(first("max_tokens")),
        grader=", ".join(dict.fromkeys(scorers)) or None,
    )


def _seconds(log: Any) -> float | None:
    try:
        begun = datetime.fromisoformat(log.stats.started_at)
        ended = datetime.fromisoformat(log.stats.completed_at)
        return max(0.0, (ended - begun).total_seconds())
    except (ValueError, TypeError):
        return None


def _without_provider(model: str) -> str:
    first, _, rest = model.partition("/")
    return rest if rest and first in PROVIDERS else model
