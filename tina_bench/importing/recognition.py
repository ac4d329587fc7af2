"""By which keys the files of each format are recognised."""

import re

from tina_bench.importing.probing import FileKind, Probe
from tina_bench.importing.table_columns import is_table

LINES = {FileKind.LINES, FileKind.JSON}
"""A file of one line is one JSON document, too."""


def is_lighteval_results(probe: Probe) -> bool:
    """Results of LightEval, whole or with a part missing."""
    general = probe.has("config_general")
    parts = probe.keys & {"config_tasks", "summary_tasks", "versions", "summary_general"}
    return probe.kind is FileKind.JSON and not is_lm_eval_results(probe) and (
        general or (probe.has("results") and len(parts) > 1)
    )  # fmt: skip


def is_lighteval_details(probe: Probe) -> bool:
    """Details of LightEval, in either layout."""
    return probe.kind is FileKind.PARQUET and (
        probe.has("doc", "model_response", "metric")
        or probe.has("example", "predictions", "metrics")
    )


def is_lm_eval_results(probe: Probe) -> bool:
    """Results of the Language Model Evaluation Harness."""
    marks = {"lm_eval_version", "n-shot", "n-samples", "group_subtasks", "configs", "git_hash"}
    return probe.kind is FileKind.JSON and probe.has("results") and len(marks & probe.keys) > 1


def is_lm_eval_samples(probe: Probe) -> bool:
    """One document and filter a line."""
    return probe.kind in LINES and probe.has("doc_id", "resps", "filtered_resps")


def is_qwen(probe: Probe) -> bool:
    """One problem a line, with a list an answer."""
    lists = all(isinstance(probe.value.get(key), list) for key in ("code", "pred", "score"))
    return probe.kind in LINES and probe.has("idx", "question", "gt") and lists


def is_nemo(probe: Probe) -> bool:
    """One graded answer a line."""
    graded = probe.keys & {"symbolic_correct", "is_correct", "predicted_answer"}
    return probe.kind in LINES and probe.has("generation", "expected_answer") and bool(graded)


def is_nemo_metrics(probe: Probe) -> bool:
    """By benchmark and kind of aggregation."""
    return probe.kind is FileKind.JSON and bool(probe.value) and all(
        isinstance(sums, dict) and bool(sums) and all(
            re.match(r"(pass|majority|maj)@\d", str(kind)) for kind in sums
        )
        for sums in probe.value.values()
    )  # fmt: skip


def is_evalscope_review(probe: Probe) -> bool:
    """One graded answer a line."""
    return probe.kind in LINES and probe.has("index", "sample_score")


def is_evalscope_prediction(probe: Probe) -> bool:
    """One answer a line, not graded."""
    return probe.kind in LINES and probe.has("index", "model_output", "messages")


def is_evalscope_report(probe: Probe) -> bool:
    """The printed score of a benchmark."""
    return probe.kind is FileKind.JSON and probe.has(
        "dataset_name", "model_name", "metrics", "name"
    )


def is_opencompass_results(probe: Probe) -> bool:
    """With or without the single answers; alone, an accuracy is all that there is."""
    accuracy = any(key.split(" ")[0] == "accuracy" for key in probe.keys)
    details = probe.value.get("details")
    parts = details.values() if isinstance(details, dict) else details
    ours = isinstance(details, dict | list) and any(
        isinstance(one, dict) and bool({"predictions", "pred", "example_abbr"} & one.keys())
        for one in parts or ()
    )
    numbers = all(
        isinstance(value, int | float) for key, value in probe.value.items() if key != "details"
    )
    return probe.kind is FileKind.JSON and (ours or (accuracy and numbers and not details))


def is_opencompass_predictions(probe: Probe) -> bool:
    """Answers, not graded."""
    first = probe.inner("0")
    return probe.kind is FileKind.JSON and {"origin_prompt", "prediction"} <= first.keys()


def is_inspect(probe: Probe) -> bool:
    """A zip with a header or its beginning, or the same as JSON."""
    if probe.kind is FileKind.ZIP:
        return probe.has("header.json") or probe.has("_journal/start.json")
    spec = probe.inner("eval")
    return probe.kind is FileKind.JSON and probe.has("version", "status", "eval") and (
        {"task", "model", "created"} <= spec.keys()
    )  # fmt: skip


def is_verl(probe: Probe) -> bool:
    """One rewarded answer a line."""
    return probe.kind in LINES and probe.has("input", "output", "score") and bool(
        probe.keys & {"step", "gts"}
    )  # fmt: skip


def is_sober(probe: Probe) -> bool:
    """A table by seed and setting, with shares and their standard errors."""
    return probe.kind is FileKind.TABLE and probe.has(
        "model", "dataset", "seed", "temperature", "accuracy", "stderr"
    )


def is_qwen_metrics(probe: Probe) -> bool:
    """The sums of a file of outputs."""
    return probe.kind is FileKind.JSON and probe.has("num_samples", "num_scores", "acc")


def is_every_eval_ever(probe: Probe) -> bool:
    """The aggregates."""
    return probe.kind is FileKind.JSON and probe.has(
        "evaluation_id", "model_info", "evaluation_results"
    )


def is_every_eval_ever_samples(probe: Probe) -> bool:
    """One sample a line."""
    return probe.kind in LINES and probe.has("evaluation_id", "sample_id", "evaluation")


def is_plain_table(probe: Probe) -> bool:
    """Columns of a plain table, whatever it is written as."""
    return probe.kind in {*LINES, FileKind.TABLE, FileKind.PARQUET} and is_table(probe.keys)
