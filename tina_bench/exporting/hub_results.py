"""`hf-eval-results`: files for `.eval_results/` of model repositories on the hub.

Written with huggingface_hub's own writer, after the hub's page on evaluation results (huggingface/
hub-docs at 242f4a1, docs/hub/eval-results.md and eval_results.yaml). The hub shows only benchmarks
that are registered with it, and takes the model from the repository that a file lies in, so other
results are left out. There is no field for an interval: it stands in the notes. The hub does not
define the unit of a value, and its examples have both; percent is written, as model cards print it,
and the notes say so. A token for the badge `verified` is never written: it is for runs in the hub's
own jobs.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tina_bench.exporting.measurements import ExportedMeasurement, NotExported, WrittenExport
from tina_bench.files.atomic import written_folder

FOLDER = ".eval_results"
ADDRESS = re.compile(r"https?://[^\s]+")
NOT_REGISTERED = "left out, as the catalog names no registered benchmark of the hub for the task"
NO_REPOSITORY = "left out, as there is no repository on the hub to put the file into"
RETRAINED_HERE = "left out, as the weights were trained here and are not those of the repository"
ONE_OF_MANY = "left out, as the format cannot say which folder of the repository was measured"
NO_ADDRESS = "left out, as an import without the address (http…) of its source cannot be told apart"


def write(
    measurements: Sequence[ExportedMeasurement], path: Path, left_out: NotExported
) -> WrittenExport:
    """Write `<owner>/<model>/.eval_results/<file>.yaml`, which has no answers."""
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    written = WrittenExport()
    with written_folder(path) as folder:
        for one in measurements:
            why = _why_not(one)
            if why is not None:
                left_out.add(why, one.label)
                continue
            one.check()
            entry = EvalResultEntry(**_entry(one))
            text = yaml.safe_dump(
                eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True
            )
            file = folder.joinpath(*one.model_id.split("/"), FOLDER, _file_name(one))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.add(one, 0)
        written.refuse_nothing(left_out)
    return written


def _why_not(one: ExportedMeasurement) -> str | None:
    model, task = one.known_model, one.known_task
    if task is None or task.hub_benchmark is None:
        return NOT_REGISTERED
    if model is None or model.repo is None:
        return NO_REPOSITORY
    if one.retrained:
        return RETRAINED_HERE
    if model.subfolder is not None:
        return ONE_OF_MANY
    if one.third_party and ADDRESS.fullmatch(one.source or "") is None:
        return NO_ADDRESS
    return None


def _entry(one: ExportedMeasurement) -> dict[str, Any]:
    task = one.known_task
    assert task is not None
    entry: dict[str, Any] = {
        "dataset_id": task.dataset,
        "task_id": task.hub_benchmark,
        "value": round(100 * one.score, 4),
        "dataset_revision": task.revision,
        "notes": _notes(one),
    }
    if one.finished_at is not None:
        entry["date"] = one.finished_at[:10]
    if one.source is not None:
        entry |= {"source_url": one.source, "source_name": one.who}
    return entry


def _notes(one: ExportedMeasurement) -> str:
    said = one.protocol
    parts = [f"percent; {_counted(one)}"]
    if one.bounds is not None:
        low, high = 100 * one.bounds.low, 100 * one.bounds.high
        level = round(100 * one.bounds.level)
        parts.append(f"{level} % interval {low:.2f} to {high:.2f} (these problems sampled afresh)")
    settings = {
        "temperature": said.temperature, "top_p": said.top_p, "tokens at most": said.max_tokens,
    }  # fmt: skip
    parts += [f"{name} {value:g}" for name, value in settings.items() if value is not None]
    harness = " ".join(filter(None, (one.harness, one.harness_version)))
    others = f"by others ({one.who or 'not named'}), not by tina-bench, with "
    parts.append(f"measured {others if one.third_party else 'with '}{harness}")
    parts += list(one.deviations)
    return "; ".join(parts)


def _counted(one: ExportedMeasurement) -> str:
    if one.correct is None or one.trials is None:
        return "as printed"
    runs = f", mean of {one.runs} runs of {one.n} problems" if one.runs and one.n else ""
    return f"{one.correct} of {one.trials} answers correct{runs}"


def _file_name(one: ExportedMeasurement) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{one.task}-{one.name}.yaml")
