"""The formats that are read: what their files look like, what they give, and who writes them.

A file is recognised by its keys and never by its name alone. The first entry that fits is taken;
the plain table comes last, because others may look like one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Protocol

from tina_bench.importing.drafts import Draft, Found
from tina_bench.importing.probing import Kind, Probe
from tina_bench.importing.table_columns import is_table
from tina_bench.store.imported import LIGHTEVAL


class Part(StrEnum):
    """What a file is to its format."""

    RESULTS = "results"
    """Read by itself; it looks for the others beside it."""
    SAMPLES = "samples"
    """Says nothing without its results file."""
    ASIDE = "aside"
    """The harness's own sums and settings: read where they add something, and never missed."""


class Reader(Protocol):
    """A module that reads one format."""

    def read(self, found: Found) -> list[Draft]:
        """What a results file says; raises `ForeignFileError`."""
        ...


Test = Callable[[Probe], bool]
LINES = {Kind.LINES, Kind.JSON}


@dataclass(frozen=True)
class Format:
    """One format."""

    name: str
    """Short name, as records have it."""
    title: str
    """Whose it is."""
    files: str
    """What its files look like."""
    gives: str
    """What an import takes from them."""
    writer: str
    """Where the code is that writes them: repository, commit, path."""
    parts: tuple[tuple[Part, Test], ...]
    """How its files are recognised."""
    module: str | None
    """Who reads it; `None`: LightEval's files, which have readers of their own."""
    samples: str = "samples"
    """What its files beside a results file are called."""

    def read(self, found: Found) -> list[Draft]:
        """What a results file of this format says."""
        assert self.module is not None
        reader: Reader = import_module(self.module)
        return reader.read(found)


def _lighteval_results(probe: Probe) -> bool:
    general = probe.has("config_general")
    parts = probe.keys & {"config_tasks", "summary_tasks", "versions", "summary_general"}
    return probe.kind is Kind.JSON and not _lm_eval_results(probe) and (
        general or (probe.has("results") and len(parts) > 1)
    )  # fmt: skip


def _lighteval_details(probe: Probe) -> bool:
    return probe.kind is Kind.PARQUET and (
        probe.has("doc", "model_response", "metric")
        or probe.has("example", "predictions", "metrics")
    )


def _lm_eval_results(probe: Probe) -> bool:
    marks = {"lm_eval_version", "n-shot", "n-samples", "group_subtasks", "model_name_sanitized"}
    return probe.kind is Kind.JSON and probe.has("results") and len(marks & probe.keys) > 1


def _lm_eval_samples(probe: Probe) -> bool:
    return probe.kind in LINES and probe.has("doc_id", "resps", "filtered_resps")


def _qwen(probe: Probe) -> bool:
    lists = all(isinstance(probe.value.get(key), list) for key in ("code", "pred", "score"))
    return probe.kind in LINES and probe.has("idx", "question", "gt") and lists


def _nemo(probe: Probe) -> bool:
    graded = probe.keys & {"symbolic_correct", "is_correct", "predicted_answer"}
    return probe.kind in LINES and probe.has("generation", "expected_answer") and bool(graded)


def _nemo_metrics(probe: Probe) -> bool:
    """By benchmark and kind of aggregation."""
    return probe.kind is Kind.JSON and bool(probe.value) and all(
        isinstance(sums, dict) and bool(sums) and all(
            re.match(r"(pass|majority|maj)@\d", str(kind)) for kind in sums
        )
        for sums in probe.value.values()
    )  # fmt: skip


def _evalscope_review(probe: Probe) -> bool:
    return probe.kind in LINES and probe.has("index", "sample_score")


def _evalscope_prediction(probe: Probe) -> bool:
    return probe.kind in LINES and probe.has("index", "model_output", "messages")


def _evalscope_report(probe: Probe) -> bool:
    return probe.kind is Kind.JSON and probe.has("dataset_name", "model_name", "metrics", "name")


def _opencompass_results(probe: Probe) -> bool:
    """With or without the single answers; alone, an accuracy is all that there is."""
    accuracy = any(key.split(" ")[0] == "accuracy" for key in probe.keys)
    details = probe.inner("details")
    ours = any(isinstance(one, dict) and "predictions" in one for one in details.values())
    numbers = all(
        isinstance(value, int | float) for key, value in probe.value.items() if key != "details"
    )
    return probe.kind is Kind.JSON and (ours or (accuracy and numbers and not details))


def _opencompass_predictions(probe: Probe) -> bool:
    first = probe.inner("0")
    return probe.kind is Kind.JSON and {"origin_prompt", "prediction"} <= first.keys()


def _inspect(probe: Probe) -> bool:
    if probe.kind is Kind.ZIP:
        return probe.has("header.json") or probe.has("_journal/start.json")
    spec = probe.inner("eval")
    return probe.kind is Kind.JSON and probe.has("version", "status", "eval") and (
        {"task", "model", "created"} <= spec.keys()
    )  # fmt: skip


def _verl(probe: Probe) -> bool:
    return probe.kind in LINES and probe.has("input", "output", "score") and bool(
        probe.keys & {"step", "gts"}
    )  # fmt: skip


