"""The formats that are read: what their files look like, what they give, and who writes them.

A file is recognised by its keys and never by its name alone. The first entry that fits is taken;
the plain table comes last, because others may look like one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Protocol

from tina_bench.importing import recognition as by
from tina_bench.importing.drafts import Found, ImportDraft
from tina_bench.importing.probing import Probe
from tina_bench.store.imported import LIGHTEVAL


class FilePart(StrEnum):
    """What a file is to its format."""

    RESULTS = "results"
    """Read by itself; it looks for the others beside it."""
    SAMPLES = "samples"
    """Says nothing without its results file."""
    ASIDE = "aside"
    """The harness's own sums and settings: read where they add something, and never missed."""


class Reader(Protocol):
    """A module that reads one format."""

    def read(self, found: Found) -> list[ImportDraft]:
        """What a results file says; raises `ForeignFileError`."""
        ...


Test = Callable[[Probe], bool]


@dataclass(frozen=True)
class ImportFormat:
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
    parts: tuple[tuple[FilePart, Test], ...]
    """How its files are recognised."""
    module: str | None
    """Who reads it; `None`: LightEval's files, which have readers of their own."""
    samples: str = "samples"
    """What its files beside a results file are called."""

    def read(self, found: Found) -> list[ImportDraft]:
        """What a results file of this format says."""
        assert self.module is not None
        reader: Reader = import_module(self.module)
        return reader.read(found)

    def beside(self, found: Found) -> list[Path]:
        """Samples that belong to a results file, where the format has them in files of their own.

        A reader with such files has a function of this name.
        """
        assert self.module is not None
        finder = getattr(import_module(self.module), "beside", None)
        return [] if finder is None else list(finder(found))


