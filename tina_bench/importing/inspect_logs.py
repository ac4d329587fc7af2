"""Logs of Inspect, `.eval` and `.json`, through inspect-ai's own reader.

Read with inspect-ai 0.3.285. A `.eval` is a zip: before the reader sees it, its members are copied
into a plain one, each no longer than the archive's own directory says and all together no longer
than the limits here, so that no archive unpacks to more than it admits. A log of a run that did not
finish is refused: which samples it has depends on which were quick.
"""

import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tina_bench.errors import ForeignFileError, MissingEngineError
from tina_bench.files.strict import MalformedError, shown
from tina_bench.importing import values
from tina_bench.importing.drafts import Draft, DraftTask, Found, Row
from tina_bench.importing.reading import MAX_BYTES, describe, read_bytes, refuse
from tina_bench.store.imported import ReportedProtocol

NAME = "inspect"
MAX_MEMBERS = 200_000
MAX_MEMBER_BYTES = 128 << 20
MAX_UNPACKED_BYTES = 4 << 30
BLOCK_BYTES = 1 << 20
HEADER, START = "header.json", "_journal/start.json"
PROVIDERS = {
    "vllm", "hf", "sglang", "openai", "openai-api", "ollama", "llama-cpp-python", "together",
    "transformer_lens", "azureai", "bedrock", "openrouter", "hf-inference-providers", "fireworks",
}  # fmt: skip
"""What Inspect puts before a model's name to say who serves it."""
MARKS = {"C": 1, "I": 0, "N": 0}
"""Correct, incorrect, no answer; partly correct, "P", is neither right nor wrong."""
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def read(found: Found) -> list[Draft]:
    """One log as one draft; raises `ForeignFileError`, and `MissingEngineError` without Inspect."""
    data = read_bytes(found.path, MAX_BYTES)
    log = _log(found)
    _check_finished(found, log)
    spec = log.eval
    created = values.text(spec.created)
    draft = Draft(
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
        with _copied(found.path) as copy:
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


@contextmanager
def _copied(path: Path) -> Iterator[Path]:
    """A copy of the archive that is as long as it says it is; raises `ForeignFileError`."""
    with tempfile.TemporaryDirectory(prefix="tina-bench-") as folder:
        copy = Path(folder) / "log.eval"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
            members = source.infolist()
            _check_members(path, members)
            for member in members:
                with source.open(member) as inner, target.open(member.filename, "w") as outer:
                    while block := inner.read(BLOCK_BYTES):
                        outer.write(block)
        yield copy


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if HEADER not in names and START in names:
        raise _unfinished(path, "status", f"no {HEADER}")
    if len(members) > MAX_MEMBERS:
        raise refuse(
            f"{path}", MalformedError("", f"{len(members)} members", f"at most {MAX_MEMBERS}")
        )
    if len(set(names)) < len(names):
        again = next(name for name in names if names.count(name) > 1)
        raise refuse(f"{path}", MalformedError("", f"the member {shown(again)} twice", "it once"))
    large = next((member for member in members if member.file_size > MAX_MEMBER_BYTES), None)
    if large is not None:
        what = f"{large.file_size} bytes"
        wrong = MalformedError(ascii(large.filename), what, f"at most {MAX_MEMBER_BYTES}")
        raise refuse(f"{path}", wrong)
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED_BYTES:
        what = f"what unpacks to {total} bytes"
        raise refuse(f"{path}", MalformedError("", what, f"at most {MAX_UNPACKED_BYTES}"))


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
        run=sample.epoch,
        query=_input(sample.input),
        text=output.completion if has_text else None,
        tokens=output.usage.output_tokens if output.usage else None,
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
        if accuracy is not None and score.reducer in {None, "mean"}:
            said[score.name] = (float(accuracy.value), float(error.value) if error else None)
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