FORMATS: tuple[Format, ...] = (
    Format(
        name=LIGHTEVAL,
        title="LightEval 0.6 to 0.13",
        files="results_<time>.json with config_general and results; details_*.parquet beside it",
        gives="scores and counts; with details each problem, answer hashes, lengths, readings",
        writer="huggingface/lighteval, src/lighteval/logging/evaluation_tracker.py",
        parts=((Part.RESULTS, _lighteval_results), (Part.SAMPLES, _lighteval_details)),
        module=None,
        samples="details",
    ),
    Format(
        name="lm-eval",
        title="Language Model Evaluation Harness",
        files="results_<time>.json with results, configs, n-shot; with --log_samples "
        "samples_<task>_<time>.jsonl beside it",
        gives="each problem and answer of each filter; without samples only the printed scores",
        writer="EleutherAI/lm-evaluation-harness at 4e7e0d4, lm_eval/loggers/evaluation_tracker.py",
        parts=((Part.RESULTS, _lm_eval_results), (Part.SAMPLES, _lm_eval_samples)),
        module="tina_bench.importing.lm_eval",
    ),
    Format(
        name="sober",
        title="A Sober Look",
        files="CSV with model, dataset, seed, temperature, top_p, accuracy, stderr",
        gives="right answers by seed, for each setting apart",
        writer="hub dataset bethgelab/sober_reasoning, cluster_*/<model>.csv",
        parts=(
            (
                Part.RESULTS,
                lambda probe: (
                    probe.kind is Kind.TABLE
                    and probe.has("model", "dataset", "seed", "temperature", "accuracy", "stderr")
                ),
            ),
        ),
        module="tina_bench.importing.sober",
    ),
    Format(
        name="qwen2.5-math",
        title="Qwen2.5-Math evaluation",
        files="JSON lines with idx, question, gt, code, pred, score; the last three are lists",
        gives="each problem and answer; say --model, as no model is named in them",
        writer="QwenLM/Qwen2.5-Math at a45202b, evaluation/math_eval.py",
        parts=(
            (Part.RESULTS, _qwen),
            (
                Part.ASIDE,
                lambda probe: (
                    probe.kind is Kind.JSON and probe.has("num_samples", "num_scores", "acc")
                ),
            ),
        ),
        module="tina_bench.importing.qwen_math",
    ),
    Format(
        name="nemo-skills",
        title="NeMo-Skills",
        files="output-rs<seed>.jsonl with generation, expected_answer, symbolic_correct",
        gives="each problem and answer, tokens and truncation; say --model, as none is named",
        writer="NVIDIA-NeMo/Skills at 8b18f39, nemo_skills/inference/generate.py",
        parts=((Part.RESULTS, _nemo), (Part.ASIDE, _nemo_metrics)),
        module="tina_bench.importing.nemo_skills",
    ),
    Format(
        name="evalscope",
        title="evalscope",
        files="reviews/<model>/<benchmark>_<subset>.jsonl; predictions, reports and configs beside",
        gives="each problem and answer, tokens and truncation, model and sampling",
        writer="modelscope/evalscope at fde259d, evalscope/api/evaluator/cache.py",
        parts=(
            (Part.RESULTS, _evalscope_review),
            (Part.SAMPLES, _evalscope_prediction),
            (Part.ASIDE, _evalscope_report),
        ),
        module="tina_bench.importing.evalscope",
        samples="predictions",
    ),
    Format(
        name="opencompass",
        title="OpenCompass",
        files="results/<model>/<dataset>.json with accuracy, and details (dump_details)",
        gives="each problem and answer; without details only the printed accuracy",
        writer="open-compass/opencompass at a5acc4b, opencompass/tasks/openicl_eval.py",
        parts=((Part.RESULTS, _opencompass_results), (Part.ASIDE, _opencompass_predictions)),
        module="tina_bench.importing.opencompass",
    ),
    Format(
        name="inspect",
        title="Inspect",
        files=".eval, a zip with header.json and samples; or .json with version, status, eval",
        gives="each problem and answer of each epoch, tokens and truncation, each scorer; needs "
        "inspect-ai",
        writer="UKGovernmentBEIS/inspect_ai at 499e615, src/inspect_ai/log/_recorders",
        parts=((Part.RESULTS, _inspect),),
        module="tina_bench.importing.inspect_logs",
    ),
    Format(
        name="verl",
        title="verl validation dumps",
        files="<step>.jsonl with input, output, gts, score, step",
        gives="each problem and answer of one step; say --model, as none is named",
        writer="volcengine/verl at b178a3c, verl/trainer/ppo/ray_trainer.py",
        parts=((Part.RESULTS, _verl),),
        module="tina_bench.importing.verl",
    ),
    Format(
        name="table",
        title="Plain table",
        files="CSV, TSV, JSON lines or Parquet with the columns model, task, problem or seed (or "
        "neither), correct, trials; or percent",
        gives="right answers by problem, by seed or in all, or printed scores; settings, tokens, "
        "truncation and texts where there are such columns",
        writer="hand-kept evidence",
        parts=(
            (
                Part.RESULTS,
                lambda probe: (
                    probe.kind in {*LINES, Kind.TABLE, Kind.PARQUET} and is_table(probe.keys)
                ),
            ),
        ),
        module="tina_bench.importing.table",
    ),
)


def recognise(probe: Probe) -> tuple[Format, Part] | None:
    """The format of a file, and what it is to it; `None` for none that is known."""
    for one in FORMATS:
        for part, test in one.parts:
            if test(probe):
                return one, part
    return None