FORMATS: tuple[ImportFormat, ...] = (
    ImportFormat(
        name=LIGHTEVAL,
        title="LightEval 0.6 to 0.13",
        files="results_<time>.json with config_general and results; details_*.parquet beside it",
        gives="scores and counts; with details each problem, answer hashes, lengths, readings",
        writer="huggingface/lighteval, src/lighteval/logging/evaluation_tracker.py",
        parts=(
            (FilePart.RESULTS, by.is_lighteval_results),
            (FilePart.SAMPLES, by.is_lighteval_details),
        ),
        module=None,
        samples="details",
    ),
    ImportFormat(
        name="lm-eval",
        title="Language Model Evaluation Harness",
        files="results_<time>.json with results, configs, n-shot; with --log_samples "
        "samples_<task>_<time>.jsonl beside it",
        gives="each problem and answer of each filter; without samples only the printed scores",
        writer="EleutherAI/lm-evaluation-harness at 4e7e0d4, lm_eval/loggers/evaluation_tracker.py",
        parts=(
            (FilePart.RESULTS, by.is_lm_eval_results),
            (FilePart.SAMPLES, by.is_lm_eval_samples),
        ),
        module="tina_bench.importing.lm_eval",
    ),
    ImportFormat(
        name="sober",
        title="A Sober Look",
        files="CSV with model, dataset, seed, temperature, top_p, accuracy, stderr",
        gives="right answers by seed, for each setting apart",
        writer="hub dataset bethgelab/sober_reasoning, cluster_*/<model>.csv",
        parts=((FilePart.RESULTS, by.is_sober),),
        module="tina_bench.importing.sober",
    ),
    ImportFormat(
        name="qwen2.5-math",
        title="Qwen2.5-Math evaluation",
        files="JSON lines with idx, question, gt, code, pred, score; the last three are lists",
        gives="each problem and answer; say --model, as no model is named in them",
        writer="QwenLM/Qwen2.5-Math at a45202b, evaluation/math_eval.py",
        parts=(
            (FilePart.RESULTS, by.is_qwen),
            (FilePart.ASIDE, by.is_qwen_metrics),
        ),
        module="tina_bench.importing.qwen_math",
    ),
    ImportFormat(
        name="nemo-skills",
        title="NeMo-Skills",
        files="output-rs<seed>.jsonl with generation, expected_answer, symbolic_correct",
        gives="each problem and answer, tokens and truncation; say --model, as none is named",
        writer="NVIDIA-NeMo/Skills at 8b18f39, nemo_skills/inference/generate.py",
        parts=((FilePart.RESULTS, by.is_nemo), (FilePart.ASIDE, by.is_nemo_metrics)),
        module="tina_bench.importing.nemo_skills",
    ),
    ImportFormat(
        name="evalscope",
        title="evalscope",
        files="reviews/<model>/<benchmark>_<subset>.jsonl; predictions, reports and configs beside",
        gives="each problem and answer, tokens and truncation, model and sampling",
        writer="modelscope/evalscope at fde259d, evalscope/api/evaluator/cache.py",
        parts=(
            (FilePart.RESULTS, by.is_evalscope_review),
            (FilePart.SAMPLES, by.is_evalscope_prediction),
            (FilePart.ASIDE, by.is_evalscope_report),
        ),
        module="tina_bench.importing.evalscope",
        samples="predictions",
    ),
    ImportFormat(
        name="opencompass",
        title="OpenCompass",
        files="results/<model>/<dataset>.json with accuracy, and details (dump_details)",
        gives="each problem and answer; without details only the printed accuracy",
        writer="open-compass/opencompass at a5acc4b, opencompass/tasks/openicl_eval.py",
        parts=(
            (FilePart.RESULTS, by.is_opencompass_results),
            (FilePart.ASIDE, by.is_opencompass_predictions),
        ),
        module="tina_bench.importing.opencompass",
    ),
    ImportFormat(
        name="inspect",
        title="Inspect",
        files=".eval, a zip with header.json and samples; or .json with version, status, eval",
        gives="each problem and answer of each epoch, tokens and truncation, each scorer; needs "
        "inspect-ai",
        writer="UKGovernmentBEIS/inspect_ai at 499e615, src/inspect_ai/log/_recorders",
        parts=((FilePart.RESULTS, by.is_inspect),),
        module="tina_bench.importing.inspect_logs",
    ),
    ImportFormat(
        name="verl",
        title="verl validation dumps",
        files="<step>.jsonl with input, output, gts, score, step",
        gives="each problem and answer of one step; say --model, as none is named",
        writer="volcengine/verl at b178a3c, verl/trainer/ppo/ray_trainer.py",
        parts=((FilePart.RESULTS, by.is_verl),),
        module="tina_bench.importing.verl",
    ),
    ImportFormat(
        name="every-eval-ever",
        title="Every Eval Ever 0.3.0",
        files="JSON with evaluation_id, model_info, evaluation_results; <name>_samples.jsonl",
        gives="each problem and answer; without samples counts or printed scores; who measured",
        writer="evaleval/every_eval_ever at 9bce413, schemas 0.3.0",
        parts=(
            (FilePart.RESULTS, by.is_every_eval_ever),
            (FilePart.SAMPLES, by.is_every_eval_ever_samples),
        ),
        module="tina_bench.importing.every_eval_ever",
    ),
    ImportFormat(
        name="table",
        title="Plain table",
        files="CSV, TSV, JSON lines or Parquet with the columns model, task, problem or seed (or "
        "neither), correct, trials; or percent",
        gives="right answers by problem, by seed or in all, or printed scores; settings, tokens, "
        "truncation and texts where there are such columns",
        writer="hand-kept evidence",
        parts=((FilePart.RESULTS, by.is_plain_table),),
        module="tina_bench.importing.table",
    ),
)


def recognise(probe: Probe) -> tuple[ImportFormat, FilePart] | None:
    """The format of a file, and what it is to it; `None` for none that is known."""
    for one in FORMATS:
        for part, test in one.parts:
            if test(probe):
                return one, part
    return None
